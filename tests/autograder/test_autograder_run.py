"""A submission in the platform's folder, from the program that run_autograder starts to results.json."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from layout import (
    CONTAINER,
    LOOPS,
    RIGHT,
    RUN,
    WRONG,
    change,
    environment,
    exported,
    hand_in,
    lay_out,
    made,
    results,
    run,
)

from grader.autograder import guard
from grader.autograder import run as program
from grader.sandbox.worker import confine

__all__ = ["exported", "made"]
pytestmark = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)
root = pytest.mark.skipif(os.getuid() != 0, reason="NOT RUN: a container of a platform takes root to set up")
NUMBERS = ("1234.5", "8642.125", "77.25", "unseen", "2469")  # of hidden cases


trusted = functools.cache(guard.trusted)  # the same machine for all tests


@pytest.fixture
def base(tmp_path: Path, made: Path) -> Path:
    return lay_out(tmp_path / "autograder", made)


@dataclass
class Done:
    returncode: int
    stdout: str


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], Done]:
    """A run in this process, where the sandbox was tried before."""
    monkeypatch.setattr(program, "trusted", trusted)

    def run_here(base: Path) -> Done:
        code = program.main([str(base)])
        return Done(code, capsys.readouterr().out)

    return run_here


def test_right(base: Path) -> None:
    hand_in(base, {"demo.py": RIGHT})
    done = run(base)
    found = results(base)
    assert done.returncode == 0, done.stdout
    assert found["score"] == 6.0 and [t["score"] for t in found["tests"]] == [3.0, 3.0]
    assert [t["number"] for t in found["tests"]] == ["1", "2"] and found["stdout_visibility"] == "hidden"
    assert found["tests"][0]["tags"] == ["public and hidden cases"]
    assert found["extra_data"]["finished"] and found["extra_data"]["isolation"] in done.stdout
    assert "execution_time" not in found, "a call can wait for as long as a hidden input says"
    assert os.listdir(base / "results") == ["results.json"]


def test_wrong_is_told_with_words_on_public_cases_alone(base: Path, here: Callable[[Path], Done]) -> None:
    """A notebook in a folder, with hidden cases shown later."""
    change(base, hidden="after_published", tags=["week 3"])
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": WRONG}]
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    hand_in(base, {"week3/demo.ipynb": json.dumps(book)})
    done = here(base)
    found = results(base)
    assert done.returncode == 0, done.stdout
    assert [t["number"] for t in found["tests"]] == ["1.1", "1.2", "2.1", "2.2"]
    assert [t["visibility"] for t in found["tests"]] == ["visible", "after_published"] * 2
    assert [t["tags"] for t in found["tests"]] == [["public cases", "week 3"], ["hidden cases", "week 3"]] * 2
    assert sum(t["score"] for t in found["tests"]) == pytest.approx(found["score"]) and found["score"] == 1.0
    assert sum(t["max_score"] for t in found["tests"]) == pytest.approx(6.0)
    public, hidden = found["tests"][0], found["tests"][1]
    assert "worst at [1], got 2, expected 4" in public["output"]
    assert "really the value itself" in hidden["output"] and "expected" not in hidden["output"]
    text = json.dumps(found)
    assert not [number for number in NUMBERS if number in text], "nothing of a hidden case"


ODD: dict[str, tuple[dict[str, str | bytes], str]] = {
    "a syntax error": ({"demo.py": "def square(x)\n"}, "SyntaxError"),
    "nothing": ({}, "no demo.py and no other Python file"),
    "an empty file": ({"demo.py": ""}, "square is not defined"),
    "metadata that are none": (
        {"demo.py": "def square(x):\n    return 1\n", "../submission_metadata.json": "[" * 9999},
        "",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_earns_nothing_is_a_grade(name: str, base: Path, here: Callable[[Path], Done]) -> None:
    files, said = ODD[name]
    hand_in(base, files)
    done = here(base)
    assert done.returncode == 0, done.stdout
    assert results(base)["score"] == 0.0 and said in json.dumps(results(base))


def test_a_zip_of_a_folder(base: Path, here: Callable[[Path], Done]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("homework/demo.py", RIGHT)
    hand_in(base, {"homework.zip": data.getvalue()})
    assert here(base).returncode == 0 and results(base)["score"] == 6.0


def test_what_cannot_be_taken_in_gets_no_score(base: Path, here: Callable[[Path], Done]) -> None:
    """A pipe in the place of the file: nobody waits for it, and nobody gets a zero."""
    os.mkfifo(base / "submission" / "demo.py")
    (base / "results" / "results.json").write_text('{"score": 3}')  # of a run before
    done = here(base)
    assert done.returncode == 3 and "demo.py is no regular file" in done.stdout
    assert os.listdir(base / "results") == []


def test_an_instructor_may_have_it_told_instead(base: Path, here: Callable[[Path], Done]) -> None:
    change(base, told=True)
    hand_in(base, {"demo.pdf": "my work"})
    done = here(base)
    found = results(base)
    assert done.returncode == 3 and "told with a score of 0" in done.stdout
    assert found["score"] == 0.0 and "holds demo.pdf and no Python file" in found["output"]
    assert found["output"].startswith("NOT GRADED") and not any("score" in t for t in found["tests"])


def test_a_folder_that_cannot_be_looked_into_is_no_students_zero(base: Path, here: Callable[[Path], Done]) -> None:
    change(base, told=True)
    shutil.rmtree(base / "submission")
    done = here(base)
    assert done.returncode == 1 and "NOT GRADED" in done.stdout and os.listdir(base / "results") == []


@pytest.mark.parametrize("what", ["shown_key", "resource"])
def test_a_fault_of_ours_beside_the_score_leaves_it(
    what: str, base: Path, here: Callable[[Path], Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it, where the words come from, and after it."""
    monkeypatch.setattr(program, what, None)
    hand_in(base, {"demo.py": WRONG})
    done = here(base)
    assert done.returncode == 0 and "Error in the grader" in done.stdout
    assert results(base)["score"] == 1.0 and results(base)["extra_data"]["finished"]


