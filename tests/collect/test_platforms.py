"""Downloads of Canvas, Moodle, Gradescope and nbgrader: whose each file is, in zips and in folders."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from grader.collect import canvas
from grader.collect.handin import from_json, to_json
from grader.collect.intake import Intake, take_in
from grader.errors import UsageError

MAIN = "demo.py"
ONE = "x = 1\n"
CANVAS = {
    "doejane_101_5001_demo.py": ONE,
    "doejane_103_5003_demo.py": "x = 3\n",
    "müllerjosé_LATE_102_5002_demo.ipynb": "{}",
    "王芳_104_5004_demo.py": ONE,
    "_105_5005_demo.py": ONE,
    "late_106_5006_demo.py": ONE,
    "o_LATE_107_5007_x_LATE_1_2_demo.py": ONE,
    "roeann_108_text.html": "<p>",
    "roebob_LATE_109_link.html": "<p>",
    "smith3_110_5010_01_demo.py": ONE,
    "kim_111_5011_notes.png": "png",
    "liu_112_5012_mine.zip": ("demo.py", "util.py"),
    "liu2_113_5013_demo.py": ONE,
    "liu2_113_5014_util.py": ONE,
}


def packed(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as inner:
        for name in names:
            inner.writestr(name, ONE)
    return made.getvalue()


def laid(root: Path, files: dict[str, object], kind: str) -> Path:
    """The files as a zip or as a folder."""
    data = {n: packed(*d) if isinstance(d, tuple) else str(d).encode() for n, d in files.items()}
    if kind == "zip":
        with zipfile.ZipFile(root / "all.zip", "w") as archive:
            for name, one in data.items():
                archive.writestr(name, one)
        return root / "all.zip"
    for name, one in data.items():
        (root / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "all" / name).write_bytes(one)
    return root / "all"


def taken(root: Path, files: dict[str, object], kind: str = "zip", source: str = "") -> Intake:
    return take_in([laid(root, files, kind)], MAIN, source=source, assignment="demo")


kinds = pytest.mark.parametrize("kind", ["zip", "folder"])


@kinds
def test_canvas(tmp_path: Path, kind: str) -> None:
    intake = taken(tmp_path, CANVAS, kind)
    works = {f.student: f.read() for f in intake.found}
    assert {name: hand.ids["id"] for name, hand in intake.hands.items()} == {
        "doejane 101": "101", "doejane 103": "103", "müllerjosé 102": "102", "王芳 104": "104", "105": "105",
        "late 106": "106", "o 107": "107", "roeann 108": "108", "roebob 109": "109", "smith3 110": "110",
        "kim 111": "111", "liu 112": "112", "liu2 113": "113",
    }  # fmt: skip
    assert works["doejane 103"].files[0].data == b"x = 3\n"
    assert {name for name, hand in intake.hands.items() if hand.attempt.late} == {
        "müllerjosé 102", "o 107", "roebob 109",
    }  # fmt: skip
    told = {name: work.problem for name, work in works.items() if work.problem}
    assert told == {
        "roeann 108": "handed in a text that was typed in and no file; look at it on Canvas",
        "roebob 109": "handed in a web address and no file; look at it on Canvas",
        "kim 111": f"holds notes.png and no Python file; hand in {MAIN} itself",
    }
    assert [f.name for f in works["liu 112"].files] == ["demo.py", "util.py"]
    assert [f.name for f in works["liu2 113"].files] == ["demo.py", "util.py"]
    assert works["smith3 110"].main == "01_demo.py"
    assert len(intake.lines) == 1 and intake.lines[0].endswith(
        "from Canvas, 13 students, 3 marked late, 2 without a file"
    )
    for hand in intake.hands.values():
        assert from_json(to_json(hand)) == hand


def test_a_name_that_can_be_read_in_two_ways_keeps_both(tmp_path: Path) -> None:
    hand = taken(tmp_path, {"x_101_107_678_demo.py": ONE, "y_1_2_demo.py": ONE}).hands["x 101"]
    assert (hand.name, hand.ids["id"], hand.readings) == ("x", "101", (("x_101", "107"),))


def test_anonymous_ones(tmp_path: Path) -> None:
    intake = taken(tmp_path, {"anon_a1b2c_5_demo.py": ONE, "LATE_anon_77777_6_demo.py": ONE})
    assert [(f.student, intake.hands[f.student].attempt.late) for f in intake.found] == [
        ("anon_77777", True), ("anon_a1b2c", False),
    ]  # fmt: skip
    assert not any(hand.ids for hand in intake.hands.values())


@pytest.mark.parametrize(
    "name", ["demo.py", "ann.py", "ann_1.py", "ann_1_2", "Ann_1_2_demo.py", "1.py", "ann_x_2_demo.py"]
)
def test_names_that_canvas_does_not_give(name: str) -> None:
    assert canvas.readings(name) == []


@kinds
def test_files_of_one_name_again_are_attempts(tmp_path: Path, kind: str) -> None:
    files = {
        "doe_1_10_demo.py": "x = 1\n",
        "doe_1_11_util.py": "u = 1\n",
        "doe_1_20_demo-1.py": "x = 2\n",
        "doe_1_30_demo-2.py": "x = 3\n",
        "doe_1_31_util-1.py": "u = 2\n",
        "roe_2_40_demo-7.py": "x = 8\n",
    }
    intake = taken(tmp_path, files, kind)
    read = [{f.name: f.data for f in found.read().files} for found in intake.several["doe 1"]]
    assert read == [
        {"demo.py": b"x = 1\n", "util.py": b"u = 1\n"},
        {"demo.py": b"x = 2\n", "util.py": b"u = 2\n"},
        {"demo.py": b"x = 3\n", "util.py": b"u = 2\n"},
    ]
    doe, roe = (found.read() for found in intake.found)
    assert (doe.files[0].data, doe.notes) == (b"x = 3\n", ("attempt 3 of 3 counts: the last",))
    assert (roe.main, roe.notes) == (MAIN, ())
    assert [f.student for f in intake.attempts()] == ["roe 2", *(f"doe 1 [attempt {n}]" for n in (1, 2, 3))]
    same = replace(intake, found=(*intake.found, replace(intake.found[0], student="doe 1 [attempt 2]")))
    with pytest.raises(UsageError, match="as an attempt of another is"):
        same.attempts()


def test_two_downloads_of_canvas_are_attempts_in_the_order_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    new = laid(tmp_path / "a", {"doe_1_20_demo-1.py": "x = 2\n", "roe_2_7_demo.py": ONE}, "zip")
    old = laid(tmp_path / "b", {"doe_1_9_demo.py": "x = 1\n", "roe_2_7_demo.py": ONE}, "zip")
    intake = take_in([new, old], MAIN)
    doe, roe = (found.read() for found in intake.found)
    assert (doe.files[0].data, roe.notes, list(intake.several)) == (b"x = 2\n", (), ["doe 1"])


@kinds
def test_moodle(tmp_path: Path, kind: str) -> None:
    files: dict[str, object] = {
        "José Müller_4211_assignsubmission_file_/demo.py": ONE,
        "José Müller_4211_assignsubmission_file_/util.py": ONE,
        "José Müller_4211_assignsubmission_onlinetext_/onlinetext.html": "<p>",
        "Doe, Jane_4212_assignsubmission_file/mine.zip": ("demo.py", "util.py"),
        "Doe, Jane_4213_assignsubmission_onlinetext/onlinetext.html": "<p>",
        "王 芳_4214_assignsubmission_file_demo.py": ONE,
        "Participant_4215_assignsubmission_file_x_1_assignsubmission_file_demo.py": ONE,
    }
    intake = taken(tmp_path, files, kind)
    works = {f.student: f.read() for f in intake.found}
    assert {name: [f.name for f in work.files] for name, work in works.items()} == {
        "José Müller 4211": ["demo.py", "util.py"],
        "Doe, Jane 4212": ["demo.py", "util.py"],
        "Doe, Jane 4213": [],
        "王 芳 4214": ["demo.py"],
        "Participant 4215": ["x_1_assignsubmission_file_demo.py"],
    }
    assert works["Doe, Jane 4213"].problem.startswith("handed in a text that was typed in")
    assert intake.hands["Participant 4215"].ids == {"id": "4215"}


METADATA = """---
submission_9001:
  :submitters:
  - :name: Jane Doe
    :sid: '0042'
    :email: jane@x.edu
  :created_at: 2026-11-20 22:42:00.123456000 Z
  :results: {tests: [{output: "!!python/object/apply:os.system ['x']"}]}
  :history:
  - :id: 8000
    :created_at: 2026-11-19 22:42:00.000000000 Z
