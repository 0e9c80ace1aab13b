"""Notebooks: metadata, points and test cells in them count for nothing (S34); what is malformed gives one clear line
(E11); commands for a shell or for IPython do nothing (E12)."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from arena import HERE, Found, Run, found, grade, put_honest  # noqa: F401
from play_rows import confined

HAVE = importlib.util.find_spec("grader.sandbox.worker.notebook") is not None
pytestmark = [
    confined,
    pytest.mark.skipif(not HAVE, reason="NOT RUN: this version of the grader reads no notebooks"),
]
HONEST = (HERE / "honest.py").read_text()
WRONG = "def softmax(z):\n    return np.full(z.shape, 777.0)\n"
CHECKS = "assert abs(softmax(np.zeros(2)).sum() - 1) < 1e-9\ngrader.check('softmax')\nprint('5 passed')\n"


def cell(source: Any, kind: str = "code", **metadata: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def graded(name: str, points: float, **more: Any) -> dict[str, Any]:
    return {"nbgrader": {"grade": True, "grade_id": name, "points": points, "schema_version": 3, **more}}


def book(*cells: dict[str, Any], **metadata: Any) -> bytes:
    whole = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole).encode()


def nested(depth: int) -> bytes:
    return b'{"cells": ' + b"[" * depth + b"]" * depth + b', "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'


POINTS_EDITED = book(
    cell(HONEST), cell(WRONG, **graded("softmax", 1000.0, locked=False, solution=True)),
    cell(CHECKS, **graded("softmax", 1000.0)), otter={"tests": {"softmax": {"points": 1000, "suites": []}}},
    grader={"score": 10, "max_score": 10, "points": {"softmax": 1000}}, score=10,
)  # fmt: skip
TESTS_DUPLICATED = book(
    cell(HONEST), cell(WRONG), *[cell("assert True  # TEST softmax", **graded("softmax", 2.0)) for _ in range(40)]
)
OUTPUTS = json.dumps({
    "cells": [
        {**cell(HONEST), "outputs": [{"output_type": "stream", "name": "stdout", "text": "5 passed"}]},
        {**cell(WRONG), "outputs": [{"output_type": "execute_result", "data": {"text/plain": "10/10"}}]},
    ],
    "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
}).encode()  # fmt: skip
SHELL = """!touch {mark}-bang
out = !touch {mark}-assigned
%run planted.py
%sx touch {mark}-sx
%system touch {mark}-system
x = 1
"""
ASKS = """
def softmax(z):
    return get_ipython().system("touch {mark}-asked") or get_ipython().run_line_magic("sx", "touch {mark}-line")
