"""The benchmark's measure, of one small account: worse than this, and something broke."""

from __future__ import annotations

from tests.cloudtrail.insights.traffic import MONDAY, WEEK, make_account, minutes_of

from cairn.cloudtrail.insights.detector import LATE_MINUTES, Detector
from cairn.cloudtrail.insights.insight import State
from cairn.cloudtrail.insights.series import Call


def test_incidents_are_found_and_little_else() -> None:
    account = make_account(7, 1, 2, size=12)
    detector = Detector()
    starts = []
    for minute, counts in enumerate(minutes_of(account, 7)):
        for key, calls in counts.items():
            detector.add(key, MONDAY + minute, Call("arn:aws:iam::1:user/a", "cli"), calls)
        found = detector.close(MONDAY + minute)
        starts += [(one.key, minute) for one in found if one.state is State.START and minute >= WEEK]
    incidents = [one for one in account.incidents if "quiet" not in one.kind and "below" not in one.kind]
    hit = [one for one in incidents if any(key == one.key and one.start <= minute < one.end for key, minute in starts)]
    false = [
        (key, minute)
        for key, minute in starts
        if not any(key == one.key and one.start <= minute < one.end + LATE_MINUTES for one in account.incidents)
    ]
    assert len(incidents) >= 10
    assert len(hit) >= 0.85 * len(incidents)
    assert len(false) <= 2
