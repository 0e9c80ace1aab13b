"""Text from outside, made safe once at the boundary. Each sink escapes for itself after that."""

from __future__ import annotations

import unicodedata

BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def clean_text(text: str, limit: int = 2000, lines: bool = True) -> str:
    """Printable text of at most `limit` characters: control characters, escapes, lone surrogates and
    direction overrides become U+FFFD; with `lines`, newlines and tabs stay."""
    cut = text if len(text) <= limit else text[: limit - 1]
    out = "".join(
        c
        if (lines and c in "\n\t")
        or (c == " ")
        or not (unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI)
        else " "
        if c in "\n\t"
        else "\ufffd"
        for c in cut
    )
    return out + ("…" if len(text) > limit else "")


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
