"""A notebook earns what the same code earns as a file, and `grader check` reads it too."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

from conftest import COHORT, Run

STUDENTS = ("ada-vectorised", "forgot-minus-one", "half-finished")


def as_notebook(source: str) -> str:
    """Each top-level block as a cell, as a student would have it, with what notebooks have besides."""
    blocks, cell = list[str](), list[str]()
    for line in source.splitlines(keepends=True):
        if line.startswith(("def ", "class ", "@")) and cell and not cell[-1].startswith("@"):
            blocks.append("".join(cell))
            cell = []
        cell.append(line)
    blocks.append("".join(cell))
    cells = [_cell(["# Homework\n"], "markdown"), _cell(["%matplotlib inline\n", "!pip install numpy\n"])]
    cells += [_cell(block.splitlines(keepends=True)) for block in blocks]
    cells += [_cell("for x in :", outputs=[{"text": "x" * 3_000_000}])]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def _cell(source: object, kind: str = "code", **more: object) -> dict[str, object]:
    return {"cell_type": kind, "source": source, "metadata": {}, "outputs": [], **more}


def test_a_notebook_earns_what_the_file_earns(grader: Run, secret_file: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    for student in STUDENTS:
        source = COHORT / "submissions" / student / "linear_classifiers.py"
        (both / student).mkdir(parents=True)
        shutil.copy(source, both / student)
        (both / f"{student}-notebook.ipynb").write_text(as_notebook(source.read_text()))
    out = tmp_path / "out"
    done = grader("grade", "linear_classifiers", both, "--out", out, "--secret-file", secret_file)
    assert done.returncode == 0, done.stderr
    with (out / "grades.csv").open() as file:
        table = {row.pop("student"): row for row in csv.DictReader(file)}
    assert sorted(table) == sorted([*STUDENTS, *(f"{s}-notebook" for s in STUDENTS)])
    for student in STUDENTS:
        assert table[student] == table[f"{student}-notebook"]
    assert [float(table[f"{s}-notebook"]["score"]) for s in STUDENTS[:2]] == [100, 92]
    reports = {r["student"]: r for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}
    notes = "\n".join(reports["ada-vectorised-notebook"]["notes"])
    assert "left out, since only Python is run: !pip install numpy (code cell 1 line 2)" in notes
    assert "line 1 is no Python (invalid syntax); the other cells were still read" in notes


def test_check_reads_a_notebook(grader: Run, handout: Path, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    shutil.copytree(handout, desk)
    source = (COHORT / "submissions" / "ada-vectorised" / "linear_classifiers.py").read_text()
    (desk / "linear_classifiers.ipynb").write_text(as_notebook(source))
    named = grader("check", desk / "linear_classifiers.ipynb")
    assert named.returncode == 0, named.stdout + named.stderr
    assert "linear_classifiers.ipynb, public cases" in named.stdout
    assert "note  left out, since only Python is run: !pip install numpy" in named.stdout
    folder = grader("check", desk)  # the stub is still there, untouched
    assert folder.returncode == 0, folder.stdout + folder.stderr
    said = "note  linear_classifiers.py is as it was handed out: linear_classifiers.ipynb counts"
    assert said in folder.stdout
    with (desk / "linear_classifiers.py").open("a") as stub:
        stub.write("\nX = 1\n")
    both = grader("check", desk)
    assert both.returncode == 2 and not both.stdout
    assert both.stderr == (
        "error: linear_classifiers.py and linear_classifiers.ipynb both hold work, and only one can count: take the "
        "other one out\n"
    )
    (desk / "linear_classifiers.py").unlink()
    assert grader("check", desk).returncode == 0
