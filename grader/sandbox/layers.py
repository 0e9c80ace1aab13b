"""Which layers of the sandbox this machine has, each tried once per process, and the words for it.

On Linux no_new_privs, Landlock, seccomp and rlimits must be there for student code, and as root a uid of its own;
namespaces and a cgroup are named where they are, and where they are not."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import tempfile

from . import cgroup
from .spawn import HERE, clean_environment
from .worker import confine, identity

ALL = ("uid", "namespaces", "cgroup", "landlock", "seccomp", "rlimits", "no_new_privs")
OPTIONAL = ("namespaces", "cgroup")
PROBE = "import sys; sys.path.insert(0, sys.argv[1]); from worker.namespaces import probe; probe(sys.argv[2:])"
PROBE_SECONDS = 30.0


def missing(disabled: tuple[str, ...] = ()) -> dict[str, str]:
    """Layers that this machine lacks, each with the reason. `disabled` is for tests of the weak paths."""
    found = confine.missing(disabled)
    if sys.platform != "linux":
        return {layer: found.get(layer, f"not on {sys.platform}") for layer in ALL}
    reasons = {layer: "switched off" for layer in disabled if layer in ALL} | found
    no_uid = identity.missing()
    uid = "uid" not in reasons and not no_uid
    tried = _tried(sys.executable, "namespaces" not in reasons, uid)
    why = {"uid": no_uid or tried["uid"], "namespaces": tried["namespaces"]}
    if "cgroup" not in reasons:
        why["cgroup"] = cgroup.missing()
    reasons |= {layer: text for layer, text in why.items() if text and layer not in reasons}
    return {layer: reasons[layer] for layer in ALL if layer in reasons}


@functools.cache
def _tried(executable: str, namespaces: bool, uid: bool) -> dict[str, str]:
    """Why namespaces and a uid of its own cannot be had, by a process that enters them; empty where they can."""
    numpy = importlib.util.find_spec("numpy")
    files = [os.path.join(sysconfig.get_path("stdlib"), "os.py"), *([numpy.origin] if numpy and numpy.origin else [])]
    number = identity.choose(os.getpid()) if uid else 0
    try:
        arguments = [tempfile.gettempdir(), str(number), "1" if namespaces else "", *files]
        done = subprocess.run(
            [executable, "-I", "-S", "-B", "-c", PROBE, HERE, *arguments],
            env=clean_environment(),
            capture_output=True,
            timeout=PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        found: dict[str, str] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return dict.fromkeys(("namespaces", "uid"), f"could not be tried ({type(error).__name__})")
    return found


def needed(lacking: dict[str, str]) -> dict[str, str]:
    """Those of the missing layers without which student code is not safe here."""
    return {
        layer: why
        for layer, why in lacking.items()
        if layer not in OPTIONAL and not (layer == "uid" and why == identity.NOT_ROOT)
    }


def level(lacking: dict[str, str]) -> str:
    """The words that are stamped on every report."""
    if weak := needed(lacking):
        return "weak: without " + ", ".join(sorted(weak))
    there = [layer for layer in ALL if layer not in lacking and layer != "no_new_privs"]
    absent = [layer for layer in OPTIONAL if layer in lacking]
    return "strong: " + ", ".join(there) + ("; without " + ", ".join(absent) if absent else "")
