"""The pages in a real browser, at three sizes, light and dark: nothing is loaded, nothing sticks out, the table of
2,000 students is sorted and filtered by clicks and by keys.

Needs playwright (the extra `browser`) and a Chromium on the PATH. GRADER_SHOTS=DIR keeps pictures: look at them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.cohort.results import Graded
from grader.excerpt import excerpt
from grader.model import (
    AnswerKey,
    Bound,
    FrozenCase,
    FrozenQuestion,
    Outcome,
    Output,
    Override,
    QuestionResult,
    Report,
    Step,
    Verdict,
)
from grader.pages.cohort import cohort_html, row_json
from grader.pages.content import Public, content
from grader.pages.student import student_html
from grader.pages.tally import Tally
from grader.report.table import row_of
from grader.report.view import student_view

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytest.importorskip("playwright.sync_api", reason="NOT RUN: pages in a real browser need pip install playwright")
if BROWSER is None:
    pytest.skip("NOT RUN: pages in a real browser need a Chromium on the PATH", allow_module_level=True)

SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
HOSTILE = "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>"
STUDENTS = 2000
QUESTIONS = tuple(f"question_{i}" for i in range(12))
TABLE = np.outer([1.0, 2.0, 3.0], [1.0, 10.0, 100.0, 1000.0])


def report_of(i: int) -> Report:
    results = []
    for j, question in enumerate(QUESTIONS):
        right = (i * 7 + j * 13) % 5 > 0
        named = ("Rows or columns?", "turned_round") if not right and j == 2 else ("", "")
        verdict, kind = (Verdict.PASS, "") if right else (Verdict.FAIL, "wrong value")
        outcome = Outcome(question, "c", False, "M", verdict, kind, None if right else 50.0, "", *named)
        score = None if i == 11 and j == 0 else 5.0 if right else 0.0
        override = Override(4.0, f"because {HOSTILE}", "2026-01-01T10:00:00+00:00", 0.0) if i == 5 and j == 1 else None
        results.append(QuestionResult(question, 4.0 if override else score, 5.0, (outcome,), override=override))
    total = None if i == 11 else sum(r.score or 0.0 for r in results)
    status, notes = ("ungraded", ("no room",)) if total is None else ("graded", ())
    name = HOSTILE if i == 7 else f"student {i:04d}"
    return Report("demo", name, total, 60.0, status, tuple(results), "strong: all", {"grader": "0"}, notes)


def cohort(students: int) -> str:
    """The instructor's page of so many."""
    points, rows = (5.0,) * len(QUESTIONS), list[str]()
    graded = Graded("r", "demo", "/course", None, "cpu", ("/in",), 10.0, "strong", QUESTIONS, points, "2026-01-01")
    tally = Tally.of(QUESTIONS, points)
    for i in range(students):
        report = report_of(i)
        overridden = tuple(q.question for q in report.questions if q.override)
        row = replace(row_of(report), overridden=overridden, seconds={QUESTIONS[0]: i / 1000})
        rows.append(row_json(row, tally.add(report, row), QUESTIONS))
    return "".join(cohort_html(graded, "Demo", tally, rows, ""))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages as they are written: of 2,000 students, of 60, and one student's."""
    out = tmp_path_factory.mktemp("browser")
    for name, text in (("many", cohort(STUDENTS)), ("few", cohort(60)), ("student", student())):
        (out / f"{name}.html").write_text(text)
    return out


