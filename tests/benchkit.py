"""The scripts of benchmarks/ as a person types them, and their parts, for samples of them as tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = str(ROOT / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)  # the scripts' own modules


def script(name: str, folder: Path, *arguments: object) -> dict[str, Any]:
    """Run a benchmark; its figures, with its exit code, what it printed, and what it left in its folder."""
    command = [sys.executable, str(ROOT / "benchmarks" / name), "--scratch", str(folder)]
    done = subprocess.run(
        [*command, "--json", str(folder / "figures.json"), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert (folder / "figures.json").exists(), done.stdout + done.stderr
    figures: dict[str, Any] = json.loads((folder / "figures.json").read_text())
    left = sorted(path.name for path in folder.iterdir() if path.name != "figures.json")
    return {**figures, "code": done.returncode, "said": done.stdout + done.stderr, "left": left}
