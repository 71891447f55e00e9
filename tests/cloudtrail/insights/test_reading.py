"""Insights as people read them: Start and End together, and the words for them."""

from __future__ import annotations

from typing import Any

import pytest

from cairn.cloudtrail.insights.attributions import Share
from cairn.cloudtrail.insights.explaining import calls_a_minute, contributions, sentences
from cairn.cloudtrail.insights.insight import Attribution, Insight, State, Statistics
from cairn.cloudtrail.insights.reading import readings
from cairn.cloudtrail.insights.records import compose
from cairn.cloudtrail.insights.series import CALL_RATE, DATA, ERROR_RATE, SeriesKey
from cairn.core.clock import from_iso
from cairn.core.errors import CairnError

KEY = SeriesKey("111122223333", "us-east-1", "iam.amazonaws.com", "PutUserPolicy", CALL_RATE)
AT = from_iso("2026-11-28T16:07:00Z") // 60
MALLORY, ALICE = "arn:aws:iam::111122223333:user/mallory", "arn:aws:iam::111122223333:user/alice"
WEEK = 7 * 1440
LATER = (AT + 60) * 60.0


def record(
    state: State,
    minutes: int = 1,
    *,
    key: SeriesKey = KEY,
    average: float = 60,
    baseline: float = 2,
    trail: str = "",
    attributions: tuple[Attribution, ...] = (),
) -> dict[str, Any]:
    at = AT if state is State.START else AT + minutes
    statistics = Statistics(baseline, average, minutes, WEEK)
    return compose(Insight(key, state, AT, at, statistics, attributions), trail)


def test_a_start_and_its_end_are_one_insight() -> None:
    start, end = record(State.START), record(State.END, 12, average=61.5)
    for pair in ([start, end], [end, start]):
        (reading,) = readings(pair)
        assert (reading.start, reading.end, reading.minutes) == (AT * 60, (AT + 12) * 60, 12)
        assert (reading.average, reading.times, reading.id) == (61.5, 30.75, start["sharedEventID"])
        assert reading.baseline_start == AT * 60 - WEEK * 60


def test_a_start_alone_goes_on_and_an_end_alone_says_when_it_began() -> None:
    (reading,) = readings([record(State.START)])
    assert (reading.end, reading.minutes, reading.row()["end"]) == (None, 1, None)
    (reading,) = readings([record(State.END, 12)])
    assert (reading.start, reading.end) == (AT * 60, (AT + 12) * 60)


def test_insights_are_in_the_order_of_their_starts() -> None:
    other = KEY._replace(name="CreateUser")
    later = compose(Insight(other, State.START, AT + 5, AT + 5, Statistics(0, 9, 1, WEEK), ()))
    assert [reading.name for reading in readings([later, record(State.START)])] == ["PutUserPolicy", "CreateUser"]


def test_a_record_that_aws_wrote_is_read() -> None:
    statistics = {"baseline": {"average": 0.0000882145}, "insight": {"average": 0.6}, "insightDuration": 5}
    told = {"attribute": "userAgent", "insight": [{"value": "x", "average": 0.6}], "baseline": []}
    details = {
        "state": "End",
        "eventSource": "ssm.amazonaws.com",
        "eventName": "UpdateInstanceInformation",
        "insightType": "ApiCallRateInsight",
        "insightContext": {"statistics": statistics | {"baselineDuration": 11336}, "attributions": [told]},
    }
    top = {"eventVersion": "1.07", "eventType": "AwsCloudTrailInsight", "eventCategory": "Insight"}
    where = {"awsRegion": "us-east-1", "recipientAccountId": "123456789012"}
    ids = {"eventID": "EXAMPLE8", "sharedEventID": "EXAMPLE2"}
    (reading,) = readings([{**top, **where, **ids, "eventTime": "2026-11-28T16:07:00Z", "insightDetails": details}])
    assert (reading.category, reading.trail, reading.error_code) == ("Management", "", "")
    assert sentences(reading, LATER)[2].endswith("6,802 times the usual.")


