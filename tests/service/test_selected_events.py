"""What the gateway tells of a call before its record is made is what the record then says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.gateway.test_gateway import make, signed

from cairn.core.clock import TestClock
from cairn.service.selected_events import SelectedEvents
from cairn.wire.http import Call, Headers, Response

NO_BUCKET = b"<Error><Code>NoSuchBucket</Code><Message>No.</Message></Error>"
ITEM = json.dumps({"TableName": "t", "Key": {"id": {"S": "1"}}}).encode()
JSON = "application/x-amz-json-1.0"


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(
    ("service", "asked"),
    [
        ("s3", {"method": "PUT", "path": "/bucket/a%20key", "body": b"x"}),
        ("s3", {"method": "GET", "path": "/bucket/key"}),
        ("s3", {"method": "GET", "path": "/bucket?list-type=2"}),
        ("s3", {"method": "HEAD", "path": "/bucket"}),
        ("s3", {"method": "DELETE", "path": "/key", "host": "bucket.localhost"}),
        ("lambda", {"path": "/2015-03-31/functions/hello:prod/invocations", "body": b"{}"}),
        ("dynamodb", {"body": ITEM, "x_amz_target": "DynamoDB_20120810.GetItem", "content_type": JSON}),
        (
            "sns",
            {
                "body": b"Action=Publish&Version=2010-03-31&Message=m&TopicArn=arn:aws:sns:us-east-1:111122223333:t",
                "content_type": "application/x-www-form-urlencoded",
            },
        ),
    ],
)
def test_header_and_resources(
    tmp_path: Path, clock: TestClock, service: str, asked: dict[str, Any], fails: bool
) -> None:
    rig = make(tmp_path, clock)
    told = []

    def wants_data(call: Call) -> bool:
        told.append(SelectedEvents(None, clock)._data(call))  # type: ignore[arg-type] # nobody is asked
        return True

    rig.gateway._recorder._wants_data = wants_data
    body = NO_BUCKET if fails and service == "s3" else b"{}"
    rig.upstream.answer = lambda: Response(404 if fails else 200, Headers(), body)
    rig.call(**asked, **signed(service))
    (event,) = rig.events()
    ((header, resources),) = told
    kind, *more = header.types
    assert header == msgspec.structs.replace(event.header, types=header.types)
    assert set(event.header.types) - {"AWS::S3::Bucket"} == {kind}  # no event is selected by its bucket
    assert set(more) <= {"AWS::S3::Bucket"}
    recorded = event.parse()["resources"]
    assert [entry for entry in resources if entry["type"] == kind] == [
        entry for entry in recorded if entry["type"] == kind
    ]
