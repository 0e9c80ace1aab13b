"""Text in each sink is text: no tag, no markup, no formula, no escape sequence."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.report import escape
from grader.report.files import safe_cell
from grader.text import clean_text

ANY = st.text(st.characters(), max_size=80) | st.text(
    st.sampled_from("<>&\"'`|*_#[]()!@-+=~:/\\\n\t 1.x\x1b\u202e"), max_size=60
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags, self.text = list[str](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += "".join(v or "" for _, v in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_html_and_xml_are_text_again_when_read(text: str) -> None:
    for page in ("<p>{}</p>", '<p title="{}"></p>', "<p title='{}'></p>"):
        reader = Tags()
        reader.feed(page.format(escape.html(text)))
        reader.close()
        assert reader.tags == ["p"] and reader.text == clean_text(text)
    assert (ET.fromstring(f"<p>{escape.html(text)}</p>").text or "") == clean_text(text)


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_markdown_holds_no_markup_and_reads_as_the_text(text: str) -> None:
    out = escape.markdown(text)
    bare = out.replace("&#", "").replace(";", "")
    assert not set(bare) & set("!\"#$%'()*+,-./:<=>?@[\\]^_`{|}~&\n\t\r")
    reader = Tags()
    reader.feed(out)
    reader.close()
    assert reader.text == " ".join(clean_text(text, lines=False).split()) and not reader.tags
    assert out[:1] not in tuple("0123456789 ")


@pytest.mark.parametrize(
    "text", ["1. a list", "# head", "- item", "    code", "@someone", "#12", "www.x.y", "a|b", "~~~", "1) x"]
)
def test_markdown_blocks_and_mentions_do_not_begin(text: str) -> None:
    out = escape.markdown(text)
    assert out.startswith(("&#", "code", "www&#46;x", "a&#124;b"))


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_a_fenced_block_ends_where_we_end_it(text: str) -> None:
    first, *body, last = escape.markdown_code(text).split("\n")
    assert first == f"{last}text" and set(last) == {"`"} and len(last) >= 3
    assert "\n".join(body) == clean_text(text)
    assert not any(line.strip().startswith(last) for line in body)


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_a_cell_comes_back_and_is_no_formula(text: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([safe_cell(clean_text(text)), "next"])
    ((cell, after),) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert after == "next" and cell.removeprefix("'") == clean_text(text).removeprefix("'")
    assert cell[:1] not in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_a_terminal_gets_one_line_of_visible_text(text: str) -> None:
    out = escape.terminal(text)
    assert "\n" not in out and all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in out)
    assert len(escape.terminal("x" * 500, 50)) == 50


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_json_may_stand_in_a_script(text: str) -> None:
    out = escape.json({"a": [text, 1.5, None]})
    assert out.isascii() and not set("<>&\n") & set(out)
    assert json.loads(out)["a"][0] == text
    with pytest.raises(ValueError, match="Out of range"):
        escape.json(float("nan"))
