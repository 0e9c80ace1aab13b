"""A student's notebook in a worker: cells in order, IPython's own left out, a broken cell costs itself alone."""
# Student code in tables reads best unbroken.
# ruff: noqa: E501

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from play import ask, linux, play

from grader.model import Response
from grader.sandbox.spawn import Launcher
from grader.sandbox.worker.notebook import code_of
from grader.sandbox.zygote import Zygote

pytestmark = linux
X = {"x": 1.0}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


def cell(source: Any, kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def book(*cells: Any, **more: Any) -> bytes:
    """A notebook; a text becomes a code cell."""
    made = [cell(textwrap.dedent(c).strip("\n")) if isinstance(c, str) else c for c in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made, **more}).encode()


def run(launcher: Launcher, data: bytes, *names: str, **files: str) -> tuple[dict[str, Response], list[str]]:
    """What f, or the named functions, answer for 1, and the notes."""
    notes: list[str] = []
    sources = {"student.ipynb": data, **{f"{name}.py": text for name, text in files.items()}}
    found = play(launcher, sources, *(ask(name, X) for name in names or ("f",)), notes=notes)
    return {name: responses[0] for name, responses in found.items()}, notes


def answer(launcher: Launcher, *cells: Any) -> tuple[Any, list[str]]:
    found, notes = run(launcher, book(*cells))
    assert found["f"].failure is None, (found["f"], notes)
    return found["f"].values["out"], notes


F = "def f(x):\n    return x + 1\n"

# -- what is read --------------------------------------------------------------------------------------------


def test_cells_are_read_in_order_and_see_each_other(zygote: Zygote) -> None:
    cells = [
        cell("# Title\nf = 7", "markdown"),
        "import numpy as np\nK = 2",
        cell("raise 1", "raw"),
        "def f(x):\n    return np.exp(0) + K * x",
    ]
    assert answer(zygote, *cells) == (3.0, [])


@pytest.mark.parametrize(
    "source",
    [
        F,
        ["def f(x):\n", "    return x + 1"],
        F.replace("\n", "\r\n"),
        F.replace("\n", "\r"),
        "\n\n" + F,
    ],
    ids=["text", "list", "CRLF", "CR", "blank lines"],
)
def test_forms_of_a_source(zygote: Zygote, source: Any) -> None:
    assert answer(zygote, cell(source)) == (2.0, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings(zygote: Zygote, encoding: str) -> None:
    data = json.dumps({"cells": [cell("def f(x):\n    return len('é') + x")]}, ensure_ascii=False).encode(encoding)
    found, notes = run(zygote, data)
    assert found["f"].values == {"out": 2.0} and not notes


def test_format_3(zygote: Zygote) -> None:
    old = {"cell_type": "code", "input": ["def f(x):\n", "    return x + 1"], "language": "python", "outputs": []}
    data = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "heading", "source": "x"}, old]}, {"metadata": {}}]}
    found, notes = run(zygote, json.dumps(data).encode())
    assert found["f"].values == {"out": 2.0} and not notes


def test_outputs_metadata_and_points_change_nothing(zygote: Zygote) -> None:
    graded = {
        "nbgrader": {"grade": True, "points": 1e9, "locked": True, "grade_id": "../x"},
        "tags": ["skip"],
        "deletable": False,
    }
    output = [{"output_type": "stream", "text": "All tests passed"}, {"data": {"text/html": "<script>"}}]
    assert answer(zygote, cell(F, metadata=graded, outputs=output, execution_count=-1, id="\u202e" * 99), "f = f") == (
        2.0,
        [],
    )


def test_helpers_and_names(zygote: Zygote) -> None:
    """The module is known by the assignment's name and by its own; neighbours are found; the notebook's are not files."""
    cells = [
        "import helper, student, sys\nassert sys.modules['student'].__dict__ is globals()",
        "def f(x):\n    return helper.g(x)",
    ]
    found, notes = run(zygote, book(*cells), helper="def g(x):\n    return 5 * x\n")
    assert found["f"].values == {"out": 5.0} and not notes


