"""A virtual environment for each peer, made once and kept in a folder outside the repository."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CONSTRAINTS = ROOT / "constraints.txt"  # pins torch, as everywhere in this project
REQUIREMENTS = {
    "otter": ("otter-grader==7.0.0", "ipykernel", "numpy"),
    "nbgrader": ("nbgrader==0.9.6", "numpy"),
    "pytest": ("pytest==9.2.0", "numpy"),
    "pytest-torch": ("pytest==9.2.0", "numpy", "torch"),
    "gradescope": ("gradescope-utils==0.5.0", "numpy"),
    "student": ("numpy", "click"),  # no peer: what `grader check` needs
}


def default_cache() -> Path:
    """The user's cache folder for these environments."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "dlgrader" / "peers"


def environment(name: str, cache: Path) -> Path:
    """The Python of a peer's environment, made when it is missing. Raises RuntimeError with pip's last lines."""
    folder, wants = cache / name, REQUIREMENTS[name]
    python, stamp = folder / "bin" / "python", folder / "stamp"
    text = "\n".join((sys.version, CONSTRAINTS.read_text(), *wants))
    wanted = hashlib.sha256(text.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"setting up {folder} (some minutes, once): {' '.join(wants)}", file=sys.stderr, flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, text=True)
    if made.returncode == 0:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", str(CONSTRAINTS)]
        made = subprocess.run([*pip, *wants], capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"{name}: " + " | ".join((made.stderr or made.stdout).strip().splitlines()[-3:]))
    stamp.write_text(wanted)
    return python


def activated(python: Path, home: Path) -> dict[str, str]:
    """The environment's commands first on the path, and a home folder in which a peer may write what it likes."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER", "XDG_", "PYTEST"))}
    return {**kept, "PATH": f"{python.parent}:{os.environ['PATH']}", "HOME": str(home)}


def versions(python: Path, name: str) -> str:
    """What was installed of what was asked for, as `name version`."""
    names = [want.split("==")[0] for want in REQUIREMENTS[name]]
    code = "import importlib.metadata as m, sys; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    done = subprocess.run([str(python), "-c", code, *names], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    for each in REQUIREMENTS:
        print(versions(environment(each, Path(sys.argv[1]) if sys.argv[1:] else default_cache()), each))
