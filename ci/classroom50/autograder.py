"""The autograder.py of a Classroom 50 assignment; the released handout lies beside it in the folder `handout`.

A bundle is public by design, so that it holds the handout and its public key, and nothing else: hidden tests are not
run, and the result says so. Needs a Python with the grader: `pip install dlgrader` in the assignment's runtime."""

import subprocess
import sys
from pathlib import Path

HANDOUT = Path(__file__).resolve().parent / "handout"
COMMAND = [sys.executable, "-I", "-m", "grader", "ci", str(HANDOUT), "--submission=.", "--classroom50=result.json"]

# 0 also where not all is right: the points tell it. 3, with no result.json, where the grader is at fault.
sys.exit(subprocess.run([*COMMAND, "--no-fail"], check=False).returncode)
