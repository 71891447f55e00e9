"""Finding the record of a call: in the event history, or in the journal, which has data events too."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.running import Cairn

from cairn.core.journal.access import JournalAccess
from cairn.core.journal.nats import NatsJournal

WAIT_S = 10.0


def request_id(reply: Mapping[str, Any]) -> str:
    """The id of boto3's `reply`, which it reads from the body or a header, but for CBOR."""
    told: Mapping[str, Any] = reply["ResponseMetadata"]
    found = str(told.get("RequestId") or told["HTTPHeaders"]["x-amzn-requestid"])
    assert found
    return found


def record_of(
    cairn: Cairn, name: str, reply: Mapping[str, Any], *, region: str = "us-east-1", **keys: str
) -> dict[str, Any]:
    """The one record of a call of `name`, found by the request id that `reply` gave the client, waited for.

    Args:
        keys: of somebody in the account that the record belongs to, as boto3 names them; the administrator's else.
    """
    wanted = request_id(reply)
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


class Journaled:
    """Every record that a Cairn has made, read from its journal."""

    def __init__(self, cairn: Cairn) -> None:
        self._journal = NatsJournal(JournalAccess.load(cairn.folder.journal), writer="test")
        self._next = self._journal.bounds().first
        self._records: dict[str, list[dict[str, Any]]] = {}

    def of(self, request_id: str) -> dict[str, Any]:
        """The one record of the call that was answered under `request_id`. It is durable, so there is no waiting."""
        while entries := self._journal.read_from(self._next):
            for entry in entries:
                self._next = entry.position + 1
                for event in entry.batch.of_kind():
                    record = event.parse()
                    self._records.setdefault(record.get("requestID", ""), []).append(record)
        found = self._records.get(request_id, [])
        assert len(found) == 1, f"{len(found)} records of the request {request_id}"
        return found[0]

    def of_reply(self, reply: Mapping[str, Any]) -> dict[str, Any]:
        """The same, from a reply of boto3."""
        return self.of(request_id(reply))

    def close(self) -> None:
        self._journal.close()
