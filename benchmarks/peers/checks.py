"""The checks that peers run, as Python text, from the table: one test per function, all of its cases in it.

With NumPy the expected values stand in the test, which is the least that a test can cost; with torch they come from
the reference and autograd, which is why those tests import torch."""

from __future__ import annotations

from workload.functions import FUNCTIONS, Function, answers, literal

TORCH_HELPER = '''
def expected(forward, inputs, gradients, weighted):
    """The forward's value unless it is weighted, and gradients in the named inputs, by autograd."""
    given = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in inputs.items()}
    dout = given.pop("dout", None) if weighted else None
    for name in gradients:
        given[name].requires_grad_()
    out = forward(**given)
    if not gradients:
        return (out,)
    out.backward(dout)
    slopes = tuple(given[name].grad for name in gradients)
    return slopes if weighted else (out.detach(), *slopes)
'''


def imports(library: str) -> str:
    return "import numpy as np\n" + ("import torch\n" if library == "torch" else "")


def helpers(library: str) -> str:
    return TORCH_HELPER if library == "torch" else ""


def data(function: Function, library: str) -> str:
    """What the check below reads: cases, and what is expected or the reference."""
    if library == "numpy":
        rows = [(list(case.inputs.values()), list(answers(function, case))) for case in function.cases]
        lines = [f"    ({_row(inputs)}, {_row(wanted)})," for inputs, wanted in rows]
        return f"CASES_{function.name} = [\n" + "\n".join(lines) + "\n]\n"
    lines = [f"    {{{', '.join(f'{k!r}: {literal(v)}' for k, v in c.inputs.items())}}}," for c in function.cases]
    params = [p for p in function.params if not (function.forward and p == "dout")]
    reference = f"def reference_{function.name}({', '.join(params)}):\n    {function.reference}\n"
    return f"CASES_{function.name} = [\n" + "\n".join(lines) + f"\n]\n\n\n{reference}"


def body(function: Function, library: str) -> str:
    """Statements that raise AssertionError where `function`, a name in scope, is wrong."""
    name = function.name
    if library == "numpy":
        return (
            f"for inputs, wanted in CASES_{name}:\n"
            f"    got = {name}(*inputs)\n"
            "    got = got if isinstance(got, tuple) else (got,)\n"
            "    assert len(got) == len(wanted)\n"
            "    for g, w in zip(got, wanted):\n"
            "        np.testing.assert_allclose(g, w, rtol=1e-6, atol=1e-9)\n"
        )
    gradients, weighted = list(function.gradients.values()), bool(function.forward)
    return (
        f"for inputs in CASES_{name}:\n"
        f"    got = {name}(*(torch.tensor(v) if isinstance(v, np.ndarray) else v for v in inputs.values()))\n"
        "    got = got if isinstance(got, tuple) else (got,)\n"
        f"    wanted = expected(reference_{name}, inputs, {gradients!r}, {weighted})\n"
        "    assert len(got) == len(wanted)\n"
        "    for g, w in zip(got, wanted):\n"
        "        torch.testing.assert_close(torch.as_tensor(g), w, rtol=1e-6, atol=1e-9)\n"
    )


def indented(text: str, by: int = 4) -> str:
    return "".join(" " * by + line + "\n" if line else "\n" for line in text.splitlines())


def test_file(library: str, module: str) -> str:
    """A pytest file of plain functions."""
    parts = [imports(library) + f"\nimport {module} as student\n", helpers(library)]
    for function in FUNCTIONS:
        parts.append(data(function, library))
        fetch = f"{function.name} = student.{function.name}\n"
        parts.append(f"def test_{function.name}():\n" + indented(fetch + body(function, library)))
    return "\n\n".join(parts)


def _row(values: list[object]) -> str:
    return f"[{', '.join(literal(v) if not _number(v) else repr(float(v)) for v in values)}]"  # type: ignore[arg-type]


def _number(value: object) -> bool:
    return getattr(value, "ndim", None) == 0
