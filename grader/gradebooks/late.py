"""What a late hand-in costs, by exact arithmetic.

The share is taken off what was earned: 10% a day of 80 points are 8, not 10. A day that has begun counts, and days are
those of the calendar in the course's zone: a deadline at 23:59 has its next day end at 23:59, also where clocks change
between. Hours are hours. Within the grace nothing is taken off; after it lateness counts from the deadline itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from .when import latest

ZERO = timedelta(0)


@dataclass(frozen=True)
class Lateness:
    """`lost` is the share that is taken off, 0 to 1."""

    by: timedelta
    lost: Fraction
    why: str


@dataclass(frozen=True)
class Policy:
    """`due` and `last` are local times in `zone`. `per` is "day" or "hour", or "" where nothing is taken off by time;
    `cap` the most that is; `flat` what is taken off where a platform says only that it was late."""

    due: datetime
    zone: ZoneInfo
    per: str = ""
    rate: Fraction = Fraction(0)
    grace: timedelta = ZERO
    cap: Fraction = Fraction(1)
    last: datetime | None = None
    flat: Fraction | None = None

    def of(self, at: datetime) -> Lateness:
        """For a hand-in at an instant (with a zone)."""
        at = at.astimezone(UTC)
        by = max(ZERO, at - latest(self.due, self.zone))
        if self.last is not None and at > latest(self.last, self.zone):
            return Lateness(by, Fraction(1), f"after {self.last:%Y-%m-%d %H:%M}, when nothing was taken any more")
        if by == ZERO:
            return Lateness(by, Fraction(0), "in time")
        if by <= self.grace:
            return Lateness(by, Fraction(0), f"{words(by)} late, within the grace of {words(self.grace)}")
        count = self._days(at) if self.per == "day" else -(-by // timedelta(hours=1))
        lost = min(self.cap, count * self.rate) if self.per else Fraction(0)
        capped = ", the most" if self.per and count * self.rate > self.cap else ""
        unit = f"{count} {self.per}{'s' if count != 1 else ''}: " if self.per else ""
        return Lateness(by, lost, f"{words(by)} late, {unit}{percent(lost)} off{capped}")

    def _days(self, at: datetime) -> int:
        """The least number of days by which the deadline would have to be later."""
        days = max(1, (at - latest(self.due, self.zone)).days - 1)
        while latest(self.due + timedelta(days=days), self.zone) < at:
            days += 1
        return days

    def marked(self, late: bool | None) -> Lateness | None:
        """Where no time is known, only whether the platform marked it late; None where that does not tell enough."""
        if late is False:
            return Lateness(ZERO, Fraction(0), "not marked late")
        if late and self.flat is not None:
            return Lateness(ZERO, self.flat, f"marked late, {percent(self.flat)} off")
        return None

    def __str__(self) -> str:
        parts = [f"due {self.due:%Y-%m-%d %H:%M:%S} {self.zone.key}"]
        real = latest(self.due, self.zone).astimezone(self.zone)
        if real.replace(tzinfo=None) != self.due:
            parts = [f"{parts[0]} (clocks skip that time: read as {real:%H:%M:%S})"]
        parts += [f"{percent(self.rate)} per {self.per} begun, of what was earned"] if self.per else []
        parts += [f"at most {percent(self.cap)}"] if self.cap < 1 else []
        parts += [f"grace {words(self.grace)}"] if self.grace else []
        parts += [f"nothing after {self.last:%Y-%m-%d %H:%M:%S}"] if self.last else []
        parts += [f"{percent(self.flat)} where only marked late"] if self.flat is not None else []
        return ", ".join(parts)


def percent(value: Fraction) -> str:
    return f"{float(value * 100):.4f}".rstrip("0").rstrip(".") + "%"


def words(by: timedelta) -> str:
    """A time in its two largest units."""
    seconds = by // timedelta(seconds=1)
    sizes = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for unit, size in sizes:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or ("under 1 s" if by else "0 s")
