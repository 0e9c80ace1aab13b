"""What Canvas makes of an uploaded gradebook, written from the rules in its importer and not from our code: how a file
is told apart, whose row it is, which column, and what a cell does to the grade that is there."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

INFO = {
    "Student",
    "LastName",
    "FirstName",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Section",
    "Integration ID",
    "Root Account",
}


class Refused(Exception):
    """The upload fails as a whole."""


@dataclass
class Course:
    """students: sortable name by id; scores: by (student, assignment), "EX" for excused; titles and points by id."""

    students: dict[int, str]
    titles: dict[int, str]
    points: dict[int, float]
    scores: dict[tuple[int, int], str] = field(default_factory=dict)
    new_assignments: list[str] = field(default_factory=list)
    new_students: list[str] = field(default_factory=list)


def normal(text: str) -> str:
    """Canvas takes the last of `,` and `.` for the decimal mark, and drops the others."""
    if not re.fullmatch(r"-?[0-9.,]+%?", text):
        return text
    *whole, last = re.split(r"[,.]", text)
    return f"{''.join(whole)}.{last}" if whole else last


def delimiter_of(lines: list[str]) -> str:
    counts = {}
    for mark in (";", ","):
        try:
            sizes = {len(next(csv.reader([line], delimiter=mark, strict=True), [])) for line in lines[:3]}
        except csv.Error:
            sizes = {0}
        counts[mark] = sizes.pop() if len(sizes) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


def upload(course: Course, data: bytes) -> Course:
    """The course after the upload; a grade that the file leaves empty where one is there is cleared."""
    text = data.decode("utf-8")
    mark = delimiter_of(text.splitlines(keepends=True))
    lines = [line for line in text.splitlines(keepends=True) if not re.fullmatch(r"[;, ]+\r?\n?", line)]
    rows = [[normal(c) for c in row] for row in csv.reader(lines, delimiter=mark, strict=True)]
    head = rows[0]
    if not (len(head) > 3 and "Student" in head[0] and "ID" in head[1]):
        raise Refused("header")
    info = 3
    if re.search(r"SIS\s+Login\s+ID", head[2]):
        info = 4
    elif re.search(r"SIS\s+User\s+ID", head[2]) and re.search(r"SIS\s+Login\s+ID", head[3]):
        info = 5 + bool(re.search(r"Integration\s+ID", head[4]))
        info += bool(re.search(r"Root\s+Account", head[info - 1]))
    if "Section" not in head[info - 1]:
        raise Refused("section")
    after = Course(dict(course.students), dict(course.titles), dict(course.points), dict(course.scores))
    columns = {}
    for c, name in enumerate(head[info:], info):
        if re.search(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)", name):
            continue
        m = re.fullmatch(r"(.*) \((\d+)\)", name)
        number = int(m[2]) if m and int(m[2]) in course.titles else None
        number = number or next((i for i, title in course.titles.items() if title == name), None)
        if number is None:
            after.new_assignments.append(name)
        else:
            columns[c] = number
    for row in rows[1:]:
        if "Points Possible" in row[0]:
            for c, number in columns.items():
                if row[c]:
                    after.points[number] = float(row[c])
            continue
        if all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.IGNORECASE) for cell in row):
            continue
        student = int(row[1]) if row[1].isdigit() and int(row[1]) in course.students else None
        student = student or next((i for i, name in course.students.items() if name == row[0]), None)
        if student is None:
            after.new_students.append(row[0])
            continue
        for c, number in columns.items():
            cell = row[c].strip()
            if cell:
                after.scores[student, number] = "EX" if cell.upper() == "EX" else cell
            else:
                after.scores.pop((student, number), None)
    return after
