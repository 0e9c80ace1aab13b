"""The layers that a zygote puts on once for all its workers: a user, namespaces, a cgroup; and how Python starts."""

from __future__ import annotations

import grp
import itertools
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from play import ask, below, confined, linux, one, play, processes, why

from grader.errors import SandboxError
from grader.model import Limits
from grader.sandbox import cgroup, layers
from grader.sandbox.spawn import Spawner, clean_environment
from grader.sandbox.worker import confine, identity, namespaces
from grader.sandbox.zygote import Zygote

pytestmark = [linux, confined]
LACKING = layers.missing()


def needs(*names: str) -> pytest.MarkDecorator:
    absent = {name: LACKING[name] for name in names if name in LACKING}
    return pytest.mark.skipif(bool(absent), reason=f"NOT RUN: this machine lacks {absent}")


@pytest.fixture
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is not too long for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        yield Path(folder)


def soon(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


# -- a user of its own ---------------------------------------------------------------------------------------

WHO = "import os\ndef f(x):\n    return [*os.getresuid(), *os.getresgid(), len(os.getgroups())]"


@needs("uid")
def test_each_zygote_has_a_user_that_is_nobody() -> None:
    first, second = Zygote(), Zygote()
    try:
        found = [one(made, WHO, kind="list").values["out"] for made in (first, second, first)]
    finally:
        first.close()
        second.close()
    numbers = [int(ids[0]) for ids in found]
    assert numbers[0] == numbers[2] != numbers[1]
    for ids in found:
        assert len(set(map(int, ids[:6]))) == 1 and ids[6] == 0, "real, effective and saved; no groups"
        with pytest.raises(KeyError):
            pwd.getpwuid(int(ids[0]))
        with pytest.raises(KeyError):
            grp.getgrgid(int(ids[0]))


@needs("uid")
def test_powers_do_not_come_back(zygote: Zygote) -> None:
    source = """
        import ctypes, os
        libc = ctypes.CDLL(None)
        def f(x):
            data = ctypes.create_string_buffer(24)
            libc.capget(bytes.fromhex("2205082000000000"), data)
            return [any(data.raw), libc.setresuid(0, 0, 0) == 0, os.getuid() == 0]
    """
    assert one(zygote, source, kind="list").values["out"].tolist() == [False] * 3


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0, 0, 1 << 32]], lambda uid: uid == 0x7000_0007),
        ([[0, 100_000, 65_536]], lambda uid: 32_768 <= uid < 65_536),  # a container without root outside
        ([[0, 1000, 1], [1, 100_000, 65_536]], lambda uid: 32_769 <= uid < 65_537),
        ([[0, 1000, 1]], lambda uid: uid == 0),
        ([], lambda uid: uid == 0),
    ],
)
def test_the_number_is_one_that_is_mapped(rows: list[list[int]], expected: Callable[[int], bool]) -> None:
    assert expected(identity._inside(rows, 0x7000_0007))


def test_a_number_that_somebody_has_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def known(uid: int) -> bool:
        seen.append(uid)
        return len(seen) < 3

    monkeypatch.setattr(identity, "_taken", known)
    assert identity.choose(4321) == seen[2] and len(set(seen)) == 3
    monkeypatch.setattr(identity, "_taken", lambda _: True)
    assert identity.choose(4321) == 0


def test_a_number_does_not_tell_how_many_processes_there_were() -> None:
    """One for each pid, and for pids that follow each other they lie anywhere."""
    pids = range(1000, 5000)
    found = [identity._shuffled(pid) for pid in pids]
    assert len(set(found)) == len(pids) and all(0 <= number < identity.PIDS for number in found)
    near = sum(abs(a - b) < 1000 for a, b in itertools.pairwise(found))
    assert near < 40 and max(found) - min(found) > identity.PIDS // 2


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: takes root")
def test_a_python_that_others_cannot_read_is_said() -> None:
    """Without a root file system of its own, a worker of another user could not import what it needs later."""
    closed = [p for p in Path(sys.base_prefix).parents if not p.stat().st_mode & 1]
    lacking = layers.missing(("namespaces",))
    assert ("Permission denied" in lacking.get("uid", "")) == bool(closed)
    if closed:
        assert layers.level(lacking) == "weak: without uid"
    made = Zygote(disabled=("namespaces",))
    try:
        assert one(made, "import sqlite3, statistics\ndef f(x):\n    return statistics.mean([x])").values == {
            "out": 1.0
        }
    finally:
        made.close()


