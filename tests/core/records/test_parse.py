"""Records that somebody else wrote: every genuine one, old versions, and damaged ones."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.records.parse import DamagedRecord, decode_record, event_from_record

RECORD: dict[str, Any] = {
    "eventVersion": "1.08",
    "userIdentity": {"type": "IAMUser", "accountId": "111122223333"},
    "eventTime": "2023-07-10T11:42:07Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "StopInstances",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "1.2.3.4",
    "requestParameters": None,
    "responseElements": None,
    "eventID": "3038ebd2-c98a-4c65-9b6e-e22506292313",
    "readOnly": False,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "444455556666",
    "eventCategory": "Management",
}


def _without(*fields: str, **others: Any) -> dict[str, Any]:
    return {name: value for name, value in RECORD.items() if name not in fields} | others


def test_every_genuine_record_keeps_its_fields_in_order(shared_data: Path) -> None:
    count = 0
    for file in (shared_data / "real-logs").glob("*.json"):
        for record in json.loads(file.read_bytes())["Records"]:
            event = event_from_record(json.dumps(record, indent=1).encode())
            assert b"\n" not in event.record
            assert json.dumps(json.loads(event.record)) == json.dumps(record)
            assert event.header.id == record["eventID"]
            assert event.header.read_only == record["readOnly"]
            count += 1
    assert count == 2900


def test_the_header() -> None:
    header = event_from_record(RECORD).header
    assert (header.account, header.region, header.category) == ("444455556666", "us-east-1", "Management")
    assert (header.source, header.name, header.time) == ("ec2.amazonaws.com", "StopInstances", 1688989327)


def test_old_versions_are_completed_in_the_header_alone() -> None:
    old = _without("recipientAccountId", "eventCategory", "managementEvent", "readOnly", "eventType")
    old["eventVersion"] = "1.0"
    event = event_from_record(old)
    assert event.header.account == "111122223333"
    assert event.header.category == "Management"
    assert event.header.read_only is False
    assert event.parse() == old
    assert event_from_record(old | {"eventName": "DescribeInstances"}).header.read_only is True
    data = old | {"eventSource": "s3.amazonaws.com", "eventName": "GetObject"}
    assert event_from_record(data).header.category == "Data"
    assert event_from_record(_without("eventCategory", managementEvent=False)).header.category == "Data"


def test_a_record_without_an_id_gets_the_same_one_each_time() -> None:
    first, second = event_from_record(_without("eventID")), event_from_record(_without("eventID"))
    assert first.header.id == second.header.id
    assert event_from_record(_without("eventID", eventName="StartInstances")).header.id != first.header.id


def test_what_the_record_lacks_may_come_from_its_file() -> None:
    bare = _without("recipientAccountId", "userIdentity", "awsRegion")
    with pytest.raises(DamagedRecord):
        event_from_record(bare)
    header = event_from_record(bare, account="777788889999", region="eu-west-1").header
    assert (header.account, header.region) == ("777788889999", "eu-west-1")


def test_insight_and_aggregated_records_need_no_source() -> None:
    insight = _without("eventSource", "eventName", "eventCategory", "readOnly", eventType="AwsCloudTrailInsight")
    assert event_from_record(insight).header.category == "Insight"
    aggregated = {
        "eventVersion": "1.0",
        "accountId": "111122223333",
        "eventId": "a",
        "eventCategory": "Aggregated",
        "awsRegion": "us-east-1",
        "eventSource": "s3.amazonaws.com",
        "timeWindow": {"windowStart": "2026-01-01T00:00:00Z", "windowEnd": "2026-01-01T00:05:00Z"},
    }
    header = event_from_record(aggregated).header
    assert (header.id, header.account, header.time) == ("a", "111122223333", 1767225900)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (_without("eventTime"), "eventTime"),
        (_without(eventTime="yesterday"), "eventTime"),
        (_without(eventTime=7), "eventTime"),
        (_without(eventSource=None), "eventSource"),
        (_without("eventName"), "eventName"),
        (_without(eventName=["x"]), "eventName"),
        (_without("awsRegion"), "awsRegion"),
        (_without(readOnly=3), "readOnly"),
        (_without(eventID="x" * 200), "eventID"),
        (_without(eventID="a\nb"), "eventID"),
        (_without(eventCategory={}), "eventCategory"),
    ],
)
def test_damaged_records_say_what_is_wrong(record: dict[str, Any], field: str) -> None:
    with pytest.raises(DamagedRecord) as caught:
        event_from_record(record)
    assert caught.value.field == field
    assert field in caught.value.message


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a":"\\ud800"}', b"[" * 100_000])
def test_what_is_no_json_object_is_damaged(raw: bytes) -> None:
    with pytest.raises(DamagedRecord):
        event_from_record(raw)


@given(st.binary(max_size=64))
def test_no_bytes_make_another_error(raw: bytes) -> None:
    with contextlib.suppress(DamagedRecord):
        assert isinstance(decode_record(raw), dict)


_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_values = st.recursive(_scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=3))


@given(st.dictionaries(st.text(), _values, max_size=5), st.sampled_from(sorted(RECORD)), _values)
def test_records_go_through_whole_or_are_damaged(extra: dict[str, Any], field: str, value: Any) -> None:
    record = {**extra, **RECORD, field: value}
    try:
        event = event_from_record(record)
    except DamagedRecord:
        return
    assert event.parse() == record
    assert list(event.parse()) == list(record)
    assert event_from_record(event.record).record == event.record