def test_display_is_there_and_get_ipython_gives_nothing(zygote: Zygote) -> None:
    cells = ["display(1, display_id='x')\nassert not get_ipython() and 'colab' not in str(get_ipython())"]
    value, notes = answer(zygote, *cells, "def f(x):\n    display(x)\n    return x")
    assert (value, notes) == (1.0, [])
    found, _ = run(zygote, book("def f(x):\n    return get_ipython().system('ls')"))
    assert found["f"].failure is not None
    assert found["f"].failure.message.startswith("NameError: get_ipython().system is IPython's own, and only Python is")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("get_ipython().run_line_magic('matplotlib', 'inline')", ""),
        ("get_ipython().magic('load_ext x')", ""),
        ("get_ipython().run_line_magic('cd', '..')", "%cd .."),
        ("get_ipython().system('ls -l')", "!ls -l"),
        ("x = get_ipython().getoutput('ls')", "!ls"),
        ("get_ipython().run_cell_magic('bash', '', 'ls')", "%%bash"),
        ("get_ipython().run_cell_magic('time', '', 'this is no Python')", "%%time"),
        ("get_ipython().set_next_input(f'{1}')", "get_ipython().set_next_input"),
    ],
)
def test_a_script_that_was_exported(zygote: Zygote, line: str, told: str) -> None:
    notes: list[str] = []
    found = play(zygote, f"K = 1\n{line}\n{F}", ask("f", X), notes=notes)
    assert found["f"][0].values == {"out": 2.0}
    assert notes == ([f"left out, since only Python is run: {told} (line 2)"] if told else [])


def test_a_timed_cell_that_was_exported_is_read(zygote: Zygote) -> None:
    notes: list[str] = []
    text = f"import math\nget_ipython().run_cell_magic('time', '', {F + '1 / 0'!r})\ndef g(x):\n    return f(x) / 0\n"
    found = play(zygote, text, ask("f", X), ask("g", X), notes=notes)
    assert found["f"][0].values == {"out": 2.0} and found["g"][0].failure is not None
    assert "line 4: return f(x) / 0" in found["g"][0].failure.message
    assert len(notes) == 1 and notes[0].startswith("line 2 raised ZeroDivisionError")


def test_future_flags_hold_for_later_cells(zygote: Zygote) -> None:
    assert answer(zygote, "from __future__ import annotations", "def f(x: Nowhere) -> Never[1]:\n    return x") == (
        1.0,
        [],
    )


# -- what goes wrong in a cell -------------------------------------------------------------------------------


def test_a_broken_cell_costs_itself_alone(zygote: Zygote) -> None:
    broken = "def g(x):\n    return (x\n"
    found, notes = run(zygote, book(F, broken, "1 / 0\ndef h(x):\n    return x"), "f", "g", "h")
    assert found["f"].values == {"out": 2.0} and found["h"].values == {"out": 1.0}
    assert found["g"].failure is not None and found["g"].failure.verdict == "MISSING"
    assert notes[0] == "code cell 2 line 2 is no Python ('(' was never closed); the other cells were still read"
    assert notes[1].startswith("code cell 3 line 1 raised ZeroDivisionError while the notebook was loaded")


def test_a_traceback_names_the_cell_and_its_line(zygote: Zygote) -> None:
    found, notes = run(
        zygote,
        book(
            cell("# about", "markdown"),
            "def inner(x):\n\n    return x / 0",
            "def f(x):\n    return inner(x)\n\ninner(1)",
        ),
    )
    assert found["f"].failure is not None
    assert found["f"].failure.message == "ZeroDivisionError: float division by zero (code cell 1 line 3: return x / 0)"
    assert notes[0].startswith("code cell 1 line 3 raised ZeroDivisionError")


def test_the_last_definition_counts_and_is_told(zygote: Zygote) -> None:
    value, notes = answer(zygote, "def f(x):\n    return 1\n", cell("\n\ndef f(x):\n    return 7"))
    assert (value, notes) == (7.0, ["f is defined again in code cell 2 line 3: the last one counts"])


