"""One HTML file that loads nothing: its style, script and data are inside it, and its own policy allows no more."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..report.escape import html

HERE = Path(__file__).parent


@functools.cache
def resource(name: str) -> str:
    """A file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def document(title: str, body: Iterable[str], script: str = "") -> Iterator[str]:
    """The file, in pieces. `body` is markup; `script` names a resource."""
    style = resource("page.css")
    policy = f"default-src 'none'; style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'"
    policy += f"; script-src '{_digest(resource(script))}'" if script else ""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{html(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">Skip to the content</a>\n<main id="main">\n'
    )
    for piece in body:
        yield piece
        yield "\n"
    yield "</main>\n"
    yield f"<script>{resource(script)}</script>\n" if script else ""
    yield "</body>\n</html>\n"


def heads(*names: str) -> str:
    """The head of a table; a column whose name ends in ">" is one of numbers."""
    cells = [(n.removesuffix(">"), ' class="number"' if n.endswith(">") else "") for n in names]
    return "<thead><tr>" + "".join(f'<th scope="col"{kind}>{name}</th>' for name, kind in cells) + "</tr></thead>"


@functools.cache
def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
