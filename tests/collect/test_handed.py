"""A handout holds the stub as a file and as a notebook. What a student left untouched never counts before their work,
and where both hold work neither is taken."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

import pytest

from grader.collect.disk import MAX_NOTEBOOK
from grader.collect.files import collect, own_files
from grader.collect.handed import Handed, handed_out
from grader.model import Submission

MAIN, TARGETS = "svm.py", ("loss", "Layer", "forward")
LAYER = 'class Layer:\n    """A \\"layer\\" – é\\n"""\n\n    def forward(self, X):\n        raise NotImplementedError'
LOSS = 'def loss(x):\n    """Of x.\n\n    >>> value = loss(1)\n    """\n    raise NotImplementedError'
FORWARD = "def forward(x):\n    raise NotImplementedError"
STUB = f'"""Fill in."""\n\nimport numpy as np\n\n\n# first\n{LOSS}\n\n\n{LAYER}\n\n\n{FORWARD}\n'
FIXTURES = "def ours():\n    return 1\n"
CELLS = ["%load_ext grader", "import numpy as np", f"# first\n{LOSS}", "%grade loss", LAYER, FORWARD, "%grade"]
WORK = [c.replace("raise NotImplementedError", "return 7") if c == FORWARD else c for c in CELLS]


def book(cells: list[str], lines: bool = True, **how: object) -> str:
    made = [
        {
            "cell_type": "code",
            "source": c.splitlines(keepends=True) if lines else c,
            "outputs": [{"text": ["---> 1 def loss(x):\n"]}],
        }
        for c in cells
    ]
    return json.dumps({"cells": made, "nbformat": 4}, **{"ensure_ascii": False, "indent": 1, **how})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def digests(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("handout")
    (folder / MAIN).write_text(STUB)
    (folder / "fixtures.py").write_text(FIXTURES)
    (folder / "empty.py").write_text("\n")
    return handed_out(folder, book(CELLS).encode())


def taken(root: Path, digests: tuple[str, ...], files: dict[str, str], as_zip: bool = False) -> Submission:
    """What is taken of a student's files, all of it."""
    for name, text in files.items():
        path = root / "all/ada" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    if as_zip:
        with zipfile.ZipFile(root / "all.zip", "w") as out:
            for name, text in files.items():
                out.writestr(f"ada/{name}", text)
            out.writestr(f"bob/{MAIN}", "x = 1\n")
    found, *_ = collect([root / ("all.zip" if as_zip else "all")], MAIN, TARGETS, Handed(frozenset(digests)))
    work = found.read()
    if not as_zip:
        own = own_files(root / "all/ada", MAIN, Handed(frozenset(digests)))
        assert (own.main, own.problem, own.notes, own.files) == (work.main, work.problem, work.notes, work.files)
    return work


STUB_SAID = "svm.py is as it was handed out: {} counts"
CASES: dict[str, tuple[dict[str, str], str, tuple[str, ...]]] = {
    "a stub and a notebook": ({MAIN: STUB, "svm.ipynb": book(WORK)}, "svm.ipynb", (STUB_SAID.format("svm.ipynb"),)),
    "with the other files": (
        {MAIN: STUB, "fixtures.py": FIXTURES, "svm.ipynb": book(WORK), "helper.py": "h = 1\n"},
        "svm.ipynb",
        (STUB_SAID.format("svm.ipynb"),),
    ),
    "a stub saved on Windows": (
        {MAIN: "\ufeff" + STUB.replace("\n", "\r\n"), "svm.ipynb": book(WORK)},
        "svm.ipynb",
        (STUB_SAID.format("svm.ipynb"),),
    ),
    "a stub with spaces at the ends": (
        {MAIN: STUB.replace("\n", "  \n") + "\n\n", "svm.ipynb": book(WORK)},
        "svm.ipynb",
        (STUB_SAID.format("svm.ipynb"),),
    ),
    "an emptied file": ({MAIN: "", "svm.ipynb": book(WORK)}, "svm.ipynb", ("svm.py holds no code: svm.ipynb counts",)),
    "a file and the notebook as it was": ({MAIN: STUB + "x = 1\n", "svm.ipynb": book(CELLS)}, MAIN, ()),
    "a notebook that was saved on one line": (
        {MAIN: STUB + "x = 1\n", "svm.ipynb": book(CELLS, indent=None)},
        MAIN,
        (),
    ),
    "a stub with a name on it": (
        {MAIN: f"# Ada, 12345\n{STUB}# all of it is in the notebook\n", "svm.ipynb": book(WORK)},
        "svm.ipynb",
        (STUB_SAID.format("svm.ipynb"),),
    ),
    "functions that come from elsewhere": (
        {MAIN: STUB, "svm.ipynb": book([*CELLS, "from mine import *"]), "mine.py": "def loss(x):\n    return 7\n"},
        "svm.ipynb",
        (STUB_SAID.format("svm.ipynb"),),
    ),
    "two names given at once": (
        {MAIN: STUB, "svm.ipynb": book([*CELLS, "loss, forward = max, min"])},
        "svm.ipynb",
        (STUB_SAID.format("svm.ipynb"),),
    ),
    "nothing written": ({MAIN: STUB, "svm.ipynb": book(CELLS)}, MAIN, ("svm.py is as it was handed out",)),
    "only the stub": ({MAIN: STUB}, MAIN, ("svm.py is as it was handed out",)),
    "a copy of the notebook": (
        {MAIN: STUB, "svm.ipynb": book(CELLS), "Copy of svm.ipynb": book(WORK)},
        "Copy of svm.ipynb",
        (STUB_SAID.format("Copy of svm.ipynb"),),
    ),
    "a download beside the stub": (
        {MAIN: STUB, "fixtures.py": FIXTURES, "svm (1).py": STUB + "x = 1\n"},
        "svm (1).py",
        (STUB_SAID.format("svm (1).py"),),
    ),
    "the handout once more, further down": (
        {"handout/svm.py": STUB, "handout/svm.ipynb": book(CELLS), "mine/svm.py": STUB + "x = 1\n"},
        MAIN,
        (),
    ),
    "a file alone": ({MAIN: STUB + "x = 1\n"}, MAIN, ()),
    "a notebook alone": ({"svm.ipynb": book(WORK)}, "svm.ipynb", ()),
}