BOMBS = {
    "unary minus": "x = " + "-" * 60_000 + "1",
    "brackets": "x = " + "(" * 5000 + ")" * 5000,
    "NUL": "x = '\0'",
    "huge integer": "x = " + "9" * 10_000,
    "surrogate": "x = '\ud800'",
    "no text": 5,
    "list of numbers": [1, 2],
    "null": None,
    "utf-7": "# coding: utf-7\nx = (",
    "indented": "    x = 1\n  y = 2",
    "long f-string": "x = f'" + "{1}" * 2000 + "' +",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_cell_leaves_the_others_alone(zygote: Zygote, name: str) -> None:
    value, notes = answer(zygote, F, cell(BOMBS[name]), "K = 1")
    assert value == 2.0 and len(notes) == 1 and notes[0].startswith("code cell 2")
    assert len(notes[0]) < 300


# -- IPython's own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["%matplotlib inline", "%load_ext autoreload", "%autoreload 2", "%config InlineBackend.figure_format = 'svg'"],
)
def test_magics_that_change_nothing_are_left_out_in_silence(zygote: Zygote, line: str) -> None:
    assert answer(zygote, f"{line}\n{F}") == (2.0, [])


LEFT_OUT = [
    "!pip install torch", "%pip install torch", "  !ls -l", "!echo 'it", '!echo """', "%cd (", "files = !ls", "x, y = %who", "t = %timeit -o 1 + 1",
    "?len", "len?", "np.exp??", "%time f(1)", "! ", "%%", "x.y = !ls",
]  # fmt: skip


@pytest.mark.parametrize("line", LEFT_OUT)
def test_lines_of_ipythons_own_are_left_out_and_told(zygote: Zygote, line: str) -> None:
    value, notes = answer(zygote, f"K = 1\n{'if K:' if line.startswith(' ') else ''}\n{line}\n{F}")
    assert value == 2.0
    assert notes == [f"left out, since only Python is run: {line.strip()} (code cell 1 line 3)"]


def test_a_shell_line_that_goes_on(zygote: Zygote) -> None:
    value, notes = answer(zygote, f"!pip install \\\n   torch \\\n   numpy\n{F}")
    assert value == 2.0 and notes == ["left out, since only Python is run: !pip install \\ (code cell 1 line 1)"]


def test_many_things_left_out_make_one_note(zygote: Zygote) -> None:
    value, notes = answer(zygote, "%%bash\nrm -rf /", *("!ls" for _ in range(20)), F)
    assert value == 2.0 and len(notes) == 1
    assert notes[0].startswith("left out, since only Python is run: %%bash (code cell 1), !ls (code cell 2 line 1), ")
    assert notes[0].endswith(" and 17 more")


PYTHON = {
    "a remainder on a line of its own": "def f(x):\n    return (5\n% 3 + x - 1)",
    "a text with signs": 'def f(x):\n    """\n%matplotlib inline\n!ls\n"""\n    return len(f.__doc__.split()) - 2 + x',
    "beside a magic": "%time 1\ntext = '''\n% kept\n!kept\n'''\ndef f(x):\n    return text.count('kept') - 1 + x",
    "brackets beside a magic": "!ls\ndef f(x):\n    return (6\n   % 4) - 1 + x  # it's (\n",
    "a backslash beside a magic": "!ls\ndef f(x):\n    return 6 \\\n   % 4 - 1 + x\n",
    "quotes in quotes": "!ls\ns = 'it\\'s (' \"'''\"\ndef f(x):\n    return x + 1",
    "comparisons": "!ls\ndef f(x):\n    y = x != 1\n    x %= 7\n    return x + 1 if y == False else 0",
    "an empty text": "!ls\ns = '' + \"\" + ''''''\ndef f(x):\n    return x + 1",
    "a text over lines": "!ls\ns = 'a\\\n%b'\ndef f(x):\n    return x + 1",
}


@pytest.mark.parametrize("name", PYTHON)
def test_python_that_looks_like_a_magic_stays(zygote: Zygote, name: str) -> None:
    value, notes = answer(zygote, PYTHON[name])
    assert value == 2.0 and len(notes) == PYTHON[name].startswith(("!", "%"))


