"""Notebooks and files that load the grader and call it for their checks: where they are graded that does nothing, costs
nothing, says nothing, and gives nothing of ours away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from play import ask, linux, play

from grader.handout.first import first_cell
from grader.sandbox.spawn import Launcher
from grader.sandbox.worker.reading import Imports
from grader.sandbox.zygote import Zygote

pytestmark = linux
F = "def f(x):\n    return x + 1\n"
X = {"x": 1.0}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


def book(*cells: str) -> bytes:
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}).encode()


def answer(where: Launcher, main: str, data: bytes | str, **files: str) -> tuple[Any, list[str]]:
    notes: list[str] = []
    sources = {main: data, **{name.replace("__", "/") + ".py": text for name, text in files.items()}}
    (found,) = play(where, sources, ask("f", X), notes=notes).values()
    return found[0].values.get("out", found[0].failure), notes


CHECKS = {
    "the extension": "%load_ext grader",
    "one question": "%grade f",
    "all": "%grade",
    "over a cell": "%%grade f\n" + F,
    "both": "%load_ext grader\n%reload_ext grader\n%grade f\n%grade g\nif f:\n    %grade",
    "from the shell": "!pip install -q dlgrader-0.1.0-py3-none-any.whl",
    "with a magic": "%pip install 'dlgrader[notebooks]'",
    "with Python": "!python -m pip install dlgrader",
    "a check": "from grader import check\nassert check(f) is None and check() is None",
    "by its module": "import grader\ngrader.check(f, f)\nassert grader.load_ipython_extension(None) is None",
}


@pytest.mark.parametrize("name", CHECKS)
def test_checks_in_a_notebook_cost_and_say_nothing(zygote: Zygote, name: str) -> None:
    cell = CHECKS[name]
    again = ["f is defined again in code cell 2 line 2: the last one counts"] if "def f" in cell else []
    assert answer(zygote, "student.ipynb", book(F, cell)) == (2.0, again)


def test_the_first_cell_of_a_released_notebook(zygote: Zygote) -> None:
    cell = first_cell("svm.py", ["data.py", "fixtures.py"], "numpy")
    assert "%pip install" in cell and "%load_ext grader" in cell
    assert answer(zygote, "student.ipynb", book(cell, F, "%grade f")) == (2.0, [])


def test_a_check_in_a_file(zygote: Zygote) -> None:
    assert answer(zygote, "student.py", f"from grader import check\n{F}\ncheck(f)\n") == (2.0, [])


def test_a_file_of_that_name_is_the_students_own(zygote: Zygote) -> None:
    code = "import grader\ndef f(x):\n    return grader.mine(x)\n"
    assert answer(zygote, "student.ipynb", book(code), grader="def mine(x):\n    return 5 * x\n") == (5.0, [])
    code = "from grader import mine\ndef f(x):\n    return mine.g(x)\n"
    assert answer(zygote, "student.py", code, grader__mine="def g(x):\n    return 6 * x\n") == (6.0, [])
    assert answer(zygote, "grader.py", "from grader import *\ndef f(x):\n    return 7 * x\n") == (7.0, [])


REACHES = """
import sys
def f(x):
    found = 0
    for name in ("grader.model", "grader.keyfile", "grader.pipeline", "grader.cli", "grader.magic", "grader.wire"):
        try:
            __import__(name)
            found += 1
        except ImportError:
            pass
    import grader
    names = {n for n in dir(grader) if not n.startswith("__")}
    assert names == {"check", "load_ipython_extension"}, names
    assert not [n for n in sys.modules if n.startswith("grader.")]
    return found + (getattr(grader, "__file__", None) is not None)
"""


def test_nothing_of_ours_is_behind_it(zygote: Zygote) -> None:
    assert answer(zygote, "student.py", REACHES) == (0.0, [])


@pytest.mark.parametrize("everything", [False, True], ids=["numpy", "torch"])
def test_it_comes_before_what_is_installed(everything: bool) -> None:
    """Where torch is at hand, so is all that is installed beside it: the grader too."""
    imports = Imports({}, everything, lambda _: None)
    spec = imports.find_spec("grader")
    assert (spec.loader, spec.origin, spec.submodule_search_locations) == (imports, "<grader>", None)
    assert Imports({"grader.py": b""}, everything, lambda _: None).find_spec("grader").origin == "grader.py"


def test_what_it_does_not_have_is_told(zygote: Zygote) -> None:
    value, notes = answer(zygote, "student.py", f"from grader import question\n{F}")
    assert value == 2.0 and len(notes) == 1 and "cannot import name 'question' from 'grader'" in notes[0]


# -- a notebook that was saved as a file ---------------------------------------------------------------------

EXPORTED = {
    "by nbconvert": f"#!/usr/bin/env python\n# In[1]:\nget_ipython().run_line_magic('load_ext', 'grader')\n{F}\n"
    "get_ipython().run_line_magic('grade', 'f')\nget_ipython().run_line_magic('grade', '')\n",
    "with its magics": f"%load_ext grader\n!pip install dlgrader\n{F}\n%grade f\n",
    "a cell magic": f"get_ipython().run_cell_magic('grade', 'f', {F!r})\n",
}


@pytest.mark.parametrize("name", EXPORTED)
def test_a_notebook_saved_as_a_file(zygote: Zygote, name: str) -> None:
    assert answer(zygote, "student.py", EXPORTED[name]) == (2.0, [])


def test_what_else_is_left_out_of_such_a_file_is_told(zygote: Zygote) -> None:
    code = f"!ls\nget_ipython().system('pip install seaborn')\nget_ipython().run_line_magic('cd', 'x')\n{F}1 / 0\n"
    value, notes = answer(zygote, "student.py", code)
    assert value == 2.0
    assert notes[0] == "left out, since only Python is run: !ls (line 1), !pip install seaborn (line 2), %cd x (line 3)"
    assert len(notes) == 2 and notes[1].startswith("line 6 raised ZeroDivisionError")


@pytest.mark.parametrize("code", ["!ls\ndef f(x:\n", "%grade f\nx = (\n", "get_ipython(\n"])
def test_such_a_file_that_is_no_python_is_told_as_any_other(zygote: Zygote, code: str) -> None:
    value, _ = answer(zygote, "student.py", code)
    assert (value.verdict, value.kind) == ("ERROR", "SyntaxError")


def test_python_that_looks_like_it_stays(zygote: Zygote) -> None:
    code = '"""\n%grade f\n!ls\n"""\ndef f(x):\n    return (5\n% 3) + x - 1\nassert "!ls" in __doc__\n'
    value, notes = answer(zygote, "student.py", code)
    assert value == 2.0 and not notes