@needs("namespaces")
def test_a_python_that_others_cannot_read_serves_inside_namespaces(zygote: Zygote) -> None:
    """Its files are shown at their own paths, whatever the folders above them allow."""
    source = "import sqlite3, lzma, statistics\ndef f(x):\n    return [statistics.__file__]"
    (found,) = one(zygote, source, kind="list").values["out"]
    assert os.path.exists(found) and found.startswith(os.path.realpath(sys.base_prefix))


# -- threads -------------------------------------------------------------------------------------------------

THREADS = """
import _thread, os, threading, time
gate = threading.Event()
def f(x):
    _thread.stack_size(1 << 16)
    started = 0
    try:
        for _ in range(int(x)):
            _thread.start_new_thread(gate.wait, (2,))
            started += 1
    except RuntimeError:
        pass
    time.sleep(0.2)
    return started
"""


def test_a_thread_bomb_is_bounded(zygote: Zygote) -> None:
    found = one(zygote, THREADS, {"x": 5000.0})
    assert 100 <= found.values["out"] <= confine.THREADS + 5, found
    assert one(zygote, THREADS, {"x": 8.0}).values == {"out": 8}


@pytest.mark.skipif({"uid", "namespaces"} <= set(LACKING), reason="NOT RUN: threads are counted together here")
def test_a_thread_bomb_costs_no_neighbour() -> None:
    """Each zygote's threads are counted alone: two together have more than one may have."""
    from concurrent.futures import ThreadPoolExecutor

    pair = Zygote(), Zygote()
    try:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda made: one(made, THREADS, {"x": 200.0}).values["out"], pair))
    finally:
        for made in pair:
            made.close()
    assert found == [200, 200] and sum(found) > confine.THREADS


# -- namespaces ----------------------------------------------------------------------------------------------


@needs("namespaces")
def test_mounts_are_not_seen_outside(zygote: Zygote) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    assert one(zygote, "def f(x):\n    return x").values == {"out": 1.0}
    assert Path("/proc/self/mountinfo").read_text() == before
    spaces = {name: os.readlink(f"/proc/{zygote.pid}/ns/{name}") for name in ("mnt", "net", "ipc", "uts", "pid")}
    assert all(os.readlink(f"/proc/self/ns/{name}") != link for name, link in spaces.items())


@needs("namespaces")
def test_what_is_outside_does_not_exist(zygote: Zygote, tmp_path: Path) -> None:
    """Not even its name can be told, where Landlock alone lets stat(2) and chdir(2) through."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    source = """
        import os
        def f(paths):
            found = [os.path.lexists(path) for path in paths]
            for path in ("/tmp", "/root", "/proc", "/sys", "/dev/shm", "/home/student"):
                try:
                    os.chdir(path)
                    found.append(os.listdir(path) != [])
                except OSError:
                    found.append(False)
            return found
    """
    paths = [str(secret), str(tmp_path), "/etc/passwd", "/proc/1", "/var", "/bin/sh", __file__]
    response = play(zygote, source, ask("f", {"paths": paths}, kind="list"))["f"][0]
    assert not any(response.values["out"].tolist()), response


@needs("namespaces")
@pytest.mark.parametrize("disabled", [(), ("landlock",), ("landlock", "seccomp")], ids=" ".join)
def test_the_root_of_its_own_takes_no_file(disabled: tuple[str, ...]) -> None:
    source = """
        import os
        def f(x):
            made = []
            for folder, _, _ in os.walk("/"):
                for name in ("planted", "planted.py"):
                    try:
                        os.close(os.open(os.path.join(folder, name), os.O_CREAT | os.O_WRONLY))
                        made.append(folder)
                    except OSError:
                        pass
            with open(os.devnull, "w") as nowhere:
                nowhere.write("x" * 9999)
            return len(made)
    """
    made = Zygote(disabled=disabled)
    try:
        assert one(made, source).values == {"out": 0}
    finally:
        made.close()


def test_links_on_the_way_are_shown_too(tmp_path: Path) -> None:
    """A tree with links, relative and absolute, as a process sees it after it has moved into a root of its own."""
    if "namespaces" in LACKING:
        pytest.skip(f"NOT RUN: {LACKING['namespaces']}")
    (tmp_path / "real" / "lib").mkdir(parents=True)
    (tmp_path / "real" / "lib" / "file").write_text("found")
    (tmp_path / "real" / "hidden").write_text("no")
    (tmp_path / "base").mkdir()
    (tmp_path / "absolute").symlink_to(tmp_path / "real")
    (tmp_path / "relative").symlink_to("absolute/lib")
    (tmp_path / "round").symlink_to("round")
    code = """
import os, sys
sys.path.insert(0, sys.argv[1])
from worker import namespaces
folder = sys.argv[2]
namespaces.enter(lambda: None)
root = namespaces.Root(folder + "/base")
for name in ("/relative", "/relative/file", "/real/lib", "/absolute/lib/file", "/round", "/none", "/relative"):
    root.show(folder + name)
