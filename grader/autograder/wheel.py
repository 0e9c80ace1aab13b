"""The wheel of this very grader, made of the package that runs: the key and the program that reads it are then of one
version. (Binary distribution format: packaging.python.org, wheel 1.0.)"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path

from .. import __version__

PACKAGE = Path(__file__).resolve().parent.parent
NAME = f"dlgrader-{__version__}-py3-none-any.whl"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can tell: the same files give the same bytes
REQUIRES = ("numpy>=1.26", "click>=8.1.7")  # as in pyproject.toml
PYTHON = ">=3.11"
SKIPPED = {"__pycache__"}


def made_wheel() -> bytes:
    """The bytes of a wheel with every file of the package."""
    about = f"dlgrader-{__version__}.dist-info"
    required = "".join(f"Requires-Dist: {line}\n" for line in REQUIRES)
    files = {
        f"grader/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes()
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and not SKIPPED & {*path.relative_to(PACKAGE).parts} and path.suffix != ".pyc"
    }
    files[f"{about}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: dlgrader\nVersion: {__version__}\nRequires-Python: {PYTHON}\n{required}".encode()
    )
    files[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: dlgrader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{about}/entry_points.txt"] = b"[console_scripts]\ngrader = grader.cli:main\n"
    rows = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[f"{about}/RECORD"] = "".join([*rows, f"{about}/RECORD,,\n"]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(entry(name), data)
    return out.getvalue()


def entry(name: str, mode: int = 0o644) -> zipfile.ZipInfo:
    """A file's place in a zip, with its mode as Unix has it."""
    found = zipfile.ZipInfo(name, EPOCH)
    found.compress_type, found.create_system = zipfile.ZIP_DEFLATED, 3
    found.external_attr = (0o100000 | mode) << 16
    return found


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
