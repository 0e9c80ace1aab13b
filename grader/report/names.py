"""A file's name for a student. What a student is called may hold anything that text can."""

from __future__ import annotations

import hashlib
import re

MOST = 80  # characters, and less than 255 bytes with all that is added
PUNCTUATION = set(" ._-+@()")
# Names that Windows keeps for itself, with whatever ending; and what a name with a digest ends in.
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
MARKED = re.compile(r".*-[0-9a-f]{16}", re.IGNORECASE | re.DOTALL)


def file_name(student: str, ending: str = ".html") -> str:
    """The student's own name where every file system holds it as it is; else what can be kept of it, and a digest, so
    that no two students have the same."""
    if _plain(student):
        return student + ending
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in student[:MOST]).strip("_-")
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{kept or 'student'}-{digest}{ending}"


def _plain(name: str) -> bool:
    return (
        0 < len(name) <= MOST
        and len(name.encode("utf-8", "surrogatepass")) <= 200
        and all(c.isalnum() or c in PUNCTUATION for c in name)
        and name[0].isalnum()
        and name[-1] not in " ."
        and not RESERVED.fullmatch(name)
        and not MARKED.fullmatch(name)
    )