@pytest.mark.parametrize(
    "spoil", [{"insightDetails": None}, {"eventTime": "yesterday"}, {"sharedEventID": None}, {"awsRegion": 5}]
)
def test_what_is_no_record_is_refused(spoil: dict[str, Any]) -> None:
    with pytest.raises(CairnError, match="cannot be read"):
        readings([record(State.START) | spoil])


def test_it_says_what_was_usual_and_what_happened() -> None:
    (reading,) = readings([record(State.START), record(State.END, 12, average=61.5)])
    assert sentences(reading, LATER) == [
        "PutUserPolicy (iam.amazonaws.com) was called unusually often in account 111122223333, us-east-1.",
        "Usually there are 2 calls a minute: the average of the 7 days before, since 2026-11-21T16:07:00Z.",
        "There were 738 calls in 12 minutes from 2026-11-28T16:07:00Z: 61.5 a minute, 31 times the usual.",
        "It was over at 2026-11-28T16:19:00Z.",
    ]


def test_what_was_never_called_has_no_factor() -> None:
    (reading,) = readings([record(State.START, baseline=0)])
    _, usual, happened, _ = sentences(reading, LATER)
    assert usual.startswith("Usually there are none")
    assert happened.endswith(": 60 a minute.")


def test_errors_and_data_events_are_named() -> None:
    denied = KEY._replace(insight_type=ERROR_RATE, error_code="AccessDenied")
    (reading,) = readings([record(State.START, key=denied)])
    assert sentences(reading, LATER)[0].startswith(
        "Calls of PutUserPolicy (iam.amazonaws.com) failed with AccessDenied"
    )
    arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"
    (reading,) = readings([record(State.START, key=KEY._replace(category=DATA), trail=arn)])
    assert sentences(reading, LATER)[0].endswith(f"by data events of {arn}.")


@pytest.mark.parametrize(("hours", "text"), [(1, "It goes on"), (23, "It goes on"), (30, "No end of it is known")])
def test_an_insight_without_end_goes_on_for_a_day_at_the_most(hours: int, text: str) -> None:
    (reading,) = readings([record(State.START)])
    assert sentences(reading, AT * 60 + hours * 3600)[3].startswith(text)


def test_what_goes_on_has_its_calls_so_far() -> None:
    (reading,) = readings([record(State.START)])
    points = [((AT - 1) * 60, 3), (AT * 60, 60), ((AT + 1) * 60, 55)]
    assert sentences(reading, LATER, points)[3].endswith("minutes ago: 115 calls so far.")


def test_contributions_tell_what_is_new_and_what_is_gone() -> None:
    users = Attribution("userIdentityArn", (Share(MALLORY, 45.0), Share(ALICE, 15.0)), (Share(ALICE, 1.5),))
    errors = Attribution("errorCode", (Share("null", 60.0),), (Share("AccessDenied", 0.25),))
    agents = Attribution("userAgent", (), ())
    (reading,) = readings([record(State.START, attributions=(users, agents, errors))])
    assert contributions(reading) == [
        ("Who", [f"{MALLORY}: 45 a minute (75%), new", f"{ALICE}: 15 a minute (25%), usually 1.5"]),
        ("Errors", ["no error: 60 a minute (100%), new", "AccessDenied: none now, usually 0.25 a minute"]),
    ]


def test_a_value_beside_five_usual_ones_need_not_be_new() -> None:
    usual = tuple(Share(f"user-{number}", 1.0) for number in range(5))
    users = Attribution("userIdentityArn", (Share(MALLORY, 60.0),), usual)
    (reading,) = readings([record(State.START, attributions=(users,))])
    ((_, lines),) = contributions(reading)
    assert lines[0].endswith("not among the 5 most usual")


@pytest.mark.parametrize(
    ("calls", "text"), [(0.0031, "0.0031"), (1.254, "1.25"), (41.0, "41"), (1200.4, "1,200"), (99.96, "100")]
)
def test_calls_a_minute_are_rounded(calls: float, text: str) -> None:
    assert calls_a_minute(calls) == text
