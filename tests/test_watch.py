"""`grader check --watch`: what a change can touch, when a file counts as saved, and the command as a student has it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from conftest import ROOT

from grader.keyfile import load
from grader.model import PUBLIC_KEY, AnswerKey, FrozenCase, FrozenQuestion, Output, OwnForward, Step
from grader.sandbox.worker.outline import outline
from grader.watching import Marks, Outline, _read, changes, marks_of, touched

# -- what a change can touch ---------------------------------------------------------------------------------


def question(name: str, calls: tuple[str, ...] = (), forward: str = "", by: str = "") -> FrozenQuestion:
    case = FrozenCase("one", False, {"x": 1.0}, {"out": 1.0}, {})
    step = Step("function", name, ("x",), ("out",), by)
    own = OwnForward(forward) if forward else None
    return FrozenQuestion(name, name, ("x",), (Output("out", 1.0),), (step,), (case,), calls=calls, forward=own)


KEY = AnswerKey(
    "a",
    "A",
    "a.py",
    "numpy",
    (
        question("softmax"),
        question("loss"),
        question("loss_gradient", forward="loss"),
        question("net", calls=("layer",)),
        question("layer"),
        question("harnessed", by="try_it"),
    ),
    {},
)
SOURCE = """
import numpy as np
EPS = 1e-9
def helper(x):
    return x + EPS
def softmax(x):
    return helper(x)
def loss(x):
    return softmax(x)
def loss_gradient(x):
    return 1
def layer(x):
    return 2
def net(x):
    return 3
def harnessed(x):
    return 4
def unused(x):
    return 5
"""


def made_of(source: str | bytes, main: str = "a.py", **beside: str) -> Outline | None:
    data = source.encode() if isinstance(source, str) else source
    files = {main: data, **{f"{name}.py": text.encode() for name, text in beside.items()}}
    got, _ = outline({"files": list(files), "main": main}, list(files.values()))
    return _read(json.loads(json.dumps(got)))


def touches(old: str, new: str, source: str = SOURCE) -> str:
    assert old in source
    before, after = made_of(source), made_of(source.replace(old, new, 1))
    assert before is not None and after is not None
    return " ".join(q.name for q in touched(KEY, before, after))


ALL = "softmax loss loss_gradient net layer harnessed"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("return 3", "return 33", "net harnessed"),  # a harness of the course's may call anything
        ("return 2", "return 22", "net layer harnessed"),  # the author says that net may call layer
        ("return 1", "return 11", "loss_gradient harnessed"),
        ("softmax(x)\n", "softmax(x) + 1\n", "loss loss_gradient harnessed"),  # the forward of a gradient
        ("return helper(x)", "return helper(x) ", ""),
        ("return helper(x)", "return helper(x) * 2", "softmax loss loss_gradient harnessed"),
        ("return x + EPS", "return x - EPS", "softmax loss loss_gradient harnessed"),
        ("return 5", "return 55", "harnessed"),
        ("EPS = 1e-9", "EPS = 1e-8", ALL),
        ("EPS = 1e-9", "EPS = 1e-9  # small\n\n", ""),
        ("import numpy as np", "import numpy as np, math", ALL),
        ("def net(x):", "def net(x=softmax(1)):", ALL),
        ("def net(x):", "@helper\ndef net(x):", ALL),
        ("def net(x):", "def net(y):", "net harnessed"),
        ("return 4", "return 4\ndef net(x):\n    return 0", ALL),  # the last one counts
        ("return 4", "return 4\ndef other(x):\n    return 0", "harnessed"),
        ("return 5", "return 5\nif EPS:\n    def net(x):\n        return 0", ALL),
        ("def layer(x):\n    return 2\n", "", "net layer harnessed"),
        ("def helper(x):\n    return x + EPS\n", "", "softmax loss loss_gradient harnessed"),
    ],
)
def test_what_a_change_touches(old: str, new: str, expected: str) -> None:
    assert touches(old, new) == expected


def test_what_runs_while_loading_touches_all_with_what_it_calls() -> None:
    source = SOURCE + "\nTABLE = helper(3)\n"
    assert touches("return x + EPS", "return x", source) == ALL
    assert touches("return 3", "return 33", source) == "net harnessed"
    assert touches("TABLE = helper(3)", "TABLE = helper(4)", source) == ALL
    assert touches("def helper(x):\n    return x + EPS\n", "", source) == ALL


def test_a_name_in_a_string_or_looked_up_is_a_name_too() -> None:
    source = SOURCE.replace("return 3", "return globals()['soft' + 'max'](x)")
    assert touches("return helper(x)", "return 0", source) == "softmax loss loss_gradient net harnessed"
    quoted = SOURCE.replace("return 3", "return vars_of('softmax')")
    assert touches("return helper(x)", "return 0", quoted) == "softmax loss loss_gradient net harnessed"


def test_classes_by_their_methods_and_what_they_run() -> None:
    source = SOURCE.replace(
        "def net(x):\n    return 3", "class net:\n    size = 3\n    def call(self):\n        return 1"
    )
    assert touches("        return 1", "        return 2", source) == "net harnessed"
    assert touches("size = 3", "size = 4", source) == ALL


def test_files_beside_it_and_broken_ones_touch_all() -> None:
    one, other = made_of(SOURCE, util="x = 1"), made_of(SOURCE, util="x = 2")
    assert [q.name for q in touched(KEY, one, other)] == ALL.split()
    assert made_of("def f(:\n") is None and made_of(b"\0") is None
    assert len(touched(KEY, None, one)) == len(touched(KEY, one, None)) == 6
    assert touched(KEY, one, made_of(SOURCE, util="x = 1")) == []
    assert made_of("\n".join(f"def f{i}(): pass" for i in range(400))) is None
    deep = "x = " + "(" * 150 + ")" * 150
    assert made_of(deep) is None or touched(KEY, made_of(deep), made_of(deep)) == []


def test_notebooks_by_their_cells() -> None:
    def book(*cells: str) -> str:
        return json.dumps({"cells": [{"cell_type": "code", "source": cell, "outputs": [cells]} for cell in cells]})

    parts = SOURCE.split("def ")
    cells = [parts[0], *("def " + part for part in parts[1:])]
    before = made_of(book(*cells), "a.ipynb")
    after = made_of(book("%matplotlib inline\n" + cells[0], *(cell.replace("return 3", "return 33") for cell in cells[1:])), "a.ipynb")  # fmt: skip  # noqa: E501
    assert before is not None and after is not None
    assert [q.name for q in touched(KEY, before, after)] == ["net", "harnessed"]
    assert len(touched(KEY, before, made_of(book(*cells, "def ("), "a.ipynb"))) == 6
    assert made_of("{}", "a.ipynb") is None


@pytest.mark.parametrize(
    "got",
    [
        None,
        {},
        {"error": "SyntaxError"},
        {"defined": [], "rest": ["0" * 64, []]},
        {"defined": {}, "rest": ["x", []]},
        {"defined": {"f": ["0" * 63, []]}, "rest": ["0" * 64, []]},
        {"defined": {"f": ["0" * 64]}, "rest": ["0" * 64, []]},
        {"defined": {}, "rest": None},
    ],
)
def test_an_outline_that_breaks_the_rules_is_none(got: Any) -> None:
    assert _read(got) is None


# -- when a file counts as saved -----------------------------------------------------------------------------


class Clock:
    """Sleeps by doing the next thing to the files."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        self.acts = list(acts)

    def __call__(self, seconds: float) -> None:
        if not self.acts:
            raise KeyboardInterrupt
        self.acts.pop(0)()


