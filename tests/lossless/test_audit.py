"""The audit tells whatever is wrong: what is missing, twice, somebody else's, or where it does not belong."""

from __future__ import annotations

from typing import Any

import pytest
from lossless.audit import faults_of, never_called, unknown_outcomes
from lossless.load import Call
from lossless.report import Run, lines_of
from lossless.stage import HISTORY, OBJECTS, RULE

HERE = frozenset({HISTORY, RULE})
ANSWERED = Call("0.1", "sqs:TagQueue", HERE, "answered", "request")
FAILED = Call("0.1", "iam:GetUser", HERE, "answered", "request", failed=True)
REFUSED = Call("0.1", "sqs:TagQueue", HERE, "refused")
UNANSWERED = Call("0.1", "sqs:TagQueue", HERE, "unanswered")


def record(event: str = "event", **more: Any) -> dict[str, Any]:
    return {"eventID": event, "requestID": "request", "userAgent": "[lossless/0.1]", **more}


@pytest.mark.parametrize(
    ("call", "records", "told"),
    [
        (ANSWERED, [record()], ""),
        (ANSWERED, [], "is MISSING"),
        (ANSWERED, [record(), record("other")], "is there 2 TIMES"),
        (ANSWERED, [record(requestID="another")], "has the request id another"),
        (ANSWERED, [record(errorCode="OutcomeUnknown")], "has the error code OutcomeUnknown"),
        (FAILED, [record(errorCode="NoSuchEntity")], ""),
        (FAILED, [record()], "has the error code None"),
        (REFUSED, [], ""),
        (REFUSED, [record(requestID="another")], ""),
        (REFUSED, [record(), record("other")], "is there 2 TIMES"),
        (UNANSWERED, [], ""),
        (UNANSWERED, [record(errorCode="OutcomeUnknown")], ""),
        (UNANSWERED, [record(), record("other")], "is there 2 TIMES"),
    ],
)
def test_what_is_wrong_with_a_call_is_told(call: Call, records: list[dict[str, Any]], told: str) -> None:
    faults = list(faults_of([call], {HISTORY: records}))
    assert [fault.endswith(told) for fault in faults] == ([True] if told else [])


def test_a_record_where_it_does_not_belong_is_told() -> None:
    assert list(faults_of([ANSWERED], {OBJECTS: [record()]})) == [
        f"{OBJECTS}: sqs:TagQueue 0.1 (answered request) does not belong there"
    ]


def test_rules_may_tell_twice_but_not_never() -> None:
    assert list(faults_of([ANSWERED], {RULE: [record(), record()]})) == []
    assert len(list(faults_of([ANSWERED], {RULE: []}))) == 1


def test_an_event_of_nobodys_that_is_there_twice_is_told() -> None:
    twice = [{"eventID": "setup"}, {"eventID": "setup"}]
    assert list(faults_of([], {HISTORY: twice})) == [f"{HISTORY}: event setup is there 2 times"]


def test_a_record_of_a_call_that_nobody_made_is_told() -> None:
    assert list(never_called([ANSWERED], {HISTORY: [record()]})) == []
    assert len(list(never_called([], {HISTORY: [record()]}))) == 1


def test_unknown_outcomes_are_counted() -> None:
    other = Call("0.2", "sqs:TagQueue", HERE, "refused")
    found = {HISTORY: [record(errorCode="OutcomeUnknown"), record("other", userAgent="lossless/0.2")]}
    assert unknown_outcomes([UNANSWERED, other], found, HISTORY) == (2, 1)


def test_a_run_that_did_not_come_back_is_reported() -> None:
    run = Run(38, [ANSWERED, UNANSWERED], {}, seconds=60.0, wrong=["it did not come back: it never came"])
    told = list(lines_of(run))
    assert "it did not come back: it never came" in told
    assert "Every answered call is there, once." not in told