def student() -> str:
    """One student's page: a wrong matrix, an exception with markup in it, a right answer, hidden cases."""
    names, wrong = QUESTIONS[:3], TABLE.copy()
    wrong[1] += [1e-6, 1.0, np.nan, 4.0]
    inputs, bounds = {"a": TABLE[:, 0], "b": TABLE[0]}, {"M": {"float64": Bound(1e-7, 1e-7)}}
    case = FrozenCase("three by four", False, inputs, {"M": TABLE}, bounds)
    step, output = Step("function", "f", ("a", "b"), ("M",)), Output("M", 5.0)
    made = tuple(FrozenQuestion(n, "Each of a times each of b", ("a", "b"), (output,), (step,), (case,)) for n in names)
    key = AnswerKey("demo", "Demo", "demo.py", "numpy", made, {}, public=True)

    def outcome(question: str, verdict: Verdict, kind: str, message: str = "", **more: Any) -> Outcome:
        return Outcome(question, case.name, False, "M", verdict, kind, message=message, **more)

    public = [
        outcome(names[0], Verdict.FAIL, "wrong value", "M is wrong in 4 of 12", distance=9e9, answer=excerpt(wrong)),
        outcome(names[1], Verdict.ERROR, "ValueError", f"ValueError: {HOSTILE} {'x' * 300}"),
        outcome(names[2], Verdict.PASS, ""),
    ]
    missed = Outcome(names[0], "h", True, "M", Verdict.FAIL, "wrong value", hint="Rows or columns?")
    hidden = [replace(missed, question=n, case=f"h{i}") for n in names[:2] for i in range(3)]

    def report(found: list[Outcome]) -> Report:
        of = {n: tuple(o for o in found if o.question == n) for n in names}
        results = tuple(QuestionResult(n, 5.0 if n == names[2] else 1.0, 5.0, of[n]) for n in names)
        return Report("demo", HOSTILE, 7.0, 15.0, "graded", results, "strong: all", {})

    view = student_view(report(public + hidden), key, report(public))
    return "".join(student_html(content(view, Public(key))))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        made = play.chromium.launch(executable_path=BROWSER, args=arguments)
        yield made
        made.close()


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """A page at a size; whatever it complains of, or asks for elsewhere, is kept in its `said`."""
    contexts = []

    def open(name: str, scheme: str = "light") -> Any:
        wide, high = SIZES["desktop"]
        contexts.append(browser.new_context(viewport={"width": wide, "height": high}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda r: page.said.append(r.url) if r.url != (folder / name).as_uri() else None)
        page.goto((folder / name).as_uri())
        return page

    yield open
    for context in contexts:
        context.close()


CONTRAST = """() => {
  const rgb = text => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = c => { const f = c.slice(0, 3).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126*f[0] + .7152*f[1] + .0722*f[2]; };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const parts = 'p, th, td, dt, dd, h1, h2, h3, h4, li, a, summary, pre, small, .word, .tag, button';
  const all = [...document.querySelectorAll(parts)].filter(e => e.checkVisibility() && e.textContent.trim());
  return all.filter(e => e.closest('main')).map(e => {
    const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName, e.textContent.slice(0, 30)]; });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["few.html", "student.html"])
def test_it_fits_and_can_be_read(opened: Any, name: str, scheme: str) -> None:
    page = opened(name, scheme)
    for size, (wide, high) in SIZES.items():
        page.set_viewport_size({"width": wide, "height": high})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{size}: something sticks out"
        if shots := os.environ.get("GRADER_SHOTS"):
            page.screenshot(path=Path(shots) / f"{name.removesuffix('.html')}-{size}-{scheme}.png", full_page=True)
    assert page.evaluate("window.hit") is None and page.said == []
    least = min(page.evaluate(CONTRAST))
    assert least[0] >= 4.5, least


def names(page: Any) -> list[str]:
    return page.locator("#table tbody th").all_text_contents()  # type: ignore[no-any-return]


def test_sorting_by_clicks_and_keys(opened: Any) -> None:
    page = opened("many.html")
    assert len(names(page)) == 100 and names(page)[0] == HOSTILE, "by name; punctuation first"
    assert page.locator("#shown").inner_text() == "2000 of 2000 students, the first 100 shown"
    page.get_by_role("button", name="score").click()
    head = page.locator("th", has=page.get_by_role("button", name="score"))
    assert head.get_attribute("aria-sort") == "descending"
    scores = [float(t) for t in page.locator("#table tbody td:nth-child(2)").all_text_contents()]
    assert scores == sorted(scores, reverse=True) and scores[0] == 50
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending", "the button kept the focus"
    scores = [float(t) for t in page.locator("#table tbody td:nth-child(2)").all_text_contents()]
    assert scores == sorted(scores)
    page.get_by_role("button", name="Show all 2000").click()
    assert len(names(page)) == STUDENTS and names(page)[-1] == "student 0011", "ungraded is last either way"
    assert page.said == []


def test_filters(opened: Any) -> None:
    page = opened("many.html")
    page.get_by_label("Find").fill("student 01 9")
    assert all("9" in name and "01" in name for name in names(page)) and names(page)
    page.get_by_label("Find").fill("no room")
    assert names(page) == ["student 0011"]
    page.get_by_role("button", name="Show all", exact=True).click()
    page.get_by_label("Status").select_option("ungraded")
    assert names(page) == ["student 0011"]
    page.get_by_label("Status").select_option("points by a person")
    assert names(page) == ["student 0005"]
    page.get_by_label("Status").select_option("all")
    page.get_by_label("Lost points in").select_option("question_3")
    assert page.get_by_role("button", name="question_3").is_visible()
    assert set(page.locator("#table tbody td:nth-child(3)").all_text_contents()) == {"0"}
    page.get_by_role("button", name="Show all", exact=True).click()
    pick = page.locator("button.pick").first
    pick.focus()
    page.keyboard.press("Enter")
    count = int(pick.inner_text())
    assert (
        page.locator("#shown").inner_text().startswith(f"{count} of 2000")
        and pick.get_attribute("aria-pressed") == "true"
    )
    assert "question_2: turned round" in page.locator("#picked").inner_text()
    page.keyboard.press("Enter")
    assert page.locator("#shown").inner_text().startswith("2000 of 2000") and page.said == []


def test_quick_at_two_thousand(opened: Any) -> None:
    """Milliseconds from a click, or a letter, to the new table laid out, the median of several."""
    page = opened("many.html")
    timed = """([act, times]) => { const taken = [], box = document.getElementById('find');
      for (let i = 0; i < times; i++) { const from = performance.now();
      act === 'sort' ? document.querySelector('[data-sort=score]').click()
        : (box.value = 'student 1' + i, box.dispatchEvent(new Event('input')));
      document.body.getBoundingClientRect(); taken.push(performance.now() - from); }
      return taken.sort((a, b) => a - b)[times >> 1]; }"""
    found = {act: page.evaluate(timed, [act, 7]) for act in ("sort", "find")}
    print({act: f"{took:.1f} ms" for act, took in found.items()})
    assert max(found.values()) < 250, found


def test_keys_and_words_for_the_eyes_of_others(opened: Any) -> None:
    page = opened("many.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("getComputedStyle(document.activeElement).left") != "-1584px", "seen when it has the focus"
    assert page.evaluate("[...document.querySelectorAll('svg[role=img]')].every(s => s.querySelector('title'))")
    assert page.evaluate("[...document.querySelectorAll('button, a, input, select')].every(e => e.tabIndex >= 0)")
    first = page.locator("#table tbody a").first
    assert re.fullmatch(r"students/[^/]+-[0-9a-f]{16}\.html", first.get_attribute("href"))
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#table tbody tr").count() == STUDENTS and not page.locator("#filters").is_visible()


def test_a_students_page_needs_no_script(opened: Any) -> None:
    page = opened("student.html")
    assert page.locator("script").count() == 0 and page.locator("h1").inner_text() == HOSTILE
    opened_cases = page.locator("details.case[open]")
    assert opened_cases.count() == 2, "what is wrong is open, what is right is not"
    assert page.get_by_role("img", name="Where M is off").count() == 1
    assert page.locator(".heat svg text").all_text_contents() == ["1", "6", "!", "5"]
    page.locator("summary", has_text="right").last.click()
    assert "and your answer agrees" in page.locator("details.case[open]").last.inner_text()
