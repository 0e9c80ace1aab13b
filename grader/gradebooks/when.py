"""Time stamps as platforms write them, in a zone; durations and shares as people type them.

Where a local time is there twice, or not at all, because clocks change, the reading is taken that is better for the
student."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from ..errors import UsageError
from .months import month_of

ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(.{0,60}))?", re.DOTALL)
OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d):?(\d\d)")
CLOCK = re.compile(r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?\s*(am|pm|a\.\s?m\.|p\.\s?m\.)?", re.IGNORECASE)
BEFORE = re.compile(r"(上午|下午|오전|오후)\s*$")
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
LATER = {"pm", "p.m.", "下午", "오후"}


def zone_of(name: str) -> ZoneInfo:
    """Raises UsageError for a name that is no zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"{name}: no time zone known here; name one like Europe/Amsterdam") from None


def latest(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time, UTC; of two readings the later: so a deadline is read."""
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def earliest(wall: datetime, zone: ZoneInfo) -> datetime:
    """The same, of two the earlier: so a hand-in is read."""
    return min(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def deadline(text: str, option: str) -> datetime:
    """A deadline as a local time without a zone: 2026-11-20T23:59, or a day, whose end it is. Raises UsageError."""
    m = ISO.fullmatch(text.strip())
    try:
        if m is None or m[8]:
            raise ValueError
        if m[4] is None:
            return datetime.combine(date(int(m[1]), int(m[2]), int(m[3])) + timedelta(days=1), datetime.min.time())
        return _wall(m)
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text}: give a local time like 2026-11-20T23:59, without a zone") from None


def instant(text: str, zone: ZoneInfo) -> datetime | None:
    """When something came, UTC; None where the text cannot be read for certain. Without a zone it is in `zone`."""
    text = text.strip()
    try:
        if m := ISO.fullmatch(text):
            if m[4] is None:
                return None
            micro = int((m[7] or "0").ljust(9, "0")[:6])
            return _in_zone(_wall(m).replace(microsecond=micro), m[8].strip(), zone)
        worded = _worded(text)
        return None if worded is None else earliest(worded, zone)
    except (ValueError, OverflowError):
        return None


def _wall(m: re.Match[str]) -> datetime:
    """Raises ValueError for a time that does not exist, as on the 30th of February."""
    return datetime(int(m[1]), int(m[2]), int(m[3]), int(m[4]), int(m[5]), int(m[6] or 0))


def _in_zone(wall: datetime, named: str, zone: ZoneInfo) -> datetime | None:
    if not named:
        return earliest(wall, zone)
    if named in ("Z", "UTC", "GMT"):
        return wall.replace(tzinfo=UTC)
    if m := OFFSET.fullmatch(named):
        shift = timedelta(hours=int(m[2]), minutes=int(m[3])) * (-1 if m[1] == "-" else 1)
        return wall.replace(tzinfo=timezone(shift)).astimezone(UTC)
    if "/" in named:
        try:
            return earliest(wall, ZoneInfo(named))
        except (KeyError, ValueError, OSError):
            return None
    for fold in (0, 1):  # an abbreviation means many zones; it is taken where it is that of ours
        local = wall.replace(tzinfo=zone, fold=fold)
        if local.tzname() == named:
            return local.astimezone(UTC)
    return None


def _worded(text: str) -> datetime | None:
    """A date in words, as Moodle writes it in its user's language: Friday, 20 November 2026, 11:42 PM."""
    clocks = list(CLOCK.finditer(text))
    if len(clocks) != 1:
        return None
    clock = clocks[0]
    rest = (text[: clock.start()] + " " + text[clock.end() :]).strip()
    half = (clock[4] or "").lower().replace(" ", "")
    if m := BEFORE.search(text[: clock.start()]):
        half, rest = m[1], rest.replace(m[1], " ")
    hour = int(clock[1])
    if half:
        hour = hour % 12 + (12 if half in LATER else 0)
    years = re.findall(r"(?<!\d)\d{4}(?!\d)", rest)
    if len(years) != 1:
        return None
    short = [int(n) for n in re.findall(r"(?<!\d)\d{1,2}(?!\d)", rest)]
    if len(short) == 2 and re.search(r"\d{4}\s*[年년./-]", rest):  # year, month, day
        month, day = short
    elif len(short) == 1 and (named := month_of(rest)):
        month, day = named, short[0]
    else:
        return None
    return datetime(int(years[0]), month, day, hour, int(clock[2]), int(clock[3] or 0))


def duration(text: str, option: str) -> timedelta:
    """15m, 2h, 1d12h. Raises UsageError."""
    m = DURATION.fullmatch(text.strip())
    if m is None or not any(m.groups()):
        raise UsageError(f"{option} {text}: give a time like 15m, 2h or 1d12h")
    days, hours, minutes, seconds = (int(x or 0) for x in m.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise UsageError(f"{option} {text}: too long") from None


def share(text: str, option: str) -> Fraction:
    """10% or 2.5%, as a fraction of one. Raises UsageError."""
    m = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", text.strip())
    if m is None or Fraction(m[1]) > 100:
        raise UsageError(f"{option} {text}: give a share like 10%, at most 100%")
    return Fraction(m[1]) / 100
