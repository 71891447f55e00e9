"""What a bucket lost is delivered again; what the history lost is built again; what the journal lost is told."""

from __future__ import annotations

import contextlib
import gzip
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_tutorial import ACCOUNT, TRUST, bucket_policy
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.core.journal.access import JournalAccess
from cairn.core.journal.nats import NatsJournal

pytestmark = pytest.mark.engine

BUCKET = "rebuild-logs"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/rebuilt"
USERS = 30


@pytest.fixture(scope="module")
def cairn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """A Cairn with a trail, and history in several segments."""
    running = Cairn(tmp_path_factory.mktemp("rebuild") / "data", {"CAIRN_HISTORY_SEGMENT_EVENTS": "5"})
    running.start()
    s3, trail, iam = (running.client(service) for service in ("s3", "cloudtrail", "iam"))
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET)))
    trail.create_trail(Name="rebuilt", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    trail.start_logging(Name="rebuilt")
    for number in range(USERS):
        iam.create_user(UserName=f"user-{number}")
        if number % 10 == 9:  # a segment is sealed between two readings: all at once would all be in one
            wait_until(lambda number=number: stored(running) > number)
    running.cairn("flush")
    yield running
    assert running.stop() == 0


def test_files_that_the_bucket_lost_are_put_again_with_the_same_bytes(cairn: Cairn) -> None:
    before = objects(cairn)
    lost = sorted(before)[::2]
    for key in lost:
        cairn.client("s3").delete_object(Bucket=BUCKET, Key=key)
    assert set(objects(cairn)) == set(before) - set(lost)
    told = [
        json.loads(line) for line in cairn.cairn("redeliver", ARN, "--since", "1h", "--output", "jsonl").splitlines()
    ]
    assert {file["key"] for file in told if file["outcome"] == "put"} == set(lost)
    assert {file["outcome"] for file in told} <= {"put", "present"}
    assert objects(cairn) == before


def test_a_damaged_history_is_named_and_built_again_from_the_journal(cairn: Cairn) -> None:
    first, second, *_ = segments(cairn, at_least=3)
    first.unlink()
    second.write_bytes(second.read_bytes()[:5000] + bytes(3000) + second.read_bytes()[8000:])
    assert created(cairn) != every_user_once()
    status = json.loads(cairn.cairn("status", "--output", "json", code=1))[0]
    assert {first.stem, second.stem} >= {damage["segment"] for damage in status["history"]["damaged"]} != set()
    assert first.stem in cairn.cairn("doctor", "--output", "json", code=1)
    cairn.cairn("rebuild")
    assert created(cairn) == every_user_once()
    cairn.cairn("status")


def test_a_history_that_is_gone_is_built_again_from_log_files(cairn: Cairn, tmp_path: Path) -> None:
    """Every file of the history is deleted, and the journal has let go of all but the newest."""
    folder = tmp_path / "logs"
    for number, (_, content) in enumerate(objects(cairn).items()):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "file.json.gz").write_bytes(content)
    for place in (str(folder), f"s3://{BUCKET}/AWSLogs/"):
        with NatsJournal(JournalAccess.load(cairn.folder.journal), writer="test") as journal:
            journal.trim(journal.bounds().next)
        for path in segments(cairn):
            path.unlink()
        cairn.cairn("rebuild")
        assert created(cairn) == Counter()
        cairn.cairn("rebuild", "--from", place)
        assert created(cairn) == every_user_once()
    files = [json.loads(gzip.decompress(content))["Records"] for content in objects(cairn).values()]
    cairn.cairn("flush")
    again = [json.loads(gzip.decompress(content))["Records"] for content in objects(cairn).values()]
    names = Counter(
        record["requestParameters"]["userName"] for records in again for record in records if is_user(record)
    )
    assert names == every_user_once(), "what was built again is not delivered again"
    assert len(again) > len(files)


def is_user(record: dict[str, Any]) -> bool:
    return bool(record["eventName"] == "CreateUser")


def every_user_once() -> Counter[str]:
    return Counter(f"user-{number}" for number in range(USERS))


def created(cairn: Cairn) -> Counter[str]:
    """Users whose CreateUser LookupEvents finds, and how often."""
    pages = (
        cairn.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])
    )
    records = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
    return Counter(record["requestParameters"]["userName"] for record in records)


def stored(cairn: Cairn) -> int:
    """Events in the history's files. No gateway is asked: it would hold what it has read once."""
    total = 0
    for path in segments(cairn):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as segment:
            total += segment.execute("SELECT count(*) FROM events").fetchone()[0]
    return total


def objects(cairn: Cairn) -> dict[str, bytes]:
    s3 = cairn.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed}


def segments(cairn: Cairn, at_least: int = 1) -> list[Path]:
    """The history's files, oldest first."""
    deadline = time.monotonic() + 20
    while len(found := sorted(cairn.folder.history.glob("*.db"))) < at_least:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_a_damaged_batch_of_the_journal_is_named_and_the_rest_goes_on(cairn: Cairn) -> None:
    iam = cairn.client("iam")
    for name in ("flipped", "whole"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    cairn.stop()
    for path in cairn.folder.journal.rglob("*.blk"):
        content = bytearray(path.read_bytes())
        if (place := content.find(b"role/flipped")) > 0:
            content[place] ^= 1
            path.write_bytes(content)
            break
    else:
        raise AssertionError("the journal has no such batch")
    cairn.start()
    wait_until(lambda: "is missing" in cairn.cairn("doctor", "--output", "jsonl", code=1))
    status = json.loads(cairn.cairn("status", "--output", "json", code=1))[0]
    assert status["journal"]["faults"] == 1
    assert [loop["state"] for loop in status["loops"] if loop["name"] == "journal"] == ["failing"]
    iam.create_user(UserName="afterwards")
    cairn.cairn("flush")
    delivered = b"".join(gzip.decompress(content) for content in objects(cairn).values())
    assert b'"userName":"afterwards"' in delivered
    assert created(cairn)["afterwards"] == 1
