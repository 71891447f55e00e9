"""A bucket that refuses or is gone: its trail says so and catches up, and no other trail notices."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_tutorial import ACCOUNT, bucket_policy
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

STEADY = "steady"
TRAILS = {"refusing": "AccessDenied", "leaving": "NoSuchBucket", STEADY: ""}
"""Trails, each with a bucket of its name, and what its status says while the bucket is away."""


@pytest.fixture
def cairn(tmp_path: Path) -> Iterator[Cairn]:
    running = Cairn(tmp_path / "data", {"CAIRN_DELIVERY_INTERVAL": "5s"})
    running.start()
    yield running
    assert running.stop() == 0


def test_a_bucket_that_is_away_is_told_and_caught_up_with(cairn: Cairn) -> None:
    s3, trail, iam = (cairn.client(service) for service in ("s3", "cloudtrail", "iam"))
    for name in TRAILS:
        s3.create_bucket(Bucket=name)
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(only_for(name)))
        trail.create_trail(Name=name, S3BucketName=name, IsMultiRegionTrail=True)
    s3.delete_bucket_policy(Bucket="refusing")
    s3.delete_bucket(Bucket="leaving")
    for name in TRAILS:
        trail.start_logging(Name=name)
    for slot in range(2):
        iam.create_user(UserName=f"away-{slot}")
        wait_until(lambda slot=slot: f"away-{slot}" in delivered(cairn, STEADY))
    for name, code in TRAILS.items():
        wait_until(lambda name=name, code=code: error_of(cairn, name) == code)
    assert sum(delivered(cairn, "refusing").values()) == 0
    wait_until(lambda: set(troubled(cairn)) == {"refusing", "leaving"})
    assert all(code in troubled(cairn).get(name, "") for name, code in TRAILS.items())
    s3.put_bucket_policy(Bucket="refusing", Policy=json.dumps(only_for("somebody-else")))
    cairn.cairn("flush", code=1)
    assert error_of(cairn, "refusing") == "AccessDenied", "the policy lets another trail write, and not this one"

    s3.put_bucket_policy(Bucket="refusing", Policy=json.dumps(only_for("refusing")))
    s3.create_bucket(Bucket="leaving")
    s3.put_bucket_policy(Bucket="leaving", Policy=json.dumps(only_for("leaving")))
    iam.create_user(UserName="repaired")
    wait_until(lambda: cairn.cairn("flush"))
    for name in TRAILS:
        assert delivered(cairn, name) == Counter(["away-0", "away-1", "repaired"])
        assert error_of(cairn, name) == ""
    wait_until(lambda: ":trail/" not in cairn.cairn("status"))


def troubled(cairn: Cairn) -> dict[str, str]:
    """Trails that `cairn status` says are failing, and why."""
    rows = [json.loads(line) for line in cairn.cairn("status", code=1).splitlines()]
    return {row["loop"].rpartition("/")[2]: row["last_error"] for row in rows if ":trail/" in row["loop"]}


def only_for(name: str) -> dict[str, Any]:
    """The guide's policy for a bucket that takes one trail's files alone."""
    bucket = "refusing" if name == "somebody-else" else name
    policy = bucket_policy(bucket)
    for statement in policy["Statement"]:
        source = {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{name}"}
        statement.setdefault("Condition", {}).setdefault("StringEquals", {}).update(source)
    return policy


def error_of(cairn: Cairn, trail: str) -> str:
    status = cairn.client("cloudtrail").get_trail_status(Name=trail)
    return str(status.get("LatestDeliveryError", ""))


def delivered(cairn: Cairn, bucket: str) -> Counter[str]:
    """Users whose CreateUser stands in a bucket's log files, and how often."""
    s3 = cairn.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    users: Counter[str] = Counter()
    for item in listed:
        content = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        records = json.loads(gzip.decompress(content))["Records"]
        users.update(each["requestParameters"]["userName"] for each in records if each["eventName"] == "CreateUser")
    return users
