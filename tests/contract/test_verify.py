"""`cairn verify` against a running server: its exit codes, the journal beside the files, the logs at the endpoint."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.cloudtrail.checkpoints.note import unsigned_checkpoint

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def trail(cairn: Cairn) -> Iterator[str]:
    """A trail with delivered log files; its ARN."""
    arn = begin_trail(cairn, "verified", validated=False)
    cairn.client("ec2").describe_vpcs()
    cairn.cairn("flush", "--trail", arn)
    yield arn
    cairn.client("cloudtrail").delete_trail(Name=arn)


def begin_trail(cairn: Cairn, name: str, *, validated: bool) -> str:
    """A trail that logs into a bucket of its own name."""
    s3, cloudtrail = cairn.client("s3"), cairn.client("cloudtrail")
    s3.create_bucket(Bucket=name)
    allowed = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    places = {"s3:GetBucketAcl": f"arn:aws:s3:::{name}", "s3:PutObject": f"arn:aws:s3:::{name}/AWSLogs/000000000000/*"}
    statements = [allowed | {"Action": action, "Resource": place} for action, place in places.items()]
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    made = cloudtrail.create_trail(Name=name, S3BucketName=name, EnableLogFileValidation=validated)
    cloudtrail.start_logging(Name=name)
    return str(made["TrailARN"])


def test_the_journal_is_held_against_the_files(cairn: Cairn, trail: str, tmp_path: Path) -> None:
    asked = ("verify", "--trail", trail, "--checkpoint", str(tmp_path / "seen.json"), "--journal")
    printed = cairn.cairn(*asked)
    assert "No digests found" in printed
    assert "Journal\t" in printed and "0 INVALID" in printed
    files = [found["Key"] for found in cairn.client("s3").list_objects_v2(Bucket="verified")["Contents"]]
    lost = next(key for key in files if key.endswith(".json.gz"))
    cairn.client("s3").delete_object(Bucket="verified", Key=lost)
    found = [json.loads(line) for line in cairn.cairn(*asked, "--output", "jsonl", code=1).splitlines()]
    assert [row["verdict"] for row in found if row["what"] == "journal"] == ["invalid"]
    assert found[-1] == {"what": "summary", "valid": 0, "invalid": 1, "unknown": 0, "notes": 1, "ours": 1}
    cairn.cairn("redeliver", trail, "--since", "1h")
    assert "0 INVALID" in cairn.cairn(*asked)


def test_exit_codes(cairn: Cairn, trail: str, tmp_path: Path) -> None:
    seen = ("--checkpoint", str(tmp_path / "seen.json"))
    cairn.cairn("verify", "s3://no-such-bucket", *seen, code=5)
    cairn.cairn("verify", *seen, code=2)
    cairn.cairn("verify", "s3://verified", "--start-time", "yesterday", *seen, code=2)
    cairn.cairn("verify", "--trail", "no arn", *seen, code=2)
    cairn.cairn("verify", "/no/such/folder", *seen, code=2)
    cairn.cairn("verify", "s3://verified", "--log-key", "no key", *seen, code=2)
    cairn.cairn("verify", "s3://verified", "--keys", "/no/such/file", *seen, code=2)
    (tmp_path / "keys.json").write_text("[]")
    elsewhere = ("--keys", str(tmp_path / "keys.json"), "--s3-endpoint", "http://127.0.0.1:9")
    cairn.cairn("verify", "s3://verified", *seen, *elsewhere, code=4)  # there are no credentials for it


def test_a_validated_trail_from_its_calls_to_a_deleted_digest(cairn: Cairn, tmp_path: Path) -> None:
    arn = begin_trail(cairn, "proven", validated=True)
    s3 = cairn.client("s3")
    begun = datetime.now(UTC) - timedelta(minutes=5)
    for _ in range(2):
        cairn.client("ec2").describe_vpcs()
        cairn.cairn("flush", "--digests", "--trail", arn)
    size = wait_for_log(cairn, arn)
    seen = ("--trail", arn, "--checkpoint", str(tmp_path / "seen.json"))
    assert f"({size} digests)\tvalid" in cairn.cairn("verify", *seen, "--verbose")
    theirs = cairn.aws("cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time", begun.isoformat())
    assert f"{size}/{size} digest files valid" in theirs
    key = cairn.cairn("verify", "--print-key", "--trail", arn).strip()
    assert key.startswith("cairn/000000000000/us-east-1/proven+")
    cairn.cairn("verify", "s3://proven", *seen, "--log-key", key)
    digests = [
        found["Key"]
        for found in s3.list_objects_v2(Bucket="proven", Prefix="AWSLogs/000000000000/CloudTrail-Digest/")["Contents"]
    ]
    s3.delete_object(Bucket="proven", Key=digests[-1])
    rows = [json.loads(line) for line in cairn.cairn("verify", *seen, "--output", "jsonl", code=1).splitlines()]
    gone = [row for row in rows if row["what"] == "digest file"]
    assert [(row["key"], row["found_by"]) for row in gone] == [(digests[-1], "cairn")]
    cairn.cairn("redeliver", arn, "--since", "1h")
    cairn.cairn("verify", *seen)
    cairn.client("cloudtrail").delete_trail(Name=arn)


def test_a_bucket_is_not_asked_for_logs_of_trails_that_deliver_elsewhere(cairn: Cairn, tmp_path: Path) -> None:
    names = ("proven-here", "proven-there")
    arns = [begin_trail(cairn, name, validated=True) for name in names]
    cairn.client("ec2").describe_vpcs()
    for arn in arns:
        cairn.cairn("flush", "--digests", "--trail", arn)
    logs = [wait_until(partial(checkpoints, cairn, name)) for name in names]
    seen = ("--checkpoint", str(tmp_path / "seen.json"))
    assert "proven-there" not in cairn.cairn("verify", "s3://proven-here", *seen)
    for key in logs[0]:
        cairn.client("s3").delete_object(Bucket=names[0], Key=key)
    told = cairn.cairn("verify", "s3://proven-here", *seen, code=1)
    assert "proven-there" not in told
    assert "1 INVALID" in told
    for arn in arns:
        cairn.client("cloudtrail").delete_trail(Name=arn)


def checkpoints(cairn: Cairn, bucket: str) -> list[str]:
    """Keys of the files of a bucket's checkpoint log, once it is published."""
    listed = cairn.client("s3").list_objects_v2(Bucket=bucket).get("Contents", ())
    keys = [found["Key"] for found in listed if "/CloudTrail-Checkpoint/" in found["Key"]]
    return keys if any(key.endswith("/checkpoint") for key in keys) else []


def wait_for_log(cairn: Cairn, arn: str) -> int:
    """Wait until the checkpoint log has every digest in the bucket; how many they are."""
    s3 = cairn.client("s3")
    deadline = time.monotonic() + 60
    while True:
        listed = s3.list_objects_v2(Bucket="proven", Prefix="AWSLogs/000000000000/CloudTrail-Digest/")
        logs = cairn.client("s3").list_objects_v2(
            Bucket="proven", Prefix="AWSLogs/000000000000/CloudTrail-Checkpoint/us-east-1/proven/checkpoint"
        )
        if logs["KeyCount"]:
            note = s3.get_object(Bucket="proven", Key=logs["Contents"][0]["Key"])["Body"].read().decode()
            if unsigned_checkpoint(note).size == listed["KeyCount"]:
                return int(listed["KeyCount"])
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_server_without_logs_prints_no_keys_and_names_no_files(cairn: Cairn, trail: str) -> None:
    assert cairn.cairn("verify", "--print-key", "--trail", trail) == ""
