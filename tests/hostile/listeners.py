"""Whoever an attack could reach over a socket, and whether it did."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Listeners:
    """Whoever an attack could reach: TCP, UDP, a UNIX socket and an abstract one."""

    folder: Path
    name: str
    made: list[socket.socket] = field(default_factory=list)

    def open(self) -> dict[str, Any]:
        tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        unix, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(self.folder / "docker.sock"))
        abstract.bind(f"\0{self.name}")
        for made in (tcp, unix, abstract):
            made.listen(64)
        self.made = [tcp, udp, unix, abstract]
        for made in self.made:
            made.setblocking(False)
        return {
            "PORT": tcp.getsockname()[1],
            "UDP_PORT": udp.getsockname()[1],
            "UNIX": str(self.folder / "docker.sock"),
            "ABSTRACT": self.name,
        }

    def contacts(self) -> list[str]:
        """Who was reached since the last time."""
        found = []
        for made, name in zip(self.made, ("tcp", "udp", "unix", "abstract"), strict=True):
            with contextlib.suppress(BlockingIOError):
                while True:
                    if name == "udp":
                        made.recvfrom(99)
                    else:
                        made.accept()[0].close()
                    found.append(name)
        return found

    def close(self) -> None:
        for made in self.made:
            made.close()
