"""Twenty submissions: five right, thirteen with one planted bug each, an untouched stub and a syntax error."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .functions import FUNCTIONS, NAMES, in_torch

RIGHT = {  # other ways to write the same
    "ada": (),
    "ben": (("linear_forward", "X @ W + b", "b + X @ W"),),
    "cleo": (("sigmoid", "1 / (1 + np.exp(-z))", "np.exp(-np.log(1 + np.exp(-z)))"),),
    "dan": (("l2_penalty", "2 * reg * W", "reg * (W + W)"), ("hinge", "margins.sum() / n", "(margins / n).sum()")),
    "eve": (("relu_backward", "dout * (x > 0)", "(x > 0) * dout"), ("cross_entropy", "n = len(y)", "n = y.shape[0]")),
}
BUGS = {  # student -> function, what is right, what they wrote
    "sign-of-z": ("sigmoid", "np.exp(-z)", "np.exp(z)"),
    "size-of-z": ("sigmoid", "np.exp(-z)", "np.exp(-abs(z))"),
    "other-axis": ("softmax", "E.sum(axis=1", "E.sum(axis=0"),
    "overflows": ("softmax", "np.exp(S - S.max(axis=1, keepdims=True))", "np.exp(S)"),
    "summed": ("cross_entropy", "dS / n", "dS"),
    "no-minus-one": ("cross_entropy", "    dS[np.arange(n), y] -= 1\n", ""),
    "pays-for-truth": ("hinge", "    margins[np.arange(n), y] = 0\n", ""),
    "no-margin": ("hinge", " + 1)", ")"),
    "no-bias": ("linear_forward", "X @ W + b", "X @ W"),
    "mean-db": ("linear_backward", "dout.sum(axis=0)", "dout.mean(axis=0)"),
    "mean-dW": ("linear_backward", "X.T @ dout", "X.T @ dout / len(X)"),
    "guided": ("relu_backward", "dout * (x > 0)", "dout * (dout > 0)"),
    "factor-two": ("l2_penalty", "2 * reg * W", "reg * W"),
}
BROKEN = ("syntax-error", "hinge", "    margins[", "    margins]")
STUB = "untouched"


@dataclass(frozen=True)
class Student:
    """A submission as cells: a head of imports, then one cell per function."""

    name: str
    cells: tuple[str, ...]
    wrong: frozenset[str]  # the functions that lose points
    loads: bool = True  # whether the cells make one file that Python can read

    def source(self, comment: str = "") -> str:
        """As one file; a comment makes it another submission with the same answers."""
        return (f"# {comment}\n" if comment else "") + "\n\n".join(self.cells)

    def wrong_in(self, notebook: bool) -> frozenset[str]:
        """Who cannot be read as a file loses all; in a notebook only the broken cell's function is lost."""
        return self.wrong if self.loads or notebook else frozenset(NAMES)

    def notebook(self) -> str:
        return notebook([code_cell(cell) for cell in self.cells])


def students(library: str) -> list[Student]:
    """The twenty, in NumPy or in PyTorch."""
    made = [_student(name, edits, (), library) for name, edits in RIGHT.items()]
    made += [_student(name, (bug,), (bug[0],), library) for name, bug in BUGS.items()]
    name, *edit = BROKEN
    made.append(_student(name, (tuple(edit),), (edit[0],), library, loads=False))  # type: ignore[arg-type]
    head = in_torch("import numpy as np\n") if library == "torch" else "import numpy as np\n"
    made.append(Student(STUB, (head, *stubs()), frozenset(NAMES)))
    return made


def stubs() -> list[str]:
    """The functions as they are handed out."""
    return [f"def {f.name}({', '.join(f.params)}):\n    raise NotImplementedError\n" for f in FUNCTIONS]


def _student(
    name: str, edits: tuple[tuple[str, str, str], ...], wrong: tuple[str, ...], library: str, loads: bool = True
) -> Student:
    cells = {"": "import numpy as np\n", **{f.name: f.code for f in FUNCTIONS}}
    for function, old, new in edits:
        assert cells[function].count(old) == 1, (name, old)
        cells[function] = cells[function].replace(old, new)
    texts = [in_torch(cell) if library == "torch" else cell for cell in cells.values()]
    return Student(name, tuple(texts), frozenset(wrong), loads)


def code_cell(source: str, **metadata: object) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def notebook(cells: list[dict[str, object]]) -> str:
    """Cells as the text of a notebook, each with an id."""
    named = [{"id": f"cell-{i}", **cell} for i, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": named, "metadata": about, "nbformat": 4, "nbformat_minor": 5}, indent=1)