"""


@dataclass(frozen=True)
class Notebook:
    """`score` is exact; `says` is in the notes or a message; `bad` where nothing can be graded of it."""

    row: str
    name: str
    data: bytes
    score: float = 8.0
    says: str = ""
    bad: bool = False


def notebooks(mark: str) -> list[Notebook]:
    """`mark` is the head of a path of which no file may come to be."""
    shell, asks = SHELL.format(mark=mark), ASKS.format(mark=mark)
    bash = f"%%bash\ntouch {mark}-bash\n"
    other = [
        cell(f"%%{magic}\ntouch {mark}-{magic}\n") for magic in ("sh", "script bash", "perl", "ruby", "javascript")
    ]
    return [
        Notebook("S34", "honest", book(cell(HONEST)), 10.0),
        Notebook("S34", "points edited", POINTS_EDITED),
        Notebook("S34", "tests duplicated", TESTS_DUPLICATED),
        Notebook("S34", "tests removed", book(cell(HONEST, **graded("softmax", 0.0)), cell(WRONG))),
        Notebook("S34", "outputs written by hand", OUTPUTS),
        Notebook(
            "S34", "hidden in markdown", book(cell(HONEST), cell(WRONG), cell(HONEST, "markdown"), cell(HONEST, "raw"))
        ),
        Notebook("E11", "no json", b"{not json", 0.0, "no notebook", bad=True),
        Notebook("E11", "no cells", b"{}", 0.0, "no notebook", bad=True),
        Notebook("E11", "a list", b"[1, 2]", 0.0, "no notebook", bad=True),
        Notebook("E11", "nothing", b"", 0.0, "", bad=True),
        Notebook("E11", "deep", nested(100_000), 0.0, "", bad=True),
        Notebook("E11", "long number", b'{"cells": ' + b"9" * 100_000 + b"}", 0.0, "", bad=True),
        Notebook("E11", "not utf-8", b'{"cells": "\xff\xfe"}', 0.0, "", bad=True),
        Notebook("E11", "huge", book(cell("#" * (40 << 20))), 0.0, "", bad=True),
        Notebook(
            "E11",
            "cells of no kind",
            book(*[{"cell_type": "code", "source": s} for s in (1, None, {}, [[1]])], cell(HONEST)),
            10.0,
        ),
        Notebook("E11", "20,000 cells", book(*[cell("") for _ in range(5000)], cell(HONEST)), 10.0),
        Notebook("E12", "shell", book(cell(HONEST), cell(shell), cell(bash), *other, cell(WRONG)), says="left out"),
        Notebook("E12", "asks ipython", book(cell(HONEST), cell(asks)), says="NameError"),
        Notebook(
            "E12", "magics around a function", book(cell(HONEST), cell("%%time\n" + WRONG), cell(f"!touch {mark}-late"))
        ),
    ]


@dataclass
class Notebooks:
    run: Run
    folder: Path
    all: list[Notebook]


@pytest.fixture(scope="module")
def graded_notebooks(found: Found, tmp_path_factory: pytest.TempPathFactory) -> Notebooks:  # noqa: F811
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    everyone = notebooks(str(folder / "open" / "mark"))
    for one in everyone:
        (folder / "all" / one.name).mkdir(parents=True)
        (folder / "all" / one.name / "demo.ipynb").write_bytes(one.data)
    put_honest(found.arena, folder / "all" / "neighbour")
    run = grade(found.arena, folder / "out", [folder / "all"], [], workers=2)
    return Notebooks(run, folder, everyone)


NAMES = [(one.row, one.name) for one in notebooks("mark")]


@pytest.mark.parametrize("name", [name for _, name in NAMES], ids=[f"{row} {name}" for row, name in NAMES])
def test_notebook(name: str, graded_notebooks: Notebooks) -> None:
    (one,) = [n for n in graded_notebooks.all if n.name == name]
    report = graded_notebooks.run.reports[name]
    texts = [*report["notes"], *(o["message"] for q in report["questions"] for o in q["outcomes"])]
    if one.bad:
        assert report["score"] in (0.0, None), "whichever, no point"
        assert any(texts), "and a reason"
        assert all("\n" not in text and len(text) < 700 for text in texts)
    else:
        assert report["score"] == one.score
        assert {q["question"]: q["max_score"] for q in report["questions"]}["softmax"] == 2.0
        if one.score < 10.0:
            points = {q["question"]: q["score"] for q in report["questions"]}
            assert points == {"scores": 2.0, "relu": 2.0, "softmax": 0.0, "half_square": 2.0, "center": 2.0}
    assert any(one.says in text for text in (*texts, ""))
    assert not one.says or any(one.says in text for text in texts)


def test_the_neighbour_is_untouched(graded_notebooks: Notebooks) -> None:
    assert graded_notebooks.run.reports["neighbour"]["score"] == 10.0


def test_no_command_ran(graded_notebooks: Notebooks) -> None:
    assert list((graded_notebooks.folder / "open").iterdir()) == []
    assert graded_notebooks.run.said["left"] == []


def test_no_traceback_of_ours(graded_notebooks: Notebooks) -> None:
    said = graded_notebooks.run.said
    assert said["code"] in (0, 3) and "Traceback" not in said["stdout"] + said["stderr"]


def test_the_commands_work_where_something_runs_them(tmp_path: Path) -> None:
    """The control: the same lines, given to a shell as a notebook does."""
    (shell,) = [n for n in notebooks(str(tmp_path / "mark")) if n.name == "shell"]
    sources = [c["source"] for c in json.loads(shell.data)["cells"]]
    lines = [line.partition("!")[2] for source in sources for line in source.splitlines() if "!" in line[:8]]
    lines += [source.partition("\n")[2] for source in sources if source.startswith(("%%bash", "%%sh"))]
    assert len(lines) == 4
    for line in lines:
        subprocess.run(["/bin/sh", "-c", line], check=True)
    assert len(list(tmp_path.iterdir())) == 4
