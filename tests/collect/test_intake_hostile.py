"""`grader grade` over a folder and zips with all that a hand-in may hold: one line for each, honest scores kept."""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import COHORT, Run
from hostile_zips import Entry, good, overlapping_zip, pack, write

MAIN = "linear_classifiers.py"
NOTEBOOK = "linear_classifiers.ipynb"
HONEST = {"ada-vectorised": "100", "forgot-minus-one": "92"}


def code(student: str) -> bytes:
    return (COHORT / "submissions" / student / MAIN).read_bytes()


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def unix_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o020666, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        path.symlink_to("/dev/zero")


def deep(path: Path) -> None:
    path = path.parent / "/".join("d" * 12)
    path.mkdir(parents=True)
    (path / MAIN).touch()


def many(path: Path) -> None:
    for i in range(3000):
        (path.parent / f"f{i}.py").touch()


# What stands where a student's file should: how it is made, and what is said of it. Ungraded, for a person to look at.
UNGRADED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a-pipe": (os.mkfifo, f"{MAIN} is no regular file; hand in the file itself"),
    "a-socket": (unix_socket, f"{MAIN} is no regular file; hand in the file itself"),
    "a-device": (device, "hand in the file itself"),
    "a-link": (lambda p: p.symlink_to("/etc/passwd"), f"{MAIN} is a link; hand in the file itself"),
    "a-loop": (lambda p: p.symlink_to(MAIN), f"{MAIN} is a link; hand in the file itself"),
    "a-link-to-a-neighbour": (
        lambda p: p.symlink_to(f"../ada-vectorised/{MAIN}"),
        "is a link; hand in the file itself",
    ),
    "a-terabyte": (sparse, f"{MAIN} has 1,099,511,627,776 bytes; at most 1,048,576 are taken"),
    "a-large-file": (lambda p: p.write_bytes(b"#" * 2_000_000), "has 2,000,000 bytes; at most 1,048,576 are taken"),
    "a-large-notebook": (lambda p: sparse(p.parent / NOTEBOOK), "clear its outputs and save it again"),
    "too-deep": (deep, "folders nested too deeply; hand in your own files alone"),
    "too-many": (many, "more than 100 Python files; hand in your own alone"),
    "a-zip-inside": (lambda p: (p.parent / "hw.zip").touch(), "hw.zip is no readable zip"),
    "two-files": (lambda p: [(p.parent / n).touch() for n in ("a.py", "b.py")], "name the one to be graded so"),
}
if os.geteuid():
    UNGRADED["unreadable"] = (lambda p: (p.touch(), p.chmod(0)), "Permission denied; check it and run again")


def cells(*sources: object) -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": s} for s in sources]}).encode()


