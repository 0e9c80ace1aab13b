"""`grader grade --scheduler`: the same batch on the workers of a Dask cluster, real processes on this machine.

Whatever becomes of the workers, the reports are byte for byte those of a run without them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, Run
from coursekit import SECRET, write_course

from grader.cohort import remote
from grader.cohort.desk import Setting
from grader.content import code_digest
from grader.model import AnswerKey, FrozenCase, FrozenQuestion, Limits, Output, Step, Submission

needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed is not installed")
SOURCE = '''
@question(loss=1, dx=2)
def square(x):
    """Sum of squares. x (N,); loss (), dx (N,)."""
    return (x * x).sum()

@square.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("read-only and strided", x=read_only(np.arange(8.0))[::2])
    yield Case("unseen", hidden=True, x=rng.normal(size=3))

def read_only(x):
    x.flags.writeable = False
    return x

@question(value=4)
def total(x):
    """Sum of the entries. x (N,); value ()."""
    return x.sum()

@total.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''
HEAD = "import os, signal, time\nimport numpy as np\nMARKER = 'a line that only students write'\n\n"
SQUARE = "def square(x):\n    return (x * x).sum(), 2 * x\n\n"
COHORT = {
    "right": SQUARE + "def total(x):\n    return x.sum()\n",
    "halved": "def square(x):\n    return (x * x).sum(), x\n\ndef total(x):\n    return x.sum()\n",
    "in-place": "def square(x):\n    x *= 2\n    return (x * x).sum() / 4, x\n\ndef total(x):\n    return x.sum()\n",
    "looks": "def square(x):\n    odd = x.size == 4 and (x.strides[0] != 16 or x.flags.writeable)\n"
    "    return (x * x).sum() + odd, 2 * x\n\ndef total(x):\n    return x.sum()\n",
    "exits": SQUARE + "def total(x):\n    os._exit(0)\n",
    "kills": SQUARE + "def total(x):\n    os.kill(os.getppid(), signal.SIGKILL)\n    return x.sum()\n",
    "kills-all": SQUARE + "def total(x):\n    os.kill(-1, signal.SIGKILL)\n    return x.sum()\n",
    "crashes": SQUARE + "def total(x):\n    os.kill(os.getpid(), signal.SIGSEGV)\n",
    "loops": SQUARE + "def total(x):\n    while True: pass\n",
    "eats": SQUARE + "def total(x):\n    return len(bytes(1 << 40))\n",
    "reads": SQUARE + "def total(x):\n    try:\n        open(f'/proc/{os.getppid()}/environ').read()\n"
    "    except OSError:\n        return 0.0\n    return x.sum()\n",
    "broken": "def square(x)\n",
    "empty": "",
}
SLOW = SQUARE + "def total(x):\n    time.sleep(0.5)\n    return x.sum()\n"


class Site:
    """A scheduler and workers, each a process of its own with its supervisor (a nanny starts it anew)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        self.file = folder / "scheduler.json"
        self.start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", self.file)
        until(self.file.exists)

    def start(self, name: str, *arguments: object) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("wb")
        command = [sys.executable, "-m", "dask", *map(str, arguments), "--no-dashboard"]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}"}
        where: dict[str, Any] = {"cwd": self.folder, "env": environment, "stdout": log, "stderr": log}
        process = subprocess.Popen(command, **where, start_new_session=True)
        log.close()
        self.processes.append(process)
        return process

    def worker(self, name: str, *more: object, threads: int = 1) -> subprocess.Popen[bytes]:
        asked = ["--scheduler-file", self.file, "--nthreads", threads, "--memory-limit", 0]
        process = self.start(name, "worker", *asked, "--local-directory", self.folder / name, *more)
        until(lambda: b"established connection" in self.log(name))
        return process

    def log(self, name: str) -> bytes:
        return (self.folder / f"{name}.log").read_bytes()

    @property
    def address(self) -> str:
        import json

        return str(json.loads(self.file.read_text())["address"])

    def close(self) -> None:
        """At once: an orderly end takes Dask seconds, and no test looks at it."""
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


Pair = tuple[Site, list["subprocess.Popen[bytes]"]]


