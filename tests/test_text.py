"""Text from outside cannot move a terminal's cursor, turn its direction, or flood it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.text import BIDI, clean_text, plural


@pytest.mark.parametrize(
    "bad",
    [
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\x00",
        "\x08",
        "\r",
        "\x7f",
        "\x9b",
        "\u202e",
        "\u2066",
        "\u200f",
        "\ud800",
        "\u2028",
    ],
)
def test_what_moves_a_terminal_is_replaced(bad: str) -> None:
    out = clean_text(f"a{bad}b")
    assert out[0] == "a" and out[-1] == "b"
    assert bad[0] not in out and "\ufffd" in out


def test_newlines_and_tabs_stay_or_become_spaces() -> None:
    assert clean_text("a\n\tb") == "a\n\tb"
    assert clean_text("a\n\tb", lines=False) == "a  b"


def test_ordinary_text_in_any_script_is_left_alone() -> None:
    for text in ("Zoë Müller", "李雷", "שלום", "x² ≤ ½·λ", "a ‖W‖ 🎓"):
        assert clean_text(text) == text


def test_the_limit_holds_and_a_cut_is_shown() -> None:
    assert clean_text("x" * 10, limit=10) == "x" * 10
    assert clean_text("x" * 11, limit=10) == "x" * 9 + "…"


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60), st.integers(1, 50), st.booleans())
def test_the_result_is_always_safe_short_and_stable(text: str, limit: int, lines: bool) -> None:
    out = clean_text(text, limit, lines)
    assert len(out) <= limit
    out.encode("utf-8")
    for c in out:
        assert c not in BIDI
        assert (lines and c in "\n\t") or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp")
    assert clean_text(out, limit, lines) == out


def test_plural() -> None:
    assert [plural(n, "item") for n in (0, 1, 2)] == ["0 items", "1 item", "2 items"]
