"""Aggregated events: AWS's own examples, numbers that add up, and files that a repeat leaves as they are."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.aggregation import VALUES_MAX, WINDOW_S, Aggregation
from cairn.cloudtrail.event_configuration import operations
from cairn.cloudtrail.logfile import FOLDERS
from cairn.cloudtrail.redeliver import Redelivery
from cairn.cloudtrail.selectors import DataResource, EventSelector, Template
from cairn.cloudtrail.trail import Trail
from cairn.core.errors import AwsError
from cairn.core.records.event import Event, EventHeader, encode_record
from cairn.wire.operation import Context

ALL: tuple[Template, ...] = ("API_ACTIVITY", "RESOURCE_ACCESS", "USER_ACTIONS")
OBJECTS = EventSelector(management=False, data=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3:::",)),))
START = 1_763_407_200  # 2025-11-17T19:20:00Z


def access(name: str, bucket: str, time: int = START, *, user: Any = None, **members: Any) -> Event:
    """A data event on an object."""
    record = {
        "userIdentity": user or {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"},
        "eventName": name,
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "[cli]",
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/key"},
            {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
        ],
        **members,
    }
    ident = f"{name}-{bucket}-{time}"
    header = EventHeader(ident, ACCOUNT, "us-west-2", "Data", time, name.startswith("Get"), "s3.amazonaws.com", name)
    return Event(header, encode_record(record))


def aggregated(templates: tuple[Template, ...], events: list[Event]) -> list[dict[str, Any]]:
    aggregation = Aggregation(templates, "plan")
    for event in events:
        aggregation.add(event)
    return [json.loads(event.record) for event in aggregation.events()]


def statistics(dimension: dict[str, Any]) -> dict[str, int]:
    return {found["name"]: found["value"] for found in dimension["statistics"]}


def test_an_operation_is_summed_up_as_in_awss_example() -> None:
    calls = [("bucket-1", 800), ("bucket-2", 150), ("bucket-3", 50)]
    events = [
        access("PutObject", bucket, START + number % WINDOW_S) for bucket, many in calls for number in range(many)
    ]
    (found,) = aggregated(("API_ACTIVITY",), events)
    assert list(found) == [
        "eventVersion",
        "accountId",
        "eventId",
        "eventCategory",
        "eventType",
        "awsRegion",
        "eventSource",
        "timeWindow",
        "summary",
    ]
    assert found | {"eventId": "", "summary": None} == {
        "eventVersion": "1.0",
        "accountId": ACCOUNT,
        "eventId": "",
        "eventCategory": "Aggregated",
        "eventType": "AwsAggregatedEvent",
        "awsRegion": "us-west-2",
        "eventSource": "s3.amazonaws.com",
        "timeWindow": {
            "windowStart": "2025-11-17T19:20:00Z",
            "windowEnd": "2025-11-17T19:25:00Z",
            "windowSize": "PT5M",
        },
        "summary": None,
    }
    assert found["summary"]["primaryDimension"] == {
        "dimension": "eventName",
        "statistics": [{"name": "PutObject", "value": 1000}],
        "aggregationType": "Count",
    }
    assert found["summary"]["details"][0] == {
        "dimension": "resourceARN",
        "statistics": [{"name": f"arn:aws:s3:::{bucket}", "value": many} for bucket, many in calls],
        "aggregationType": "Count",
    }


def test_each_template_has_an_event_a_value_of_its_dimension_and_the_others_as_details() -> None:
    foreign = {"type": "AWSAccount", "accountId": "444455556666"}
    events = [
        access("PutObject", "one"),
        access("GetObject", "one", errorCode="AccessDenied", user=foreign),
        access("GetObject", "two", user={"type": "AWSService", "invokedBy": "config.amazonaws.com"}),
    ]
    found = {
        (summary["primaryDimension"]["dimension"], summary["primaryDimension"]["statistics"][0]["name"]): summary
        for summary in (event["summary"] for event in aggregated(ALL, events))
    }
    assert set(found) == {
        ("eventName", "PutObject"),
        ("eventName", "GetObject"),
        ("resourceARN", "arn:aws:s3:::one"),
        ("resourceARN", "arn:aws:s3:::two"),
        ("userIdentity", "arn:aws:iam::111122223333:user/alice"),
        ("userIdentity", "AWSAccount:444455556666"),
        ("userIdentity", "AWSService:config.amazonaws.com"),
    }
    details = {detail["dimension"]: statistics(detail) for detail in found["eventName", "GetObject"]["details"]}
    assert details["errorCodes"] == {"AccessDenied": 1}
    assert details["sourceIpAddress"] == {"192.0.2.1": 2}
    assert details["userAgent"] == {"[cli]": 2}
    assert "errorCodes" not in {detail["dimension"] for detail in found["eventName", "PutObject"]["details"]}


def test_windows_management_events_and_strange_records() -> None:
    strange = Event(access("GetObject", "b", START + WINDOW_S).header, b'{"resources":5,"userIdentity":"x"}')
    broken = Event(strange.header, b"no json")
    management = msgspec.structs.replace(strange.header, category="Management")
    found = aggregated(ALL, [access("GetObject", "b"), strange, broken, Event(management, strange.record)])
    calls = {
        event["timeWindow"]["windowStart"]: statistics(event["summary"]["primaryDimension"])
        for event in found
        if event["summary"]["primaryDimension"]["dimension"] == "eventName"
    }
    assert calls == {"2025-11-17T19:20:00Z": {"GetObject": 1}, "2025-11-17T19:25:00Z": {"GetObject": 2}}


def test_many_values_are_told_by_the_most_frequent() -> None:
    events = [access("GetObject", f"bucket-{number:03}") for number in range(VALUES_MAX + 20)]
    events.append(access("GetObject", f"bucket-{VALUES_MAX + 10:03}"))
    (found,) = aggregated(("API_ACTIVITY",), events)
    told = statistics(found["summary"]["details"][0])
    assert len(told) == VALUES_MAX
    assert next(iter(told.items())) == (f"arn:aws:s3:::bucket-{VALUES_MAX + 10:03}", 2)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GetObject", "PutObject", "HeadObject"]),
            st.sampled_from(["a", "b"]),
            st.integers(START, START + 3 * WINDOW_S),
        )
    )
)
def test_numbers_add_up_in_whatever_order(calls: list[tuple[str, str, int]]) -> None:
    events = [access(*call) for call in calls]
    found = aggregated(ALL, events)
    assert found == aggregated(ALL, events[::-1]), "a function of what is aggregated"
    assert len({event["eventId"] for event in found}) == len(found)
    for dimension, place in (("eventName", 0), ("resourceARN", 1)):
        counted: Counter[str] = Counter()
        for event in found:
            if event["summary"]["primaryDimension"]["dimension"] == dimension:
                counted.update(statistics(event["summary"]["primaryDimension"]))
        assert sorted(counted.values()) == sorted(Counter(call[place] for call in calls).values())


def test_aggregated_events_are_delivered_beside_what_they_sum_up(rig: Rig) -> None:
    trail = rig.trail("objects", selectors=(OBJECTS,), aggregations=("API_ACTIVITY", "USER_ACTIONS"), multi_region=True)
    events = [access("PutObject", "b", int(rig.clock.now())) for _ in range(30)]
    rig.record(*events[:10], rig.event())
    rig.record(*events[10:])
    rig.deliver()
    rig.check()
    keys = [info.key for info in rig.store.list("logs")]
    (key,) = [key for key in keys if f"/{FOLDERS['Aggregated']}/" in key]
    found = [json.loads(record) for record in rig.records() if b"AwsAggregatedEvent" in record]
    assert [statistics(event["summary"]["primaryDimension"]) for event in found] == [
        {"PutObject": 30},
        {"arn:aws:iam::111122223333:user/alice": 30},
    ]
    content = rig.store.get("logs", key)
    rig.store.delete("logs", key)
    again = Redelivery(rig.state, rig.journal, rig.store, rig.folder, rig.clock)
    outcomes = {found.key: found.outcome for found in again.redeliver(trail.id, 0, rig.clock.now() * 2)}
    assert outcomes[key] == "put"
    assert rig.store.get("logs", key) == content


class Asked:
    """The operations on one trail's configuration."""

    def __init__(self, rig: Rig) -> None:
        self.trail = rig.trail("t", selectors=(OBJECTS,))
        self._rig = rig
        self._operations = operations(rig.trails, own=self._found, seen=self._found)

    def _found(self, context: Context, name: str) -> Trail:
        return self._rig.trails.get(self.trail.id)

    def __call__(self, operation: str, **params: Any) -> Any:
        return self._operations[operation](Context(ACCOUNT, "us-east-1"), params)