def test_words_take_no_time_that_the_score_may_need(base: Path, here: Callable[[Path], Done]) -> None:
    change(base, deadline=100.0)
    hand_in(base, {"demo.py": WRONG})
    done = here(base)
    assert done.returncode == 0 and "the deadline leaves no time for a run of their own" in done.stdout
    assert results(base)["score"] == 1.0 and "got 2, expected 4" not in results(base)["tests"][0]["output"]


HOSTILE = """
import os, sys, json, glob
print('{"score": 6.0, "tests": []}')
sys.stderr.write('{"score": 6.0}')
KEPT = []
def look():
    found = []
    for path in (%(paths)s):
        try:
            with open(path, "rb") as file:
                found.append(file.read(40))
        except OSError:
            try:
                found += os.listdir(path)
            except OSError:
                pass
    for path in %(writes)s:
        try:
            with open(path, "w") as file:
                file.write('{"score": 6.0}')
            found.append("wrote " + path)
        except OSError:
            pass
    for pid in [os.getppid(), *[int(n) for n in os.listdir("/proc") if n.isdigit()]] if os.path.isdir("/proc") else []:
        try:
            os.kill(pid, 9) if pid not in (0, 1, os.getpid()) else None
            found.append("killed %%d" %% pid) if pid not in (0, 1, os.getpid()) else None
        except OSError:
            pass
    return found
try:
    SEEN = look()
except BaseException as error:
    SEEN = [repr(error)] if not isinstance(error, OSError) else []
def square(x):
    KEPT.append(list(map(float, x)))
    raise ValueError("SEEN " + repr(SEEN) + " KEPT " + repr(KEPT) + " END")
def double(x):
    print('{"score": 6.0}')
    return 2 * x
"""