@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", CASES)
def test_what_was_written_in_counts(tmp_path: Path, digests: tuple[str, ...], name: str, as_zip: bool) -> None:
    files, main, notes = CASES[name]
    work = taken(tmp_path, digests, files, as_zip)
    assert (work.problem, work.main, work.notes) == ("", main, notes)
    scripts = {n.rpartition("/")[2] for n in files if n.endswith(".py")}
    assert {f.name.rpartition("/")[2] for f in work.files} == scripts | {main}


BOTH = "{} and {} both hold work, and only one can count: take the other one out"
REFUSED = {
    **{
        f"it may be work: {name}": ({MAIN: STUB + "x = 1\n", "svm.ipynb": text}, BOTH.format(MAIN, "svm.ipynb"))
        for name, text in {
            "a cell more": book([*CELLS, "from mine import loss"]),
            "saved by another editor": book(CELLS, lines=False),
            "saved without umlauts": book(CELLS, ensure_ascii=True),
        }.items()
    },
    "both changed": ({MAIN: STUB + "x = 1\n", "svm.ipynb": book(WORK)}, BOTH.format(MAIN, "svm.ipynb")),
    "in two folders": ({"a/svm.py": STUB + "x = 1\n", "svm.ipynb": book(WORK)}, BOTH.format("a/svm.py", "svm.ipynb")),
    "a function again": (
        {MAIN: STUB + "x = 1\n", "svm.ipynb": book([*CELLS, "if 1:\n    def loss(x):\n        return 7"])},
        BOTH.format(MAIN, "svm.ipynb"),
    ),
    "a name given": (
        {MAIN: STUB + "x = 1\n", "svm.ipynb": book([*CELLS, "loss: object = max"])},
        BOTH.format(MAIN, "svm.ipynb"),
    ),
    "a method put in": (
        {MAIN: STUB + "x = 1\n", "svm.ipynb": book([*CELLS, "Layer.forward = max"])},
        BOTH.format(MAIN, "svm.ipynb"),
    ),
    "a function taken out": (
        {MAIN: STUB + "x = 1\n", "svm.ipynb": book(CELLS[:-2])},
        BOTH.format(MAIN, "svm.ipynb"),
    ),
    "no notebook at all": ({MAIN: STUB + "x = 1\n", "svm.ipynb": "\\"}, BOTH.format(MAIN, "svm.ipynb")),
    "one that cannot be read": (
        {MAIN: STUB + "x = 1\n", "svm.ipynb": " " * (MAX_NOTEBOOK + 1)},
        BOTH.format(MAIN, "svm.ipynb"),
    ),
    "two copies": (
        {MAIN: STUB, "svm.ipynb": book(CELLS), "A.ipynb": book(WORK), "B.ipynb": book(WORK)},
        "svm.py is as it was handed out; no svm.ipynb among 2 notebooks; name the one to be graded so",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_where_both_hold_work_neither_is_taken(tmp_path: Path, digests: tuple[str, ...], name: str) -> None:
    files, problem = REFUSED[name]
    work = taken(tmp_path, digests, files)
    assert (work.problem, work.files) == (problem, ())


def test_a_file_that_is_named_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / MAIN).write_text(STUB)
    (tmp_path / "svm.ipynb").write_text(book(WORK))
    assert own_files(tmp_path / MAIN, MAIN, Handed(frozenset({"x"}))).main == MAIN
    assert own_files(tmp_path / "svm.ipynb", MAIN).main == "svm.ipynb"


def test_hostile_bytes_take_no_time(digests: tuple[str, ...]) -> None:
    handed = Handed(frozenset(digests))
    whole = book(CELLS).encode()
    for piece in (
        b'"',
        b"\\n",
        b'"def loss(',
        b'"source":[',
        b'"source":["',
        b'"source": ',
        b" ",
        b'"ab",',
        b"\\",
        b'["',
    ):
        data = piece * (1_000_000 // len(piece))
        for text in (data, whole + data, b'"source":[' + data, b'"source":["' + data + whole):
            started = time.process_time()
            handed.notebook(text)
            assert time.process_time() - started < 2, piece  # 0.05 s where this was written