# What is graded, since the student's code is there: 0 points, and the cause in the report.
ZERO = {
    "utf-7": (MAIN, b"# coding: utf-7\nx = 1\n", "the encoding 'utf-7' is not taken; save the file as UTF-8"),
    "nul": (MAIN, b"x = 1\0\n", "null byte"),
    "unary": (MAIN, b"x = " + b"-" * 60_000 + b"1\n", ""),
    "brackets": (MAIN, b"x = " + b"(" * 100_000 + b")" * 100_000, "too many nested parentheses"),
    "lambdas": (MAIN, b"x = " + b"lambda: " * 30_000 + b"1\n", ""),
    "huge-integer": (MAIN, b"x = " + b"9" * 500_000, "Exceeds the limit"),
    "f-string": (MAIN, b"x = f'" + b"{1}" * 300_000 + b"' +", ""),
    "binary": (MAIN, bytes(range(256)) * 100, ""),
    "a-folder": (f"{MAIN}/inner.py", b"x = 1\n", "is not defined in"),
    "deep-json": (NOTEBOOK, b'{"cells":' * 500_000, "it is nested too deeply"),
    "no-json": (NOTEBOOK, b"\x80\x81", "this is no notebook"),
    "number-json": (NOTEBOOK, b"9" * 8_000_000, "this is no notebook"),
    "odd-cells": (
        NOTEBOOK,
        cells(None, 5, [None], "x = " + "-" * 60_000 + "1", "\0", "%%bash\nrm -rf ~"),
        "not defined in",
    ),
}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A folder of students, and zips; the honest ones stand in the folder and in one of the zips."""
    root = tmp_path_factory.mktemp("hostile")
    folder = root / "all"
    for student in HONEST:
        (folder / student).mkdir(parents=True)
        (folder / student / MAIN).write_bytes(code(student))
    for name, (make, _) in UNGRADED.items():
        (folder / name).mkdir()
        make(folder / name / MAIN)
    for name, (file, data, _) in ZERO.items():
        (folder / name / file).parent.mkdir(parents=True)
        (folder / name / file).write_bytes(data)
    (folder / "a-linked-folder").symlink_to(folder / "ada-vectorised")
    (folder / "one.zip").write_bytes(b"")
    for name in ("new\nline", "rtl\u202ename", "\x1b[2J\x1b]0;owned\x07", "=1+1", "-rf"):
        (folder / name).mkdir()
        os.mkfifo(folder / name / MAIN)
    good_ones = [good(f"{s}-in-zip/{MAIN}", code(s)) for s in HONEST]
    bad = [
        Entry(f"bomb/{MAIN}".encode(), pack(bytes(64 << 20), 12), 12, 64 << 20),
        Entry(f"liar/{MAIN}".encode(), pack(bytes(64 << 20), 12), 12, 1000),
        Entry(f"locked/{MAIN}".encode(), b"x", flags=0x801),
        Entry(f"planted/{MAIN}".encode(), b"/etc/passwd", mode=0o120777),
        good(f"twice/{MAIN}"),
        good(f"twice/{MAIN}"),
        good(f"Case/{MAIN}"),
        good(f"case/{MAIN}"),
        good(f"../outside/{MAIN}"),
        good("C:\\windows\\evil.py"),
        good("/etc/cron.d/evil.py"),
    ]
    zips = [
        write(root / "members.zip", good_ones[0], *bad, good_ones[1]),
        write(root / "crowd.zip", *(Entry(b"%d.py" % i, header=False) for i in range(60_000))),
        overlapping_zip(root / "overlap.zip", b"over%d/" + MAIN.encode(), 3, b"x = 1\n"),
    ]
    whole = write(root / "whole.zip", *(good(f"cut{i}/{MAIN}") for i in range(5))).read_bytes()
    (root / "cut.zip").write_bytes(whole[: len(whole) // 2])
    os.mkfifo(root / "pipe.zip")
    return [folder, *zips, root / "cut.zip", root / "pipe.zip"]


SAID_OF_ZIPS = {
    "bomb": "unpacks to more than 1,048,576 bytes",
    "liar": "it holds more bytes than it says; pack it again",
    "locked": "is encrypted; pack it without a password",
    "planted": "is a link or no regular file; pack the file itself",
    "twice": "is in the zip twice; leave one",
    "Case": "2 submissions under this name; leave one",
    "members (the zip itself)": "unsafe paths",
    "crowd": "60,000 members; at most 50,000 are taken; pack programs alone",
    "over0": "overlaps another file of the zip; pack it again",
    "over1": "overlaps another file of the zip; pack it again",
    "cut": "is no readable zip: File is not a zip file; pack it again",
    "pipe": "is no regular file; hand in the file itself",
    "one": "one.zip is no readable zip: File is not a zip file; pack it again",
    "a-linked-folder": "a link to a folder is not followed; give the folder itself",
    "new line": "is no regular file",
    "rtl\ufffdname": "is no regular file",
    "\ufffd[2J\ufffd]0;owned\ufffd": "is no regular file",
    "=1+1": "is no regular file",
    "-rf": "is no regular file",
}


def test_each_gets_one_line_and_the_honest_their_points(
    grader: Run, cohort: list[Path], secret_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    before = sorted(p.name for p in cohort[0].parent.iterdir())
    arguments = ["--out", out, "--secret-file", secret_file, "--timeout", 3]
    done = grader("grade", "linear_classifiers", *cohort, *arguments)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    said = {name: text for name, (_, text) in UNGRADED.items()} | SAID_OF_ZIPS
    lines = [line for line in done.stderr.splitlines() if line.startswith("ungraded: ")]
    for student, text in said.items():
        (line,) = (x for x in lines if x.startswith(f"ungraded: {student}: "))
        assert text in line, line
    assert len(lines) == len(said)
    for c in done.stdout + done.stderr:
        assert c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"), repr(c)

    with (out / "grades.csv").open(newline="") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    for student, score in HONEST.items():
        assert table[student]["score"] == table[f"{student}-in-zip"]["score"] == score
    for student in said:
        row = table[f"'{student}" if student[0] in "=-" else student]  # a spreadsheet does not run it
        assert (row["status"], row["score"]) == ("ungraded", "")
    for student in ZERO:
        assert (table[student]["status"], table[student]["score"]) == ("graded", "0"), student
    over = table.pop("over2")
    assert (over["status"], over["score"]) == ("graded", "0")  # the one member with nothing behind it
    assert len(table) == 2 * len(HONEST) + len(said) + len(ZERO)

    reports = {r["student"]: r for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}
    for student, (_, _, text) in ZERO.items():
        told = [o["message"] for q in reports[student]["questions"] for o in q["outcomes"]]
        assert all(told) and any(text in t for t in told), (student, told[:1])
    assert sorted(p.name for p in cohort[0].parent.iterdir()) == before
    assert not (cohort[0].parent.parent / "outside").exists()


def test_nothing_of_the_names_becomes_a_path(
    cohort: list[Path], grader: Run, secret_file: Path, tmp_path: Path
) -> None:
    """The results lie in the files that are named in the manual, whatever students are called."""
    zip_file = write(tmp_path / "s.zip", good("x/../../../up.py"), good("a\\..\\..\\b.py"), good("..%2f..%2fetc/x.py"))
    out = tmp_path / "out"
    done = grader(
        "grade", "linear_classifiers", zip_file, cohort[0] / "-rf", "--out", out, "--secret-file", secret_file
    )
    assert done.returncode == 3
    shutil.rmtree(out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.zip"]
