"""Marks of these tests: what they need of the machine."""

from __future__ import annotations

import sys

import pytest

from grader.sandbox.worker import confine

confined = pytest.mark.skipif(
    sys.platform != "linux" or bool(confine.missing()),
    reason=f"NOT RUN: this machine lacks layers of the sandbox: {', '.join(confine.missing())}",
)
