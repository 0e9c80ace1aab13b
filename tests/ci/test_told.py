"""Commands, summaries and findings as pure functions, with text that would break them."""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path

import click
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from runner import obeyed, outputs_of

from grader.ci.actions import Annotation, bounded, in_workspace, write_outputs
from grader.ci.basis import KEPT, NONE, NOT_RUN, Basis, ways_to
from grader.ci.summary import LIMIT, summary
from grader.cli.commands import cli
from grader.errors import UsageError
from grader.model import Verdict
from grader.report.view import CaseView, QuestionView, StudentView
from grader.text import clean_text

BAD = "a|b\n| c | `x` <img src=x> [l](http://e) @you #1 ::error::x\n\n## head\n```\n- item\n1. one\\"
TEXT = st.text(st.sampled_from("a:,%|\n\r`<>#[]=x0:\u2028\x1b") | st.characters(), max_size=40)


def question(name: str = "q", score: float | None = 0.0, message: str = BAD) -> QuestionView:
    case = CaseView("seen", False, "out", Verdict.FAIL, "wrong value", hint=BAD, message=message)
    return QuestionView(name, BAD, score, 2.0, (case,))


def view(*questions: QuestionView, score: float | None = 0.0, **more: object) -> StudentView:
    return StudentView("demo", BAD, BAD, score, 2.0 * len(questions), "graded", questions, "strong", **more)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT)
def test_an_annotation_is_one_command_whatever_it_says(title: str, message: str, file: str) -> None:
    command = Annotation("error", title, message, file, 3).command
    ((name, fields, text),) = obeyed(command)
    assert name == "error" and fields.keys() <= {"file", "line", "endLine", "title"} and len(command.splitlines()) == 1
    assert fields["line"] == fields["endLine"] == "3"
    assert text == clean_text(message)


def test_what_an_annotation_says_is_read_as_it_was_said() -> None:
    ((_, fields, text),) = obeyed(Annotation("error", "a: b, 50%", "one\ntwo: 100%25, ::x::", "d,e:f.py", 7).command)
    assert (fields["title"], fields["file"], text) == ("a: b, 50%", "d,e:f.py", "one\ntwo: 100%25, ::x::")
    assert Annotation("warning", "t", "m").command == "::warning title=t::m"


def test_at_most_ten_of_a_kind() -> None:
    found = [Annotation("error", str(i), "m") for i in range(25)] + [Annotation("warning", "w", "m")] * 10
    kept = bounded(found)
    assert [sum(a.kind == kind for a in kept) for kind in ("error", "warning")] == [10, 10]
    assert kept[9].title == "16 more"


def test_outputs_hold_what_they_were_given(tmp_path: Path) -> None:
    values = {"a": "1\nb=2\nEOF", "c": "", "d": "x<<y"}
    write_outputs({"GITHUB_OUTPUT": str(tmp_path / "out")}, values)
    assert outputs_of((tmp_path / "out").read_text()) == values
    write_outputs({}, values)  # no runner: nothing to write to
    with pytest.raises(UsageError, match="GITHUB_OUTPUT"):
        write_outputs({"GITHUB_OUTPUT": str(tmp_path)}, values)


def test_files_are_named_from_the_root_of_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "w" / "a").mkdir(parents=True)
    environ = {"GITHUB_WORKSPACE": str(tmp_path / "w")}
    assert in_workspace(environ, tmp_path / "w" / "a" / "x.py") == "a/x.py"
    assert in_workspace(environ, tmp_path / "x.py") == "" == in_workspace({}, tmp_path / "x.py")


# -- the summary ---------------------------------------------------------------------------------------------


def test_a_summary_is_text_and_one_table() -> None:
    text = summary(view(question(), question("p")), (NOT_RUN, BAD))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 4 and {row.count("|") for row in rows} == {5} and NOT_RUN in text.replace("&#58;", ":")
    assert not re.search(r"<(?!br>)|`|\]\(|@|::|https?:", text)
    assert all(not line or line.startswith(("## ", "### ", "> ", "- ", "  - ", "|")) for line in text.splitlines())


def test_a_summary_keeps_below_the_limit_and_says_what_was_cut() -> None:
    assert LIMIT < 1024 << 10
    long = view(*(question(f"q{i}", message="\u00e9|" * 450) for i in range(40)))
    text = summary(long, (NOT_RUN,), 50_000)
    assert 40_000 < len(text.encode()) <= 50_000 and "more parts do not fit" in text.splitlines()[-1]
    whole = summary(long, (NOT_RUN,))
    cut = int(re.findall(r"Cut here: (\d+) more", text)[0])
    assert whole.count("\n### ") - text.count("\n### ") == cut and "Cut here" not in whole
    for limit in (0, 10, 300, 2000):
        assert len(summary(long, (NOT_RUN,), limit).encode()) <= limit


def test_an_ungraded_summary_shows_no_zero() -> None:
    text = summary(view(question(score=None), score=None), (NOT_RUN,))
    assert "not graded" in text and "no zero" in text and "0 of" not in text and " 0 |" not in text


# -- what the score rests on ---------------------------------------------------------------------------------


def test_what_is_said_of_hidden_tests() -> None:
    assert Basis(False, False, "strong").caveats == (NOT_RUN,) and not Basis(False, False, "strong").is_grade
    assert Basis(True, True, "strong").told[0] == KEPT and Basis(True, False, "strong").told[0] == NONE
    reached = Basis(True, True, "strong", ("a", "b"))
    assert len(reached.caveats) == 2 and KEPT not in reached.told and reached.told[-1] == "isolation strong"


def test_a_workflow_elsewhere_is_out_of_reach(tmp_path: Path) -> None:
    """A student's repository that is checked out inside a course's own workspace; and pipelines of others."""
    workspace, student = tmp_path / "w", tmp_path / "w" / "student"
    (student / ".git").mkdir(parents=True)
    (workspace / "course").mkdir()
    github = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(workspace), "CI": "true"}
    assert ways_to([workspace / "course"], student, "strong", github) == ()
    assert len(ways_to([student / "k"], student, "strong", github)) == 1
    assert len(ways_to([], student, "strong", {**github, "GITHUB_WORKSPACE": str(student)})) == 1
    assert len(ways_to([], workspace / "course", "strong", github)) == 1  # no repository: nobody knows whose it is
    assert "pipeline" in ways_to([], student, "strong", {"CI": "1"})[0] and ways_to([], student, "strong", {}) == ()


# -- the page ------------------------------------------------------------------------------------------------


def commands() -> list[list[str]]:
    """What docs/ci.md types of ours, by block of code."""
    text = (ROOT / "docs" / "ci.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line.startswith("grader ")]


@pytest.mark.parametrize("words", commands(), ids=lambda w: " ".join(w[1:3]))
def test_every_command_of_the_page_is_one(words: list[str]) -> None:
    """Each is a command with these options; the tests beside this one run them."""
    group, path = cli, list(words[1:])
    while isinstance(group, click.Group):
        found = group.get_command(click.Context(group), path.pop(0))
        assert found is not None, words
        group = found  # type: ignore[assignment]
    with contextlib.suppress(click.BadParameter):  # its files are not here
        group.make_context("grader", path)


def test_the_page_tells_each_output_and_exit_code() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    for line in (NOT_RUN, "no way was found by which the student could have read them", "`is-grade`", "3 ungraded"):
        assert line in " ".join(page.split())
    for link in re.findall(r"\]\(((?!http)[^)#]+)", page):
        assert (ROOT / "docs" / link).exists(), link
