"""The assignment as a course of ours: questions, stub, solution."""

from __future__ import annotations

from pathlib import Path

from .functions import FUNCTIONS, Function, in_torch, literal
from .students import stubs, students

NAME, FILE = "eight", "eight.py"
POINTS = 10
SECRET = "a secret of the benchmarks, long enough\n"
HEAD = "import numpy as np\nimport torch\n\nfrom grader import Assignment, Case, question\n"


def write_course(folder: Path, library: str) -> Path:
    """A course with this assignment alone; its folder. `library` is what students write, "numpy" or "torch"."""
    reference, handout = folder / "reference" / NAME, folder / "assignments" / NAME
    (reference / "solutions").mkdir(parents=True)
    handout.mkdir(parents=True)
    (folder / ".grader").mkdir(mode=0o700)
    (folder / ".grader" / "secret").write_text(SECRET)
    body = [HEAD, *(_question(function) for function in FUNCTIONS)]
    listed = ", ".join(function.name for function in FUNCTIONS)
    body.append(f'ASSIGNMENT = Assignment("Eight", file="{FILE}", library="{library}", questions=[{listed}])\n')
    (reference / "__init__.py").write_text("\n\n".join(body))
    (reference / "solutions" / "model.py").write_text(students(library)[0].source())
    head = in_torch("import numpy as np\n") if library == "torch" else "import numpy as np\n"
    (handout / FILE).write_text("\n\n".join([head, *stubs()]))
    (handout / "README.md").write_text("# Eight functions\n")
    return folder


def _question(function: Function) -> str:
    asked = function.gradients if function.forward else dict.fromkeys(function.outputs)
    points = {name: POINTS / len(function.outputs) for name in asked}
    words = [f"forward={function.forward}"] if function.forward else []
    words += [f"{name}={worth!r}" for name, worth in points.items()]
    body = [f"@question({', '.join(words)})", f"def {function.name}({', '.join(function.params)}):"]
    body.append(f'    """{function.name}, as in the benchmark\'s table."""')
    body += [] if function.forward else [f"    {function.reference}"]
    body += ["", "", f"@{function.name}.cases", "def _(rng):"]
    for case in function.cases:
        inputs = ", ".join(f"{name}={literal(value)}" for name, value in case.inputs.items())
        body.append(f'    yield Case("{case.name}", hidden={case.hidden}, {inputs})')
    return "\n".join(body) + "\n"
