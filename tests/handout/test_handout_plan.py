"""Which part of a README stands above which function: nothing lost, nothing twice, whatever the README looks like."""

from __future__ import annotations

import pytest

from grader.handout.plan import parts
from grader.handout.readme import as_markdown, sections

TABLE = "## What to write\n\n| | you write |\n|---|---|\n| 1 | `a(x)` |\n| 2 | `b(x)` |\n| 3 | `c(x)` |\n"
LISTED = "## What to write\n\n| you write |\n|---|\n| `a(x)` |\n| `b(x)` |\n| `c(x)` |\n"
RULES = "\n\n## The rules\n\n- `c` may call `a` and `b`.\n"


def planned(text: str, *functions: str) -> list[tuple[str, tuple[str, ...]]]:
    found = parts(sections(text), functions)
    flat = " ".join(block.text for part in found for block in part.blocks)
    assert flat.split() == text.split(), "nothing lost, nothing twice, in order"
    assert [f for part in found for f in part.functions] == list(functions)
    return [(part.section.title, part.functions) for part in found if part.functions]


def test_numbers_of_the_table_and_of_headings() -> None:
    text = f"# T\n\nHello `c`.\n\n{TABLE}\n## 1–2. First\n\nText.\n\n## 3. Then\n\nMore of `a`.{RULES}"
    assert planned(text, "a", "b", "c") == [("1–2. First", ("a", "b")), ("3. Then", ("c",))]


def test_names_in_backticks_where_there_are_no_numbers() -> None:
    text = f"# T\n\n{LISTED}\n## First\n\nFor `a(x)`.\n\nAnd `b`: so.\n\n## Then\n\nLike `a`, `c` is.{RULES}"
    assert planned(text, "a", "b", "c") == [("First", ("a",)), ("First", ("b",)), ("Then", ("c",))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## A\n\n`a` and `c`.\n\n## B\n\n`b`.\n\n## C\n\n`c`.", [("A", ("a",)), ("B", ("b", "c"))]),
        ("## A\n\n`b`.\n\n## B\n\n`a`.", [("B", ("a", "b", "c"))]),
        ("## A\n\n`d` and `ab` and a and a.\n\n## B\n\n`a`", [("B", ("a", "b", "c"))]),
        ("## A\n\n```py\na(1)\n\n`b`\n```\n\n## B\n\n`x.a(1)` `a(2) + 1` `c`", [("B", ("a", "b", "c"))]),
        ("Nothing of the kind.", [("", ("a", "b", "c"))]),
        ("", [("", ("a", "b", "c"))]),
    ],
    ids=["named before its place", "against the order", "other words", "in a fence", "no section", "no text"],
)
def test_what_no_text_says_goes_with_the_function_above(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert planned(text, "a", "b", "c") == expected


def test_a_section_is_cut_at_paragraphs_alone() -> None:
    text = "## A\n\nSay `a`.\n\n| `b` |\n|---|\n\n- one\n\n  of `b`\n\n```math\nb\n\n`b`\n```\n\n- `b` at last\n\n> `c`"
    assert planned(text, "a", "b", "c") == [("A", ("a",)), ("A", ("b",)), ("A", ("c",))]
    found = parts(sections(text), ("a", "b", "c"))
    assert found[1].blocks[0].text == "- `b` at last" and found[2].blocks[0].text == "> `c`"


def test_mathematics_as_jupyter_has_it() -> None:
    text = (
        "Let $`x`$ and $y$.\n\n- one\n\n  ```math\n  a \\\\\n\n  b\n  ```\n\n"
        "```sh\necho $`x`$\n\n# none\n## nor this\n```"
    )
    found = sections(text)
    assert len(found) == 1
    assert as_markdown(found[0].blocks) == (
        "Let $x$ and $y$.\n\n- one\n\n  $$\n  a \\\\\n  b\n  $$\n\n```sh\necho $`x`$\n\n# none\n## nor this\n```"
    )


def test_headings() -> None:
    text = "intro\n## 10-11. A `b` $c$ ##\ntext\n### 12. lower\n\n## 7) x\n\n## No 3\n\n````\n```\n## x\n````"
    found = [(s.title, list(s.numbers)) for s in sections(text)]
    assert found == [("", []), ("10-11. A `b` $c$", [10, 11]), ("7) x", [7]), ("No 3", [])]
