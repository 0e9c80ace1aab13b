"""The late policy at its edges, where clocks change, and for all hand-ins: later never earns more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebooks.late import Policy
from grader.gradebooks.when import deadline, duration, earliest, instant, latest, share, zone_of

AMSTERDAM = zone_of("Europe/Amsterdam")
DUE = datetime(2026, 11, 20, 23, 59)
TENTH, SECOND = Fraction(1, 10), timedelta(seconds=1)


def lost(policy: Policy, after: timedelta) -> Fraction:
    return policy.of(latest(policy.due, policy.zone) + after).lost


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(microseconds=1), 1),
        (SECOND, 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
        (timedelta(days=9), 9),
        (timedelta(days=40), 10),
    ],
)
def test_a_day_that_has_begun_counts(after: timedelta, days: int) -> None:
    assert lost(Policy(DUE, AMSTERDAM, "day", TENTH), after) == days * TENTH


@pytest.mark.parametrize(
    ("after", "hours"), [(timedelta(0), 0), (SECOND, 1), (timedelta(hours=1), 1), (timedelta(hours=1, seconds=1), 2)]
)
def test_an_hour_that_has_begun_counts(after: timedelta, hours: int) -> None:
    assert lost(Policy(DUE, AMSTERDAM, "hour", Fraction(1, 100)), after) == Fraction(hours, 100)


def test_within_the_grace_nothing_is_lost_and_after_it_all_since_the_deadline_counts() -> None:
    policy = Policy(DUE, AMSTERDAM, "hour", TENTH, grace=timedelta(hours=2))
    assert lost(policy, timedelta(hours=2)) == 0
    assert lost(policy, timedelta(hours=2) + SECOND) == 3 * TENTH


def test_the_cap_and_the_last_moment() -> None:
    last = datetime(2026, 11, 30, 12, 0)
    policy = Policy(DUE, AMSTERDAM, "day", TENTH, cap=Fraction(1, 2), last=last)
    assert lost(policy, timedelta(days=5)) == lost(policy, timedelta(days=9)) == Fraction(1, 2)
    assert policy.of(latest(last, AMSTERDAM)).lost == Fraction(1, 2)
    assert policy.of(latest(last, AMSTERDAM) + SECOND).lost == 1


@pytest.mark.parametrize(
    ("due", "hours"),
    [
        (datetime(2026, 10, 24, 23, 59), 25),  # clocks go back in the night after
        (datetime(2026, 3, 28, 23, 59), 23),  # and forward
        (datetime(2026, 6, 1, 23, 59), 24),
    ],
)
def test_a_day_is_one_of_the_calendar_where_clocks_change(due: datetime, hours: int) -> None:
    policy = Policy(due, AMSTERDAM, "day", TENTH)
    assert lost(policy, timedelta(hours=hours)) == TENTH
    assert lost(policy, timedelta(hours=hours, seconds=1)) == 2 * TENTH


def test_a_time_that_is_there_twice_or_never_is_read_for_the_student() -> None:
    twice, never = datetime(2026, 10, 25, 2, 30), datetime(2026, 3, 29, 2, 30)
    assert latest(twice, AMSTERDAM) - earliest(twice, AMSTERDAM) == timedelta(hours=1)
    policy = Policy(twice, AMSTERDAM, "day", TENTH)
    for reading in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
        assert policy.of(reading).lost == 0
    assert latest(never, AMSTERDAM) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert instant("2026-10-25 02:30:00", AMSTERDAM) == earliest(twice, AMSTERDAM)


moments = st.integers(-20_000_000, 20_000_000).map(lambda seconds: timedelta(seconds=seconds))
policies = st.builds(
    Policy,
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    st.sampled_from(["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]).map(
        zone_of
    ),
    st.sampled_from(["day", "hour"]),
    st.integers(0, 100).map(lambda n: Fraction(n, 100)),
    st.integers(0, 200_000).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(0, 100).map(lambda n: Fraction(n, 100)),
)


@settings(max_examples=150, deadline=None)
@given(policies, moments, moments)
def test_later_never_earns_more_and_nothing_leaves_its_bounds(policy: Policy, a: timedelta, b: timedelta) -> None:
    early, late = sorted((a, b))
    first, second = lost(policy, early), lost(policy, late)
    assert 0 <= first <= second <= policy.cap <= 1
    assert first == 0 or early > policy.grace


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-20 22:42:00.123456789 Z", "22:42:00.123456"),
        ("2026-11-20T22:42:07+00:00", "22:42:07"),
        ("2026-11-20 14:42:00 -0800", "22:42:00"),
        ("2026-11-20 14:42:00.000000 America/Los_Angeles", "22:42:00"),
        ("2026-11-20 23:42:00.000000 CET", "22:42:00"),
        ("2026-11-20 23:42:00", "22:42:00"),
        ("Friday, 20 November 2026, 11:42 PM", "22:42:00"),
        ("Freitag, 20. November 2026, 23:42", "22:42:00"),
        ("vendredi 20 novembre 2026, 23:42", "22:42:00"),
        ("viernes, 20 de noviembre de 2026, 23:42", "22:42:00"),
        ("vrijdag, 20 november 2026, 23:42", "22:42:00"),
        ("пятница, 20 ноября 2026, 23:42", "22:42:00"),
        ("2026年 11月 20日(金曜日) 23:42", "22:42:00"),
        ("2026年11月20日 星期五 下午11:42", "22:42:00"),
        ("Friday, 20 November 2026, 12:42 AM", None),
    ],
)
def test_time_stamps_of_platforms(text: str, utc: str | None) -> None:
    expected = f"2026-11-20T{utc}+00:00" if utc else "2026-11-19T23:42:00+00:00"
    assert instant(text, AMSTERDAM) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    ["", "-", "yesterday", "2026-11-20", "2026-02-30 10:00", "2026-11-20 10:00 XYZ", "2026-11-20 10:00 No/Where",
     "11/12/2026, 10:00", "12 smeth 2026, 10:00", "1 mars or april 2026, 10:00", "2026-11-20 25:00", "9" * 5000],
)  # fmt: skip
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert instant(text, AMSTERDAM) is None


def test_what_people_type() -> None:
    assert deadline("2026-11-20T23:59", "--due") == DUE
    assert deadline("2026-11-20", "--due") == datetime(2026, 11, 21)
    assert duration("1d2h3m4s", "--grace") == timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert share("2.5%", "--late-cap") == Fraction(1, 40)
    for wrong in ("10", "101%", "-1%", "x%"):
        with pytest.raises(UsageError):
            share(wrong, "--late-cap")
    for wrong in ("", "15", "m", "1h 2m", "-1h"):
        with pytest.raises(UsageError):
            duration(wrong, "--grace")
    for wrong in ("2026-11-20T23:59Z", "20.11.2026", "2026-13-01", "2026-11-20T24:00"):
        with pytest.raises(UsageError):
            deadline(wrong, "--due")
    with pytest.raises(UsageError, match="zone"):
        zone_of("Amsterdam/../x")