root.close()
print(open(folder + "/relative/file").read(), os.listdir(folder + "/real"), os.path.exists("/.old"))
"""
    arguments = [sys.executable, "-I", "-S", "-B", "-c", code, layers.HERE, str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.stdout.strip() == "found ['lib'] False", done.stderr
    assert sorted(os.listdir(tmp_path / "real")) == ["hidden", "lib"] and os.listdir(tmp_path / "base") == []


@needs("namespaces")
def test_all_inside_ends_with_the_one_that_keeps_the_namespaces() -> None:
    made = Zygote()
    try:
        channel = made.start(Limits())
        inside = {made.pid, channel.pid}
        assert made.process is not None and inside <= below(made.process.pid)
        os.kill(made.process.pid, signal.SIGKILL)
        assert soon(lambda: not inside & set(processes()))
        with pytest.raises(SandboxError):
            channel.end()
        assert one(made, "def f(x):\n    return x").values == {"out": 1.0}
    finally:
        made.close()


def test_a_machine_that_refuses_namespaces_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "_tried", lambda *_: {"namespaces": "unshare: Operation not permitted", "uid": ""})
    lacking = layers.missing()
    assert lacking["namespaces"] == "unshare: Operation not permitted"
    assert "; without namespaces" in layers.level(lacking) or "cgroup" in lacking


def test_a_probe_that_cannot_run_is_said() -> None:
    found = layers._tried("/nowhere/python", True, True)
    assert found["namespaces"] == found["uid"] == "could not be tried (FileNotFoundError)"


# -- a cgroup ------------------------------------------------------------------------------------------------


def groups(pid: int | None = None) -> list[str]:
    """All, or those of one grader's process: tests run side by side, and have some too."""
    names = "grader-*" if pid is None else f"grader-{pid}-*"
    return sorted({name.name for folder in cgroup.parents()[0].values() for name in folder.glob(names)})


@needs("cgroup")
def test_a_cgroup_counts_where_rlimits_do_not() -> None:
    """Its kill reads as out of memory, and the next submission is not touched."""
    source = """
        import mmap
        def f(x):
            block = mmap.mmap(-1, 700 << 20)
            for at in range(0, 700 << 20, mmap.PAGESIZE):
                block[at] = 1
            return x
        def g(x):
            return x
    """
    made = Zygote(disabled=("rlimits",))
    try:
        limits = Limits(question=20.0, submission=60.0, memory=256 << 20)
        found = play(made, source, ask("f", {"x": 1.0}), ask("g", {"x": 2.0}), limits=limits)
        assert why(found["f"][0])[0] == "MEMORY" and found["g"][0].values == {"out": 2.0}, found
        crash = one(made, "import ctypes\ndef f(x):\n    ctypes.string_at(0)\n", limits=limits)
        assert why(crash) == ("ERROR", "crashed")
    finally:
        made.close()


@needs("cgroup")
def test_the_cgroup_goes_with_its_zygote(zygote: Zygote) -> None:
    before = groups(os.getpid())
    one(zygote, "def f(x):\n    return x")
    assert len(set(groups(os.getpid())) - set(before)) == 1
    assert zygote.group is not None
    pids = (zygote.group.folders["pids"] / "cgroup.procs").read_text().split()
    assert pids == [str(zygote.pid)]
    zygote.close()
    assert groups(os.getpid()) == before


@needs("cgroup", "namespaces")
def test_the_cgroup_goes_when_the_grader_is_killed() -> None:
    """Whoever keeps the namespaces removes it."""
    code = "import os; from grader.sandbox.zygote import Zygote; made = Zygote(); made._boot(); os.kill(os.getpid(), 9)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    grader = subprocess.Popen([sys.executable, "-c", code], env=environment)
    assert grader.wait() == -9
    assert soon(lambda: not groups(grader.pid))


@needs("namespaces")
def test_no_folder_is_left_where_the_grader_is_killed_as_soon_as_it_tries_its_sandbox(short: Path) -> None:
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "TMPDIR": str(short)}
    grader = subprocess.Popen([sys.executable, "-P", "-m", "grader", "doctor"], env=environment, stdout=subprocess.PIPE)
    try:
        while not list(short.glob("grader-probe-*")):
            assert grader.poll() is None
    finally:
        grader.kill()
        grader.communicate()
    assert soon(lambda: not list(short.iterdir()))


