"""The table of a check: complete, the same words as in the terminal, and whatever a student's code says is text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from grader.report.shown import Shown, as_html, as_text
from grader.report.student import Told

HOSTILE = "</td><script>alert(1)</script>\x1b]0;x\x07 <img src=x onerror=alert(1)> & \u202e ' \""
TAGS = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "strong", "details", "summary", "ul"}
SAID = ("cat: loss is wrong", "  called with s=1", "  hint: Is ½ there?", "  try: it", "printed in cat:", "  | x  y")
ROWS = (
    Told("svm_loss", "ok", "  (follows: half)"),
    Told("svm_full_loss", "FAIL", "", SAID),
    Told("softmax", "todo", ": not written yet"),
)


class Page(HTMLParser):
    """The elements of a page, and that they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.found, self.text = list[str](), list[tuple[str, dict[str, str | None]]](), ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def test_a_row_per_question_with_heads_for_a_reader_of_screens() -> None:
    page = Page(as_html(Shown("SVM: 3 cells, public cases", ROWS, notes=("one",), summary="Public cases passed")))
    assert [a.get("scope") for tag, a in page.found if tag == "th"] == ["col"] * 3 + ["row"] * 3
    hints = ("hint:", "Is ½ there?", "try:", "| x  y")
    for words in ("✓ pass", "✗ fail", "○ to do", "svm_full_loss", "not written yet", *hints):
        assert words in page.text
    assert sum(tag == "caption" for tag, _ in page.found) == 1


def test_nothing_is_fetched_and_the_colours_of_text_are_the_page_s() -> None:
    text = as_html(Shown("t", ROWS, notes=("n",), summary="s"))
    page = Page(text)
    assert {tag for tag, _ in page.found}.isdisjoint({"script", "style", "link", "img", "iframe"})
    assert "http" not in text and "url(" not in text and "class=" not in text
    for _, attributes in page.found:
        style = attributes.get("style") or ""
        assert ("color:#fff" in style) == ("background:#" in style)  # a badge brings both, all else takes the page's


@pytest.mark.parametrize("place", ["name", "remark", "details", "notes", "problem", "title", "status"])
def test_text_stays_text(place: str) -> None:
    parts = {"name": "f", "status": "FAIL", "remark": "r", "details": ("d",)}
    if place in parts:
        parts[place] = (HOSTILE, f"  | {HOSTILE}", f"  hint: {HOSTILE}") if place == "details" else HOSTILE
    row = Told(**parts)  # type: ignore[arg-type]
    shown = Shown(
        HOSTILE if place == "title" else "t",
        () if place == "problem" else (row,),
        HOSTILE if place == "problem" else "",
        (HOSTILE,) if place == "notes" else (),
        "s",
    )
    page = Page(as_html(shown))
    assert "<script>alert(1)</script>" in page.text
    assert {tag for tag, _ in page.found} <= {*TAGS, "li"}
    assert "\x1b" not in as_text(shown) and "\x1b" not in page.text and "\u202e" not in page.text


def test_the_text_is_what_the_terminal_says() -> None:
    text = as_text(Shown("SVM: 3 cells", ROWS, notes=("one",), summary="Public cases passed"))
    assert text.splitlines()[:3] == ["SVM: 3 cells", "  ok    svm_loss  (follows: half)", "  FAIL  svm_full_loss"]
    assert "          | x  y" in text and text.splitlines()[-2:] == ["  note  one", "Public cases passed"]
    assert as_text(Shown(problem="no key\nthere")) == "error: no key there"
    assert as_text(Shown("t", problem="it does not load")) == "t\n  FAIL  it does not load"
