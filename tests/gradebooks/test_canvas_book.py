"""Canvas's gradebook filled in, and read as Canvas reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from canvas_reader import Course, upload
from resultskit import canvas, write_results

from grader.cohort.results import Results
from grader.collect.handin import HandIn
from grader.errors import UsageError
from grader.gradebooks import canvas as canvas_book
from grader.gradebooks.make import Made, fill, summary, told
from grader.gradebooks.sheet import read_sheet, sheet_of
from grader.gradebooks.when import zone_of

HERE = Path(__file__).parent
BOOK = (HERE / "golden" / "canvas-export.csv").read_text(encoding="utf-8")
COURSE = Course(
    {
        101: "Doe, Jane",
        102: "Müller, José",
        103: "Doe, Jane",
        104: "=cmd|calc",
        105: "王, 芳",
        106: "Roe, Ann",
        999: "x",
    },
    {11: "Warm-up", 12: "Homework 1, part (b)"},
    {11: 5.0, 12: 20.0},
    {(101, 12): "19.50", (106, 12): "EX", (106, 11): "4.00", (101, 11): "3.00", (102, 11): "1.00"},
)
GRADED = [
    (canvas("doejane", "101"), (6.0, 3.33333333)),
    (canvas("müllerjosé", "102", late=True), (6.0, 4.0)),
    (canvas("doejane", "103"), (6.0, 3.9999)),
    (canvas("cmdcalc", "104"), (0.0, 0.0)),
    (canvas("王芳", "105"), (6.0, None)),
    (canvas("roeann", "106"), (1.0, 1.0)),
    (canvas("ghost", "108"), (2.0, 2.0)),
    (HandIn("anon_x1", "canvas"), (2.0, 2.0)),
]


def filled(tmp_path: Path, text: str = BOOK, graded: object = None, column: str = "12", **more: object) -> Made:
    folder = write_results(tmp_path / "results", graded or GRADED)  # type: ignore[arg-type]
    with Results(folder) as results:
        return fill(results, canvas_book.read(sheet_of(text, "book.csv"), column), zone_of("UTC"), **more)  # type: ignore[arg-type]


def test_the_file_is_the_golden_one(tmp_path: Path) -> None:
    made = filled(tmp_path)
    assert made.text == (HERE / "golden" / "canvas-filled.csv").read_text(encoding="utf-8")
    assert "".join(summary(made)) == (HERE / "golden" / "canvas-list.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("how", ["as it is", "semicolons", "BOM", "comma for the decimal mark"])
def test_canvas_reads_the_grades_and_nothing_else_changes(tmp_path: Path, how: str) -> None:
    text = BOOK
    if how != "as it is" and how != "BOM":
        text = (
            text.replace('"Homework 1, part (b) (12)"', "Homework 1§ part (b) (12)")
            .replace('"', "")
            .replace(", ", "§ ")
        )
        text = text.replace(",", ";").replace("§", ",")
    if how.startswith("comma"):
        text = text.replace("20.00", "20,00").replace("19.50", "19,50")
    made = filled(tmp_path, "\ufeff" + text if how == "BOM" else text)
    after = upload(COURSE, made.text.encode())
    assert (after.new_assignments, after.new_students) == ([], [])
    assert after.points == COURSE.points
    before = {place: score for place, score in COURSE.scores.items() if place[1] == 11 or place[0] in (105, 106)}
    written = {(101, 12): "18.67", (102, 12): "20.00", (103, 12): "19.99", (104, 12): "0.00"}
    assert after.scores == {**before, **written}
    assert made.text.startswith("\ufeff") == (how == "BOM")
    assert ("18,67" in made.text) == how.startswith("comma")


def test_every_student_and_row_is_accounted_for_once(tmp_path: Path) -> None:
    made = filled(tmp_path)
    assert not made.whole
    lines = told(made)
    assert "no row: ghost 108: no row with the id 108" in lines
    assert "no row: anon_x1: handed in anonymously: the file's name does not tell who it is" in lines
    assert "not written: roeann 106: excused (EX)" in lines
    assert "not written: 王芳 105: ungraded: the sandbox failed" in lines
    assert "no result: Gone, Ann: nothing of theirs was graded" in lines
    assert "lower than before: doejane 101: 18.67, where 19.50 stood" in lines
    assert sorted(line.who for line in made.lines if line.grade) == sorted(hand.student for hand, _ in GRADED)
    assert len([line for line in made.lines if line.person]) == 8
    assert made.said == ("scaled: 10 points here are 20 in the gradebook, by its Points Possible",)


def test_a_grade_below_full_marks_is_never_shown_as_full(tmp_path: Path) -> None:
    text = BOOK.replace("20.00", "10.00")
    made = filled(tmp_path, text)
    assert 'Doe, Jane",103,s103,jane2@x.edu,B,9.99\n' in made.text


def test_out_of_another_number(tmp_path: Path) -> None:
    from fractions import Fraction

    made = filled(tmp_path, out_of=Fraction(100))
    assert ",100.00\n" in made.text and "by --out-of" in made.said[0]


def test_a_formula_is_made_harmless_and_the_row_still_found(tmp_path: Path) -> None:
    made = filled(tmp_path)
    assert "'=cmd|calc,104," in made.text
    assert upload(COURSE, made.text.encode()).scores[104, 12] == "0.00"


@pytest.mark.parametrize("column", ["12", "(12)", "Homework 1, part (b)", "Homework 1, part (b) (12)"])
def test_a_column_by_its_header_number_or_title(column: str) -> None:
    assert canvas_book.read(sheet_of(BOOK, "b"), column).column == "Homework 1, part (b) (12)"


@pytest.mark.parametrize("column", ["", "Homework 2", "Total Score", "13", "Notes"])
def test_no_column_is_made_up(column: str) -> None:
    with pytest.raises(UsageError, match="column"):
        canvas_book.read(sheet_of(BOOK, "b"), column)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        BOOK.replace("    Points Possible", "    Points"),
        BOOK.replace("Section", "Group"),
        'Student,"ID\n',
    ],
)
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        canvas_book.read(sheet_of(text, "b"), "12")


def test_an_id_that_a_name_was_made_to_hold_is_no_id(tmp_path: Path) -> None:
    """A student who is called "X_101" would have files that read like those of the student 101."""
    forger = canvas("x", "101", readings=(("x_101", "107"),))
    book = BOOK + "X_101,107,s107,x@x.edu,A,,\n"
    made = filled(tmp_path, book, [(forger, (6.0, 4.0)), (canvas("doejane", "101"), (1.0, 1.0))])
    after = upload(Course({**COURSE.students, 107: "X_101"}, COURSE.titles, COURSE.points), made.text.encode())
    assert after.scores == {(107, 12): "20.00", (101, 12): "4.00"}


def test_two_results_for_one_row_are_both_left(tmp_path: Path) -> None:
    made = filled(tmp_path, graded=[("101", (6.0, 4.0)), ("jane@x.edu", (1.0, 1.0))])
    assert [line.why for line in made.of("no row")] == [
        "its row is that of jane@x.edu too",
        "its row is that of 101 too",
    ]
    assert not made.of("written")


def test_plain_names_are_matched_by_ids_then_by_a_name_that_is_there_once(tmp_path: Path) -> None:
    names = ["102", "S103", "jane@x.edu", "doe_jane", "芳_王"]
    graded = [(name, (float(n), 0.0)) for n, name in enumerate(names)]
    made = filled(tmp_path, graded=graded)
    assert {line.who: line.points for line in made.of("written")} == {
        "102": "0.00", "S103": "2.00", "jane@x.edu": "4.00", "芳_王": "8.00",
    }  # fmt: skip
    assert [(line.who, line.why) for line in made.of("no row")] == [("doe_jane", "2 rows have this name")]


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(BOOK.replace("王, 芳", "x").encode("latin-1"))
    with pytest.raises(UsageError, match="not UTF-8"):
        read_sheet(tmp_path / "b.csv")


def test_a_number_of_another_platform_is_not_taken_for_an_id(tmp_path: Path) -> None:
    """Gradescope's SID 102 is not the person whose number on Canvas is 102; nor is the address 102@…"""
    ann = HandIn("Ann 102", "gradescope", "Roe, Ann", {"sid": "102"})
    bo = HandIn("Bo x", "gradescope", "Bo", {"email": "103@x.edu"})
    jane = HandIn("J s101", "gradescope", "J", {"sid": "S101"})
    moodle = HandIn("Doe 101", "moodle", "Nobody", {"id": "101"})
    graded = [(ann, (6.0, 4.0)), (bo, (1.0, 1.0)), (jane, (3.0, 0.0)), (moodle, (2.0, 0.0))]
    text = BOOK.replace("4.00,EX,80", "4.00,,80")
    made = filled(tmp_path, text, graded)
    found = {line.who: line.person.ids["id"] for line in made.of("written") if line.person}
    assert found == {"Ann 102": "106", "J s101": "101"}
    assert {line.who for line in made.of("no row")} == {"Bo x", "Doe 101"}
