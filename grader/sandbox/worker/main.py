"""How a confined worker starts: once per core as a zygote that forks for each submission (single.py: a plain process).

The zygote imports NumPy (and torch, single-threaded, where the assignment asks), never runs student code, and
obeys two orders on its control socket: fork, and end (kill all that came of the fork, and say how it died)."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import struct
import sys
import sysconfig
import time
from collections.abc import Sequence
from typing import Any

from . import confine, identity, landlock, libraries, namespaces, scratch, seccomp
from .kernel import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_SUBREAPER
from .session import Session, fresh_streams, redirect
from .values import Pipe
from .warm import grow_stack, warm_session, warm_torch

plain_signal: Any = importlib.import_module("_signal")  # the one below signal, whose enums take 0.2 ms in a fork


def main(arguments: list[str]) -> None:
    tidy_path()
    options = json.loads(arguments[1])
    uid = identity.choose(os.getpid()) if "uid" in options["layers"] else 0
    if "uid" in options["layers"] and not uid:
        raise SystemExit("no uid for a worker")
    if "namespaces" in options["layers"]:
        namespaces.enter(functools.partial(remove, options["scratch"], options["groups"], options["also"]))
    if options["library"] == "torch":
        warm_torch()
    warm_session(options["library"])
    grow_stack()
    Zygote(options, uid).serve()


def tidy_path() -> None:
    """Only the standard library and the folder that NumPy lives in can be imported from; these files, and
    whatever a .pth file added, cannot. The names of our own modules are free for the student."""
    import numpy

    site = os.path.dirname(os.path.dirname(os.path.abspath(numpy.__file__)))
    standard = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    keep = {site, *standard, *(os.path.join(p, "lib-dynload") for p in standard)}
    sys.path[:] = [p for p in sys.path if p in keep or p.endswith(".zip") or os.path.abspath(p) in keep]
    for name in [n for n in sys.modules if n == "worker" or n.startswith("worker.")]:
        del sys.modules[name]


class Zygote:
    """Forks one confined worker at a time and buries it with all its descendants.

    uid: whom the workers run as, 0 for ourselves. Inside namespaces this is their first process."""

    def __init__(self, options: dict[str, Any], uid: int) -> None:
        self.control = socket.socket(fileno=options["control"])
        self.scratch, self.also, self.uid = options["scratch"], options["also"], uid
        self.layers = tuple(options["layers"])
        self.inside = "namespaces" in self.layers
        self.child = 0
        signal.signal(signal.SIGTERM, self.stop)
        if not self.inside:
            confine.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        confine.prctl(PR_SET_DUMPABLE, 0)
        confine.prctl(PR_SET_SUBREAPER, 1)
        self.threads = confine.THREADS if uid or self.inside else 0
        self.count_threads()
        packages = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
        readable = tuple(sorted(packages - {"grader", "worker", "__main__"}))
        paths = libraries.readable_paths(readable)
        if options["fresh"] or not self.inside:  # without mounts of our own, reading alters times of access
            libraries.read_through([*paths, *libraries.mapped_files()])
        self.home, roots = self.make_home(paths, options["fresh"]), libraries.real_paths(paths)
        self.ruleset = landlock.landlock_ruleset([*roots, self.home]) if "landlock" in self.layers else -1
        safe = self.inside or "landlock" in self.layers
        self.untidy = not safe and "seccomp" not in self.layers  # whether a worker can make files at all
        self.filter = seccomp.Filter(seccomp.template(writes=safe)) if "seccomp" in self.layers else None
        self.made: tuple[Any, confine.Confinement] | None = None
        os.environ["HOME"] = os.environ["TMPDIR"] = self.home  # of the workers: here it is done once
        fresh_streams()  # once for all workers
        gc.collect()
        gc.freeze()

    def make_home(self, paths: Sequence[str], fresh: bool) -> str:
        """The folder where workers find themselves: of a root that holds what they may read, or on disk."""
        if self.inside:
            root = namespaces.Root(self.scratch, fresh)
            for path in paths:
                root.show(path)
            for path in [*sys.path, sys.prefix, sys.base_prefix]:
                root.show(path, only_links=True)
            root.close()
            importlib.invalidate_caches()  # the folders are other ones, and a worker may not list them
            importlib.util.find_spec("no_module_has_this_name")
            return namespaces.HOME
        home = os.path.join(self.scratch, "home")
        os.mkdir(home, 0o700)
        if self.uid:
            for folder in (home, self.scratch):
                os.chown(folder, self.uid, self.uid)
        return home

    def count_threads(self) -> None:
        """Where the workers share a plain account, all its threads are counted together."""
        if not (self.uid or self.inside or os.geteuid() == 0):
            self.threads = confine.THREADS + identity.tasks_of(os.getuid())

    def stop(self, *_: object) -> None:
        """The grader is gone: hear no more orders, but finish what is under way."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Obey until the grader closes the socket or dies; leave no process and no file behind."""
        try:
            self._obey()
        finally:
            self.bury()
            if not self.inside:  # else the keeper does it
                remove(self.scratch, also=self.also)

    def _obey(self) -> None:
        self.control.send(b'{"ready": true}')
        while True:
            data, fds, _, _ = socket.recv_fds(self.control, 4096, 3)
            if not data:
                return
            order = json.loads(data)
            if order["op"] == "fork":
                self.fork(order, fds)
                self.tell_pid()
            else:
                self.control.send(b'{"status": %d, "resident": %d}' % self.bury())
                self.count_threads()

    def tell_pid(self) -> None:
        """The kernel translates a pid that is sent as credentials to what it is for the receiver."""
        message = b'{"pid": %d}' % self.child
        if self.inside:
            ours = struct.pack("=3i", self.child, os.getuid(), os.getgid())
            self.control.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, ours)])
        else:
            self.control.send(message)

    def confinement(self, memory: int, seconds: int) -> confine.Confinement:
        """What is put on a worker; made anew where the limits are others than the last worker's."""
        limits = memory, seconds, self.threads
        if self.made is None or self.made[0] != limits:
            one = confine.Confinement(memory, seconds, self.layers, self.ruleset, self.filter, self.uid, self.threads)
            self.made = limits, one.prepare()
        return self.made[1]

    def fork(self, order: dict[str, Any], fds: list[int]) -> None:
        confinement = self.confinement(order["memory"], order["seconds"])
        self.child = os.fork()
        if self.child == 0:
            try:
                self.become_worker(confinement, fds)
            finally:
                os._exit(70)
        for fd in fds:
            os.close(fd)

    def become_worker(self, confinement: confine.Confinement, fds: list[int]) -> None:
        """In the child: streams, home, limits, layers, and only then the student's code."""
        os.setsid()
        plain_signal.signal(plain_signal.SIGTERM, plain_signal.SIG_DFL)
        self.control.close()
        read_fd, write_fd, output_fd = fds
        redirect(output_fd)
        os.close(output_fd)
        os.chdir(self.home)
        first_to_go()
        confinement.apply()
        if self.ruleset >= 0:
            os.close(self.ruleset)
        Session(Pipe(read_fd, write_fd)).serve()
        os._exit(0)

    def bury(self) -> tuple[int, int]:
        """Kill the worker, its group, and every orphan that was handed to us; its wait status and the
        largest resident size that it reached, in KiB."""
        status, resident, first = -1, 0, True
        while True:
            self.kill_all()
            try:
                while (found := os.wait4(-1, 0 if first or self.inside else os.WNOHANG))[0]:
                    first = False
                    if found[0] == self.child:
                        status, resident = found[1], found[2].ru_maxrss
            except ChildProcessError:
                break
            time.sleep(0.0005)
        self.child = 0
        if self.untidy:
            scratch.empty(self.scratch)
            os.mkdir(self.home, 0o700)
            if self.uid:
                os.chown(self.home, self.uid, self.uid)
        return status, resident

    def kill_all(self) -> None:
        pids = {self.child, *self.children()} - {0} if not self.inside else {-1} if self.child else set[int]()
        for pid in pids:
            for kill in (os.kill, os.killpg) if pid > 0 else (os.kill,):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(pid, signal.SIGKILL)

    def children(self) -> list[int]:
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                return [int(pid) for pid in file.read().split()]
        except OSError:
            return []


def first_to_go() -> None:
    """Where memory runs out, the kernel is to end a worker, and not the grader with a grade that is half done."""
    with contextlib.suppress(OSError):  # of a plain user, or where /proc is not shown
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)


def remove(folder: str, groups: Sequence[str] = (), also: str = "") -> None:
    """Remove a folder with all that is in it, one that the grader may have removed itself, and empty cgroups. Raises
    OSError."""
    if also and os.path.isdir(also):
        with contextlib.suppress(FileNotFoundError):
            scratch.empty(also)
            os.rmdir(also)
    scratch.empty(folder)
    os.rmdir(folder)
    for group in groups:
        with contextlib.suppress(OSError):  # the grader did it
            os.rmdir(group)
