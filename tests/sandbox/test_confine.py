"""What a confined worker cannot do, each tried for real, and what ordinary code needs and can.

Every attempt is tried unconfined too (`Spawner`): one that fails there as well would prove nothing. All are
harmless should a defence fail: signals are number 0, files are the test's own, listeners are on the loopback."""
# Student code in tables reads best unbroken.
# ruff: noqa: E501

from __future__ import annotations

import functools
import os
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from play import ask, below, confined, linux, one, play, processes

from grader.model import Limits
from grader.sandbox.probe import ATTEMPTS, what_is_open
from grader.sandbox.spawn import Launcher, Spawner
from grader.sandbox.worker import confine, landlock, libraries, seccomp
from grader.sandbox.zygote import Zygote

pytestmark = [linux, confined]
ROOT = Path(__file__).resolve().parents[2]
OPEN_FILES = ("landlock", "namespaces", "seccomp")  # without any of these a worker can make files


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


def plant(folder: Path) -> Path:
    """A secret that no mode bit protects."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    secret = folder / "secret"
    secret.write_text("the expected values")
    secret.chmod(0o666)
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[dict[str, object]]:
    """Things that a worker must not reach."""
    plant(tmp_path)
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen(4)
        unix.bind(str(tmp_path / "socket"))
        unix.listen(4)
        yield {"folder": str(tmp_path), "port": tcp.getsockname()[1], "parent": os.getpid(), "root": str(ROOT)}


# What is tried; each returns something truthy where it succeeds.
ATTACKS = {
    "read a planted file": "return open(folder + '/secret').read()",
    "read it by a path with dots": "return open('/proc/../' + folder + '/secret').read()",
    "read it through a link of one's own": """
        link = home + "/link"
        os.symlink(folder + "/secret", link)
        return open(link).read()""",
    "hard-link it": "os.link(folder + '/secret', home + '/link'); return True",
    "rename it": "os.rename(folder + '/secret', folder + '/taken'); return True",
    "map it": "return mmap.mmap(os.open(folder + '/secret', os.O_RDONLY), 0, prot=mmap.PROT_READ)[:]",
    "list /": "return os.listdir('/')",
    "list the temporary folder": "return os.listdir(os.path.dirname(folder))",
    "list the repository": "return os.listdir(root)",
    "read the grader's source": "return open(root + '/grader/model.py').read()",
    "read its own environ": "return open('/proc/self/environ').read() or True",
    "read its own memory map": "return open('/proc/self/maps').read()",
    "read the parent's environ": "return open(f'/proc/{os.getppid()}/environ', 'rb').read()",
    "read the grader's environ": "return open(f'/proc/{parent}/environ', 'rb').read()",
    "read the grader's command line": "return open(f'/proc/{parent}/cmdline', 'rb').read()",
    "open the grader's memory": "return open(f'/proc/{parent}/mem', 'rb').fileno()",
    "list the grader's descriptors": "return os.listdir(f'/proc/{parent}/fd') or True",
    "read the password file": "return open('/etc/passwd').read()",
    "write beside": "open(folder + '/planted', 'w').close(); return True",
    "overwrite a file": "open(folder + '/secret', 'w').write('mine'); return True",
    "truncate a file": "os.truncate(folder + '/secret', 0); return True",
    "remove a file": "os.unlink(folder + '/secret'); return True",
    "make a folder": "os.mkdir(folder + '/planted'); return True",
    "write to shared memory": """
        path = f"/dev/shm/planted-{os.getpid()}"
        os.close(os.open(path, os.O_CREAT | os.O_RDWR)); os.unlink(path)
        return True""",
    "chmod a file outside": "os.chmod(folder + '/secret', 0o600); return True",
    "chown a file outside": "os.chown(folder + '/secret', os.getuid(), os.getgid()); return True",
    "utime a file outside": "os.utime(folder + '/secret', (0, 0)); return True",
    "xattr on a file outside": "os.setxattr(folder + '/secret', 'user.x', b'1'); return True",
    "a TCP connection": "socket.create_connection(('127.0.0.1', port), 2).close(); return True",
    "a UDP socket": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port)); return True",
    "a bare socket": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(); return True",
    "a listener": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return True",
    "a UNIX socket": "socket.socket(socket.AF_UNIX).connect(folder + '/socket'); return True",
    "an abstract socket": "socket.socket(socket.AF_UNIX).bind(f'\\0grader-test-{os.getpid()}'); return True",
    "a socket pair": "return socket.socketpair()",
    "a named pipe": "os.mkfifo(home + '/fifo'); return True",
    "fork": """
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return True""",
    "fork by its old number": """
        pid = libc.syscall(57)  # x86_64; elsewhere a call that does no harm
        if pid == 0:
            os._exit(0)
        return pid > 0""",
    "subprocess": "return subprocess.run(['/bin/true']).returncode == 0",
    "posix_spawn": "return os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)[1] == 0",
    "exec": "os.execv('/bin/true', ['true'])",
    "os.system": "return os.system('true') == 0",
    "multiprocessing": """
        import multiprocessing
        child = multiprocessing.get_context("fork").Process(target=int)
        child.start(); child.join()
        return child.exitcode == 0""",
    "signal the grader": "os.kill(parent, 0); return True",
    "signal its parent": "os.kill(os.getppid(), 0); return True",
    "signal a thread of the grader": "return libc.syscall(234, parent, parent, 0) == 0",
    "signal with a pidfd": "return libc.syscall(434, parent, 0) >= 0",
    "queue a signal": "return libc.syscall(129, os.getppid(), 0, bytes(128)) == 0",
    "change the grader's limits": "old = resource.prlimit(parent, 7); resource.prlimit(parent, 7, old); return True",
    "change its parent's limits": "old = resource.prlimit(os.getppid(), 7); resource.prlimit(os.getppid(), 7, old); return True",
    "trace its parent": """
        attached = libc.ptrace(0x4206, os.getppid(), 0, 0) == 0  # PTRACE_SEIZE stops nobody
        return attached and libc.ptrace(17, os.getppid(), 0, 0) is not None""",
    "trace itself": "return libc.ptrace(0, 0, 0, 0) == 0",
    "raise its limits": """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
        return True""",
    "a new session": "import threading; os.setpgid(0, 0); return True",
    "outlive the zygote": "return libc.prctl(1, 0, 0, 0, 0) == 0",
    "become dumpable": "return libc.prctl(4, 1, 0, 0, 0) == 0",
    "a user namespace": "return libc.unshare(0x10000000) == 0",
    "shared memory of System V": "return libc.shmget(0, 4096, 0o600) >= 0",
    "an anonymous file": "return os.memfd_create('x')",
    "lock a file": "import fcntl; fcntl.flock(os.open(home, os.O_RDONLY), fcntl.LOCK_EX); return True",
    "lock a range of bytes": """
        import fcntl
        fcntl.lockf(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True""",
    "look for a lock": """
        import fcntl, struct
        return len(fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_GETLK, struct.pack("hhqqixxxx", 0, 0, 0, 0, 0)))""",
    "lock an open file description": """
        import fcntl, struct
        return len(fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), 37, struct.pack("hhqqixxxx", 0, 0, 0, 0, 0)))""",
    "take a lease": "import fcntl; return fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK) == 0",
    "be told of a folder": "import fcntl; return fcntl.fcntl(os.open(home, os.O_RDONLY), fcntl.F_NOTIFY, 1) == 0",
    "watch files": "fd = libc.inotify_init(); os.close(fd); return True",
    "make every disk write": "return libc.syscall(306 if os.uname().machine == 'x86_64' else 267, os.open(home, os.O_RDONLY)) == 0",
    "read an extended attribute": "return os.listxattr(os.__file__) or True",
    "have a file's pages forgotten": """
        os.posix_fadvise(os.open(os.__file__, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)
        return True""",
    "ask whether a file is in memory": """
        fd = os.open(os.__file__, os.O_RDONLY)
        os.read(fd, 1)
        return os.preadv(fd, [bytearray(1)], 0, os.RWF_NOWAIT) == 1""",
    "have its own pages of a file put out": """
        with open(os.__file__, "rb") as file:
            page = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        return bool(page[0]) and page.madvise(20) is None and page.madvise(21) is None""",
    "take a number that counts for the whole machine": "return os.fstat(os.pipe()[0]).st_ino",
    "ask what room a disk has": "return os.statvfs('/').f_bfree + 1",
    "ask how busy the machine is": "return libc.sysinfo(ctypes.create_string_buffer(256)) == 0",
    "count what came from the disk": "return resource.getrusage(resource.RUSAGE_SELF).ru_minflt > 0",
    "see our environment": "return os.environ.get('GRADER_TEST_SECRET') or ctypes.string_at(libc.getenv(b'GRADER_TEST'))",
    # The finder that refuses other packages is no defence, and is thrown out first.
    "import the grader": "del sys.meta_path[0]; sys.path[:0] = [root]; import grader; return grader.__file__",
    "import a test": "del sys.meta_path[0]; sys.path[:0] = [root, root + '/tests']; import benchkit; return True",
    "import the worker's own files": "sys.path[:0] = [root + '/grader/sandbox']; del sys.meta_path[0]; import worker.main; return True",
    "import torch": "del sys.meta_path[0]; sys.modules.pop('torch', None); import torch; return torch.__version__",
    "import pytest": "del sys.meta_path[0]; import pytest; return True",
    "open the terminal": "return os.open('/dev/tty', os.O_RDWR) or True",
}
NOT_UNCONFINED = {  # refused or meaningless without a layer too, on some machines or in some shells
    "see our environment",
    "signal with a pidfd",
    "an anonymous file",
    "open the terminal",
    "import torch",
    "trace its parent",
    "trace itself",
    "a user namespace",
    "xattr on a file outside",
    "open the grader's memory",
    "signal a thread of the grader",
    "queue a signal",
    "shared memory of System V",
    "a UNIX socket",
    "fork by its old number",
    "outlive the zygote",
    "become dumpable",
    "a new session",
    "exec",
    "rename it",
    "import pytest",
    "write to shared memory",
    "take a lease",
    "be told of a folder",
    "make every disk write",
    "read an extended attribute",
}
PREAMBLE = """\
import ctypes, mmap, os, resource, socket, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.getenv.restype = ctypes.c_void_p

def unfind():
    sys.meta_path[:] = [finder for finder in sys.meta_path if isinstance(finder, type)]  # Python's own
"""


def function(name: str, attack: str) -> str:
    body = textwrap.indent(textwrap.dedent(ATTACKS[attack]).strip("\n"), "    ")
    head = f"\ndef {name}(folder, port, parent, root):\n    home = os.environ.get('HOME', folder)\n"
    return head + body + "\n"


def attempt(launcher: Launcher, name: str, outside: dict[str, object]) -> object:
    response = one(launcher, PREAMBLE + function("f", name), outside, kind="list")
    return response.values.get("out") or None


@pytest.mark.parametrize("name", ATTACKS)
def test_refused(
    name: str, zygote: Zygote, outside: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_TEST_SECRET", "a token of ours")
    before = sorted((p.name, p.stat().st_mode, p.stat().st_mtime_ns) for p in tmp_path.iterdir())
    assert attempt(zygote, name, outside) in (None, False)
    assert sorted((p.name, p.stat().st_mode, p.stat().st_mtime_ns) for p in tmp_path.iterdir()) == before
    assert (tmp_path / "secret").read_text() == "the expected values"


def test_the_attempts_work_without_a_sandbox(outside: dict[str, object], tmp_path: Path) -> None:
    """The control of the experiment: all of them in one process with no layers."""
    names = [name for name in ATTACKS if name not in NOT_UNCONFINED]
    source = PREAMBLE + "".join(function(f"f{i}", name) for i, name in enumerate(names))
    questions = [
        ask(f"f{i}", {**outside, "folder": str(plant(tmp_path / str(i)))}, kind="list") for i in range(len(names))
    ]
    spawner = Spawner()
    try:
        found = play(spawner, source, *questions)
    finally:
        spawner.close()
    failed = {name: found[f"f{i}"][0] for i, name in enumerate(names) if not found[f"f{i}"][0].values.get("out")}
    assert not failed, "these show nothing: they fail without a sandbox too"


def test_other_processes_limits_are_untouched(zygote: Zygote, outside: dict[str, object]) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    attempt(zygote, "change the grader's limits", outside)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_no_descriptor_of_ours_is_left_open(zygote: Zygote) -> None:
    source = """
        import os, stat
        def f(x):
            found = []
            for fd in range(64):
                try:
                    mode = os.fstat(fd).st_mode
                except OSError:
                    continue
                found.append(stat.S_ISFIFO(mode) or fd == 0)
            return found
    """
    found = one(zygote, source).values["out"]
    assert list(found) == [True] * 5  # stdin from nowhere, stdout, stderr, the wire's two ends


def test_environment_is_ours_to_give(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_TEST_SECRET", "a token of ours")
    source = "import os\ndef f(x):\n    return sorted(os.environ)"
    names = one(zygote, source, kind="list").values["out"]
    assert set(names) <= {
        "HOME", "LANG", "LC_CTYPE", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH",
        "PYTHONHASHSEED", "TMPDIR", "VECLIB_MAXIMUM_THREADS",
    }  # fmt: skip


# -- what ordinary code needs --------------------------------------------------------------------------------

ORDINARY = {
    "threads": """
        import threading
        got = []
        pool = [threading.Thread(target=got.append, args=(i,)) for i in range(8)]
        for t in pool: t.start()
        for t in pool: t.join()
        return len(got) == 8""",
    "a thread pool": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            return sum(pool.map(abs, range(10))) == 45""",
    "numpy.linalg": """
        A = np.random.default_rng(0).normal(size=(60, 60))
        return bool(np.allclose(np.linalg.inv(A) @ A, np.eye(60)) and np.linalg.svd(A)[1].min() > 0)""",
    "numpy.fft, polynomial and ma": """
        import numpy.fft, numpy.polynomial, numpy.ma, numpy.testing
        return bool(np.allclose(np.fft.ifft(np.fft.fft([1.0, 2.0])), [1, 2]))""",
    "the standard library, late": """
        import statistics, decimal, fractions, sqlite3, csv, zoneinfo, unittest, logging.handlers, heapq, bisect
        import asyncio, hashlib, lzma, bz2, zlib, json, uuid, email.mime.text, xml.etree.ElementTree, curses.ascii
        return statistics.mean([1, 3]) == 2""",
    "a home that is there": """
        home = os.path.expanduser("~")
        return os.getcwd() == os.path.realpath(home) and os.listdir(home) == [] and os.environ["TMPDIR"] == home""",
    "files that are none": """
        import io
        file = io.BytesIO(); np.save(file, np.ones(3)); file.seek(0)
        with open(os.devnull, "w") as nowhere: nowhere.write("x" * 9999)
        return bool(np.load(file).sum() == 3)""",
    "descriptors and their flags": """
        import fcntl
        fd = os.open(os.devnull, os.O_RDONLY)
        other = fcntl.fcntl(fd, fcntl.F_DUPFD, 10)
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        return other >= 10 and fcntl.fcntl(fd, fcntl.F_GETFD) == 1 and fcntl.fcntl(fd, fcntl.F_GETFL) & 3 == 0""",
    "build settings": "import sysconfig; return len(sysconfig.get_config_vars()) > 20",
    "stop itself being stopped": """
        import signal
        return signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and os.kill(os.getpid(), 0) is None""",
    "its own limits, to look at": """
        import resource
        return resource.getrlimit(resource.RLIMIT_AS)[0] > 0""",
    "random numbers": "import secrets; return len(secrets.token_bytes(8) + os.urandom(8)) == 16",
    "time": "import time; time.sleep(0.001); return time.time() > 0",
    "a deep stack": """
        import sys
        sys.setrecursionlimit(20000)
        def down(n): return n and down(n - 1)
        return down(5000) == 0""",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_code_runs(name: str, zygote: Zygote) -> None:
    body = textwrap.indent(textwrap.dedent(ORDINARY[name]).strip("\n"), "    ")
    response = one(zygote, f"import os\nimport numpy as np\ndef f(x):\n{body}\n")
    assert response.failure is None and response.values["out"] is True, response


WRITES = {
    "a file at home": "open('notes.txt', 'w').close()",
    "a file by its whole path": "open(os.environ['HOME'] + '/notes.txt', 'wb').close()",
    "a file beside home": "open('../beside', 'w').close()",
    "a folder": "os.mkdir('folder')",
    "a link": "os.symlink('/dev/null', 'link')",
    "a pipe": "os.mkfifo('pipe')",
    "an array": "np.save('a.npy', np.ones(3))",
    "a temporary file": "tempfile.TemporaryFile()",
    "a temporary folder": "tempfile.mkdtemp()",
    "a file without a name": "os.open('.', os.O_TMPFILE | os.O_RDWR)",
    "a database": "try: sqlite3.connect('db').execute('CREATE TABLE t (x)')\n    except sqlite3.OperationalError as e: raise OSError(e)",
    "home itself, away": "os.rmdir(os.environ['HOME'])",
    "home itself, elsewhere": "os.rename(os.environ['HOME'], os.environ['HOME'] + '2')",
    "the library": "open(np.__file__, 'a')",
    "a device": "open('/dev/zero', 'w')",
}


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_written_anywhere(zygote: Zygote, name: str) -> None:
    """A disk that many students share is not to be filled, not even with names."""
    response = one(zygote, f"import os, sqlite3, tempfile\nimport numpy as np\ndef f(x):\n    {WRITES[name]}\n")
    assert response.failure is not None and "OSError" in response.raised, response
    (home,) = Path(zygote.scratch).iterdir() if zygote.scratch and os.listdir(zygote.scratch) else (None,)
    assert home is None or not list(home.iterdir())


def test_no_file_grows_where_files_can_be_made() -> None:
    source = """
        import errno, os
        def f(x):
            fd = os.open("big", os.O_CREAT | os.O_RDWR)
            try:
                os.write(fd, b"x")
            except OSError as error:
                refused = error.errno == errno.EFBIG
            try:
                os.ftruncate(fd, 1 << 30)
            except OSError as error:
                return refused and error.errno == errno.EFBIG and os.fstat(fd).st_size == 0
    """
    made = Zygote(disabled=OPEN_FILES)
    try:
        assert one(made, source).values == {"out": True}
    finally:
        made.close()


# -- what is left behind -------------------------------------------------------------------------------------


def test_home_is_empty_for_the_next_submission() -> None:
    """Where no layer keeps a worker from making files, what it leaves is removed."""
    plant = """
        import os
        def f(x):
            open("here", "w").close(); open("../beside", "w").close()
            os.makedirs("a/b/c"); os.mkdir("locked", 0); os.open("silent", os.O_CREAT, 0)
            return sorted(os.listdir(".")) + sorted(os.listdir(".."))
    """
    look = "import os\ndef f(x):\n    return os.listdir('.') + os.listdir('..')"
    made = Zygote(disabled=OPEN_FILES)
    try:
        assert len(one(made, plant, kind="list").values["out"]) == 6
        assert one(made, look, kind="list").values["out"] == ["home"]
    finally:
        made.close()


def test_a_tree_deeper_than_a_path_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deeper than the recursion limit, PATH_MAX and the open files allow: once it took the whole batch down."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    source = """
        import os
        def f(x):
            for _ in range(2200):
                os.mkdir("dd"); os.chdir("dd")
            return 1.0
    """
    made = Zygote(disabled=OPEN_FILES)
    try:
        for _ in range(2):
            assert one(made, source).values["out"] == 1.0
        assert len(list(tmp_path.iterdir())) == 1
    finally:
        made.close()
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_after_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = below(os.getpid())
    made = Zygote(disabled=OPEN_FILES)
    one(made, "open('kept', 'w').close()\ndef f(x):\n    return x")
    assert made.pid in below(os.getpid()) - before and list(tmp_path.iterdir())
    made.close()
    assert below(os.getpid()) == before and not list(tmp_path.iterdir())


ORPHANS = """
import os, signal, sys
sys.path[:0] = sys.argv[1:3]
from play import ask, runner
from grader.model import FrozenCase
from grader.sandbox.zygote import Zygote
made = Zygote(disabled=tuple(sys.argv[3].split()))
q = ask("f", {"x": 1.0})
work = runner(made, SOURCE, [q])
work.nudged(q, FrozenCase("", False, {"x": 0.0}, {}, {}), ())
import threading
threading.Timer(0.3, lambda: (print(made.process.pid, flush=True), os.kill(os.getpid(), signal.SIGKILL))).start()
work.nudged(q, FrozenCase("", False, {"x": 1.0}, {}, {}), ())
"""


@pytest.mark.parametrize(
    ("disabled", "body"),
    [
        ("", "while x: pass"),
        ("namespaces", "while x: pass"),
        ("", "import ctypes, time\n    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n    while x: time.sleep(1)"),
        ("landlock seccomp namespaces", "while x and (os.fork() or True): time.sleep(30)"),
    ],
    ids=["endless loop", "endless loop without namespaces", "clears its death signal", "weak mode with a child"],
)
def test_nothing_is_left_when_the_grader_is_killed(disabled: str, body: str, tmp_path: Path) -> None:
    source = f"import os, time\ndef f(x):\n    {body}\n    return x\n"
    code = ORPHANS.replace("SOURCE", repr(source))
    arguments = [sys.executable, "-c", code, str(ROOT), str(Path(__file__).parent), disabled]
    done = subprocess.run(
        arguments, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -9 and done.stdout.strip().isdigit(), done.stderr
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        left = [line for _, line in processes().values() if str(tmp_path) in line]
        if not left and not list(tmp_path.iterdir()):
            return
        time.sleep(0.02)
    pytest.fail(f"left behind: {left} {list(tmp_path.iterdir())}")


@pytest.mark.parametrize("disabled", [("landlock", "seccomp"), ("seccomp",), OPEN_FILES], ids="-".join)
def test_a_daemon_does_not_survive_weak_mode(disabled: tuple[str, ...]) -> None:
    """Where fork is possible, a double-forked process in a session of its own still dies with its submission."""
    source = """
        import os, time
        def f(x):
            for _ in range(3):
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        for fd in range(64):
                            try: os.close(fd)
                            except OSError: pass
                        time.sleep(60)
                    os._exit(0)
            time.sleep(0.1)
            return float(os.getpid())
    """
    made = Zygote(disabled=disabled)
    try:
        before = below(os.getpid())
        assert one(made, source).values["out"] > 1
        assert below(os.getpid()) - before <= {made.pid, made.process.pid}, (
            "only the zygote lives on between submissions"
        )
        assert made.isolation.startswith("weak: without ") and "seccomp" in made.isolation
    finally:
        made.close()
    assert not below(os.getpid()) - before


# -- the probe -----------------------------------------------------------------------------------------------


def test_the_probe_finds_nothing_open(zygote: Zygote) -> None:
    assert what_is_open(zygote, Limits()) == []
    assert zygote.isolation.startswith("strong: ")


@pytest.mark.parametrize(
    ("disabled", "found"),
    [
        ("landlock", set()),  # a root of its own holds no more than what may be read
        ("landlock namespaces", {"read", "submission"}),
        ("seccomp", {"fork", "exec"}),
        ("seccomp namespaces", {"fork", "exec", "udp"}),
        ("rlimits cgroup", {"memory"}),
        (" ".join(OPEN_FILES), {"read", "write", "leave", "connect", "udp", "abstract", "fork", "zygote"}),
        ("landlock namespaces seccomp uid rlimits cgroup", set(ATTEMPTS) - {"daemon", "threads", "private", "look"}),
    ],
)
def test_the_probe_finds_what_a_missing_layer_lets_through(disabled: str, found: set[str]) -> None:
    made = Zygote(disabled=tuple(disabled.split()))
    try:
        assert set(what_is_open(made, Limits())) >= {ATTEMPTS[name] for name in found}
        assert "weak: without" in made.isolation
    finally:
        made.close()


def test_the_probe_leaves_nothing(zygote: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    what_is_open(zygote, Limits())
    assert not list(tmp_path.iterdir())


# -- the filter itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_stays_inside(machine: str, writes: bool) -> None:
    import struct

    program = seccomp.seccomp_program(machine, 1234, writes)
    count = len(program) // 8
    assert len(program) % 8 == 0 and count < 4096
    for i in range(count):
        code, yes, no, k = struct.unpack_from("=HBBI", program, i * 8)
        if code == seccomp.JUMP:
            assert i + 1 + k < count
        if code in (seccomp.JEQ, seccomp.JGE, seccomp.JSET):
            assert i + 1 + max(yes, no) < count
    assert struct.unpack_from("=HBBI", program, (count - 1) * 8)[0] == seccomp.RETURN


def filtered(machine: str, number: int, *args: int, writes: bool = True) -> int:
    """What the filter returns for a system call, by a small interpreter of its program."""
    import struct

    program = seccomp.seccomp_program(machine, 1234, writes)
    data = struct.pack("=IIQ6Q", number, seccomp.ARCH[machine], 0, *args, *[0] * (6 - len(args)))
    at, value = 0, 0
    while True:
        code, yes, no, k = struct.unpack_from("=HBBI", program, at * 8)
        at += 1
        if code == seccomp.RETURN:
            return k
        if code == seccomp.JUMP:
            at += k
        elif code == seccomp.LOAD:
            (value,) = struct.unpack_from("=I", data, k)
        else:
            holds = {seccomp.JEQ: value == k, seccomp.JGE: value >= k, seccomp.JSET: bool(value & k)}[code]
            at += yes if holds else no


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_on_both_machines(machine: str) -> None:
    """The answers for every call of the table, for new ones, and for what programs cannot do without."""
    column = 0 if machine == "x86_64" else 1
    for row in seccomp.REFUSED.split():
        number = row.split("=")[1].split("/")[column]
        if number != "-":
            assert filtered(machine, int(number)) == seccomp.EPERM, row
    for number in [457, 463, 466, 500, 1000, 0x3FFFFFFF]:
        assert filtered(machine, number) == seccomp.ENOSYS, number
    fcntl = seccomp.SPECIAL[machine]["fcntl"]
    for command in (5, 6, 7, 36, 37, 38, 1024, 1026):
        assert filtered(machine, fcntl, 3, command) == seccomp.EPERM, command
    for command in (0, 1, 2, 3, 4, 1025, 1030, 1032):  # duplicates, flags, F_GETLEASE, pipe sizes
        assert filtered(machine, fcntl, 3, command) == seccomp.ALLOW, command
    # read, write, openat, futex, mmap, exit_group, getpid, rseq
    plain = {"x86_64": [0, 1, 257, 202, 9, 231, 39, 334], "aarch64": [63, 64, 56, 98, 222, 94, 172, 293]}
    for number in plain[machine]:
        assert filtered(machine, number) == seccomp.ALLOW, number
    special = seccomp.SPECIAL[machine]
    for call in ("kill", "tgkill"):
        assert filtered(machine, special[call], 1234, 9) == seccomp.ALLOW
        assert {filtered(machine, special[call], pid, 0) for pid in (1, 0, 0xFFFFFFFF, 1235)} == {seccomp.EPERM}
    assert filtered(machine, special["clone"], 17) == seccomp.EPERM
    assert filtered(machine, special["clone"], 0x3D0F00) == seccomp.ALLOW
    assert filtered(machine, special["clone3"]) == seccomp.ENOSYS
    assert filtered(machine, special["prlimit64"], 0, 7, 0, 1) == seccomp.ALLOW
    assert filtered(machine, special["prlimit64"], 0, 7, 1 << 40, 0) == seccomp.EPERM


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_no_file_is_made_where_only_the_filter_can_refuse_it(machine: str) -> None:
    """Reading goes on; opening for writing, making, moving and removing do not."""
    column = 0 if machine == "x86_64" else 1
    strict = functools.partial(filtered, machine, writes=False)
    for row in seccomp.WRITING.split():
        number = row.split("=")[1].split("/")[column]
        if number != "-":
            assert strict(int(number)) == seccomp.EPERM and filtered(machine, int(number)) == seccomp.ALLOW, row
    openat = dict(row.split("=") for row in seccomp.OPENING.split())["openat"].split("/")[column]
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE | os.O_RDWR):
        assert strict(int(openat), 0, 0, flags) == seccomp.EPERM, flags
    for flags in (os.O_RDONLY, os.O_CLOEXEC, os.O_PATH, os.O_NOFOLLOW):
        assert strict(int(openat), 0, 0, flags) == seccomp.ALLOW, flags
    assert strict(seccomp.OPENAT2) == seccomp.ENOSYS
    if machine == "x86_64":
        assert strict(2, 0, os.O_CREAT) == seccomp.EPERM and strict(2, 0, 0) == seccomp.ALLOW


def test_the_other_numbering_of_x86_is_refused() -> None:
    assert {filtered("x86_64", 0x40000000 + n) for n in (0, 1, 59, 520)} == {seccomp.EPERM}


CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def f(numbers):
    out = []
    for number in numbers:
        ctypes.set_errno(0)
        out.append(ctypes.get_errno() if libc.syscall(ctypes.c_long(number), -1, None, None, 0, 0) == -1 else 0)
    return out
"""


def test_calls_that_are_refused_say_so(zygote: Zygote) -> None:
    """The numbers, tried with arguments that do no harm; the errno tells the filter from the call itself."""
    import errno

    column = 0 if os.uname().machine == "x86_64" else 1
    table = dict(row.split("=") for row in seccomp.REFUSED.split())
    harmless = (
        "setxattr fsetxattr getxattr fgetxattr listxattr flistxattr removexattr fremovexattr syncfs inotify_add_watch"
    )
    numbers = [int(table[name].split("/")[column]) for name in harmless.split()]
    numbers.append(int(table["inotify_init1"].split("/")[column]))
    newer = [457, 458, 463, 464, 465, 466, 470, 500, 2000]
    found = one(zygote, CALLS, {"numbers": numbers + newer}).values["out"].tolist()
    assert found == [errno.EPERM] * len(numbers) + [errno.ENOSYS] * len(newer)
    unconfined = Spawner()
    try:
        free = one(unconfined, CALLS, {"numbers": numbers[:-1]}).values["out"].tolist()
    finally:
        unconfined.close()
    assert errno.EPERM not in free, "shows nothing: refused without a filter too"


def test_missing_layers_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert confine.missing(("seccomp",)) == {"seccomp": "switched off"}
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "riscv64" in confine.missing()["seccomp"]
    monkeypatch.setattr(landlock, "landlock_abi", lambda: 1)
    assert "ABI 1" in confine.missing()["landlock"]
    monkeypatch.setattr(sys, "platform", "darwin")
    assert set(confine.missing()) == set(confine.LAYERS)


def test_readable_roots_hold_no_other_package() -> None:
    import numpy

    roots = [Path(root) for root in libraries.real_paths(libraries.readable_paths(("numpy",)))]
    site = Path(numpy.__file__).resolve().parents[1]
    assert site not in roots and not any(site.is_relative_to(root) for root in roots)
    assert not any(ROOT.is_relative_to(root) for root in roots)
    assert site / "numpy" in roots


def test_two_in_a_row_share_no_state(zygote: Zygote) -> None:
    first = """
        import builtins, gc, os, random, sys, warnings
        import numpy as np
        import json, math
        np.seterr(all="raise"); np.set_printoptions(precision=1); np.ones = None
        builtins.planted = 1; math.planted = 1; sys.path.append("/planted"); os.environ["PLANTED"] = "1"
        sys.setrecursionlimit(5000); os.umask(0o77); warnings.simplefilter("error"); gc.disable()
        json.dumps_ = json.dumps; sys.modules["planted"] = sys
        def f(x):
            return 1.0
    """
    second = """
        import builtins, gc, math, os, sys, json
        import numpy as np
        def f(x):
            return [
                np.geterr()["over"] == "warn", np.get_printoptions()["precision"] == 8, np.ones is not None,
                not hasattr(builtins, "planted"), not hasattr(math, "planted"), "/planted" not in sys.path,
                "PLANTED" not in os.environ, sys.getrecursionlimit() == 1000, gc.isenabled(),
                not hasattr(json, "dumps_"), "planted" not in sys.modules, "student" in sys.modules,
                os.umask(0) != 0o77,
            ]
    """
    assert one(zygote, first).values["out"] == 1.0
    assert list(one(zygote, second).values["out"]) == [True] * 13


def test_submissions_get_fresh_processes(zygote: Zygote) -> None:
    source = "import os\ndef f(x):\n    return os.getpid()"
    pids = {int(one(zygote, source).values["out"]) for _ in range(3)}
    assert len(pids) == 3 and not pids & set(processes())


def test_modes_of_the_scratch_folder(zygote: Zygote) -> None:
    one(zygote, "def f(x):\n    return x")
    assert stat.S_IMODE(os.stat(zygote.scratch).st_mode) == 0o700
    assert play(zygote, "def f(x):\n    return x", ask("f", {"x": 2.0}))["f"][0].values == {"out": 2.0}