@needs("cgroup")
def test_what_a_killed_grader_leaves_is_swept() -> None:
    where = cgroup.parents()[0]
    dead = subprocess.Popen(["true"])
    dead.wait()
    names = [f"grader-{dead.pid}-00000000", f"grader-{os.getpid()}-00000000", "grader-notes"]
    for folder in where.values():
        for name in names:
            (folder / name).mkdir()
    try:
        cgroup.sweep(where)
        assert not set(groups()) & {names[0]} and {*names[1:]} <= set(groups())
    finally:
        for folder in where.values():
            for name in names:
                (folder / name).rmdir() if (folder / name).exists() else None


ONE = "30 25 0:26 {1} {0}/memory rw - cgroup c rw,memory\n31 25 0:27 {1} {0}/pids rw shared:1 - cgroup c rw,pids\n"
TWO = "30 25 0:26 / {0}/two rw - cgroup2 cgroup2 rw\n"
TABLES = {
    "version 1": (ONE, "/", "8:pids:/\n4:memory:/box\n", {"memory": "memory/box", "pids": "pids"}),
    "a container": (ONE, "/d/a", "8:pids:/d/a\n4:memory:/d/a/inner\n", {"memory": "memory", "pids": "pids"}),
    "version 2": (TWO, "/", "0::/user\n", {"memory": "two/user", "pids": "two/user"}),
}


@pytest.mark.parametrize("name", TABLES)
def test_where_a_cgroup_would_be_made(name: str, tmp_path: Path) -> None:
    mounts, top, own, expected = TABLES[name]
    for folder in ("memory/box", "pids", "two/user"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "mountinfo").write_text(mounts.format(tmp_path, top))
    (tmp_path / "cgroup").write_text(own)
    found, version = cgroup.parents(str(tmp_path))
    assert version == (2 if name == "version 2" else 1)
    assert {k: v.resolve() for k, v in found.items()} == {k: tmp_path / v for k, v in expected.items()}


def test_no_cgroup_at_all_is_said(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("30 25 0:26 / /proc rw - proc proc rw\n")
    (tmp_path / "cgroup").write_text("0::/\n")
    with pytest.raises(OSError, match="no cgroup file system"):
        cgroup.parents(str(tmp_path))


# -- how Python starts ---------------------------------------------------------------------------------------

STARTED = """
import json, os, site, sys
print(json.dumps([sys.path, site.ENABLE_USER_SITE, sys.flags.safe_path, sys.flags.no_user_site,
                  sorted(n for n in sys.modules if "custom" in n)]))
"""


def test_python_starts_as_isolated_as_with_minus_i(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder of ours, no user site, no variable of ours: what -I gives, but for the order of sets."""
    for name in ("numpy.py", "json.py", "sitecustomize.py", "usercustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong file was imported')\n")
    user = tmp_path / ".local" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    user.mkdir(parents=True)
    (user / "usercustomize.py").write_text("raise SystemExit('the wrong file was imported')\n")
    monkeypatch.chdir(tmp_path)
    for name, value in {"HOME": tmp_path, "PYTHONPATH": tmp_path, "PYTHONSTARTUP": "x", "PYTHONINSPECT": "1"}.items():
        monkeypatch.setenv(name, str(value))
    run = [[sys.executable, "-I", "-c", STARTED], [sys.executable, "-P", "-s", "-c", STARTED]]
    isolated, ours = (
        json.loads(subprocess.run(c, env=clean_environment(), capture_output=True, check=True).stdout) for c in run
    )
    assert ours == isolated and ours[1] is False and ours[2] is True and ours[4] in ([], ["sitecustomize"])
    assert [n for n in clean_environment() if n.startswith("PYTHON")] == ["PYTHONHASHSEED"]

    source = """
        import os, site, sys
        import numpy as np
        def f(x):
            names = [n for n in os.environ if n.startswith("PYTHON")]
            near = [p for p in sys.path if p in ("", ".") or p.startswith(os.getcwd() + "/")]
            flags = sys.flags.no_user_site, sys.flags.safe_path, "usercustomize" in sys.modules, hash("x")
            return [repr((names, near, *flags))]
    """
    made = Zygote()
    spawner = Spawner()
    try:
        both = [one(launcher, source, kind="list").values["out"] for launcher in (made, spawner, made)]
    finally:
        made.close()
        spawner.close()
    (first,), (second,), (third,) = both
    assert first == second == third and str(first).startswith("(['PYTHONHASHSEED'], [], 1, True, False, ")


def test_namespaces_are_not_left_half_entered(tmp_path: Path) -> None:
    """A folder that cannot be mounted on is an error of ours, with its cause, and no worker is started."""
    with pytest.raises(OSError, match=r"mount on .*: (No such file|Operation not permitted)"):
        namespaces.mount("grader", str(tmp_path / "absent"), "tmpfs", 0)
