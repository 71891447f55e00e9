"""What a record becomes on an event bus, in the words that rules are written with."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from cairn.cloudtrail.envelopes import TrailEvent, is_withheld, trail_event
from cairn.core.clock import from_iso
from cairn.core.records.event import Event, EventHeader, encode_record

NOW = "2026-11-28T12:00:00Z"


def event(
    name: str = "CreateUser", source: str = "iam", type: str = "AwsApiCall", category: str = "Management"
) -> Event:
    source = f"{source}.amazonaws.com"
    header = EventHeader(
        id="0a1b2c3d-0000-4000-8000-000000000001",
        account="111122223333",
        region="us-east-1",
        category=category,
        time=from_iso(NOW),
        read_only=False,
        source=source,
        name=name,
    )
    return Event(header, encode_record({"eventName": name, "eventSource": source, "eventType": type, "text": "ü"}))


def given(event: Event) -> TrailEvent:
    found = trail_event(event)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("record", "source", "detail_type"),
    [
        (event(), "aws.iam", "AWS API Call via CloudTrail"),
        (event("PutObject", "s3", category="Data"), "aws.s3", "AWS API Call via CloudTrail"),
        (event("ConsoleLogin", "signin", "AwsConsoleSignIn"), "aws.signin", "AWS Console Sign In via CloudTrail"),
        (event("SwitchRole", "signin", "AwsConsoleAction"), "aws.signin", "AWS Console Action via CloudTrail"),
        (event("RotateKey", "kms", "AwsServiceEvent"), "aws.kms", "AWS Service Event via CloudTrail"),
        (
            event("RunInstances", "ec2", "AwsCloudTrailInsight", "Insight"),
            "aws.cloudtrail",
            "AWS Insight via CloudTrail",
        ),
        (
            event("CreateKey", "kms", "AwsVpceEvent", "NetworkActivity"),
            "aws.kms",
            "AWS Network Activity Event via CloudTrail",
        ),
        (event("Anything", "cognito-idp", "AwsNew"), "aws.cognito-idp", "AWS API Call via CloudTrail"),
    ],
)
def test_source_and_detail_type_are_those_that_rules_name(record: Event, source: str, detail_type: str) -> None:
    found = given(record)
    assert (found.source, found.detail_type) == (source, detail_type)
    assert (found.account, found.region, found.time) == ("111122223333", "us-east-1", NOW)
    assert found.record == record.record


def test_the_id_is_a_function_of_the_event() -> None:
    assert given(event()).id == given(event()).id == str(uuid.UUID(given(event()).id))
    assert given(event()).id != event().header.id


@pytest.mark.parametrize(
    ("name", "source", "category", "expected"),
    [
        ("ListUsers", "iam", "Management", True),
        ("GetUser", "iam", "Management", True),
        ("DescribeInstances", "ec2", "Management", True),
        ("CreateUser", "iam", "Management", False),
        ("TestEventPattern", "events", "Management", False),
        ("LookupEvents", "cloudtrail", "Management", False),
        ("GetFederationToken", "sts", "Management", False),
        ("GetSessionToken", "sts", "Management", False),
        ("GetCallerIdentity", "sts", "Management", True),
        ("GetSigninToken", "signin", "Management", False),
        ("GetObject", "s3", "Data", False),
        ("DescribeKey", "kms", "NetworkActivity", False),
    ],
)
def test_calls_that_read_are_withheld_by_their_names(name: str, source: str, category: str, expected: bool) -> None:
    found = event(name, source, category=category)
    assert is_withheld(found.header) is given(found).withheld is expected


@pytest.mark.parametrize(
    "record", [b"", b"[]", b'"text"', b'{"eventName":', b"\xff", b"[" * 100_000, b"{},{}", b"{}]["]
)
def test_what_is_no_json_object_becomes_no_event(record: bytes) -> None:
    assert trail_event(Event(event().header, record)) is None


def test_a_record_that_becomes_an_event_can_be_read_by_whoever_stands_deeper_in_calls() -> None:
    def read(event: bytes, calls: int) -> object:
        return read(event, calls - 1) if calls else msgspec.json.decode(event)

    given = [
        record
        for depth in range(100, 1100, 10)
        if trail_event(Event(event().header, record := b'{"a":' * depth + b"1" + b"}" * depth)) is not None
    ]
    assert len(given) > 10
    for record in given:
        read(b'{"detail":' + record + b"}", 50)