def until(there: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not there():  # type: ignore[operator]
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The workers below a nanny; not the resource tracker of multiprocessing."""
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    found = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write_course(root, SOURCE)
    for folder, cohort in (("few", COHORT), ("many", {f"s{i:02}": SLOW for i in range(20)})):
        (root / folder).mkdir()
        for name, text in cohort.items():
            (root / folder / f"{name}.py").write_text(HEAD + text)
    return root


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A scheduler; the test starts its workers."""
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A scheduler with two workers of two threads, for all tests that leave it whole."""
    made = Site(tmp_path_factory.mktemp("pair"))
    try:
        yield made, [made.worker(f"w{i}", threads=2) for i in range(2)]
    finally:
        made.close()


def asked(course: Path, cohort: str, out: Path, *more: object) -> list[object]:
    secret = course / "secret"
    return [
        "grade",
        "demo",
        course / cohort,
        "--course",
        course,
        "--secret-file",
        secret,
        "--out",
        out,
        "--timeout",
        2,
        "--no-pages",
        *more,
    ]


@pytest.fixture(scope="module")
def alone(course: Path, grader: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both cohorts, graded without a cluster."""
    out = tmp_path_factory.mktemp("alone")
    for cohort in ("few", "many"):
        done = grader(*asked(course, cohort, out / cohort))
        assert done.returncode == 0, done.stderr
    return out


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in ("reports.jsonl", "grades.csv"))


# -- the whole batch -------------------------------------------------------------------------------------------


@needs_dask
def test_hostile_submissions_leave_the_workers_alone(
    course: Path, alone: Path, pair: Pair, grader: Run, tmp_path: Path
) -> None:
    """The same reports; the Dask workers live on, and what they leave on disk tells nothing."""
    site, nannies = pair
    before = [children(nanny) for nanny in nannies]
    done = grader(*asked(course, "few", tmp_path / "out", "--scheduler", site.address))
    assert done.returncode == 0, done.stderr
    assert "2 workers with 4 threads at tcp://127.0.0.1:" in done.stderr
    assert same(alone / "few", tmp_path / "out")
    assert [children(nanny) for nanny in nannies] == before and all(before)
    files = [p for name in ("w0", "w1") for p in (site.folder / name).rglob("*") if p.is_file()]
    for path in [*files, *site.folder.glob("*.log")]:
        text = path.read_bytes()
        assert SECRET.strip().encode() not in text and b"unseen" not in text, path
        assert b"a line that only students write" not in text and b"halved" not in text, path
    again = grader(*asked(course, "few", tmp_path / "out", "--scheduler", site.address))
    assert f"{len(COHORT)} of them from the store" in again.stdout and same(alone / "few", tmp_path / "out")


@needs_dask
def test_a_worker_killed_in_mid_batch(course: Path, alone: Path, pair: Pair, tmp_path: Path) -> None:
    """Its submissions go to the other one, and the one that its supervisor starts anew gets a desk."""
    (site, nannies), out = pair, tmp_path / "out"
    process = begun(asked(course, "many", out, "--scheduler", site.address))
    until(lambda: stored(out) >= 3)
    (victim,) = children(nannies[0])
    os.kill(victim, signal.SIGKILL)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert b"lost: tcp://127.0.0.1:" in stderr and b"joined: tcp://127.0.0.1:" in stderr
    assert same(alone / "many", out)
    assert children(nannies[0]) not in ([], [victim])