def test_what_was_configured_is_answered_and_ended_by_an_empty_list(rig: Rig) -> None:
    asked = Asked(rig)
    none = {"TrailARN": asked.trail.arn, "AggregationConfigurations": []}
    assert asked("GetEventConfiguration", TrailName="t") == none
    given = [{"Templates": ["RESOURCE_ACCESS", "API_ACTIVITY"], "EventCategory": "Data"}]
    answer = asked("PutEventConfiguration", TrailName="t", AggregationConfigurations=given)
    assert answer == {"TrailARN": asked.trail.arn, "AggregationConfigurations": given}
    assert asked("GetEventConfiguration", TrailName="t") == answer
    assert asked("PutEventConfiguration", TrailName="t", AggregationConfigurations=[]) == none


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "InvalidParameterCombinationException"),
        ({"TrailName": "t", "EventDataStore": "e"}, "InvalidParameterCombinationException"),
        ({"TrailName": "t", "MaxEventSize": "Large"}, "InvalidParameterCombinationException"),
        ({"TrailName": "t"}, "InvalidParameterException"),
        ({"EventDataStore": "e"}, "UnsupportedOperationException"),
    ],
)
def test_what_cannot_be_configured_is_refused(rig: Rig, params: dict[str, Any], code: str) -> None:
    with pytest.raises(AwsError) as refused:
        Asked(rig)("PutEventConfiguration", **params)
    assert refused.value.code == code
