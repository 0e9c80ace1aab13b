#!/usr/bin/env python3
"""Set up and run: `python3 dev.py demo`, `test [pytest arguments]`, `lint`, `docs`, each after `python3 dev.py`.

Needs Python 3.11 or newer and nothing else. Each task keeps a virtual environment of its own under .venvs/."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
COHORT = "tests/cohorts/linear_classifiers/submissions"


def environment(name: str, extra: str) -> Path:
    """The `bin` folder of a virtual environment with this project in it; made or mended when needed."""
    folder = HERE / ".venvs" / name
    binaries = folder / ("Scripts" if os.name == "nt" else "bin")
    sources = [HERE / "pyproject.toml", HERE / "constraints.txt"]
    wanted = hashlib.sha256(b"".join(p.read_bytes() for p in sources) + str(HERE).encode()).hexdigest()
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return binaries
    print(f"setting up {folder.relative_to(HERE)} (a minute or two, once)", file=sys.stderr, flush=True)
    started = time.monotonic()
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=False)
    if made.returncode:
        sys.exit("cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv")
    install = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    target = f"{HERE}[{extra}]"
    if subprocess.run([*install, "-c", str(HERE / "constraints.txt"), "-e", target], check=False).returncode:
        sys.exit("the installation failed; the lines above say why")
    stamp.write_text(wanted)
    print(f"set up in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return binaries


def demo(binaries: Path, arguments: list[str]) -> int:
    """Grade the sample cohort and print the score table."""
    command = [str(binaries / "grader"), "grade", "linear_classifiers", COHORT, "--out", "build/demo", "--timeout", "2"]
    return subprocess.run([*command, *arguments], cwd=HERE, check=False).returncode


def test(binaries: Path, arguments: list[str]) -> int:
    """Run the tests, on all cores and one process more, since many wait for a clock; the tests of a file together: they
    share what is slow to make."""
    processes = str(1 + (os.cpu_count() or 1))
    spread = ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]  # tests/conftest.py gives the order
    command = [str(binaries / "python"), "-m", "pytest", *spread, *arguments]
    return subprocess.run(command, cwd=HERE, check=False).returncode


def lint(binaries: Path, arguments: list[str]) -> int:
    """ruff and mypy, as CI runs them."""
    codes = [
        subprocess.run([str(binaries / tool), *options, *arguments], cwd=HERE, check=False).returncode
        for tool, *options in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
    ]
    return max(codes)


def docs(binaries: Path, arguments: list[str]) -> int:
    """The pages of docs/ as a site in build/docs; a warning is an error."""
    site = HERE / "build" / "docs"
    command = [str(binaries / "python"), "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    code = subprocess.run([*command, *arguments, str(HERE / "docs"), str(site)], cwd=HERE, check=False).returncode
    if code == 0:
        print((site / "index.html").relative_to(HERE))
    return code


TASKS = {
    "demo": (demo, "demo", "torch"),
    "test": (test, "test", "dev"),
    "lint": (lint, "test", "dev"),
    "docs": (docs, "docs", "docs"),
}

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python must be told, not crash)
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        sys.exit(__doc__)
    task, name, extra = TASKS[sys.argv[1]]
    try:
        sys.exit(task(environment(name, extra), sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