def begun(arguments: list[object]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "grader", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def stored(out: Path) -> int:
    """Students whose results are on disk."""
    if not (out / "grades.sqlite").exists():
        return 0
    try:
        with sqlite3.connect(out / "grades.sqlite") as db:
            return int(db.execute("SELECT COUNT(DISTINCT student) FROM results").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


@needs_dask
def test_stopped_and_killed_and_run_again(course: Path, alone: Path, pair: Pair, grader: Run, tmp_path: Path) -> None:
    site, out = pair[0], tmp_path / "out"
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        before = stored(out)
        process = begun(asked(course, "many", out, "--scheduler", site.address))
        until(lambda before=before: stored(out) > before)
        started = time.monotonic()
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == code, stderr
        assert time.monotonic() - started < 10
        assert code != 130 or b"run the same command to go on" in stderr
        assert b"Traceback" not in stderr
    done = grader(*asked(course, "many", out, "--scheduler", site.address))
    assert done.returncode == 0 and "of them from the store" in done.stdout, done.stderr
    assert same(alone / "many", out)


# -- who may grade ---------------------------------------------------------------------------------------------

WEAKER = """
import grader.cohort.remote as remote
from grader.sandbox.trial import Finding
remote.try_sandbox = lambda limits: Finding({}, {}, "", "weak: a worker can read a file outside", True)
"""
OLDER = """
import grader.cohort.remote as remote
remote.code_digest = lambda: "0" * 64
"""


@needs_dask
def test_a_weaker_worker_gets_nothing(course: Path, alone: Path, site: Site, grader: Run, tmp_path: Path) -> None:
    (tmp_path / "weaker.py").write_text(WEAKER)
    site.worker("weak", "--preload", "weaker.py")
    done = grader(*asked(course, "few", tmp_path / "out", "--scheduler", site.address))
    assert done.returncode == 4, done.stderr
    assert "weak: a worker can read a file outside" in done.stderr and "Nothing was graded" in done.stderr
    assert not (tmp_path / "out").exists()

    site.worker("strong")
    done = grader(*asked(course, "few", tmp_path / "out", "--scheduler", site.address))
    assert done.returncode == 0, done.stderr
    assert "refused: tcp://" in done.stderr and "its isolation is weak: a worker can read" in done.stderr
    assert "1 worker with 1 thread at" in done.stderr
    assert same(alone / "few", tmp_path / "out"), "all of it by the strong one"
    assert b"open_desk" not in site.log("weak"), "it never saw the key"


@needs_dask
def test_a_worker_of_another_version_gets_nothing(course: Path, site: Site, grader: Run, tmp_path: Path) -> None:
    (tmp_path / "older.py").write_text(OLDER)
    site.worker("old", "--preload", "older.py")
    done = grader(*asked(course, "few", tmp_path / "out", "--scheduler", site.address))
    assert done.returncode == 2 and "another version of the grader, of Python or of NumPy" in done.stderr


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x:1", "tcp://127.0.0.1:none"])
@needs_dask
def test_nothing_at_the_address(course: Path, grader: Run, tmp_path: Path, address: str) -> None:
    done = grader(*asked(course, "few", tmp_path / "out", "--scheduler", address))
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"error: --scheduler {address}: ") and len(done.stderr.splitlines()) == 1


# -- one worker's side, without Dask ---------------------------------------------------------------------------


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    x = np.arange(6.0)[::2]
    x.flags.writeable = False
    case = FrozenCase("one", True, {"x": x}, {"y": 6.0}, {})
    asked = FrozenQuestion("q", "", ("x",), (Output("y", 1.0),), (Step("function", "f", ("x",), ("y",)),), (case,))
    key = AnswerKey("demo", "Demo", "demo.py", "numpy", (asked,), {})
    return Setting(key, Limits(), "strong: all", write_course(tmp_path / "course", SOURCE))


def test_a_key_keeps_read_only_and_strided_inputs_on_its_way(setting: Setting) -> None:
    there: Setting = pickle.loads(pickle.dumps(setting))
    x = there.key.questions[0].cases[0].inputs["x"]
    assert x.strides == (16,) and not x.flags.writeable and x.tolist() == [0.0, 2.0, 4.0]
    assert there.limits == setting.limits and there.isolation == setting.isolation


def test_without_a_desk_nothing_is_graded(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("run", None, Submission("ada"), {})
    assert isinstance(remote.at_desk(*asked), remote.Refused)
    monkeypatch.setattr(remote, "_level", "weak: x")
    assert asyncio.run(remote.open_desk("run", "out", setting)) == "its isolation is weak: x"
    assert isinstance(remote.at_desk(*asked), remote.Refused)
    monkeypatch.setattr(remote, "_level", setting.isolation)
    assert asyncio.run(remote.open_desk("run", "out", setting)) == ""
    assert not isinstance(remote.at_desk("run", None, Submission("ada", problem="lost"), {}), remote.Refused)
    assert asyncio.run(remote.open_desk("later", "out", setting)) == "", "of the same owner: the first one is closed"
    assert isinstance(remote.at_desk(*asked), remote.Refused)
    asyncio.run(remote.close_desk("later"))
    assert not remote._open


def test_a_fault_of_ours_is_named_and_not_raised(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask would write the arguments, a student's files, into the worker's log."""
    monkeypatch.setattr(remote, "_level", setting.isolation)
    asyncio.run(remote.open_desk("run", "out", setting))
    try:
        assert remote.at_desk("run", b"no key", Submission("ada"), {}) == remote.Fault("KeyFileError")
    finally:
        asyncio.run(remote.close_desk("run"))


def test_a_worker_says_what_its_sandbox_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_level", "")
    found = asyncio.run(remote.examine(Limits()))
    assert remote._level == found.level
    assert found.level.startswith(("strong: ", "weak: ")) and found.digest == code_digest() and not found.why


@pytest.mark.skipif(shutil.which("true") is None, reason="needs a POSIX system")
def test_without_distributed_the_option_says_what_to_install(course: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['distributed'] = None; from grader.cli import main; main()"
    command = [
        sys.executable,
        "-P",
        "-c",
        code,
        *map(str, asked(course, "few", tmp_path / "out", "--scheduler", "tcp://x:1")),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "pip install 'dlgrader[cluster]'" in done.stderr
