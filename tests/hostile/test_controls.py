"""The same files against naive.py, where nothing defends: each attack wins something, so none is a typing error."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arena import HELPERS, HERE, build, put_attack, put_honest
from listeners import Listeners
from play_rows import confined
from rows import ATTACKS, BY_NAME, Attack

pytestmark = [confined]
TRIED = [a for a in ATTACKS if a.judge != "pytest" and not a.control.startswith("NOT RUN")]
PAIR = ("X1_state_plants", "X1_state_probes")


def job(attack: Attack, folder: Path, token: str) -> dict[str, Any]:
    pair = attack.control == "pair"
    return {
        "name": attack.name, "folder": str(folder if pair else folder / attack.name), "main": "demo",
        "modules": list(PAIR) if pair else [""], "home": str(folder / "homes" / attack.name), "judge": attack.judge,
        "target": attack.target, "calls": [*attack.before, attack.target], "token": token, "linger": attack.linger,
    }  # fmt: skip


@pytest.fixture(scope="session")
def naive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What came of each attack, and the marks that it left."""
    folder = tmp_path_factory.mktemp("naive")
    arena = build(folder)
    (folder / "out").mkdir()
    (folder / "homes").mkdir()
    (folder / "tmp" / "attacks").mkdir()
    for name in ("grades.csv", "reports.jsonl", "grades.sqlite"):
        (folder / "out" / name).touch()
    keys = arena.course / ".grader" / "keys"
    keys.mkdir(parents=True)
    (keys / "demo.key").write_text(arena.tokens["course secret"])
    listeners = Listeners(folder / "open", arena.mark)
    leftover = Path("/dev/shm", f"{arena.mark}-theirs")
    found: dict[str, Any] = {}
    try:
        places = {**arena.places(folder / "out"), **listeners.open(), "GRADER": os.getpid()}
        leftover.write_text(arena.tokens["shared memory"])
        put_honest(arena, arena.submissions / "A-neighbour")
        attacks = folder / "tmp" / "attacks"
        for attack in TRIED:
            marked = f"{arena.mark}-{attack.name}"
            put_attack(attack, attacks / attack.name, {**places, "MARK": marked, "HOME": str(folder / "home")})
        with contextlib.ExitStack() as stack:
            crowd = [
                [job(a, attacks, arena.tokens["environment"]) for a in TRIED if a.name != PAIR[1]][i::2] for i in (0, 1)
            ]
            running = [stack.enter_context(start(jobs)) for jobs in crowd]
            for process in running:
                found.update(json.loads(process.communicate(timeout=120)[0]))
        found.update(pair(attacks, arena.tokens["environment"]))
        for attack in TRIED:
            found[attack.name]["marks"] = [m for m in arena.marks() if f"{arena.mark}-{attack.name}" in m]
        found[""] = {"contacts": listeners.contacts()}
        yield found
    finally:
        listeners.close()
        leftover.unlink(missing_ok=True)
        for path in arena.marks():
            with contextlib.suppress(OSError):
                os.unlink(path)


