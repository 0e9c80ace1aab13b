"""The released notebook, filled in with the model solution, run by a real kernel, handed in with its folder: 100."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, Run

from grader.handout.pieces import pieces

pytest.importorskip("ipykernel", reason="NOT RUN: no kernel here: pip install ipykernel nbclient")
pytest.importorskip("nbclient", reason="NOT RUN: no nbclient here: pip install ipykernel nbclient")
NAME = "linear_classifiers"
MAGIC = importlib.util.find_spec("grader.magic") is not None  # else its check cells run into nothing
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], 4)
unknown = sys.argv[3:]  # errors that are none
NotebookClient(book, timeout=60, allow_error_names=unknown, resources={"metadata": {"path": sys.argv[2]}}).execute()
nbformat.write(book, sys.argv[1])
"""


def filled(book: nbformat.NotebookNode, solution: str, functions: set[str]) -> int:
    """Put a solution into the cells of the stub; how many functions found their cell."""
    cut, put = pieces(solution, functions), 0
    for cell in book.cells:
        own = [p.source for p in cut if p.name and cell.id == f"stub-{p.name}"]
        put += len(own)
        if cell.id == "code-1":
            own = ["\n".join(p.source for p in cut if not p.name)]
        cell.source = own[0] if own else cell.source
    return put


@pytest.fixture(scope="module")
def executed(handout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's folder: the handout, in which the notebook was filled in and run."""
    desk = tmp_path_factory.mktemp("submissions") / "ada"
    shutil.copytree(handout, desk)
    path = desk / f"{NAME}.ipynb"
    book = nbformat.read(path, 4)
    functions = {cell.id.removeprefix("stub-") for cell in book.cells if cell.id.startswith("stub-")}
    solution = (ROOT / "reference" / NAME / "solutions" / "model.py").read_text()
    assert filled(book, solution, functions) == len(functions) == 17
    book.cells.append(
        nbformat.v4.new_code_cell("import fixtures, sys\nprint(fixtures.__file__, 'torch' in sys.modules)")
    )
    nbformat.write(book, path)
    command = [sys.executable, "-c", EXECUTE, path, desk, *([] if MAGIC else ["UsageError"])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=desk.parent, env=environment)
    assert done.returncode == 0, done.stderr
    return desk


def test_it_runs_in_a_kernel(executed: Path) -> None:
    book = nbformat.read(executed / f"{NAME}.ipynb", 4)
    assert book.cells[-1].outputs[0].text.split() == [str(executed / "fixtures.py"), "False"]
    first, *checks = [c for c in book.cells if c.id == "first" or c.id.startswith("check-")]
    assert len(checks) == 26 and all(c.execution_count for c in checks)
    if MAGIC:
        assert not first.outputs, "quiet where the grader is installed"
        for cell in checks:
            said = json.dumps(cell.outputs)
            assert cell.outputs and "FAIL" not in said and "todo" not in said and "UsageError" not in said, said


def test_handed_in_with_its_folder_it_gets_everything(
    grader: Run, handout: Path, executed: Path, secret_file: Path, tmp_path: Path
) -> None:
    """And the handout as it came nothing, and one with work in both files no mark."""
    students = executed.parent
    shutil.copytree(handout, students / "untouched")
    shutil.copytree(handout, students / "both")
    for name in (f"{NAME}.py", f"{NAME}.ipynb"):
        text = (students / "both" / name).read_text()
        assert "raise NotImplementedError" in text
        (students / "both" / name).write_text(text.replace("raise NotImplementedError", "return 0"))
    out = tmp_path / "out"
    done = grader("grade", NAME, students, "--out", out, "--secret-file", secret_file)
    assert done.returncode == 3
    assert f"ungraded: both: {NAME}.py and {NAME}.ipynb both hold work, and only one can count" in done.stderr
    reports = {r["student"]: r for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}
    assert {name: r["score"] for name, r in reports.items()} == {"ada": 100, "untouched": 0, "both": None}
    assert reports["ada"]["notes"] == [f"{NAME}.py is as it was handed out: {NAME}.ipynb counts"]
    assert reports["untouched"]["notes"] == [f"{NAME}.py is as it was handed out"]
