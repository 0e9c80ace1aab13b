"""The hostile cohort on disk, what it must not reach, and one run of `grader grade` over it, shared by all tests.

Everything lies below one folder: the course, the submissions, the results, a home and a folder for temporary files
of the grader's alone, and listeners on the loopback. Processes of pytest-xdist share one run by a lock and files."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from listeners import Listeners
from odd import ODD, build_odd
from rows import ATTACKS, Attack

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))  # coursekit lies there

from coursekit import write_course  # noqa: E402

TIMEOUT = 1.5  # seconds per question
SHARED = ("", "/tmp", "/var/tmp", "/dev/shm")  # "": the root folder itself
HELPERS = ("honest.py", "world.py", "wire.py")


@dataclass(frozen=True)
class Arena:
    """A folder with all that a run needs, made by `build`; `tokens` are what no attacker may come to hold."""

    folder: Path
    mark: str
    tokens: dict[str, str]

    @property
    def course(self) -> Path:
        return self.folder / "course"

    @property
    def submissions(self) -> Path:
        return self.folder / "submissions"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "GRADER"))},
            "HOME": str(self.home),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTHONPATH": str(ROOT),
            "HOSTILE_TOKEN": self.tokens["environment"],
        }

    def places(self, out: Path) -> dict[str, Any]:
        return {
            "MARK": self.mark,
            "SECRET": str(self.folder / "open" / "secret"),
            "FOLDER": str(self.folder / "open"),
            "NEIGHBOUR": str(self.submissions / "A-neighbour" / "demo.py"),
            "SUBMISSIONS": str(self.submissions),
            "COURSE": str(self.course),
            "OUT": str(out),
            "HOME": str(self.home),
            "THEIRS": f"/dev/shm/{self.mark}-theirs",
            "PYTHON": sys.executable,
            "ROOT": str(ROOT),
        }

    def marks(self) -> list[str]:
        """Files of an attack's anywhere outside."""
        found = [path for root in SHARED for path in glob.glob(f"{root}/*{self.mark}*")]
        for top in ("open", "home", "course", "tmp", "submissions", "out"):
            for folder, folders, files in os.walk(self.folder / top):
                found += [os.path.join(folder, name) for name in (*folders, *files) if self.mark in name]
        return sorted(found)

    def snapshot(self) -> dict[str, str]:
        """All that must not change, by path: mode, size and digest."""
        found = {}
        for top in (self.course, self.submissions, self.home, self.folder / "open", self.folder / "tmp"):
            for path in sorted([top, *top.rglob("*")]):
                about = path.lstat()
                text = f"{about.st_mode:o} {about.st_uid}"
                if path.is_file() and not path.is_symlink() and about.st_size < 1 << 24 and os.access(path, os.R_OK):
                    text += " " + hashlib.sha256(path.read_bytes()).hexdigest()
                found[str(path.relative_to(self.folder)).encode(errors="replace").decode()] = text
        return found


def build(folder: Path, library: str = "numpy") -> Arena:
    """The course, its secrets, and the folders; no submission yet."""
    arena = Arena(folder, f"hostile{secrets.token_hex(6)}", {name: secrets.token_hex(12) for name in TOKENS})
    secret = f"{arena.tokens['course secret']}\n"
    write_course(arena.course, (HERE / "course.txt").read_text(), library=library, secret=secret)
    reference = arena.course / "reference" / "demo"
    (reference / "answers.py").write_text(f"TOKEN = {arena.tokens['reference']!r}\n")
    (reference / "__pycache__").mkdir(exist_ok=True)
    (reference / "__pycache__" / "answers.pyc").write_bytes(arena.tokens["reference"].encode())
    (arena.course / "reference" / "__init__.py").write_text("")
    (arena.course / "reference" / "answers.py").write_text(f"TOKEN = {arena.tokens['reference']!r}\n")
    for name in ("open", "home", "home/.ssh", "tmp", "submissions", "open/empty"):
        (folder / name).mkdir()
    (arena.home / ".ssh" / "id_rsa").write_text(arena.tokens["private key"])
    planted = folder / "open" / "secret"
    planted.write_text(arena.tokens["planted"])
    for path, mode in ((folder / "open", 0o777), (planted, 0o666)):
        path.chmod(mode)
    return arena


TOKENS = ("course secret", "reference", "private key", "planted", "environment", "neighbour", "shared memory")


