"""Text for one sink each. What comes in has been cleaned at the boundary (text.py); it is cleaned once more here, so
that a text from elsewhere cannot slip by, and then escaped for the place where it is shown."""

from __future__ import annotations

import html as _html
import json as _json
import re
from typing import Any

from ..text import clean_text

LIMIT = 10_000  # characters of one text
PUNCTUATION = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")


def terminal(text: str, limit: int = LIMIT) -> str:
    """One line for a terminal: no escape sequence, no second line."""
    return clean_text(text, limit, lines=False)


def html(text: str, limit: int = LIMIT) -> str:
    """Text between tags or in a quoted attribute, of HTML and of XML; line breaks stay."""
    return _html.escape(clean_text(text, limit), quote=True)


def markdown(text: str, limit: int = LIMIT) -> str:
    """Text in a paragraph, a heading or a cell of a table, of CommonMark and GitHub's: one line, in which nothing is
    markup. As a character reference no punctuation can begin a link, a mention, a list or a block of code."""
    line = " ".join(clean_text(text, limit, lines=False).split())
    line = PUNCTUATION.sub(lambda found: f"&#{ord(found[1])};", line)
    return re.sub(r"^([0-9]+)", lambda found: f"&#{ord(found[1][0])};{found[1][1:]}", line)


def markdown_code(text: str, limit: int = LIMIT) -> str:
    """Lines of text in a fenced block, which no line of it can end."""
    body = clean_text(text, limit)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", body)), default=0))
    return f"{fence}text\n{body}\n{fence}"


def json(value: Any) -> str:
    """JSON in ASCII that may also stand inside a <script> element. Raises ValueError for NaN and infinities."""
    text = _json.dumps(value, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