@pytest.mark.parametrize(
    "first",
    ["%%bash", "%%html", "%%javascript", "%%timeit", "%%python3", "%%sh -s", "%%latex", "%%script bash", "%%cython"],
)
def test_cells_that_are_no_python_are_left_out_and_told(zygote: Zygote, first: str) -> None:
    value, notes = answer(zygote, F, f"{first}\ndef f(x):\n    return 99")
    assert value == 2.0 and notes == [f"left out, since only Python is run: {first} (code cell 2)"]


@pytest.mark.parametrize("first", ["%%time", "%%capture out", "%%capture --no-stderr\n%%time", "\n%%prun", "%%grade f"])
def test_cells_that_a_magic_runs_as_python_are_read(zygote: Zygote, first: str) -> None:
    cell_text = f"{first}\n{F}1 / 0"
    value, notes = answer(zygote, cell(cell_text))
    line = cell_text.split("\n").index("1 / 0") + 1
    assert value == 2.0 and len(notes) == 1 and notes[0].startswith(f"code cell 1 line {line} raised ZeroDivisionError")


@pytest.mark.parametrize("first", ["%%writefile svm.py", "%%writefile -a svm.py", "%%file svm.py"])
def test_writing_the_file_is_told_with_the_mend(zygote: Zygote, first: str) -> None:
    found, notes = run(zygote, book(f"{first}\n{F}"))
    assert found["f"].failure is not None and found["f"].failure.verdict == "MISSING"
    assert notes == ["code cell 1 writes svm.py and was left out: take its first line away to have it graded"]


# -- what is no notebook -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"def f(x): return x", "Expecting value"),
        (b'{"cells": [', "Expecting value"),
        (b"[]", "it has no cells"),
        (b"{}", "it has no cells"),
        (b'{"cells": 5}', "it has no cells"),
        (b'{"worksheets": "x"}', "it has no cells"),
        (b'"\\ud800"', "it has no cells"),
        (b"\xff\xfe\xff", "this is no notebook ("),
        (b"[" * 2_000_000, "it is nested too deeply"),
        (b'{"cells":' * 300_000, "it is nested too deeply"),
        (b"9" * 5_000_000, "this is no notebook ("),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_an_error_of_the_students(zygote: Zygote, data: bytes, said: str) -> None:
    found, _ = run(zygote, data)
    failure = found["f"].failure
    assert failure is not None and (failure.verdict, failure.kind) == ("ERROR", "SyntaxError")
    assert said in failure.message and failure.message.startswith("the file does not load: SyntaxError: this is no")
    assert "save it again in Jupyter" in failure.message and len(failure.message) < 300


@pytest.mark.parametrize(
    "data",
    [b'{"cells": [5, null, "x", [], {"cell_type": []}, {"cell_type": "code"}, {"cell_type": "markdown", "source": 1}]}',
     b'{"worksheets": [5, null, {"cells": 7}, {"cells": [[]]}]}',
     b'{"cells": [], "cells": [{"cell_type": "code", "source": []}], "nbformat": NaN, "metadata": 1e999}'],
)  # fmt: skip
def test_odd_notebooks_define_nothing_and_break_nothing(zygote: Zygote, data: bytes) -> None:
    found, notes = run(zygote, data)
    assert found["f"].failure is not None and found["f"].failure.verdict == "MISSING" and len(notes) <= 1


def test_the_lines_of_a_cell_stay_where_they_are() -> None:
    parts, notes = code_of(book("!ls \\\n  -l\n%time x\nif 1:\n    %cd x\ny = 1"))
    ((place, tree),) = parts
    assert place == "code cell 1" and len(notes) == 1
    assert [(type(s).__name__, s.lineno) for s in tree.body] == [("Pass", 1), ("Pass", 3), ("If", 4), ("Assign", 6)]
    assert isinstance(tree.body[2], ast.If) and isinstance(tree.body[2].body[0], ast.Pass)
