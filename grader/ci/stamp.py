"""What Classroom 50 says of a submission in variables, and what its result.json has to hold of it (runner.py)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MOST_EVENT = 25 << 20  # bytes

STAMPS = {  # field -> variables of its runner that give it
    "classroom": ("CLASSROOM",),
    "assignment": ("ASSIGNMENT",),
    "owner": ("OWNER", "USERNAME"),
    "submission": ("SUBMISSION_TAG",),
    "commit": ("COMMIT_URL",),
    "release": ("RELEASE_URL",),
    "review": ("REVIEW_URL", "COMMIT_URL"),
}


def stamped(result: Mapping[str, Any], environ: Mapping[str, str], when: str) -> tuple[dict[str, Any], list[str]]:
    """A result with what Classroom 50 says of the submission in variables, and the names of those that are not set."""
    found = {field: next((v for name in names if (v := environ.get(name))), "") for field, names in STAMPS.items()}
    missing = [STAMPS[field][0] for field, value in found.items() if not value]
    kind = environ.get("ASSIGNMENT_TYPE") or "individual"
    fields = {field: value for field, value in found.items() if value}
    return {**result, **fields, "assignment_type": kind, "datetime": when}, missing


def submitted(environ: Mapping[str, str]) -> tuple[str, bool]:
    """When the graded commit was made, by the event that started the job, as UTC; else now, and False."""
    try:
        path = Path(environ.get("GITHUB_EVENT_PATH") or os.devnull)
        if path.stat().st_size > MOST_EVENT:
            raise ValueError
        text = json.loads(path.read_bytes())["head_commit"]["timestamp"]
        when, known = datetime.fromisoformat(text), True
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        when, known = datetime.now(UTC), False
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), known
