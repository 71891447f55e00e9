"""The genuine records, imported by the command, are found by each of their attributes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.running import Cairn

from cairn.core.records.lookup import lookup_facts

pytestmark = pytest.mark.engine


@pytest.fixture
def cairn(tmp_path: Path) -> Iterator[Cairn]:
    """In trust mode a key of 12 digits is that account's, so that the records' own account can be asked."""
    running = Cairn(tmp_path / "data", {"CAIRN_AUTH_MODE": "trust"})
    running.start()
    yield running
    assert running.stop() == 0


def test_every_genuine_record_is_found_by_each_of_its_attributes(cairn: Cairn, shared_data: Path) -> None:
    records = genuine(shared_data / "real-logs")
    ids = {record["eventID"] for record in records}
    cairn.cairn("import", str(shared_data / "real-logs"))
    client = as_owner(cairn, records)
    wait_for(client, ids)
    for key, of in ATTRIBUTES.items():
        wanted: dict[str, set[str]] = {}
        for record in records:
            for value in of(record):
                wanted.setdefault(value, set()).add(record["eventID"])
        for value in wanted:
            # calls of this test are recorded too, and may have the same attributes
            assert found(client, key, value) & ids == wanted[value], f"{key} = {value}"


def test_a_second_import_adds_nothing(cairn: Cairn, shared_data: Path) -> None:
    records = genuine(shared_data / "real-logs")
    cairn.cairn("import", str(shared_data / "real-logs"))
    wait_for(as_owner(cairn, records), {record["eventID"] for record in records})
    cairn.cairn("import", "--again", str(shared_data / "real-logs"))
    counted = json.loads(cairn.cairn("search", "--until", "2024-01-01", "--count", "account", "--output", "json"))
    assert counted == [{"value": records[0]["recipientAccountId"], "events": len(records)}]


def test_damaged_files_are_named_and_counted(cairn: Cairn, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.json").write_text('{"Records": []}')
    (folder / "cut.json.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    cairn.cairn("import", str(folder), code=1)


def found(client: Any, key: str, value: str) -> set[str]:
    pages = client.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}]
    )
    return {event["EventId"] for page in pages for event in page["Events"]}


def as_owner(cairn: Cairn, records: list[dict[str, Any]]) -> Any:
    account = records[0]["recipientAccountId"]
    return cairn.client("cloudtrail", aws_access_key_id=account, aws_secret_access_key="any")


def wait_for(client: Any, ids: set[str]) -> None:
    deadline = time.monotonic() + 60
    while missing := ids - found(client, "ReadOnly", "true") - found(client, "ReadOnly", "false"):
        assert time.monotonic() < deadline, f"{len(missing)} are missing"
        time.sleep(0.5)


def genuine(folder: Path) -> list[dict[str, Any]]:
    return [record for file in sorted(folder.glob("*.json")) for record in json.loads(file.read_text())["Records"]]


def _names(record: dict[str, Any], part: int) -> set[str]:
    return {resource[part] for resource in lookup_facts(record).resources if resource[part]}


ATTRIBUTES = {
    "EventId": lambda record: {record["eventID"]},
    "EventName": lambda record: {record["eventName"]},
    "EventSource": lambda record: {record["eventSource"]},
    "ReadOnly": lambda record: {"true" if record["readOnly"] else "false"},
    "Username": lambda record: {lookup_facts(record).username} - {""},
    "AccessKeyId": lambda record: {lookup_facts(record).access_key_id} - {""},
    "ResourceType": lambda record: _names(record, 0),
    "ResourceName": lambda record: _names(record, 1),
}