submission_9002:
  :submitters:
  - &two
    :name: José, Müller
    :email: jose@x.edu
  - *two
  - :name: Jane Doe
    :sid: '0043'
  :created_at: 2026-11-21 22:42:00.000000000 Z
submission_9003:
  :submitters: []
"""


@kinds
def test_gradescope(tmp_path: Path, kind: str) -> None:
    files: dict[str, object] = {
        "assignment_7_export/submission_metadata.yml": METADATA,
        "assignment_7_export/submission_9001/demo.py": ONE,
        "assignment_7_export/submission_9002/demo.py": ONE,
        "assignment_7_export/submission_9002/data/x.txt": ONE,
        "assignment_7_export/submission_9004/demo.py": ONE,
    }
    intake = taken(tmp_path, files, kind)
    works = {f.student: f.read() for f in intake.found}
    assert {name: work.problem for name, work in works.items()} == {
        "Jane Doe 0042": "",
        "Jane Doe 0043": "",
        "José, Müller jose@x.edu": "",
        "submission_9003": "submission_metadata.yml names it, and its files are not in the export",
        "submission_9004": "",
    }
    hand = intake.hands["Jane Doe 0042"]
    assert hand.ids == {"sid": "0042", "email": "jane@x.edu"}
    assert hand.attempt.when == "2026-11-20 22:42:00.123456000 Z"
    assert "1 handed in more than once; the export holds only the files that count on Gradescope" in intake.lines


@pytest.mark.parametrize(
    "text", ["a: [", "- 1", "a: " + "[" * 200 + "]" * 200, "a: !!python/object/apply:os.system ['x']\n b", "\x00"]
)
def test_metadata_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"submission_metadata\.yml"):
        taken(tmp_path, {"submission_metadata.yml": text, "submission_1/demo.py": ONE})


def test_metadata_that_refers_to_itself_a_thousandfold_is_read_at_once(tmp_path: Path) -> None:
    lines = ["x0: &a0 {':submitters': [lol]}"]
    lines += [f"x{n}: &a{n} {{':submitters': [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 40)]
    intake = taken(tmp_path, {"submission_metadata.yml": "\n".join(lines), "x0/demo.py": ONE})
    assert "x0" in {f.student for f in intake.found}


@kinds
@pytest.mark.parametrize("top", ["submitted/", "", "course/submitted/"])
def test_nbgrader(tmp_path: Path, kind: str, top: str) -> None:
    files: dict[str, object] = {
        f"{top}jdoe/demo/demo.ipynb": "{}",
        f"{top}jdoe/demo/timestamp.txt": "2026-11-20 22:42:00.123456 UTC\n",
        f"{top}jdoe/ps2/demo.ipynb": "{}",
        f"{top}ärne/demo/demo.py": ONE,
        f"{top}late/ps2/demo.py": ONE,
        f"{top}void/demo/timestamp.txt": "2026-11-20",
        f"{top}loose/demo.py": ONE,
    }
    intake = taken(tmp_path, files, kind)
    assert {f.student: (f.read().main, f.read().empty) for f in intake.found} == {
        "jdoe": ("demo.ipynb", False), "void": ("", True), "ärne": ("demo.py", False),
    }  # fmt: skip
    assert intake.hands["jdoe"].attempt.when == "2026-11-20 22:42:00.123456 UTC"
    assert "is taken for" not in " ".join(intake.lines)
    assert intake.lines[1:] == ("not taken, without a folder demo: loose, late (ps2)",)


def test_another_name_for_the_assignment_is_told(tmp_path: Path) -> None:
    files: dict[str, object] = {f"submitted/s{n:02}/ps1/demo.py": ONE for n in range(3)}
    files |= {f"submitted/t{n:02}/PS1/other.py": ONE for n in range(25)}
    intake = taken(tmp_path, files)
    assert len(intake.found) == 3 and intake.lines[1] == "ps1 is taken for demo"
    assert "t00 (PS1), t01 (PS1)" in intake.lines[2] and intake.lines[2].endswith("t19 (PS1) and 5 more")


def test_what_is_of_no_platform_is_plain(tmp_path: Path) -> None:
    intake = taken(tmp_path, {"ann/demo.py": ONE, "bob.py": ONE}, "folder")
    assert [(f.student, intake.hands[f.student].platform) for f in intake.found] == [("ann", "plain"), ("bob", "plain")]
    assert intake.lines == ()


def test_a_file_that_does_not_fit_is_refused_until_it_is_said_what_this_is(tmp_path: Path) -> None:
    files = {**CANVAS, "notes.py": ONE}
    with pytest.raises(
        UsageError, match=r"most names are of Canvas, but not notes\.py; to leave those out: --from canvas"
    ):
        taken(tmp_path, files, "folder")
    forced = take_in([tmp_path / "all"], MAIN, source="canvas")
    assert len(forced.found) == 13
    assert "not taken: notes.py is not named as Canvas names files" in forced.lines
    plain = take_in([tmp_path / "all"], MAIN, source="plain")
    assert {plain.hands[f.student].platform for f in plain.found} == {"plain"}


def test_a_link_in_a_download_is_not_followed(tmp_path: Path) -> None:
    folder = laid(tmp_path, {"doe_1_2_demo.py": ONE}, "folder")
    (tmp_path / "secret.py").write_text("x")
    (folder / "roe_2_3_demo.py").symlink_to(tmp_path / "secret.py")
    assert [f.read().problem for f in take_in([folder], MAIN).found] == [
        "",
        "demo.py is a link; hand in the file itself",
    ]


@pytest.mark.parametrize("source", ["canvas", "moodle", "gradescope", "nbgrader"])
def test_a_platform_that_it_is_not_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(UsageError, match="not a download of"):
        taken(tmp_path, {"ann.py": ONE}, source=source)


def test_a_zip_bomb_in_a_zip_costs_its_student_alone(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as inner:
        inner.writestr("demo.py", b"\0" * (3 << 20))
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doe_1_2_mine.zip", bomb.getvalue())
        archive.writestr("roe_2_3_broken.zip", b"PK")
        archive.writestr("kim_3_4_demo.py", ONE)
    problems = [f.read().problem for f in take_in([path], MAIN).found]
    assert "unpacks to more than" in problems[0]
    assert problems[1] == "" and "is no readable zip" in problems[2]


def test_a_late_mark_is_of_the_newest_attempt(tmp_path: Path) -> None:
    """Whether those before it were late is not known; where the newest is in time, they were."""
    files = {
        "doe_LATE_1_10_demo.py": ONE,
        "doe_LATE_1_20_demo-1.py": ONE,
        "roe_2_5_demo.py": ONE,
        "roe_2_6_demo-1.py": ONE,
    }
    hands = taken(tmp_path, files).hands
    assert [attempt.late for attempt in hands["doe 1"].attempts] == [None, True]
    assert [attempt.late for attempt in hands["roe 2"].attempts] == [False, False]


def test_a_folder_that_cannot_be_listed_is_its_students_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may list any folder, so the refusal is made up."""
    folder = laid(tmp_path, {"ann/demo/demo.py": ONE, "ann/demo/timestamp.txt": "x", "bo/demo/demo.py": ONE}, "folder")
    real = os.scandir

    def refused(path: os.PathLike[str]) -> object:
        if Path(path).name == "bo":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refused)
    ann, bo = (f.read() for f in take_in([folder], MAIN, assignment="demo").found)
    assert not ann.problem and bo.problem == "the folder cannot be read; look at its rights"
