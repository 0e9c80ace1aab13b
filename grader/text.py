"""Text from outside, made safe once at the boundary. Each sink escapes for itself after that."""

from __future__ import annotations

import unicodedata

BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
# What cannot be seen, so that two texts look alike or one says more than it shows; joiners that scripts need stay.
UNSEEN = {0xAD, 0x180E, 0x200B, 0xFEFF, *range(0x2060, 0x2070), *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE0080)}


def is_safe(c: str) -> bool:
    """Whether a character may stand in any text that is shown: no control character, line or paragraph separator,
    lone surrogate, direction override, unseen character or noncharacter (which XML refuses)."""
    code = ord(c)
    return not (
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")
        or c in BIDI
        or code in UNSEEN
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
    )


def clean_text(text: str, limit: int = 2000, lines: bool = True) -> str:
    """Printable text of at most `limit` characters: whatever is not safe becomes U+FFFD; with `lines`, newlines and
    tabs stay, else they become spaces."""
    cut = text if len(text) <= limit else text[: limit - 1]
    whole = cut.replace("\n", " ").replace("\t", " ")
    if whole.isprintable():  # nearly always: in no category that holds a character which is not safe
        return (cut if lines else whole) + ("…" if len(text) > limit else "")
    out = "".join(
        (c if lines else " ") if c in "\n\t" else c if (c.isascii() and c.isprintable()) or is_safe(c) else "\ufffd"
        for c in cut
    )
    return out + ("…" if len(text) > limit else "")


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
