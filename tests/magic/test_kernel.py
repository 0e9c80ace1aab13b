"""A real kernel: `%%grade`, `%grade` and `check()` in a notebook give the verdicts and the words of `grader check`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run

for name in ("nbclient", "ipykernel"):
    pytest.importorskip(name, reason=f"NOT RUN: a real kernel needs pip install {name}")

HOSTILE = "<script>alert(1)</script>"
CELLS = (
    "import numpy as np\nprint('top')",
    "%load_ext grader",
    "%%grade append_one\nprint('seen')\ndef append_one(X):\n    return np.hstack([X, np.ones((len(X), 1))])\n"
    "append_one(np.eye(1))",
    "%%grade svm_loss_i, fold_bias\ndef svm_loss_i(s, y):\n    return np.maximum(0, s - s[y] + 1).sum()\n"
    "def fold_bias(W, b):\n    raise NotImplementedError",
    f"def scores(X, W, b):\n    raise ValueError('{HOSTILE}')",
    "from os import _exit\ndef svm_loss(S, y):\n    _exit(3)",
    "from grader import check\ncheck(scores)",
    "check(append_one) and not check('svm_loss_i', scores) and 'agreed'",
    "from helper import softmax_loss\n%grade softmax_loss",
    "%%grade fold_bias\n1 / 0",
    "%grade fold_bas",
    "check(np.dot), check(3)",
    "append_one = lambda X: X",
    "%grade append_one",
    "%grade scores append_one fold_bias svm_loss_i svm_loss",
)


def run(cells: tuple[str, ...], desk: Path) -> list[dict[str, Any]]:
    """The outputs of each cell, of a notebook that nbclient runs in a process of its own."""
    code = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells]
    (desk / "book.ipynb").write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    drive = (
        "import nbformat, nbclient; book = nbformat.read('book.ipynb', 4);"
        "nbclient.NotebookClient(book, timeout=60, kernel_name='python3', allow_errors=True).execute();"
        "nbformat.write(book, 'book.ipynb')"
    )
    own = {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(desk / ".ipython"), "JUPYTER_RUNTIME_DIR": str(desk / ".run")}
    done = subprocess.run(
        [sys.executable, "-c", drive], cwd=desk, env={**os.environ, **own}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads((desk / "book.ipynb").read_text())["cells"])


def text(cell: dict[str, Any]) -> str:
    parts = [o.get("text") or o.get("data", {}).get("text/plain") or o.get("traceback", []) for o in cell["outputs"]]
    return "\n".join("".join(part) for part in parts)


def questions(said: str, names: list[str]) -> list[str]:
    """The lines on these questions, with the cells' numbers taken out."""
    block = rf"^  (?:ok|FAIL|todo) +(?:{'|'.join(names)})\b.*\n(?:        .*\n)*"
    kept = re.findall(block, said + "\n", re.M)
    return re.sub(r"code cell \d+|In \[\d+\]", "a cell", "".join(kept)).splitlines()


def test_a_notebook_in_a_kernel(grader: Run, handout: Path, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    shutil.copytree(handout, desk)
    (desk / "helper.py").write_text("def softmax_loss(S, y):\n    return 'helped'\n")
    cells = run(CELLS, desk)
    said = [text(cell) for cell in cells]
    assert said[0] == "top\n"
    assert said[1] == ""
    assert said[2].startswith("seen\n\narray([[1., 1.]])\nLinear classifiers: 3 cells run in this session")
    assert "  ok    append_one\n" in said[2] and "Public cases passed: 1 of 1 question." in said[2]
    assert "| top" not in said[2] and "| seen" not in said[2]  # printed by the cells, not by the function
    assert "  FAIL  svm_loss_i\n        cat: loss is wrong: got 3.9, expected 2.9" in said[3]
    assert "  todo  fold_bias: not written yet" in said[3]
    page = "".join(cells[6]["outputs"][0]["data"]["text/html"])
    assert "&lt;script&gt;alert(1)" in page and "<script" not in page
    assert f"ValueError: {HOSTILE} (In [5] line 2" in said[6]
    assert said[7] == "'agreed'"
    assert "Linear classifiers: helper.py, public cases" in said[8] and "helped" not in said[8].split("FAIL")[0]
    assert "  FAIL  softmax_loss" in said[8]
    assert "  todo  fold_bias" in said[9] and [o["output_type"] for o in cells[9]["outputs"]] == [
        "display_data",
        "error",
    ]
    assert cells[9]["outputs"][1]["ename"] == "ZeroDivisionError" and "grader" not in said[9].split("Traceback")[1]
    assert said[10] == "error: no question 'fold_bas'; did you mean fold_bias?"
    assert "error: no question 'dot'" in said[11] and "takes functions, classes and names, not int" in said[11]
    assert "  FAIL  append_one" in said[13]  # the last that ran counts

    names = CELLS[-1].split()[1:]
    told = grader("check", desk / "book.ipynb").stdout
    assert questions(said[14], names) == questions(told, names)
    verdicts = [line.split()[0] for line in questions(said[14], names) if not line.startswith("   ")]
    assert verdicts == ["FAIL", "FAIL", "todo", "FAIL", "FAIL"]
    assert "ended the process" in said[14]
