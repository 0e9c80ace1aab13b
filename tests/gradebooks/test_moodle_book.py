"""Moodle's grading worksheet, in several languages: only the cells that get a grade may change."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from resultskit import moodle, write_results

from grader.cohort.results import Results
from grader.collect.handin import HandIn
from grader.errors import UsageError
from grader.gradebooks import moodle as moodle_book
from grader.gradebooks.late import Policy
from grader.gradebooks.make import Made, fill, told
from grader.gradebooks.sheet import sheet_of
from grader.gradebooks.when import zone_of

HERE = Path(__file__).parent
GERMAN = (HERE / "golden" / "moodle-de.csv").read_text(encoding="utf-8")
ZONE = zone_of("Europe/Berlin")
GRADED = [
    (moodle("José Müller", "4211"), (6.0, 3.3)),
    (moodle("Jane JD Doe", "4212"), (6.0, 3.5)),
    (moodle("Jane Doe", "4213"), (6.0, 4.0)),
    (moodle("Ann ORoe", "4214"), (1.0, 1.0)),
    (moodle("=王 芳", "4215"), (6.0, 4.0)),
    (moodle("Group 7", "4216"), (6.0, 4.0)),
]


def filled(tmp_path: Path, text: str = GERMAN, graded: object = None, column: str = "", **more: object) -> Made:
    folder = write_results(tmp_path / "results", graded or GRADED)  # type: ignore[arg-type]
    with Results(folder) as results:
        return fill(results, moodle_book.read(sheet_of(text, "book.csv"), column), ZONE, **more)  # type: ignore[arg-type]


def test_only_cells_with_a_grade_change(tmp_path: Path) -> None:
    made = filled(tmp_path)
    expected = GERMAN
    for mail, status, grade in [("jose", "", "93,00"), ("jane2", "", "100,00"), ("fang", "", "100,00")]:
        at = f'{mail}@x.edu,"Zur Bewertung abgegeben",'
        expected = expected.replace(f"{at}{status},", f'{at}"{grade}",')
    assert made.text == expected.replace('"95,50"', '"95,00"')
    assert made.said == (
        "columns of book.csv: grade 'Bewertung', maximum 'Bestwertung', handed in 'Zuletzt geändert (Abgabe)'",
        "scaled: 10 points here are 100 in the gradebook, by its Bestwertung",
    )


def test_what_is_not_written_is_told(tmp_path: Path) -> None:
    assert told(filled(tmp_path)) == [
        "no row: Group 7 4216: the row with the id 4216 is that of Gone, not of Group 7; is it a group's?",
        "not written: Ann ORoe 4214: its grade cannot be changed in Moodle",
        "no result: Gone: nothing of theirs was graded",
        "lower than before: Jane JD Doe 4212: 95,00, where 95,50 stood",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_a_bom_are_kept(tmp_path: Path, end: str, bom: str) -> None:
    text = bom + GERMAN.replace("\n", end)
    assert filled(tmp_path, text).text == bom + filled(tmp_path).text.replace("\n", end)


def test_comments_go_to_empty_cells_alone_and_are_no_formulas(tmp_path: Path) -> None:
    lines = filled(tmp_path, comments=True).text.splitlines()
    assert lines[1].endswith(',-,"a: 6; b: 3.3"') or lines[1].endswith(",-,a: 6; b: 3.3")
    assert lines[2].endswith('"Gut, "')
    with pytest.raises(UsageError, match="comments"):
        filled(tmp_path / "other", JAPANESE, [(moodle("Ann Roe", "1"), (6.0, 4.0))], comments=True)


def test_late_by_the_worksheets_own_times(tmp_path: Path) -> None:
    """23:59 is in time; 00:14 is within the grace; 00:15 is a minute too late for it; two days cost 20%."""
    policy = Policy(datetime(2026, 11, 20, 23, 59), ZONE, "day", Fraction(1, 10), timedelta(minutes=15))
    made = filled(tmp_path, policy=policy)
    points = {line.who: line.points for line in made.of("written")}
    assert points == {
        "José Müller 4211": "93,00", "Jane JD Doe 4212": "95,00", "Jane Doe 4213": "90,00", "=王 芳 4215": "80,00",
    }  # fmt: skip
    assert [line.why for line in made.of("written") if line.who == "Jane Doe 4213"] == ["16 min late, 1 day: 10% off"]


ENGLISH = "Identifier,Full name,Email address,Status,Group,Grade,Maximum Grade,Grade can be changed,"
ENGLISH += "Last modified (submission),Online text,Last modified (grade),Feedback comments\n"
ENGLISH += "Participant 1,Ann Roe,a@x,Submitted,G1,,50.00,Yes,-,,-,\n"
ENGLISH += "Participant 2,Bo Li,b@x,Submitted,G1,7.50,50.00,Yes,-,,-,\n"
JAPANESE = "識別子,フルネーム,ステータス,評点,最大評点,評点は変更可能,最終更新日時 (提出)\n"
JAPANESE += "参加者 1,Ann Roe,提出,,50.00,Yes,-\n参加者 2,Bo Li,提出,7.50,50.00,Yes,-\n"
BLIND = "Identificador,Estado,Calificación,Calificación máxima,La calificación puede ser cambiada,Última modificación\n"
BLIND += 'Participante 1,Enviado,,"50,00",Sí,-\nParticipante 2,Enviado,"7,50","50,00",Sí,-\n'


@pytest.mark.parametrize(
    ("text", "names", "written"),
    [
        (ENGLISH, ("Ann Roe", "Bo Li"), [("G1,,50.00", "G1,50.00,50.00"), ("7.50", "25.00")]),
        (JAPANESE, ("Ann Roe", "Bo Li"), [("提出,,50.00", "提出,50.00,50.00"), ("7.50", "25.00")]),
        (BLIND, ("Participante", "Participante"), [("Enviado,,", 'Enviado,"50,00",'), ('"7,50"', '"25,00"')]),
    ],
)
def test_columns_are_known_by_what_is_in_them(
    tmp_path: Path, text: str, names: tuple[str, str], written: list[tuple[str, str]]
) -> None:
    graded = [(moodle(names[0], "1"), (6.0, 4.0)), (moodle(names[1], "2"), (5.0, 0.0))]
    expected = text
    for before, after in written:
        expected = expected.replace(before, after)
    made = filled(tmp_path, text, graded)
    assert made.text == expected and made.whole


def test_other_results_are_matched_by_address_or_name(tmp_path: Path) -> None:
    ann = HandIn("Ann Roe s9", "gradescope", "Ann Roe", {"sid": "s9", "email": "A@x"})
    made = filled(tmp_path, ENGLISH, [(ann, (6.0, 4.0)), ("li, bo", (5.0, 0.0))])
    assert {line.who: line.points for line in made.of("written")} == {"Ann Roe s9": "50.00", "li, bo": "25.00"}


@pytest.mark.parametrize(
    "text",
    [
        "Name,Grade\nAnn,3\n",
        ENGLISH.replace("50.00", "Good"),
        ENGLISH.replace(",50.00,Yes,-,,-,\nP", ",40.00,Yes,-,,-,\nP"),
    ],
)
def test_what_is_no_worksheet_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        filled(tmp_path, text)
