"""What PutRule takes as a schedule, and what AWS refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.clock import from_iso, iso_seconds
from cairn.core.errors import AwsError
from cairn.eventbridge.schedules import parse

NOW = from_iso("2026-11-28T22:30:10Z")  # a Saturday


def following(expression: str, count: int, moment: float = NOW) -> list[str]:
    """The next times, by day and minute."""
    schedule, found = parse(expression), []
    for _ in range(count):
        due = schedule.next_after(moment, NOW)
        if due is None:
            break
        found.append(iso_seconds(due)[:16])
        moment = due
    return found


@pytest.mark.parametrize(
    "expression",
    [
        *("rate(10 seconds)", "rate(10 years)", "rate(1 minutes)", "rate(1 hours)", "rate(1 days)"),
        *("rate(10 minute)", "rate(10 hour)", "rate(10 day)", "rate()", "rate(10)", "rate(10 minutess)"),
        *("rate(foo minutes)", "rate(0 minutes)", "rate(-10 minutes)", "rate(10 MINUTES)", "rate( 10 minutes )"),
        *(" rate(10 minutes)", "rate(1.5 hours)", "rate(99999999999 days)", "rate(٣ minutes)", "rate(5 minutes)\n"),
        *("at(2027-01-01T00:00:00)", "", "cron()", "cron", "every 5 minutes"),
        *("cron(0 0 * * * *)", "cron(0 0 ? * ? *)", "cron(34 12 * * SAT *)", "cron(15 12 ? * -1 *)"),
        *("cron(0 0 * * ?)", "cron(0 0 * * ? * *)", "cron(60 0 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)"),
        *("cron(0 0 32 * ? *)", "cron(0 0 ? 13 * *)", "cron(0 0 ? * 8 *)", "cron(0 0 ? * 0 *)", "cron(0 0 * * ? 1969)"),
        *("cron(0 0 * * ? 2200)", "cron(0 0 * * ? 2030-2028)", "cron(? 0 * * ? *)", "cron(0 0 * ? ? *)"),
        *("cron(0/0 * * * ? *)", "cron(0/60 * * * ? *)", "cron(*-5 0 * * ? *)", "cron(1,,2 0 * * ? *)"),
        *("cron(0 0 ? * 3#1,6#3 *)", "cron(0 0 ? * 3#6 *)", "cron(0 0 ? * 3#0 *)", "cron(0 0 ? * #2 *)"),
        *("cron(0 0 L,15 * ? *)", "cron(0 0 15W,20 * ? *)", "cron(0 0 W * ? *)", "cron(0 0 32W * ? *)"),
        *("cron(0 0 L-31 * ? *)", "cron(0 0 ? * 2L,3L *)", "cron(0 0 ? * 8L *)", "cron(L 0 * * ? *)"),
        *("cron(0 0 MON * ? *)", "cron(0 0 ? MON * *)", "cron(0 0 ? * JAN *)", "cron(, 0 * * ? *)"),
    ],
)
def test_what_is_no_schedule_is_refused_in_aws_words(expression: str) -> None:
    with pytest.raises(AwsError) as refused:
        parse(expression)
    assert (refused.value.code, refused.value.message) == (
        "ValidationException",
        "Parameter ScheduleExpression is not valid.",
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["2026-11-29T10:00", "2026-11-30T10:00"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-30T18:00", "2026-12-01T18:00"]),
        ("cron(0/5, 9-18, ?, *, MON-FRI, *)", ["2026-11-30T09:00", "2026-11-30T09:05"]),
        ("cron(0/30 22-2 ? * SAT *)", ["2026-11-28T23:00", "2026-11-28T23:30", "2026-12-05T00:00"]),
        ("cron(1/10 22 * * ? *)", ["2026-11-28T22:31", "2026-11-28T22:41"]),
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-31T00:00", "2027-02-28T00:00"]),
        ("cron(0 0 L-2 * ? *)", ["2026-12-29T00:00", "2027-01-29T00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-29T00:00"]),
        ("cron(0 8 1W * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00", "2027-02-01T08:00", "2027-03-01T08:00"]),
        ("cron(0 8 1W 5,8 ? *)", ["2027-05-03T08:00", "2027-08-02T08:00"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-12-25T10:15", "2027-01-29T10:15"]),
        ("cron(0 0 ? * L *)", ["2026-12-05T00:00", "2026-12-12T00:00"]),
        ("cron(0 0 ? * 3#2 *)", ["2026-12-08T00:00", "2027-01-12T00:00"]),
        ("cron(0 0 ? * MON#5 *)", ["2026-11-30T00:00", "2027-03-29T00:00"]),
        ("cron(0 0 ? jan,Feb sun *)", ["2027-01-03T00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 0 1 1 ? 2199)", ["2199-01-01T00:00"]),
        ("cron(0 0 1 1 ? 2026)", []),
        ("cron(0 0 31 2 ? *)", []),
        ("rate(1 minute)", ["2026-11-28T22:31", "2026-11-28T22:32"]),
        ("rate(36 hours)", ["2026-11-30T10:30", "2026-12-01T22:30"]),
    ],
)
def test_when_a_rule_is_due(expression: str, expected: list[str]) -> None:
    count = len(expected) or 1
    assert following(expression, count)[:count] == expected


@given(st.integers(1, 400), st.sampled_from([("minute", 60), ("hour", 3600), ("day", 86_400)]), st.floats(0, 1e7))
def test_a_rate_counts_from_when_the_rule_began(count: int, unit: tuple[str, int], passed: float) -> None:
    name, seconds = unit
    due = parse(f"rate({count} {name}{'s' if count > 1 else ''})").next_after(NOW + passed, NOW)
    assert due is not None
    assert due > NOW + passed
    assert (due - NOW) % (count * seconds) == 0
    assert due - (NOW + passed) <= count * seconds
