"""Ways in which courses test, as Python text made from a frozen key: what detect.py gives to other graders.

A test is statements that raise where the function of its name, which is in scope, is found wrong."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.model import AnswerKey, FrozenCase, FrozenQuestion

CLOSE = "assert np.allclose(g, w)"
STRICT = "np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-8)"
OWN_LOSS = {  # of linear_models: gradient -> the student's own functions that give the loss
    "squared_error_gradient": "squared_error_cost(predict(X, w, b), t)",
    "logistic_gradient": "np.mean(logistic_cross_entropy(predict(X, w, b), t))",
    "softmax_gradient_logits": "np.sum(softmax_cross_entropy(Z, T))",
    "softmax_regression_gradient": "np.mean(softmax_cross_entropy(X @ W.T + b, T))",
}
CHECK = """\
for inputs, _ in pickle.loads(base64.b64decode({data!r})):
    {takes} = inputs
    for slope, x in zip({name}(*inputs) if {many} else ({name}(*inputs),), ({wrt},)):
        if isinstance(x, float):
            b, held = x + 1e-6, b
            up = {loss}
            b = held - 1e-6
            wanted, b = (up - {loss}) / 2e-6, held
        else:
            wanted = np.zeros_like(x)
            for i in np.ndindex(x.shape):
                held = x[i]
                x[i] = held + 1e-6
                up = {loss}
                x[i] = held - 1e-6
                wanted[i] = (up - {loss}) / 2e-6
                x[i] = held
        np.testing.assert_allclose(slope, wanted, rtol=1e-4, atol=1e-6)
"""


@dataclass(frozen=True)
class Style:
    """A way to test: what it is called, what it does in words, and the statements for a question, if it has any."""

    name: str
    about: str
    body: Callable[[FrozenQuestion], str]

    def tests(self, key: AnswerKey) -> dict[str, str]:
        found = {q.name: self.body(q) for q in key.questions if not q.predicate and len(q.steps) == 1}
        return {name: text for name, text in found.items() if text}


def packed(cases: Sequence[FrozenCase], q: FrozenQuestion) -> str:
    """Inputs and expected values, in the order of the call; None where the call must raise."""
    (step,) = q.steps
    rows = [
        ([c.inputs[n] for n in step.takes], None if c.raises else [c.expected[n] for n in step.gives]) for c in cases
    ]
    return base64.b64encode(pickle.dumps(rows)).decode()


def compared(q: FrozenQuestion, cases: Sequence[FrozenCase], compare: str) -> str:
    return (
        f"for inputs, wanted in pickle.loads(base64.b64decode({packed(cases, q)!r})):\n"
        "    if wanted is None:\n"
        "        try:\n"
        f"            {q.name}(*inputs)\n"
        "        except ValueError:\n"
        "            continue\n"
        "        raise AssertionError('no ValueError')\n"
        f"    got = {q.name}(*inputs)\n"
        f"    got = got if {len(q.outputs) > 1} else (got,)\n"
        "    assert len(got) == len(wanted)\n"
        "    for g, w in zip(got, wanted):\n"
        f"        {compare}\n"
    )


def one_public(q: FrozenQuestion) -> str:
    return compared(q, [next(c for c in q.cases if not c.hidden and not c.raises)], CLOSE)


def all_public(q: FrozenQuestion) -> str:
    return compared(q, [c for c in q.cases if not c.hidden], STRICT)


def public_and_random(q: FrozenQuestion) -> str:
    """All public cases and the first hidden one, which in these assignments is an ordinary draw of a middling size."""
    return compared(
        q, [*(c for c in q.cases if not c.hidden), next(c for c in q.cases if c.hidden and not c.raises)], STRICT
    )


def all_cases(q: FrozenQuestion) -> str:
    return compared(q, q.cases, STRICT)


def own_slope(q: FrozenQuestion) -> str:
    """Central differences of the student's own loss, at the first public case and an ordinary draw."""
    if q.name not in OWN_LOSS:
        return ""
    cases = [next(c for c in q.cases if c.hidden is hidden) for hidden in (False, True)]
    wrt = [o.wrt or "" for o in q.outputs]
    return CHECK.format(
        data=packed(cases, q), takes=", ".join(q.steps[0].takes), name=q.name, many=len(wrt) > 1,
        wrt=", ".join(wrt), loss=OWN_LOSS[q.name],
    )  # fmt: skip


STYLES = [
    Style("one example", "`assert np.allclose(…)` on the first public case", one_public),
    Style("public cases", "`np.testing.assert_allclose(…, rtol=1e-5, atol=1e-8)` on every public case", all_public),
    Style("public and random", "the same, and on an ordinary hidden draw", public_and_random),
    Style("own slope", "central differences of the student's own loss, at two inputs", own_slope),
    Style("our cases", "the same as the second, on every public and hidden case of ours", all_cases),
]
