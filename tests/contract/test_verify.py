"""`cairn verify` against a running server: its exit codes, the journal beside the files, the logs at the endpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import Cairn

pytestmark = pytest.mark.engine

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": action, "Resource": place}
        for action, place in (
            ("s3:GetBucketAcl", "arn:aws:s3:::verified"),
            ("s3:PutObject", "arn:aws:s3:::verified/AWSLogs/000000000000/*"),
        )
    ],
}


@pytest.fixture(scope="module")
def trail(cairn: Cairn) -> str:
    """A trail with delivered log files; its ARN."""
    s3, cloudtrail = cairn.client("s3"), cairn.client("cloudtrail")
    s3.create_bucket(Bucket="verified")
    s3.put_bucket_policy(Bucket="verified", Policy=json.dumps(POLICY))
    arn: str = cloudtrail.create_trail(Name="verified", S3BucketName="verified")["TrailARN"]
    cloudtrail.start_logging(Name=arn)
    cairn.client("ec2").describe_vpcs()
    cairn.cairn("flush", "--trail", arn)
    return arn


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
    cairn.cairn("verify", "--trail", "no arn", *seen, code=1)
    cairn.cairn("verify", "/no/such/folder", *seen, code=1)
    (tmp_path / "keys.json").write_text("[]")
    elsewhere = ("--keys", str(tmp_path / "keys.json"), "--s3-endpoint", "http://127.0.0.1:9")
    cairn.cairn("verify", "s3://verified", *seen, *elsewhere, code=4)  # there are no credentials for it


def test_a_server_without_logs_prints_no_keys_and_names_no_files(cairn: Cairn, trail: str) -> None:
    assert cairn.cairn("verify", "--print-key", "--trail", trail) == ""