def nothing() -> None:
    pass


def looks(folder: Path, *acts: Callable[[], object]) -> tuple[list[Marks], int]:
    """What is seen when these things happen, one between each two looks; and how often the file was missed."""
    found, gone = list[Marks](), []
    stream = changes(folder, ("a.py", "a.ipynb"), marks_of(folder), lambda: gone.append(1), Clock(*acts))
    with pytest.raises(KeyboardInterrupt):
        found.extend(stream)
    return found, len(gone)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("x = 1\n")
    return tmp_path


def test_a_save_is_seen_once(folder: Path) -> None:
    found, gone = looks(folder, nothing, lambda: (folder / "a.py").write_text("x = 22\n"), *[nothing] * 6)
    assert len(found) == 1 and found[0] == marks_of(folder) and not gone


def test_half_written_files_are_waited_for(folder: Path) -> None:
    parts = [lambda i=i: (folder / "a.py").write_text("x = 1\n" * i) for i in range(2, 9)]  # type: ignore[misc]
    found, _ = looks(folder, *parts, *[nothing] * 4)
    assert len(found) == 1 and found[0]["a.py"][1] == 48


def test_editors_that_write_a_new_file_in_its_place(folder: Path) -> None:
    other = folder / "a.py.swp"
    other.write_text("x = 3\n")
    found, gone = looks(
        folder, (folder / "a.py").unlink, nothing, lambda: other.rename(folder / "a.py"), *[nothing] * 4
    )
    assert len(found) == 1 and not gone


def test_a_file_that_stays_away_is_told_once_and_taken_up_again(folder: Path) -> None:
    back = lambda: (folder / "a.py").write_text("x = 4\n")  # noqa: E731
    found, gone = looks(folder, (folder / "a.py").unlink, *[nothing] * 30, back, *[nothing] * 4)
    assert len(found) == 1 and gone == 1