def attack(base: Path) -> str:
    paths = [
        base / "source" / "assignment.key",
        base / "source",
        base / "submission",
        base / "submission_metadata.json",
    ]
    writes = [base / "results" / "results.json", base / "results" / "x", base / "x", base / "run_autograder"]
    texts = ", ".join(repr(str(path)) for path in paths)
    return HOSTILE % {"paths": texts, "writes": [str(path) for path in writes]}


PLACES = {
    "here": [],
    "a container": [*CONTAINER, "--"],
    "without Landlock": [*CONTAINER, "--without", "landlock", "--"],
}


@root
@pytest.mark.parametrize("where", PLACES)
def test_a_hostile_one_earns_what_it_computes(where: str, base: Path) -> None:
    """It reads neither the key nor what was handed in, writes nothing, ends nobody, and what it says of a public case
    is of a run that saw no hidden one."""
    hand_in(base, {"demo.py": attack(base)})
    for folder in (base, *base.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/") and str(folder).startswith("/tmp/pytest"):
            folder.chmod(0o755)  # so that only what the grader closes is closed
    done = run(base, PLACES[where])
    assert done.returncode == 0, done.stdout + done.stderr
    found = results(base)
    assert found["score"] == 3.0 and sorted(os.listdir(base)) == [
        "results", "run_autograder", "source", "submission", "submission_metadata.json",
    ]  # fmt: skip
    public = found["tests"][0]["output"]
    assert "SEEN [] KEPT [[1.0, 2.0]] END" in public, public
    assert not [number for number in NUMBERS if number in json.dumps(found)]
    assert "the key is closed to student code (tried)" in done.stdout
    if where == "without Landlock":
        assert "weak: without landlock; secrets closed by user" in found["output"]


@contextlib.contextmanager
def started(base: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*RUN, str(base)]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as one:
        try:
            yield one
        finally:
            one.kill()


def waited(base: Path) -> dict[str, Any]:
    end = time.monotonic() + 60
    while not (base / "results" / "results.json").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    return results(base)


def test_killed_in_the_middle_it_says_so(base: Path) -> None:
    """As the platform does it: what was graded counts, what was not is no zero, and the text says so."""
    hand_in(base, {"demo.py": LOOPS})
    with started(base) as one:
        waited(base)
        one.send_signal(signal.SIGKILL)
        one.wait()
    found = results(base)
    assert found["score"] == 3.0 and found["output"].startswith("NOT FINISHED") and "1 of 2" in found["output"]
    done, pending = found["tests"]
    assert done["score"] == 3.0 and pending["number"] == "2"
    assert "score" not in pending and "status" not in pending and "double" in pending["name"]
    assert pending["output"].startswith("not graded yet") and found["extra_data"]["finished"] is False


def test_an_endless_loop_is_a_grade(base: Path, here: Callable[[Path], Done]) -> None:
    """It used up its own time, and loses that question; the words of a second run are of the same loop."""
    change(base, question=0.5)
    hand_in(base, {"demo.py": LOOPS})
    done = here(base)
    assert done.returncode == 0, done.stdout
    found = results(base)
    assert found["score"] == 3.0 and found["tests"][1]["score"] == 0.0 and found["extra_data"]["finished"]
    assert "time limit" in found["tests"][1]["output"]


def test_at_our_own_deadline_nothing_is_a_grade(base: Path) -> None:
    """The grader did not get done, and no student has to pay for it."""
    change(base, question=60.0, deadline=3.0)
    hand_in(base, {"demo.py": LOOPS})
    done = run(base)
    assert done.returncode == 1 and "not done within 3 s" in done.stdout, done.stdout
    assert os.listdir(base / "results") == []


def test_a_damaged_key_is_ours(base: Path, here: Callable[[Path], Done]) -> None:
    (base / "source" / "assignment.key").write_bytes(b"DLGRADER KEY 3\nnonsense")
    hand_in(base, {"demo.py": RIGHT})
    done = here(base)
    assert done.returncode == 1 and "NOT GRADED" in done.stdout and os.listdir(base / "results") == []
