"""The plain worker of spawn.py with the next one always ready: for a session in which many checks follow each other.

While the student thinks, the next worker imports what the assignment needs; it then waits on a pipe, and ends by
itself when this process does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import WireError
from .spawn import Spawner

if TYPE_CHECKING:
    from ..model import Limits
    from .channel import Channel

SEND_SECONDS = 5.0


class Ready:
    """A Launcher. `warm` starts the next worker and returns at once; `close` ends the one that waits."""

    isolation = Spawner.isolation

    def __init__(self) -> None:
        self.spawner, self._owner = Spawner(), os.getpid()
        self._channel: Channel | None = None

    def warm(self, library: str = "numpy", fixtures: str = "", limits: Limits | None = None) -> None:
        """Start the next worker; for torch with the order to import it, and what the source `fixtures` imports of it.
        Raises SandboxError."""
        self._after_fork()
        if library != "torch" or limits is None:
            self._tidy()
            self.spawner.warm()
        elif self._channel is None:
            from ..wire import prepare

            channel, buffers = self._start(limits), [fixtures.encode()] if fixtures else []
            try:
                order = prepare({"op": "ready", "library": library, "fixtures": bool(fixtures)}, buffers)
                channel.send(order, SEND_SECONDS)
            except BaseException as error:
                channel.end()
                if isinstance(error, _lost()):
                    return
                raise
            self._channel = channel

    def start(self, limits: Limits) -> Channel:
        """The worker that waits, or a new one where it has died. Raises SandboxError."""
        from .talk import LOAD_CAP, READY_SECONDS

        self._after_fork()
        channel, self._channel = self._channel, None
        if channel is not None:
            try:
                channel.receive(READY_SECONDS, LOAD_CAP)
                return channel
            except BaseException as error:
                channel.end()
                if not isinstance(error, _lost()):
                    raise
        return self._start(limits)

    def _start(self, limits: Limits) -> Channel:
        self._tidy()
        return self.spawner.start(limits)

    def _tidy(self) -> None:
        """A worker that waited for hours may be gone."""
        if self.spawner.waiting is not None and self.spawner.waiting.poll() is not None:
            self.spawner.close()

    def _after_fork(self) -> None:
        """What waits belongs to the process that started it."""
        if self._owner != os.getpid():
            self.spawner, self._channel, self._owner = Spawner(), None, os.getpid()

    def close(self) -> None:
        self._after_fork()
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.end()
        self.spawner.close()


def _lost() -> tuple[type[Exception], ...]:
    from .line import Died, TimedOut

    return Died, TimedOut, WireError