def test_what_is_watched(folder: Path) -> None:
    (folder / "notes.txt").write_text("no")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "b.py").write_text("no")
    (folder / "util.py").write_text("yes")
    (folder / "a.ipynb").write_text("{}")
    assert set(marks_of(folder)) == {"a.py", "util.py", "a.ipynb"}
    found, _ = looks(folder, lambda: (folder / "util.py").write_text("yes!"), *[nothing] * 3)
    assert len(found) == 1
    shutil.rmtree(folder)
    assert marks_of(folder) == {}


# -- the command ---------------------------------------------------------------------------------------------

MODEL = (ROOT / "reference" / "linear_classifiers" / "solutions" / "model.py").read_text()


class Watching:
    """The command, and its lines as they come."""

    def __init__(self, desk: Path, *arguments: str) -> None:
        self.file, self.lines = desk / "linear_classifiers.py", Queue[str]()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "grader", "check", "--watch", *arguments],
            cwd=desk,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.lines.put(line.rstrip("\n"))

    def until(self, words: str) -> list[str]:
        """The lines up to one with these words."""
        found = list[str]()
        while not found or words not in found[-1]:
            try:
                found.append(self.lines.get(timeout=60))
            except Empty:
                raise AssertionError((words, found)) from None
        return found

    def saved(self, text: str) -> list[str]:
        """What is said after a save."""
        self.file.write_text(text)
        return self.until("Public cases passed: ")


@pytest.fixture
def watching(handout: Path, tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    made = list[Watching]()

    def start(source: str, *arguments: str) -> Watching:
        desk = Path(shutil.copytree(handout, tmp_path / "desk"))
        (desk / "linear_classifiers.py").write_text(source)
        made.append(Watching(desk, *arguments))
        made[-1].until("Watching linear_classifiers.py: ")
        return made[-1]

    yield start
    for each in made:
        each.process.kill()
        each.process.wait()
        each.reader.join()


@pytest.mark.skipif(os.name != "posix", reason="NOT RUN: POSIX signals")
def test_a_day_at_the_desk(watching: Callable[..., Watching]) -> None:
    desk = watching(MODEL)
    wrong = MODEL.replace("def append_one(X):", "def append_one(X):\n    return X")
    said = desk.saved(wrong)
    assert "  checking append_one, " in said[0] and "softmax_loss" not in said[0]
    assert [line.strip() for line in said if "FAIL" in line] == ["FAIL  append_one"]
    assert "24 of 25" in said[-1] and "Not the grade" in said[-1]
    assert "SyntaxError" in "\n".join(broken := desk.saved(MODEL + "def f(:\n"))
    assert "0 of 25" in broken[-1]
    said = desk.saved(MODEL)
    assert said[0].endswith("  checking 25 questions") and "25 of 25" in said[-1]
    desk.file.unlink()
    assert desk.until("is gone")[0] == "linear_classifiers.py is gone; waiting for it"
    said = desk.saved(MODEL + "\n# the same\n")
    assert said[0].endswith("  no question is touched") and "25 of 25" in said[-1] and len(said) == 2
    desk.process.send_signal(signal.SIGINT)
    assert desk.process.wait(20) == 130
    assert desk.until("stopped") == ["stopped"]


@pytest.mark.skipif(os.name != "posix", reason="NOT RUN: POSIX signals")
def test_an_endless_call_is_stopped_by_ctrl_c_and_some_questions_alone_are_watched(
    watching: Callable[..., Watching],
) -> None:
    desk = watching(MODEL, "-q", "append_one", "-q", "scores")
    assert "2 of 2" in desk.saved(MODEL + "\nEPS = 1\n")[-1]
    desk.file.write_text(MODEL.replace("def append_one(X):", "def append_one(X):\n    while True: pass"))
    desk.until("checking append_one")
    time.sleep(0.2)
    desk.process.send_signal(signal.SIGINT)
    assert desk.process.wait(20) == 130
    assert desk.until("stopped")[-1] == "stopped"


def test_the_public_key_of_a_handout_is_enough(handout: Path) -> None:
    """Each question of a real assignment reaches its own functions, and no more than there are."""
    key = load((handout / PUBLIC_KEY).read_bytes())
    before = made_of(MODEL)
    assert before is not None
    for asked in key.questions:
        for target in asked.targets:
            part = before.defined[target]
            after = replace(before, defined={**before.defined, target: replace(part, digest="0" * 64)})
            names = [q.name for q in touched(key, before, after)]
            assert asked.name in names and len(names) < len(key.questions), (asked.name, names)
