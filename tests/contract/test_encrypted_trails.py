"""Log files under the trail's KMS key: who may read them, and what follows when the key cannot be used."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import key_policy, make_bucket, make_key, trail_arn
from tests.running import Cairn

pytestmark = pytest.mark.engine

REGION = "eu-west-3"
NAME = "encrypted"
BUCKET = "encrypted-logs"
SOURCE = trail_arn(NAME, REGION)


@pytest.fixture
def trail(cairn: Cairn) -> Iterator[Any]:
    client = cairn.client("cloudtrail", region=REGION)
    yield client
    client.delete_trail(Name=NAME)


def deliver(cairn: Cairn, topic: str, *, fails: bool = False) -> None:
    """Make a call that is recorded, and deliver."""
    cairn.client("sns", region=REGION).create_topic(Name=topic)
    cairn.cairn("flush", "--trail", SOURCE, code=1 if fails else 0)


def heads(cairn: Cairn) -> dict[str, Any]:
    """What S3 tells of each object, the newest last."""
    s3 = cairn.client("s3", region=REGION)
    listed = sorted(s3.list_objects_v2(Bucket=BUCKET).get("Contents", []), key=lambda item: item["LastModified"])
    return {item["Key"]: s3.head_object(Bucket=BUCKET, Key=item["Key"]) for item in listed}


def test_log_files_under_a_key(cairn: Cairn, trail: Any, tmp_path: Path) -> None:
    make_bucket(cairn, BUCKET, REGION)
    kms, s3 = cairn.client("kms", region=REGION), cairn.client("s3", region=REGION)
    key = make_key(cairn, SOURCE, REGION)
    kms.create_alias(AliasName="alias/trail", TargetKeyId=key)
    trail.create_trail(Name=NAME, S3BucketName=BUCKET)
    trail.start_logging(Name=NAME)
    deliver(cairn, "plain")
    assert {head["ServerSideEncryption"] for head in heads(cairn).values()} == {"AES256"}

    assert trail.update_trail(Name=NAME, KmsKeyId="alias/trail")["KmsKeyId"] == key
    deliver(cairn, "secret")
    name, head = next((name, head) for name, head in heads(cairn).items() if "SSEKMSKeyId" in head)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    shown = cairn.aws("s3api", "head-object", "--bucket", BUCKET, "--key", name, "--region", REGION)
    assert shown["SSEKMSKeyId"] == key
    cairn.aws("s3", "cp", "--quiet", f"s3://{BUCKET}/{name}", str(tmp_path / "file.gz"), "--region", REGION)
    text = (tmp_path / "file.gz").read_bytes()
    records = json.loads(gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text)["Records"]
    assert "CreateTopic" in {record["eventName"] for record in records}

    kms.disable_key(KeyId=key)
    refusal(cairn, trail, "KMS.DisabledException")
    kms.enable_key(KeyId=key)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(SOURCE + "-2"))
    refusal(cairn, trail, "AccessDenied")
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(SOURCE))
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refusal(cairn, trail, "KMS.KMSInvalidStateException")
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    before = len(heads(cairn))
    deliver(cairn, "healed")
    assert len(heads(cairn)) > before
    assert "LatestDeliveryError" not in trail.get_trail_status(Name=NAME)

    trail.update_trail(Name=NAME, KmsKeyId="")  # the bucket gets a key only afterwards
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    refusal(cairn, trail, "AccessDenied")  # its policy names the context of trails
    policy = json.loads(key_policy(SOURCE))
    policy["Statement"][1]["Condition"].pop("StringLike")
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    deliver(cairn, "by-default")
    *_, head = heads(cairn).values()
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def refusal(cairn: Cairn, trail: Any, code: str) -> None:
    """Deliver in vain, and read the code in the trail's status."""
    deliver(cairn, code.replace(".", "-"), fails=True)
    assert trail.get_trail_status(Name=NAME)["LatestDeliveryError"] == code