def put_attack(attack: Attack, folder: Path, places: dict[str, Any]) -> Path:
    """An attack's folder, with the helpers that it imports; the file to which the grader's pid is to be added."""
    source = HERE / "attacks" / attack.name
    if source.is_dir():
        shutil.copytree(source, folder)
    else:
        folder.mkdir()
        shutil.copy(source.with_suffix(".py"), folder / "demo.py")
    if not (folder / "demo.py").exists():  # the whole of it is one file
        return folder
    for name in HELPERS:
        shutil.copy(HERE / name, folder / name)
    with (folder / "world.py").open("a") as file:
        file.writelines(f"{name} = {value!r}\n" for name, value in places.items())
    return folder / "world.py"


def put_honest(arena: Arena, folder: Path) -> None:
    folder.mkdir()
    text = (HERE / "honest.py").read_text()
    (folder / "demo.py").write_text(f"{text}\n# {arena.tokens['neighbour']}\n")


@dataclass
class Run:
    """What one run of the command line left and said."""

    said: dict[str, Any]
    out: Path

    @cached_property
    def lines(self) -> dict[str, str]:
        """Each student's report, as it stands in the file."""
        rows = (self.out / "reports.jsonl").read_text().splitlines()
        return {json.loads(row)["student"]: row for row in rows}

    @cached_property
    def reports(self) -> dict[str, Any]:
        return {student: json.loads(row) for student, row in self.lines.items()}


def grade(arena: Arena, out: Path, submissions: list[Path], worlds: list[Path], workers: int = 2) -> Run:
    """`grader grade` under overseer.py."""
    command = [sys.executable, "-P", "-m", "grader", "grade", "demo", *map(str, submissions), "--out", str(out)]
    command += ["--course", str(arena.course), "--secret-file", str(arena.course / "secret")]
    command += ["--workers", str(workers), "--timeout", str(TIMEOUT), "--no-pages"]
    job = {
        "command": command,
        "places": [str(world) for world in worlds],
        "environment": arena.environment,
        "seconds": 300,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "overseer.py")],
        input=json.dumps(job), capture_output=True, text=True, timeout=400, check=True,
    )  # fmt: skip
    return Run(json.loads(done.stdout), out)


def prepare(folder: Path) -> None:
    """Build, freeze, grade the honest alone, then all together; write down what was found."""
    arena = build(folder)
    out, alone = folder / "out", folder / "alone"
    leftover = Path("/dev/shm", f"{arena.mark}-theirs")
    listeners = Listeners(folder / "open", arena.mark)
    try:
        places = {**arena.places(out), **listeners.open()}
        if leftover.parent.is_dir():
            leftover.write_text(arena.tokens["shared memory"])
        put_honest(arena, arena.submissions / "A-neighbour")
        for attack in ATTACKS:
            put_honest(arena, arena.submissions / f"{attack.name}-next")
        first = grade(arena, alone, [arena.submissions], [])
        worlds = [put_attack(a, arena.submissions / a.name, places) for a in ATTACKS]
        worlds = [path for path in worlds if path.name == "world.py"]
        extra = build_odd(arena.submissions, folder / "zips", HERE / "honest.py", folder / "open" / "secret")
        before, marks = arena.snapshot(), arena.marks()
        run = grade(arena, out, [arena.submissions, *extra], worlds)
        for world in worlds:  # the grader's pid is ours
            text = world.read_text()
            world.write_text(text[: text.rindex("GRADER = ")])
        after = arena.snapshot()
        found = {
            "mark": arena.mark, "tokens": arena.tokens, "first": first.said, "said": run.said,
            "contacts": listeners.contacts(), "marks": sorted({*arena.marks()} - {*marks}),
            "changed": sorted(k for k in {*before, *after} if before.get(k) != after.get(k)),
        }  # fmt: skip
        (folder / "found.json").write_text(json.dumps(found))
    finally:
        listeners.close()
        leftover.unlink(missing_ok=True)
        shutil.rmtree(arena.submissions / "E9_device", ignore_errors=True)  # whoever reads it reads for ever
        for path in arena.marks():
            with contextlib.suppress(OSError):
                os.unlink(path)


@dataclass
class Found:
    """The arena after the run."""

    arena: Arena
    alone: Run
    run: Run
    contacts: list[str]
    marks: list[str]
    changed: list[str]


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "arena"
    with open(base / "arena.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "found.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            prepare(folder)
    told = json.loads((folder / "found.json").read_text())
    arena = Arena(folder, told["mark"], told["tokens"])
    alone, run = Run(told["first"], folder / "alone"), Run(told["said"], folder / "out")
    return Found(arena, alone, run, told["contacts"], told["marks"], told["changed"])


__all__ = ["ODD", "Arena", "Found", "Run", "build", "found", "grade", "put_attack", "put_honest"]
