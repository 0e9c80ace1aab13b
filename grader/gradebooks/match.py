"""Whose result is whose row: by ids first, by a name only where nothing else is known and it is there once. What is not
certain is left, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..collect.handin import HandIn
from .book import Book, Person, canvas_name, name_keys, squeezed

FIELDS = ("id", "sis", "login", "email")


@dataclass(frozen=True)
class Matched:
    """`pairs` by student; `left` are results without a row, with the reason; `bare` rows without a result."""

    pairs: Mapping[str, Person]
    left: Mapping[str, str]
    bare: tuple[Person, ...]


def match(hands: Iterable[HandIn], book: Book) -> Matched:
    """Every result and every row is in exactly one of the three."""
    by_id, by_name = dict[tuple[str, str], list[Person]](), dict[str, list[Person]]()
    for person in book.people:
        for key, value in person.ids.items():
            by_id.setdefault((key, value.casefold()), []).append(person)
        for name in person.names:
            by_name.setdefault(name, []).append(person)
    found, left = dict[str, Person](), dict[str, str]()
    for hand in hands:
        own = hand.platform == book.platform and hand.platform in ("canvas", "moodle")
        one = _by_number(hand, by_id) if own else _by_any(hand, book, by_id, by_name)
        if isinstance(one, str):
            left[hand.student] = one
        else:
            found[hand.student] = one
    rows = dict[int, list[str]]()
    for student, person in found.items():
        rows.setdefault(person.row, []).append(student)
    for several in rows.values():
        if len(several) > 1:
            for student in several:
                others = ", ".join(name for name in several if name != student)
                left[student] = f"its row is that of {others} too"
                del found[student]
    used = {person.row for person in found.values()}
    return Matched(found, left, tuple(p for p in book.people if p.row not in used))


def _by_number(hand: HandIn, by_id: Mapping[tuple[str, str], list[Person]]) -> Person | str:
    """A result of the gradebook's own platform: by the platform's id, and nothing else."""
    if "id" not in hand.ids:
        return "handed in anonymously: the file's name does not tell who it is"
    ways = [(hand.name, hand.ids["id"]), *hand.readings]
    found = [(name, person) for name, number in ways for person in by_id.get(("id", number), [])]
    if not found:
        return f"no row with the id {hand.ids['id']}"
    if len(ways) > 1:  # a student's or a file's name could be made to look like another one's id
        found = [(name, person) for name, person in found if canvas_name(person.shown) == name]
        if not found:
            return "its file's name can be read in several ways, and none fits a name in the gradebook"
    if len({person.row for _, person in found}) > 1:
        return f"{len(found)} rows fit it"
    name, person = found[0]
    if person.words and squeezed(name) not in person.words:
        return f"the row with the id {hand.ids['id']} is that of {person.shown}, not of {name}; is it a group's?"
    return person


def _by_any(
    hand: HandIn, book: Book, by_id: Mapping[tuple[str, str], list[Person]], by_name: Mapping[str, list[Person]]
) -> Person | str:
    """A result from elsewhere: first by all that can be an id, which must lead to one row; then by the first part of an
    address, which is often the login; last by name."""
    firm, loose = _places(hand)
    for places in (firm, loose):
        if book.platform == "moodle":  # whose number is of one assignment, and nobody's elsewhere
            places = [(key, value) for key, value in places if key != "id"]
        rows = {p.row: p for key, value in places for p in by_id.get((key, value.casefold()), [])}
        if len(rows) > 1:
            return f"fits {len(rows)} rows: {', '.join(p.shown for p in list(rows.values())[:3])}"
        if rows:
            return next(iter(rows.values()))
    named = {p.row: p for key in name_keys(hand.name or hand.student) for p in by_name.get(key, [])}
    if len(named) > 1:
        return f"{len(named)} rows have this name"
    return next(iter(named.values())) if named else "no row with its ids or its name"


def _places(hand: HandIn) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Columns and values by which a result from elsewhere may be found, the certain ones first. A number of one
    platform may be another person's on the next, so it is tried only where it means the same; the name of a plain
    folder may be anything that an instructor knows students by."""
    email = hand.ids.get("email", "")
    if hand.platform in ("plain", "nbgrader"):
        value = hand.ids.get("id", hand.student)
        firm, email = [(key, value) for key in FIELDS], value if "@" in value else ""
    else:
        firm = [(key, hand.ids["sid"]) for key in ("sis", "login") if "sid" in hand.ids]
        firm += [(key, email) for key in ("login", "email") if email]
    return firm, [("login", email.partition("@")[0])] if email else []
