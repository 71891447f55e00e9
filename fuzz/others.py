"""Other services as Cairn's own operations meet them: whatever is asked for is there, unless its name has `no` in it.
Most of it lets them in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cairn.cloudtrail.encryption import Key
from cairn.cloudtrail.preconditions import Preconditions
from cairn.cloudtrail.topics import TopicError
from cairn.cloudwatch.exports import BucketError
from cairn.cloudwatch.logs.encryption import KeyStanding
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.subscriptions import Destination, DestinationError
from cairn.service.as_cloudtrail import service_may

_POLICY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
"Principal": {"Service": "cloudtrail.amazonaws.com"}}]}"""


def is_there(name: str) -> bool:
    return "no" not in name


class Buckets:
    """Of trails and of exports. `bare` has no policy; `far` is elsewhere, and lets them in all the same; `sealed` has a
    key."""

    def bucket_exists(self, bucket: str) -> bool:
        return is_there(bucket)

    def bucket_policy(self, bucket: str) -> str | None:
        return None if "bare" in bucket or "far" in bucket else _POLICY

    def bucket_region(self, bucket: str) -> str:
        return "" if "far" in bucket else "us-east-1"

    def default_key(self, bucket: str) -> str:
        return f"arn:aws:kms:us-east-1:123456789012:alias/{bucket}" if "sealed" in bucket else ""

    def takes(
        self, bucket: str, key: str, *, kms_key: str = "", encryption_context: Mapping[str, str] | None = None
    ) -> bool:
        return "far" in bucket and is_there(key + kms_key)

    def check(self, bucket: str, *, source: str) -> None:
        if not is_there(bucket):
            raise BucketError("NoSuchBucket", f"there is no bucket {bucket}")

    def put(self, bucket: str, key: str, content: Path | bytes, *, source: str) -> None:
        if "bare" in bucket:
            raise BucketError("AccessDenied", f"{bucket} does not take {key} of {source}")


class Topics:
    def publish(self, topic: str, message: str, source: str) -> None:
        if not is_there(topic):
            raise TopicError("NotFound", f"there is no topic {topic}")
        if "bare" in topic:
            raise TopicError("AuthorizationError", f"{topic} does not take {message} of {source}")


class Keys:
    """Of trails, and of log groups."""

    def find(self, arn: str) -> Key | None:
        if not is_there(arn):
            return None
        return Key(arn=arn, state="Disabled" if "off" in arn else "Enabled", policy=None if "bare" in arn else _POLICY)

    def standing(self, key: str, group: GroupId | None) -> KeyStanding:
        if not is_there(key):
            return KeyStanding.UNUSABLE
        return KeyStanding.REFUSED if "bare" in key else KeyStanding.USABLE


class LogGroups:
    def exists(self, group: str) -> bool:
        return is_there(group)

    def trusts(self, role: str, source: str) -> bool:
        return is_there(role)

    def may(self, role: str, action: str, resource: str) -> bool:
        return "bare" not in role


class Destinations:
    """Of subscription filters."""

    def deliver(self, destination: Destination, payload: bytes, *, group_arn: str, partition_key: str) -> None:
        self.check(destination, group_arn=group_arn)

    def check(self, destination: Destination, *, group_arn: str) -> None:
        if not is_there(destination.name):
            raise DestinationError("ResourceNotFoundException", f"there is no {destination.arn}")


def preconditions() -> Preconditions:
    """Of trails."""
    return Preconditions(Buckets(), service_may, topics=Topics(), keys=Keys(), log_groups=LogGroups())
