"""`aws cloudtrail validate-logs`, the stock command, on the buckets of a Cairn that runs (spec 4.4)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from tests.contract.recipients import make_bucket, make_key, trail_arn
from tests.contract.test_tutorial import ACCOUNT, bucket_policy
from tests.contract.waiting import wait_until
from tests.running import BIN, Cairn

from cairn.cloudtrail.digests.digest import FOLDER
from cairn.cloudtrail.digests.tables import periods
from cairn.core.clock import SystemClock, iso_seconds
from cairn.core.state import State

pytestmark = pytest.mark.engine

BEGAN = iso_seconds(SystemClock().now() - 60)
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
PREFIX = "some/prefix"
TRAILS: dict[str, dict[str, Any]] = {
    "narrow": {"S3KeyPrefix": PREFIX},
    "wide": {"IsMultiRegionTrail": True},
    "secret": {},
}
"""Trails, each with a bucket of its name."""


@dataclass
class Verdict:
    """What validate-logs said."""

    code: int
    printed: list[str]
    faults: list[str]
    """Lines on stderr."""


@pytest.fixture(scope="module")
def proving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """A Cairn with three trails: `narrow` has stopped, so that its digests are all there."""
    running = Cairn(
        tmp_path_factory.mktemp("proving") / "data", {"CAIRN_DELIVERY_INTERVAL": "2s", "CAIRN_DIGEST_INTERVAL": "3s"}
    )
    running.start()
    try:
        _make(running)
        yield running
    finally:
        code = running.stop()
    assert code == 0


def _make(cairn: Cairn) -> None:
    s3, trail = cairn.client("s3"), cairn.client("cloudtrail")
    TRAILS["secret"]["KmsKeyId"] = make_key(cairn, trail_arn("secret", "us-east-1"), "us-east-1")
    for name, settings in TRAILS.items():
        make_bucket(cairn, name)
        if "S3KeyPrefix" in settings:
            policy = json.dumps(bucket_policy(name)).replace(f"{name}/AWSLogs", f"{name}/{PREFIX}/AWSLogs")
            s3.put_bucket_policy(Bucket=name, Policy=policy)
        trail.create_trail(Name=name, S3BucketName=name, EnableLogFileValidation=True, **settings)
        trail.start_logging(Name=name)
    for number in range(3):
        for region in REGIONS:
            cairn.client("sqs", region=region).create_queue(QueueName=f"queue-{number}")
        cairn.cairn("flush", "--digests")
    trail.stop_logging(Name="narrow")
    wait_until(lambda: _finished(cairn))


def _finished(cairn: Cairn) -> bool:
    """Whether a trail has stopped and has its last digest."""
    state = State.in_folder(cairn.folder.path)
    with state.read() as connection:
        finished = connection.scalar(sa.select(sa.func.count(periods.c.finished)))
    state.close()
    return finished == 1


def validate(cairn: Cairn, trail: str, region: str = "us-east-1", *arguments: str) -> Verdict:
    """Run the command."""
    options = ["--trail-arn", trail_arn(trail, "us-east-1"), "--start-time", BEGAN, "--region", region, *arguments]
    done = subprocess.run(
        [str(BIN / "aws"), "cloudtrail", "validate-logs", *options],
        env=cairn.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    faults = [line for line in done.stderr.splitlines() if line]
    return Verdict(done.returncode, done.stdout.splitlines(), faults)


def keys_of(cairn: Cairn, bucket: str, folder: str) -> list[str]:
    """Keys of log files or of digests, the oldest first."""
    listed = cairn.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    return sorted(found["Key"] for found in listed if f"/{folder}/" in found["Key"])


@pytest.mark.parametrize("region", REGIONS)
def test_a_trail_for_all_regions_is_valid_in_each(proving: Cairn, region: str) -> None:
    verdict = validate(proving, "wide", region)
    assert (verdict.code, verdict.faults) == (0, [])
    *_, digests, logs = verdict.printed
    for line, word in ((digests, "digest"), (logs, "log")):
        valid, _, total = line.removesuffix(f" {word} files valid").partition("/")
        assert valid == total
        assert int(valid) >= 3


def test_a_trail_with_a_kms_key_is_valid_and_its_digests_are_encrypted_too(proving: Cairn) -> None:
    verdict = validate(proving, "secret")
    assert (verdict.code, verdict.faults) == (0, [])
    for folder in (FOLDER, "CloudTrail"):
        head = proving.client("s3").head_object(Bucket="secret", Key=keys_of(proving, "secret", folder)[0])
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", TRAILS["secret"]["KmsKeyId"])


def test_a_trail_with_a_prefix_that_has_stopped_is_valid_to_its_end(proving: Cairn) -> None:
    digests, logs = keys_of(proving, "narrow", FOLDER), keys_of(proving, "narrow", "CloudTrail")
    assert all(key.startswith(f"{PREFIX}/AWSLogs/{ACCOUNT}/{FOLDER}/us-east-1/") for key in digests)
    verdict = validate(proving, "narrow", "us-east-1", "--verbose")
    assert (verdict.code, verdict.faults) == (0, [])
    told = [line for line in verdict.printed if line.endswith("\tvalid")]
    assert sorted(told) == sorted(
        [f"Digest file\ts3://narrow/{key}\tvalid" for key in digests]
        + [f"Log file\ts3://narrow/{key}\tvalid" for key in logs]
    )
    assert f"{len(digests)}/{len(digests)} digest files valid" in verdict.printed


def test_a_region_without_a_digest_is_no_error(proving: Cairn) -> None:
    verdict = validate(proving, "wide", "eu-north-1")
    assert (verdict.code, verdict.faults, verdict.printed[-1]) == (0, [], "No digests found")


def test_list_public_keys_answers_as_the_guide_shows(proving: Cairn) -> None:
    (key,) = proving.aws("cloudtrail", "list-public-keys")["PublicKeyList"]
    assert key["Value"].startswith("MIIBCgKCAQEA")
    assert len(key["Fingerprint"]) == 32
    wrong = ("--start-time", "2026-11-28", "--end-time", "2026-11-27")
    assert "InvalidTimeRangeException" in proving.aws("cloudtrail", "list-public-keys", *wrong, fails=True)


@dataclass
class Objects:
    """The bucket of the trail that has stopped, for somebody who tampers."""

    s3: Any
    digests: list[str]
    logs: list[str]
    before: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    """What stood where something was changed."""

    def body(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket="narrow", Key=key)["Body"].read()
        return content

    def metadata(self, key: str) -> dict[str, str]:
        found: dict[str, str] = self.s3.head_object(Bucket="narrow", Key=key)["Metadata"]
        return found

    def put(self, key: str, body: bytes, metadata: dict[str, str]) -> None:
        self.before[key] = (self.body(key), self.metadata(key))
        self.s3.put_object(Bucket="narrow", Key=key, Body=body, Metadata=metadata)

    def delete(self, key: str) -> None:
        self.before[key] = (self.body(key), self.metadata(key))
        self.s3.delete_object(Bucket="narrow", Key=key)

    def undo(self) -> None:
        for key, (body, metadata) in self.before.items():
            self.s3.put_object(Bucket="narrow", Key=key, Body=body, Metadata=metadata)


def change_log(objects: Objects) -> str:
    key = objects.logs[1]
    objects.put(key, objects.body(objects.logs[0]), {})
    return f"Log file\ts3://narrow/{key}\tINVALID: hash value doesn't match"


def delete_log(objects: Objects) -> str:
    key = objects.logs[1]
    objects.delete(key)
    return f"Log file\ts3://narrow/{key}\tINVALID: not found"


def change_digest(objects: Objects) -> str:
    key = objects.digests[1]
    objects.put(key, objects.body(objects.digests[2]), objects.metadata(key))
    return f"Digest file\ts3://narrow/{key}\tINVALID: has been moved from its original location"


def garble_digest(objects: Objects) -> str:
    key = objects.digests[1]
    objects.put(key, b"garbage", objects.metadata(key))
    return f"Digest file\ts3://narrow/{key}\tINVALID: invalid format"


def delete_digest(objects: Objects) -> str:
    key = objects.digests[1]
    objects.delete(key)
    return f"Digest file\ts3://narrow/{key}\tINVALID: not found"


def sign_wrongly(objects: Objects) -> str:
    key = objects.digests[1]
    objects.put(key, objects.body(key), objects.metadata(objects.digests[0]))
    return f"Digest file\ts3://narrow/{key}\tINVALID: signature verification failed"


def strip_metadata(objects: Objects) -> str:
    key = objects.digests[1]
    objects.put(key, objects.body(key), {})
    return f"Digest file\ts3://narrow/{key}\tINVALID: signature verification failed"


TAMPERINGS = (change_log, delete_log, change_digest, garble_digest, delete_digest, sign_wrongly, strip_metadata)


def objects_of(cairn: Cairn) -> Objects:
    return Objects(cairn.client("s3"), keys_of(cairn, "narrow", FOLDER), keys_of(cairn, "narrow", "CloudTrail"))


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_what_was_changed_is_named(proving: Cairn, tamper: Callable[[Objects], str]) -> None:
    objects = objects_of(proving)
    line = tamper(objects)
    verdict = validate(proving, "narrow")
    objects.undo()
    assert (verdict.code, verdict.faults) == (1, [line])


def test_what_was_changed_or_lost_is_redelivered(proving: Cairn) -> None:
    for tamper in (strip_metadata, delete_log):
        tamper(objects_of(proving))
    told = proving.cairn("redeliver", trail_arn("narrow", "us-east-1"), "--since", "1h")
    outcomes = [json.loads(line)["outcome"] for line in told.splitlines()]
    assert sorted(outcomes)[-3:] == ["present", "put", "put"]
    assert validate(proving, "narrow").code == 0
