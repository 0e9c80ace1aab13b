"""What any sandbox must do, in each place that a grader may find itself in (modes.py), and what it must say.

An attack that succeeds in a mode is expected there by name, and `grader doctor` must show it: never a silent hole."""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from modes import MODES, run
from play import linux

from grader.sandbox.probe import ATTEMPTS, NOTED
from grader.sandbox.worker import confine

pytestmark = linux
STRONG, CONTAINED = "landlock, seccomp, rlimits", "; without namespaces, cgroup"
FILES = {"read", "submission", "exists"}
PROCESSES = {"fork", "exec", "namespace"}
SIGNALS = set[str]() if confine.landlock_abi() >= 6 else {"zygote"}  # Landlock bounds signals from ABI 6 on
# mode -> how its level begins, and the attempts that succeed there
EXPECTED: dict[str, tuple[str, set[str]]] = {
    "plain user": ("strong: ", set()),
    "plain user, user namespaces off": (f"strong: {STRONG}{CONTAINED}", {"exists"}),
    "plain user, without Landlock": ("weak: without landlock", set()),
    "plain user, without seccomp": ("weak: without seccomp", PROCESSES | SIGNALS),
    "plain user, only namespaces and rlimits": ("weak: without landlock, seccomp", PROCESSES | {"zygote"}),
    "plain user, only rlimits": (
        "weak: without landlock, seccomp",
        set(ATTEMPTS) - {"look", "daemon", "namespace", "threads", "memory"} | {"exists"},
    ),
    "root": ("strong: uid, ", set()),
    "root, without Landlock": ("weak: without landlock", set()),
    "root, without seccomp": ("weak: without seccomp", PROCESSES),
    "root in a container": (f"strong: uid, {STRONG}{CONTAINED}", {"exists"}),
    "root in a container, without Landlock": ("weak: without landlock", FILES),
    "root in a container, without seccomp": ("weak: without seccomp", {"fork", "exec", "udp", "unix", "exists"}),
}
ALWAYS_HELD = {"daemon", "memory", "threads", "look"}


DOCS = Path(__file__).resolve().parents[2] / "docs" / "security.md"


def runnable(mode: str) -> bool:
    who, confined, _ = MODES[mode]
    return os.getuid() == 0 or (who == "plain" and not confined)


@functools.cache
def _seen(mode: str, folder: Path) -> dict[str, Any]:
    return run(mode, folder)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that a plain user can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="conformance-", dir="/tmp") as made:
        os.chmod(made, 0o755)
        yield Path(made)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not runnable(name):
        pytest.skip(f"NOT RUN: {name} takes root to set up")
    if confine.missing():
        pytest.skip(f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}")
    return name


@pytest.fixture
def seen(mode: str, folder: Path) -> dict[str, Any]:
    place = folder / re.sub(r"\W+", "-", mode)
    place.mkdir(exist_ok=True)
    return _seen(mode, place)


def test_the_level_is_named(mode: str, seen: dict[str, Any]) -> None:
    begins, open_ways = EXPECTED[mode]
    assert seen["level"] == seen["launcher"] and seen["level"].startswith(begins), seen["level"]
    assert len(seen["level"]) <= 80, "it stands in every report"
    assert set(seen["open"]) == open_ways


def test_the_doctor_shows_what_is_open(seen: dict[str, Any]) -> None:
    """Every attempt is a line, and an open one says so."""
    rows = seen["doctor"].splitlines()
    for name, words in {**ATTEMPTS, **NOTED}.items():
        (row,) = [row for row in rows if row.startswith(f"  {words}  ")]
        assert row.split()[-1] == {True: "OPEN", False: "held"}[name in seen["open"]] or name in NOTED
        assert name not in NOTED or row.endswith("open, no secret" if name in seen["open"] else "held")
    for layer, why in seen["lacking"].items():
        assert any(row.split() == [layer, "missing", *why.split()] for row in rows), layer
    assert rows[-1] == f"isolation: {seen['level']}"


@pytest.mark.parametrize("name", EXPECTED)
def test_the_page_on_security_says_the_same(name: str) -> None:
    (row,) = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| {name} |")]
    _, _, level, told, _ = (cell.strip() for cell in row.split("|"))
    begins, open_ways = EXPECTED[name]
    assert level.startswith(begins)
    expected = {{**ATTEMPTS, **NOTED}[way] for way in open_ways - SIGNALS}
    assert set(told.split("; ")) == expected if expected else told.startswith("nothing")


def test_what_must_hold_everywhere(seen: dict[str, Any]) -> None:
    assert not ALWAYS_HELD & set(seen["open"])


ANSWERS: dict[str, Callable[[list[Any]], bool]] = {
    "doubles10": lambda said: said == [8.0],
    "crashes1": lambda said: all(s[0] == "ERROR" and "segmentation fault" in s[1] for s in said) and len(said) == 2,
    "leaves2": lambda said: said[0][0] == "ERROR" and "exit code 3" in said[0][1],
    "loops3": lambda said: said[0][0] == "TIMEOUT",
    "hoards4": lambda said: said[0][0] == "MEMORY",
    "floods5": lambda said: said == [7.0],
    "imports6": lambda said: said == [2],
    "writes9": lambda said: said == [1.0],
}


@pytest.mark.parametrize("name", ANSWERS)
def test_it_answers_and_survives(name: str, seen: dict[str, Any]) -> None:
    """Arrays come back; a crash, an exit, a loop, too much memory and a flood cost their own case."""
    assert ANSWERS[name](seen[name]), seen[name]


def test_nothing_is_left_between_submissions(seen: dict[str, Any]) -> None:
    """Not even of five processes in sessions of their own, where they can be started."""
    started = "fork" in seen["open"]
    assert (seen["breeds8"] == [1.0]) == started and seen["left"] == []
    assert bool(seen["files left"]) == ("leave" in seen["open"]), "files in shared folders"


def test_nothing_is_left_after_the_end(seen: dict[str, Any]) -> None:
    assert (seen["processes after"], seen["files after"], seen["groups after"]) == (0, [], [])
    assert seen["processes"] <= 2, "the zygote, and the one that keeps its namespaces"


def test_the_environment_is_clean(seen: dict[str, Any]) -> None:
    (who,) = seen["who7"]
    assert "GRADER_TEST_SECRET" not in who["names"] and who["at home"] and who["groups"] == 0


def test_whom_the_worker_is(mode: str, seen: dict[str, Any]) -> None:
    """As root a number of its own wherever the level says so, else ourselves; never root by another name."""
    (who,) = seen["who7"]
    if MODES[mode][0] == "root":
        assert who["uid"] >= 0x7000_0000 or "uid" in seen["lacking"]
    else:
        assert who["uid"] != 0
    assert seen["parent of the worker"], "the pid that the grader knows is the worker's"


def test_the_check_before_a_batch_is_quick(seen: dict[str, Any]) -> None:
    assert seen["seconds"] < 20, "seconds, on a machine that does other things too"
