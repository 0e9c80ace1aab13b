"""What a worker puts on itself before it sees student code: rlimits, a uid of its own, dropped capabilities,
no_new_privs, Landlock and seccomp. `missing` says which of these a Linux machine lacks.

The zygote entered its namespaces before (namespaces.py), once for all its workers."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from dataclasses import dataclass
from typing import Any

from . import landlock, seccomp
from .identity import drop_to
from .kernel import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, drop_capabilities, prctl
from .landlock import landlock_abi

resource: Any = None
with contextlib.suppress(ImportError):  # here, not in every fork; Windows has none
    resource = importlib.import_module("resource")

LAYERS = ("no_new_privs", "landlock", "seccomp", "rlimits")
THREADS = 256  # of one worker, where they can be counted alone
OPEN_FILES = 64


def missing(disabled: tuple[str, ...] = ()) -> dict[str, str]:
    """Layers that this machine lacks, each with the reason. `disabled` is for tests of the weak paths."""
    reasons = {layer: "switched off" for layer in disabled if layer in LAYERS}
    if sys.platform != "linux":
        return dict.fromkeys(LAYERS, f"not on {sys.platform}")
    for layer, why in (("seccomp", seccomp.missing), ("landlock", landlock.missing)):
        if layer not in reasons and (reason := why()):
            reasons[layer] = reason
    return {layer: reasons[layer] for layer in LAYERS if layer in reasons}


@dataclass(frozen=True)
class Confinement:
    """What is put on a worker: limits in bytes and seconds, and the layers that exist here. uid 0: keep ours.
    threads 0: they cannot be counted. Made before the fork: what can be prepared is."""

    memory: int
    seconds: int
    layers: tuple[str, ...]
    ruleset: int = -1
    filter: seccomp.Filter | None = None
    uid: int = 0
    threads: int = 0

    def prepare(self) -> Confinement:
        """Itself, with what can be known before the fork."""
        if "rlimits" in self.layers:
            _ = self.rlimits
        return self

    def apply(self) -> None:
        """Lock this process for good. Raises OSError when a layer that should hold does not."""
        if "rlimits" in self.layers:
            for what, value in self.rlimits:
                resource.setrlimit(what, (value, value))
        if self.uid:
            drop_to(self.uid)
        if sys.platform == "linux":  # after the change of uid, which undoes both
            prctl(PR_SET_PDEATHSIG, 9)
            prctl(PR_SET_DUMPABLE, 0)
        if "no_new_privs" in self.layers:
            prctl(PR_SET_NO_NEW_PRIVS, 1)
        if "landlock" in self.layers:
            landlock.restrict(self.ruleset)
        if sys.platform == "linux":
            drop_capabilities()
        if "seccomp" in self.layers:
            assert self.filter is not None
            self.filter.apply()

    @functools.cached_property
    def rlimits(self) -> list[tuple[int, int]]:
        """Limits by number, none above what is allowed already."""
        r = resource
        wanted = [
            (r.RLIMIT_AS, self.memory),
            (r.RLIMIT_CPU, self.seconds),
            (r.RLIMIT_FSIZE, 0),  # no file grows: a disk is not to be filled
            (r.RLIMIT_NOFILE, OPEN_FILES),
            (r.RLIMIT_CORE, 0),
            (r.RLIMIT_MEMLOCK, 0),
            *([(r.RLIMIT_NPROC, self.threads)] if self.threads else []),
        ]
        hard = {what: r.getrlimit(what)[1] for what, _ in wanted}
        return [(what, value if hard[what] == r.RLIM_INFINITY else min(value, hard[what])) for what, value in wanted]


__all__ = ["LAYERS", "PR_SET_DUMPABLE", "Confinement", "landlock_abi", "missing", "prctl"]
