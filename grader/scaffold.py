"""`grader new`: an assignment with one question, its handout and a solution, that audits clean as it is."""

from __future__ import annotations

import keyword
from pathlib import Path

from .errors import UsageError

INIT = '''"""{title}: the reference. It never ships; what students get is in assignments/{name}/."""

from grader import Assignment

from .mean_square import mean_square

ASSIGNMENT = Assignment("{title}", file="{name}.py", questions=[mean_square])
'''

QUESTION = '''"""A first question: a loss and its gradient."""

import numpy as np

from grader import Case, question


@question(loss=4, dw=6)
def mean_square(X, w, t):
    """Half the mean squared error of the predictions X w, and its gradient in w.

    X (N, D), w (D,), t (N,); loss (), dw (D,)."""
    return ((X @ w - t) ** 2).mean() / 2


@mean_square.cases
def _(rng):
    yield Case("two points", X=np.array([[1.0, 2.0], [3.0, 4.0]]), w=np.array([1.0, 0.0]), t=np.array([0.0, 5.0]))
    yield Case("seven points", hidden=True, X=rng.normal(size=(7, 3)), w=rng.normal(size=3), t=rng.normal(size=7))
    yield Case("one point", hidden=True, X=rng.normal(size=(1, 4)), w=rng.normal(size=4), t=rng.normal(size=1))


@mean_square.mistake("Duplicate every row of the batch. What should happen to your loss?", code="M01")
def summed(X, w, t):
    return ((X @ w - t) ** 2).sum() / 2


@mean_square.mistake("Differentiate one square by hand.", code="M04")
def half_forgotten(out, X, w, t):
    return dict(dw=2 * out.dw)
'''

SOLUTION = """import numpy as np


def mean_square(X, w, t):
    error = X @ w - t
    return np.mean(error**2) / 2, X.T @ error / len(t)
"""

STUB = '''"""{title}. Fill in the function below, then run `grader check` in this folder."""

import numpy as np


def mean_square(X, w, t):
    """Half the mean squared error of the predictions X w, and its gradient with respect to w.

    X: (N, D) inputs, one row per example
    w: (D,) weights
    t: (N,) targets
    returns: (loss, dw), a number and an array (D,)
    """
    raise NotImplementedError
'''

README = r"""# {title}

With `N` examples in the rows of `X`, predict `X w` and measure the error by

```math
J(w) = \frac{{1}}{{2N}} \sum_i (x_i^\top w - t_i)^2
```

Write `mean_square` in `{name}.py`: it returns `J` and its gradient in `w`. Check your work with

```sh
pip install dlgrader-0.1.0-py3-none-any.whl   # from the file that your course gives you
grader check
```
"""


def scaffold(course: Path, name: str) -> list[Path]:
    """Write the files of a new assignment; their paths. Raises UsageError where the name or folder is taken."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"{name!r} is no Python name; write it like linear_models")
    handout, reference = course / "assignments" / name, course / "reference" / name
    for folder in (handout, reference):
        if folder.exists():
            raise UsageError(f"{folder} exists already; choose another name")
    title = name.replace("_", " ").capitalize()
    files = {
        handout / "README.md": README,
        handout / f"{name}.py": STUB,
        reference / "__init__.py": INIT,
        reference / "mean_square.py": QUESTION,
        reference / "solutions" / "model.py": SOLUTION,
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        formatted = text if path.name in ("mean_square.py", "model.py") else text.format(name=name, title=title)
        path.write_text(formatted, encoding="utf-8")
    return list(files)
