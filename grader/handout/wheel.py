"""A wheel that goes beside the notebook must be the grader's own, of the version that makes the handout."""

from __future__ import annotations

import email
import re
import zipfile
from pathlib import Path

from .. import __version__
from ..errors import UsageError

NAME = re.compile(r"dlgrader-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl")


def checked_wheel(path: Path) -> bytes:
    """The bytes of a wheel of the grader. Raises UsageError for anything else."""
    named = NAME.fullmatch(path.name)
    if not named:
        raise UsageError(f"{path} is no wheel of the grader: its name must be dlgrader-{__version__}-py3-none-any.whl")
    try:
        with zipfile.ZipFile(path) as archive:
            about = email.message_from_bytes(archive.read(f"dlgrader-{named.group(1)}.dist-info/METADATA"))
            whole = "grader/__init__.py" in archive.namelist() and archive.testzip() is None
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (KeyError, ValueError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is no wheel of the grader; make one with: python -m build --wheel") from error
    if about["Name"] != "dlgrader" or not whole:
        raise UsageError(f"{path} is no wheel of the grader; make one with: python -m build --wheel")
    if about["Version"] != __version__ or named.group(1) != __version__:
        raise UsageError(f"{path} is version {about['Version']}, and this grader {__version__}: the key may not fit")
    return data
