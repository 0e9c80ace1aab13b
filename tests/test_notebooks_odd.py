"""Notebooks as they are handed in: other formats, other editors, damage of every kind. One cohort is graded once; each
notebook has its exact points for each function, and a line that says what was odd."""
# Student code in tables reads best unbroken.
# ruff: noqa: E501

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from conftest import Run
from coursekit import write_course

from grader.collect.disk import MAX_NOTEBOOK
from grader.sandbox.worker import confine

pytestmark = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)
QUESTION = '''
@question(y={points})
def {name}(x):
    """{name} of x. x (N,); y (N,)."""
    return {value}

@{name}.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''
POINTS = {"double": 1, "shift": 2, "square": 4}
SOURCE = "".join(
    QUESTION.format(name=name, points=POINTS[name], value=value)
    for name, value in [("double", "2 * x"), ("shift", "x + 3"), ("square", "x * x")]
)
DOUBLE, SHIFT, SQUARE = (
    "def double(x):\n    return 2 * x", "def shift(x):\n    return x + 3", "def square(x):\n    return x * x"
)  # fmt: skip
ALL = (DOUBLE, SHIFT, SQUARE)


def cell(source: Any, kind: Any = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def dump(*cells: Any, **more: Any) -> str:
    made = [cell(c) if isinstance(c, str) else c for c in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}, ensure_ascii=False)


def book(*cells: Any, **more: Any) -> bytes:
    return dump(*cells, **more).encode()


@dataclass(frozen=True)
class Odd:
    """A notebook (or a script), what it earns for double, shift and square, and what its notes say."""

    data: bytes
    earns: tuple[int, int, int] = (1, 2, 4)
    says: tuple[str, ...] = ()
    name: str = "demo.ipynb"


NONE = (0, 0, 0)
PICTURE = [{"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 4_700_000}, "metadata": {}}]
PRINTED = [{"output_type": "stream", "name": "stdout", "text": [f"epoch {i}\n" for i in range(400_000)]}]
OLD = [{"cell_type": "code", "input": text, "language": "python", "outputs": [], "collapsed": False} for text in ALL]
COLAB = {
    "colab": {"provenance": []},
    "kernelspec": {"name": "python3", "display_name": "Python 3"},
    "language_info": {"name": "python"},
}
CODE_LATER = json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": COLAB, "cells": [cell(text) for text in ALL]})
EXPORTED = f"""#!/usr/bin/env python
# coding: utf-8

# In[1]:


get_ipython().run_line_magic('matplotlib', 'inline')
get_ipython().system('pip install numpy')
files = get_ipython().getoutput('ls')


# In[2]:


get_ipython().run_cell_magic('time', '', {DOUBLE!r})


# In[ ]:


get_ipython().run_cell_magic('bash', '', 'ls\\n')
COLAB = 'google.colab' in str(get_ipython())
if COLAB or get_ipython():
    raise SystemExit


# In[5]:


{SHIFT}


{SQUARE}
"""
ODD: Mapping[str, Odd] = {
    # what depends on what
    "a broken cell": Odd(book("K = 2\n", "def double(x)\n    return K * x", SHIFT, SQUARE), (0, 2, 4), ("code cell 2 line 1 is no Python (expected ':')",)),
    "a broken helper": Odd(book("def two(:\n    return 2", "def double(x):\n    return two() * x", SHIFT, SQUARE), (0, 2, 4), ("code cell 1 line 1 is no Python",)),
    "a cell that raises": Odd(book("1 / 0\nK = 3", DOUBLE, "def shift(x):\n    return x + K", SQUARE, "assert False, 'no'"), says=("code cell 1 line 1 raised ZeroDivisionError", "code cell 5 line 1 raised AssertionError")),
    "needs earlier cells": Odd(book("import numpy as np\nfrom math import sqrt", "K = 3\ndef two():\n    return int(sqrt(4))", "def double(x):\n    return two() * x", "def shift(x):\n    return np.add(x, K)", "def square(x):\n    return double(x) * x / 2")),
    "in any order": Odd(book("def square(x):\n    return later(x)", "def later(x):\n    return x * x", SHIFT, DOUBLE)),
    "the last counts": Odd(book("def double(x):\n    raise NotImplementedError", *ALL, "def shift(x):\n    return x"), (1, 0, 4), ("double is defined again in code cell 2 line 1: the last one counts", "shift is defined again in code cell 5 line 1: the last one counts")),
    "a broken second try": Odd(book(*ALL, "def double(x):\n    return 3 * x +"), says=("code cell 4 line 2 is no Python",)),
    # what is IPython's own
    "magics": Odd(book("%matplotlib inline\n%load_ext autoreload\n!pip install numpy\n%cd ..\n?len\nlen??\nfiles = !ls", f"%%time\n{DOUBLE}", "%%bash\nrm -rf x\n", f"%%capture out\n{SHIFT}", "%timeit 1 + 1\n" + SQUARE), says=("left out, since only Python is run: !pip install numpy (code cell 1 line 3), %cd .. (code cell 1 line 4)", "and 3 more")),
    "await": Odd(book("import asyncio\nasync def late():\n    return 1", "K = await late()", *ALL), says=("code cell 2 line 1 raised SyntaxError", "'await' outside function")),
    "input and exit": Odd(book("n = int(input('how many? '))", DOUBLE, "exit()", SHIFT, "quit(1)", SQUARE), says=("code cell 1 line 1 raised EOFError", "code cell 3 line 1 raised SystemExit")),
    "asks for ipython": Odd(book("get_ipython().run_line_magic('matplotlib', 'inline')\nif 'google.colab' in str(get_ipython()):\n    boom", f"get_ipython().system('ls')\n{DOUBLE}", SHIFT, SQUARE), says=("left out, since only Python is run: !ls (code cell 2 line 1)",)),
    "exported": Odd(EXPORTED.encode(), says=("left out, since only Python is run: !pip install numpy (line 8), !ls (line 9), %%bash (line 21)",), name="demo.py"),
    # other formats and editors
    "no kernel": Odd(book(*ALL, metadata={})),
    "format 3": Odd(json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [{"cell_type": "heading", "level": 1, "source": "x"}, *OLD]}]}).encode()),
    "format 2": Odd(json.dumps({"nbformat": 2, "metadata": {"name": "x"}, "worksheets": [{"cells": OLD[:1]}, {"cells": OLD[1:]}]}).encode()),
    "format 1": Odd(json.dumps({"cells": [{"cell_type": "code", "code": text, "prompt_number": 1} for text in ALL]}).encode()),
    "python 2": Odd(book("print 'training'", *ALL, "def helper(x):\n    print x", metadata={"kernelspec": {"name": "python2"}, "language_info": {"name": "python", "version": "2.7.15"}}), says=("the notebook is of Python 2", "code cell 1 line 1 is no Python")),
    "another language": Odd(book("x <- c(1, 2)\nlibrary(ggplot2)", metadata={"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R"}}), NONE, ("the notebook says that its language is r; it is read as Python",)),
    "colab": Odd(book(cell("#@title Set-up { display-mode: \"form\" }\nlr = 0.1 #@param {type:\"number\"}", metadata={"id": "a1B2", "cellView": "form"}), "from google.colab import drive\ndrive.mount('/content/drive')\n%cd /content/drive", *ALL, metadata=COLAB), says=("google is not there where this is graded", "%cd /content/drive")),
    "vs code": Odd(book(cell("ls -l", metadata={"vscode": {"languageId": "shellscript"}}), *[cell(text.splitlines(keepends=True)) for text in ALL], nbformat_minor=2), says=("code cell 1",)),
    "databricks": Odd(book("%md\n# Homework\nSome words, and no Python.", "%sql\nselect * from images", "%python\n" + DOUBLE, "%pip install x\n" + SHIFT, "display(dbutils.fs.ls('/'))", SQUARE, metadata={"application/vnd.databricks.v1+notebook": {"language": "python"}}), says=("%md (code cell 1), %sql (code cell 2), %pip install x (code cell 4 line 1)", "code cell 5 line 1 raised NameError")),
    "raw and markdown": Odd(book(cell(DOUBLE, "raw"), cell(SHIFT, "markdown"), SQUARE), (0, 0, 4)),
    # encodings
    "utf-8 with a mark": Odd(dump(*ALL, "# é").encode("utf-8-sig")),
    "utf-16 with a mark": Odd(dump(*ALL, "# é").encode("utf-16")),
    "utf-16 without": Odd(dump(*ALL, "# é").encode("utf-16-le")),
    "utf-16 the other way": Odd(dump(*ALL, "# é").encode("utf-16-be")),
    "latin-1": Odd(dump(*ALL, "# é").encode("latin-1"), says=("not saved as UTF-8; it was read as Latin-1",)),
    "windows ends": Odd(book(*[text.replace("\n", "\r\n") for text in ALL]).replace(b", ", b",\r\n")),
    # size, damage, wrong types
    "50 MB of pictures": Odd(book(cell(DOUBLE, outputs=PICTURE), SHIFT, SQUARE)),
    "much that was printed": Odd(book(cell(DOUBLE, outputs=PRINTED), SHIFT, SQUARE)),
    "too large": Odd(b"{" + b" " * MAX_NOTEBOOK, NONE, ("has 67,108,865 bytes; at most 67,108,864 are taken; clear its outputs and save it again",)),
    "cut off": Odd(book(*ALL)[: -len(dump(SQUARE)) + 40], (1, 2, 0), ("the notebook is damaged or cut off behind its first 2 cells",)),
    "cut off, code at the end": Odd(CODE_LATER.encode()[:-2], says=("the notebook is damaged or cut off behind its first 3 cells",)),
    "cut in a letter": Odd(dump(*ALL, "x = 'é").encode()[: dump(*ALL, "x = 'é").encode().index("é".encode()) + 1], says=("behind its first 3 cells",)),
    "cut at once": Odd(book(*ALL)[:30], NONE, ("this is no notebook (",)),
    "deep": Odd(book(DOUBLE, cell(SHIFT, outputs="@"), SQUARE).replace(b'"@"', b"[" * 100_000 + b"]" * 100_000), (1, 0, 0), ("behind its first 1 cell (it is nested too deeply)",)),
    "cells a dict": Odd(json.dumps({"cells": {"0": cell(DOUBLE)}, "nbformat": 4}).encode(), NONE, ("this is no notebook (it has no cells)",)),
    "a list": Odd(b"[1, 2]", NONE, ("this is no notebook (it has no cells)",)),
    "a number": Odd(b"7", NONE, ("this is no notebook (it has no cells)",)),
    "empty": Odd(b"", NONE, ("this is no notebook (the file is empty)",)),
    "a web page": Odd(b"\n<!DOCTYPE html><html>", NONE, ("this is no notebook (it is a web page); download the notebook itself",)),
    "sources of no text": Odd(book(cell(5), cell(["x", 1]), cell(None), cell({"a": 1}), *ALL), says=("code cell 1 holds no text and was left out", "code cell 4 holds no text")),
    "cells of no type": Odd(book({"source": DOUBLE, "outputs": []}, {"source": SHIFT, "cell_type": None}, 7, None, [], {}, SQUARE), (1, 0, 4), ("cell 2 says of no type and was left out",)),
    "no numbers": Odd(book(*ALL).replace(b'"nbformat": 4', b'"nbformat": NaN, "x": Infinity, "y": -Infinity, "z": 1e999')),
    "keys twice": Odd(book(*ALL).replace(b'{"cells"', b'{"cells": [], "cells": 5, "cells"')),
    "metadata of wrong types": Odd(book(*[cell(text, metadata=7, outputs={}, execution_count="x", id=[]) for text in ALL], metadata=["x"], nbformat="4")),
    "languages of wrong types": Odd(book(*ALL, metadata={"kernelspec": 5, "language_info": {"name": [], "version": 2}})),
}  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, grader: Run) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("odd")
    course = write_course(folder / "course", SOURCE)
    for student, one in ODD.items():
        (folder / "all" / student).mkdir(parents=True)
        (folder / "all" / student / one.name).write_bytes(one.data)
    arguments = ["--course", course.root, "--secret-file", course.secret_file, "--out", folder / "out"]
    done = grader("grade", "demo", folder / "all", *arguments)
    assert done.returncode == 3 and "Traceback" not in done.stderr, done.stderr
    assert [line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("ungraded")] == ["too large"]
    return {r["student"]: r for r in map(json.loads, (folder / "out" / "reports.jsonl").read_text().splitlines())}


@pytest.mark.parametrize("student", ODD)
def test_a_notebook_earns_what_can_be_read_of_it(student: str, reports: dict[str, dict[str, Any]]) -> None:
    one, report = ODD[student], reports[student]
    points = tuple({q["question"]: q["score"] for q in report["questions"]}[name] or 0 for name in POINTS)
    assert points == one.earns, report["notes"]
    notes = "\n".join(report["notes"])
    for said in one.says:
        assert said in notes
    assert bool(report["notes"]) == bool(one.says), notes
    assert all("\n" not in note and len(note) < 400 for note in report["notes"])