def start(jobs: list[dict[str, Any]]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "naive.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(jobs))
    process.stdin.close()
    process.stdin = None
    return process


def pair(attacks: Path, token: str) -> dict[str, Any]:
    """Plant and look, in the same process, under one mark."""
    with start([job(BY_NAME[PAIR[1]], attacks, token)]) as process:
        return dict(json.loads(process.communicate(timeout=60)[0]))


@pytest.mark.parametrize("attack", TRIED, ids=lambda a: a.name)
def test_attack_wins_where_nothing_defends(attack: Attack, naive: dict[str, Any]) -> None:
    got = naive[attack.name]
    done = set(re.findall(r"(\w+)=DONE", got["said"]))
    if attack.control == "wins":
        assert got["won"], got["said"]
    elif attack.control == "down":
        assert got["down"], got["said"]
    elif attack.control == "mark":
        assert got["marks"], got["said"]
    elif attack.control == "says":
        assert attack.says in got["said"]
    else:
        tried = set(re.findall(r"(\w+)=(?:DONE|no|refused|BROKEN)", got["said"]))
        assert done and done >= tried - set(attack.unproven), got["said"]
    assert "BROKEN" not in got["said"]


def test_the_listeners_were_reached(naive: dict[str, Any]) -> None:
    assert {*naive[""]["contacts"]} == {"tcp", "udp", "unix", "abstract"}


def test_a_naive_grader_gives_an_honest_student_full_marks_and_a_wrong_one_none(tmp_path: Path) -> None:
    """The control's control."""
    jobs = []
    for name, text in (("right", ""), ("wrong", "\n\ndef softmax(z):\n    return np.full(z.shape, 777.0)\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "demo.py").write_text((HERE / "honest.py").read_text() + text)
        for judge in ("allclose", "isclose", "unittest", "equal", "difference", "greater", "late", "twice", "loose",
                      "local", "restored", "four", "stale", "known", "reference after"):  # fmt: skip
            jobs.append({
                "name": f"{name} {judge}", "folder": str(tmp_path / name), "main": "demo", "modules": [""],
                "home": str(tmp_path / f"home {name} {judge}"), "judge": judge, "target": "softmax", "calls": [],
                "token": "none", "linger": 0.0,
            })  # fmt: skip
    with start(jobs) as process:
        found = json.loads(process.communicate(timeout=60)[0])
    assert {name for name, got in found.items() if got["won"]} == {j["name"] for j in jobs if j["name"] < "s"}
    assert not [name for name, got in found.items() if got["down"]]


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.judge == "pytest"], ids=lambda a: a.name)
def test_pytest_believes_what_lies_beside_the_submission(attack: Attack, tmp_path: Path) -> None:
    """conftest.py turns a failure into a pass, and a submission's own tests count."""
    folder = tmp_path / "submission"
    shutil.copytree(HERE / "attacks" / attack.name, folder)
    mark = f"hostile{secrets.token_hex(6)}"
    for name in HELPERS:
        shutil.copy(HERE / name, folder / name)
    with (folder / "world.py").open("a") as file:
        file.write(f"FOLDER = {str(tmp_path)!r}\nMARK = {mark!r}\n")
    test = folder / "test_demo.py"
    if not test.exists():
        test.write_text(
            "import numpy as np\nfrom demo import softmax\n\n\ndef test_softmax():\n"
            "    assert np.allclose(softmax(np.zeros(2)), 0.5)\n"
        )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:xdist",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",
            str(test),
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout + done.stderr
    if attack.name == "S29_conftest":
        assert list(tmp_path.glob(f"{mark}*"))


SURVIVOR = """
import os, time
print(os.environ["WORD"], flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(5)
    os._exit(0)
os.wait()
raise SystemExit(5)
"""


def test_the_overseer_sees_who_survives(tmp_path: Path) -> None:
    """The control of "no process is left": an orphan in a session of its own is told, and ended."""
    world = tmp_path / "world.py"
    world.write_text("")
    job = {"command": [sys.executable, "-c", SURVIVOR], "places": [str(world)], "environment": {"WORD": "here"}}
    done = subprocess.run(
        [sys.executable, str(HERE / "overseer.py")],
        input=json.dumps({**job, "seconds": 20}), capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["code"], told["stdout"]) == (5, "here\n")
    assert len(told["left"]) == 1 and "time.sleep(5)" in told["left"][0]
    pid = int(re.fullmatch(r"GRADER = (\d+)\n", world.read_text())[1])  # type: ignore[index]
    assert pid != os.getpid()


def test_the_snapshot_sees_a_change(tmp_path: Path) -> None:
    """The control of "nothing is changed" and "no file is left"."""
    arena = build(tmp_path)
    before = arena.snapshot()
    assert arena.snapshot() == before and arena.marks() == []
    (arena.home / ".hidden").mkdir()
    (arena.home / ".hidden" / arena.mark).touch()
    (arena.folder / "open" / "secret").write_text("other")
    (arena.course / "secret").chmod(0o600)
    changed = {k for k, v in arena.snapshot().items() if before.get(k) != v}
    assert changed == {"home/.hidden", f"home/.hidden/{arena.mark}", "open/secret", "course/secret"}
    assert arena.marks() == [str(arena.home / ".hidden" / arena.mark)]
