"""Bytes to and from a worker, with a deadline on every wait, and printed text drained.

Blocking on a worker is never possible: printed text is read (and thrown away beyond the cap) in the same loop, so that
a flood cannot fill a pipe and stall us."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading
import time
from collections.abc import Callable
from typing import Protocol


class Died(Exception):
    """The worker's end of the wire closed."""


class TimedOut(Exception):
    """The deadline passed."""


class Line(Protocol):
    """Bytes to and from a worker."""

    def read(self, count: int, deadline: float) -> bytes: ...
    def write(self, data: bytes, deadline: float) -> None: ...
    def printed(self) -> bytes: ...
    def ended(self) -> bool: ...
    def close(self) -> None: ...


class PolledLine:
    """A Line over POSIX file descriptors, with one poll loop and no threads."""

    def __init__(self, read_fd: int, write_fd: int, output_fd: int, keep: int) -> None:
        self.read_fd, self.write_fd, self.output_fd, self.keep = read_fd, write_fd, output_fd, keep
        self.kept = bytearray()
        self.buffer = bytearray()
        for fd in (read_fd, write_fd, output_fd):
            os.set_blocking(fd, False)
        self.polls = {read_fd: select.poll(), write_fd: select.poll()}
        self.polls[read_fd].register(read_fd, select.POLLIN)
        self.polls[write_fd].register(write_fd, select.POLLOUT)
        for poll in self.polls.values():
            poll.register(output_fd, select.POLLIN)

    def _wait(self, fd: int, deadline: float) -> None:
        """Wait until `fd` is ready, draining printed text meanwhile."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOut
            ready = self.polls[fd].poll(left * 1000 + 1)
            if any(one != fd for one, _ in ready):
                self._drain()
            if any(one == fd for one, _ in ready):
                return

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):  # a flood may not starve the wire
                data = os.read(self.output_fd, 1 << 16)
                if not data:
                    for poll in self.polls.values():
                        poll.unregister(self.output_fd)
                    os.close(self.output_fd)
                    self.output_fd = -1
                    return
                self.kept += data[: max(0, self.keep - len(self.kept))]

    def read(self, count: int, deadline: float) -> bytes:
        while len(self.buffer) < count:
            try:
                data = os.read(self.read_fd, max(1 << 16, count - len(self.buffer)))
            except BlockingIOError:
                self._wait(self.read_fd, deadline)
                continue
            if not data:
                raise Died
            self.buffer += data
            if time.monotonic() > deadline and len(self.buffer) < count:
                raise TimedOut
        out = bytes(self.buffer[:count])
        del self.buffer[:count]
        return out

    def write(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.write_fd, view[: 1 << 16]) :]
            except BlockingIOError:
                self._wait(self.write_fd, deadline)
            except BrokenPipeError:
                raise Died from None

    def printed(self) -> bytes:
        """Printed text since the last time, up to the cap for the whole submission."""
        if self.output_fd >= 0:
            self._drain()
        out = bytes(self.kept)
        self.keep -= len(out)
        self.kept.clear()
        return out

    def ended(self) -> bool:
        """Whether the worker's end of the wire is closed, as it is when its process ends."""
        if self.read_fd < 0:
            return True
        poll = select.poll()  # its own: another thread may be reading, and an object polls once at a time
        poll.register(self.read_fd, select.POLLIN)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def close(self) -> None:
        for fd in (self.read_fd, self.write_fd, self.output_fd):
            if fd >= 0:
                os.close(fd)
        self.read_fd = self.write_fd = self.output_fd = -1


class ThreadedLine:
    """A Line for systems whose pipes cannot be polled (Windows): one thread per direction."""

    def __init__(self, read_fd: int, write_fd: int, output_fd: int, keep: int) -> None:
        self.keep = keep
        self.incoming: queue.Queue[bytes] = queue.Queue(64)
        self.outgoing: queue.Queue[bytes] = queue.Queue(64)
        self.text: queue.Queue[bytes] = queue.Queue()
        self.room = keep
        self.buffer = bytearray()
        self.write_fd = write_fd
        self.closed = self.hung_up = False
        for target in (
            lambda: self._pump(read_fd, self._take),
            lambda: self._pump(output_fd, self._keep_text),
            self._send,
        ):
            threading.Thread(target=target, daemon=True).start()

    @staticmethod
    def _pump(fd: int, put: Callable[[bytes], None]) -> None:
        data = b"?"
        while data:
            try:
                data = os.read(fd, 1 << 16)
            except OSError:
                data = b""
            put(data)
        with contextlib.suppress(OSError):
            os.close(fd)

    def _take(self, data: bytes) -> None:
        self.hung_up = not data
        while not self.closed:
            with contextlib.suppress(queue.Full):
                return self.incoming.put(data, timeout=0.1)
        return None

    def _keep_text(self, data: bytes) -> None:
        data = data[: max(0, self.room)]
        self.room -= len(data)
        self.text.put(data)

    def _send(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.outgoing.get():
                view = memoryview(data)
                while view:
                    view = view[os.write(self.write_fd, view[: 1 << 16]) :]
        with contextlib.suppress(OSError):
            os.close(self.write_fd)

    def read(self, count: int, deadline: float) -> bytes:
        while len(self.buffer) < count:
            try:
                data = self.incoming.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimedOut from None
            if not data:
                self.incoming.put(b"")
                raise Died
            self.buffer += data
        out = bytes(self.buffer[:count])
        del self.buffer[:count]
        return out

    def write(self, data: bytes, deadline: float) -> None:
        try:
            self.outgoing.put(data, timeout=max(0.0, deadline - time.monotonic()))
        except queue.Full:
            raise TimedOut from None

    def printed(self) -> bytes:
        out = b""
        with contextlib.suppress(queue.Empty):
            while True:
                out += self.text.get_nowait()
        return out

    def ended(self) -> bool:
        return self.hung_up

    def close(self) -> None:
        self.closed = True
        self.outgoing.put(b"")
