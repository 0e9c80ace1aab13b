"""Random references with random right and wrong answers: right is never failed, wrong beyond the tolerance never
passes.

A reference is a chain of linear maps, pointwise functions, softmaxes and a reduction. The right answer is written
apart from it, in NumPy with derivatives by hand, and handed in as a student might: other orders of summation, float32,
lists. The wrong one has one edit in the chain, one wrong entry, or another shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grader import Assignment, Case, question
from grader.author import Question
from grader.author.source import Source
from grader.errors import AuthorError
from grader.freeze import Freezer
from grader.judge import judge
from grader.model import FrozenQuestion, Response, Verdict
from grader.tolerance import row_for

Array = np.ndarray[Any, Any]
torch.set_num_threads(1)  # as `freeze` does: threads that wait for each other take most of the time


@dataclass(frozen=True)
class Link:
    """One function of the chain; `size` is the width of a linear map, `axis` that of a softmax or reduction."""

    kind: str
    size: int = 0
    axis: int = 1


def weights(seed: int, place: int, rows: int, columns: int) -> Array:
    return np.random.default_rng([seed, place]).normal(size=(rows, columns)) / np.sqrt(columns)


# -- the reference, in torch ---------------------------------------------------------------------------------


def in_torch(links: tuple[Link, ...], seed: int) -> Callable[[Any], Any]:
    def forward(X: Any) -> Any:
        Z = X
        for place, link in enumerate(links):
            if link.kind == "linear":
                W = torch.from_numpy(weights(seed, place, link.size, Z.shape[1])).to(Z)
                Z = Z @ W.T
            elif link.kind in ("sum", "mean", "logsumexp"):
                Z = getattr(Z, link.kind)(link.axis)
            else:
                Z = {
                    "relu": torch.relu,
                    "tanh": torch.tanh,
                    "sigmoid": torch.sigmoid,
                    "square": torch.square,
                    "exp": lambda z: torch.exp(z / 4),
                    "softmax": lambda z, axis=link.axis: torch.softmax(z, axis),
                }[link.kind](Z)
        return Z

    return forward


# -- the student, in NumPy, derivatives by hand --------------------------------------------------------------


def in_numpy(links: tuple[Link, ...], seed: int, X: Array, dout: Array, backwards: bool) -> tuple[Array, Array]:
    """The output and the gradient in X for the cotangent dout; `backwards` sums from the far end."""
    turn = slice(None, None, -1 if backwards else 1)
    Z, pull = X, list[Callable[[Array], Array]]()
    for place, link in enumerate(links):
        if link.kind == "linear":
            W = weights(seed, place, link.size, Z.shape[1]).astype(Z.dtype)
            Z, back = Z[:, turn] @ W[:, turn].T, lambda d, W=W: d[:, turn] @ W[turn]
        elif link.kind == "relu":
            Z, back = np.maximum(Z, 0), lambda d, Z=Z: d * (Z > 0)
        elif link.kind == "tanh":
            A = np.tanh(Z)
            Z, back = A, lambda d, A=A: d * (1 - A) * (1 + A)
        elif link.kind == "sigmoid":
            A = np.where(Z >= 0, 1 / (1 + np.exp(-np.abs(Z))), np.exp(-np.abs(Z)) / (1 + np.exp(-np.abs(Z))))
            Z, back = A, lambda d, A=A: d * A * (1 - A)
        elif link.kind == "square":
            Z, back = Z * Z, lambda d, Z=Z: 2 * Z * d
        elif link.kind == "exp":
            A = np.exp(Z / 4)
            Z, back = A, lambda d, A=A: d * A / 4
        elif link.kind == "softmax":
            E = np.exp(Z - Z.max(link.axis, keepdims=True))
            S = E / np.flip(E, link.axis).sum(link.axis, keepdims=True)
            Z, back = S, lambda d, S=S, a=link.axis: S * (d - (d * S).sum(a, keepdims=True))
        else:
            a, n, shape = link.axis, Z.shape[link.axis], Z.shape
            top = Z.max(a, keepdims=True)
            total = np.flip(Z, a).sum(a) if backwards else Z.sum(a)
            log = np.log(np.exp(Z - top).sum(a)) + top.squeeze(a)
            S = np.exp(Z - top) / np.exp(Z - top).sum(a, keepdims=True)
            Z = {"sum": total, "mean": total / n, "logsumexp": log}[link.kind]
            each = {"sum": np.ones(shape), "mean": np.ones(shape) / n, "logsumexp": S}[link.kind]
            back = lambda d, a=a, each=each: np.expand_dims(d, a) * each  # noqa: E731
        pull.append(back)
    d = dout
    for back in reversed(pull):
        d = back(d)
    return Z, d


# -- drawing both ---------------------------------------------------------------------------------------------

POINTWISE = st.sampled_from(["relu", "tanh", "sigmoid", "square", "exp"]).map(Link)
LINEAR = st.integers(1, 5).map(lambda size: Link("linear", size))
SOFTMAX = st.integers(0, 1).map(lambda axis: Link("softmax", axis=axis))
REDUCE = st.builds(Link, st.sampled_from(["sum", "mean", "logsumexp"]), st.just(0), st.integers(0, 1))
CHAINS = st.tuples(st.lists(st.one_of(LINEAR, POINTWISE, SOFTMAX), min_size=1, max_size=4), st.none() | REDUCE).map(
    lambda parts: (*parts[0], *([parts[1]] if parts[1] else []))
)


def frozen_reference(links: tuple[Link, ...], seed: int) -> FrozenQuestion:
    """The reference as the grader freezes it, on a public and three hidden cases."""
    chain_of: Question = question(out=1, dX=2)(_named(in_torch(links, seed)))
    rng = np.random.default_rng(seed)
    cases = (
        Case("seen", X=rng.normal(size=(2, 3))),
        Case("ordinary", hidden=True, X=rng.normal(size=(5, 3))),
        Case("one row", hidden=True, X=rng.normal(size=(1, 3))),
        Case("large", hidden=True, X=30 * rng.normal(size=(4, 3))),
    )
    assignment = Assignment("Random", file="random_chain.py", questions=[chain_of])
    source = Source("random", assignment, {chain_of.name: cases}, "", None, b"a secret of the tests", Path())
    try:
        return Freezer(source, chain_of, "cpu").question()
    except AuthorError:
        assume(False)  # a kink, or a value that is not finite: refused before anybody is graded
        raise


def within_float32(links: tuple[Link, ...], seed: int, X: Array) -> bool:
    """Whether what is computed on the way lies well within the range of float32."""
    with torch.no_grad():
        values = [in_torch(links[: n + 1], seed)(torch.from_numpy(X)) for n in range(len(links))]
    return all(bool((value.abs() < 1e15).all()) for value in values)


def _named(forward: Callable[[Any], Any]) -> Callable[..., Any]:
    def chain(X: Any, dout: Any) -> Any:  # noqa: ARG001
        """A chain of functions. X (N, D); out, dX (N, D)."""
        return forward(X)

    return chain


def answers(
    frozen: FrozenQuestion, links: tuple[Link, ...], seed: int, backwards: bool, dtype: str
) -> dict[str, Response]:
    found = {}
    for case in frozen.cases:
        X, dout = case.inputs["X"].astype(dtype), case.inputs["dout"].astype(dtype)
        with np.errstate(all="ignore"):
            out, dX = in_numpy(links, seed, X, dout, backwards)
        found[case.name] = Response({"out": out.astype(dtype), "dX": dX.astype(dtype)})
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHAINS, st.integers(0, 2**20), st.booleans(), st.data())
def test_right_is_never_failed_and_wrong_never_passes(
    links: tuple[Link, ...], seed: int, backwards: bool, data: st.DataObject
) -> None:
    """All that is asked of one reference at once: nearly all of the time is that of freezing it."""
    frozen = frozen_reference(links, seed)
    right_is_never_failed(frozen, links, answers(frozen, links, seed, backwards, "float64"), data.draw(st.booleans()))
    right_in_float32_is_never_failed(frozen, links, seed, backwards)
    given = answers(frozen, links, seed, False, "float64")
    one_entry_beyond_the_tolerance_fails_its_case(frozen, given, data)
    another_chain_never_gets_full_marks(frozen, links, seed, data)
    other_shapes_and_types_fail(frozen, given)


def right_is_never_failed(
    frozen: FrozenQuestion, links: tuple[Link, ...], given: dict[str, Response], lists: bool
) -> None:
    if lists:
        given = {n: Response({k: v.tolist() for k, v in r.values.items()}) for n, r in given.items()}
    for outcome in judge(frozen, given)[0]:
        assert outcome.verdict is Verdict.PASS, (links, outcome)


def right_in_float32_is_never_failed(
    frozen: FrozenQuestion, links: tuple[Link, ...], seed: int, backwards: bool
) -> None:
    """All the work in float32, on inputs that were rounded to it first, where the right values and those on the way
    to them lie in its range."""
    if not all(np.abs(value).max(initial=0) < 1e30 for case in frozen.cases for value in case.expected.values()):
        return
    if not all(within_float32(links, seed, case.inputs["X"].copy()) for case in frozen.cases):
        return
    given = answers(frozen, links, seed, backwards, "float32")
    for outcome in judge(frozen, given)[0]:
        assert outcome.verdict is Verdict.PASS, (links, outcome)


def one_entry_beyond_the_tolerance_fails_its_case(
    frozen: FrozenQuestion, given: dict[str, Response], data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from(frozen.cases))
    output = data.draw(st.sampled_from(["out", "dX"]))
    dtype = data.draw(st.sampled_from(["float64", "float32"]))
    wrong = np.array(case.expected[output]).astype(dtype)
    at = tuple(data.draw(st.integers(0, n - 1)) for n in wrong.shape)
    bound = row_for(wrong.dtype, case.bounds[output])
    far = 3 * (bound.atol + bound.rtol * abs(float(wrong[at])))
    wrong[at] += data.draw(st.sampled_from([far, -far, np.inf, np.nan, 1e6 * far]))
    answered = {**given, case.name: Response({**given[case.name].values, output: wrong})}
    verdicts = {(o.case, o.output): o.verdict for o in judge(frozen, answered)[0]}
    assert verdicts.pop((case.name, output)) is Verdict.FAIL
    assert set(verdicts.values()) == {Verdict.PASS}


def another_chain_never_gets_full_marks(
    frozen: FrozenQuestion, links: tuple[Link, ...], seed: int, data: st.DataObject
) -> None:
    """One link exchanged, dropped, or over the other axis: failed, unless its numbers are the reference's own."""
    place = data.draw(st.integers(0, len(links) - 1))
    link = links[place]
    others = {
        "linear": [Link("linear", link.size + 1)],
        "sum": [replace(link, kind="mean")],
        "mean": [replace(link, kind="sum")],
        "logsumexp": [replace(link, kind="sum")],
        "softmax": [replace(link, axis=1 - link.axis)],
    }.get(link.kind, [Link(k) for k in ("tanh", "sigmoid", "square") if k != link.kind])
    changed = (*links[:place], data.draw(st.sampled_from(others)), *links[place + 1 :])
    given = dict[str, Response]()
    apart = False
    for case in frozen.cases:
        X = case.inputs["X"]
        with np.errstate(all="ignore"):
            out = in_torch(changed, seed)(torch.from_numpy(X.copy())).numpy()
        right = case.expected["out"]
        apart |= out.shape != right.shape or bool(np.abs(out - right).max() > 1e-3 * np.abs(right).max())
        given[case.name] = Response({**case.expected, "out": out})
    if apart:
        assert any(o.verdict is Verdict.FAIL for o in judge(frozen, given)[0] if o.output == "out")


SHAPES: dict[str, Callable[[Array], Array]] = {
    "extra axis": lambda a: a[None],
    "flat": lambda a: a.ravel(),
    "turned": lambda a: a.T,
    "short": lambda a: a[:-1],
    "float16": lambda a: a.astype(np.float16).astype(np.float64),
}


def other_shapes_and_types_fail(frozen: FrozenQuestion, given: dict[str, Response]) -> None:
    for how, changed in SHAPES.items():
        for case in frozen.cases:
            right = case.expected["dX"]
            with np.errstate(over="ignore"):
                wrong = changed(right)
            if wrong.shape == right.shape and np.allclose(wrong, right, rtol=1e-5, atol=1e-12):
                continue
            outcomes, _ = judge(frozen, {**given, case.name: Response({**case.expected, "dX": wrong})})
            (outcome,) = [o for o in outcomes if (o.case, o.output) == (case.name, "dX")]
            assert outcome.verdict is Verdict.FAIL, (how, case.name)
