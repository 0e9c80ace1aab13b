"""Samples of what benchmarks/ runs at full size: their scripts, as a person types them, and their parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
Script = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def _benchmarks_can_be_imported() -> Iterator[None]:
    sys.path.append(str(ROOT / "benchmarks"))
    yield
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Run a benchmark; its figures, with its exit code and what it printed."""

    def run(name: str, *arguments: object) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("benchmark")
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

    return run
