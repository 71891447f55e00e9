"""Finding the record of a call in the event history."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.running import Cairn

WAIT_S = 10.0


def record_of(
    cairn: Cairn, name: str, reply: Mapping[str, Any], *, region: str = "us-east-1", **keys: str
) -> dict[str, Any]:
    """The one record of a call of `name`, found by the request id that `reply` gave the client, waited for.

    Args:
        keys: of somebody in the account that the record belongs to, as boto3 names them; the administrator's else.
    """
    wanted = reply["ResponseMetadata"]["RequestId"]
    assert wanted
    trail = cairn.client("cloudtrail", region=region, **keys)
    deadline = time.monotonic() + WAIT_S
    while True:
        found = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])
        records: list[dict[str, Any]] = [json.loads(event["CloudTrailEvent"]) for event in found["Events"]]
        ours = [record for record in records if record.get("requestID") == wanted]
        if ours:
            assert len(ours) == 1
            return ours[0]
        assert time.monotonic() < deadline, f"no record of {name} with requestID {wanted}: {records[:3]}"
        time.sleep(0.05)
