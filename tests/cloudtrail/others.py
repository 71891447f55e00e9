"""Other services as trails see them: buckets, topics, keys, log groups and roles, each with what its policy lets in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cairn.cloudtrail.encryption import Key
from cairn.cloudtrail.log_groups import LogGroupError, TrailStream
from cairn.cloudtrail.preconditions import Preconditions
from cairn.cloudtrail.topics import TopicError

ACCOUNT = "111122223333"
KEY_ID = "11111111-2222-3333-4444-555555555555"


def key_arn(ident: str = KEY_ID, region: str = "us-east-1") -> str:
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{ident}"


def topic_arn(name: str, region: str = "us-east-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:sns:{region}:{account}:{name}"


def group_arn(name: str) -> str:
    return f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


class Buckets:
    """Buckets with their policies; a policy here is the list of prefixes of `AWSLogs/...`, or of whole beginnings of
    log files' keys, that it lets CloudTrail write."""

    def __init__(self) -> None:
        self.policies: dict[str, str | None] = {"logs": '[""]', "bare": None, "team-logs": '["team/"]', "far": None}
        self.default_keys: dict[str, str] = {}
        self.far_keys: set[str] = set()
        """Keys that the bucket elsewhere can encrypt with."""

    def bucket_exists(self, bucket: str) -> bool:
        return bucket in self.policies

    def bucket_region(self, bucket: str) -> str:
        return "" if bucket == "far" else "us-east-1"

    def default_key(self, bucket: str) -> str:
        return self.default_keys.get(bucket, "")

    def takes(
        self, bucket: str, key: str, *, kms_key: str = "", encryption_context: Mapping[str, str] | None = None
    ) -> bool:
        if kms_key:
            assert encryption_context is not None
            assert encryption_context["aws:s3:arn"] == f"arn:aws:s3:::{bucket}/{key}"
            return bucket == "far" and kms_key in self.far_keys
        return bucket == "far" and key == f"there/AWSLogs/{ACCOUNT}/CloudTrail/"

    def bucket_policy(self, bucket: str) -> str | None:
        return self.policies[bucket]


class FakeTopics:
    """Topics by ARN, each with the code that it refuses with, or none. `sent` holds what they took."""

    def __init__(self) -> None:
        self.refusals: dict[str, str] = {}
        self.sent: list[tuple[str, str]] = []

    def publish(self, topic: str, message: str, source: str) -> None:
        assert source.startswith("arn:aws:cloudtrail:")
        if topic not in self.refusals:
            raise TopicError("NotFound", f"there is no topic {topic}")
        if code := self.refusals[topic]:
            raise TopicError(code.removeprefix("silent"), f"{topic} refuses")
        self.sent.append((topic, message))


class FakeKeys:
    """Keys and aliases by ARN. A key's policy here is the list of actions that it lets CloudTrail do."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}

    def add(self, arn: str, *actions: str, named: str = "", state: str = "Enabled", symmetric: bool = True) -> str:
        policy = json.dumps(actions) if actions else None
        self.keys[named or arn] = Key(arn=arn, state=state, symmetric=symmetric, policy=policy)
        return arn

    def find(self, arn: str) -> Key | None:
        return self.keys.get(arn)


class FakeLogGroups:
    """Log groups; roles that trust CloudTrail; and what a role may do."""

    def __init__(self) -> None:
        self.groups: set[str] = set()
        self.trusting: set[str] = set()
        self.permissions: dict[str, set[str]] = {}
        self.asked: list[str] = []

    def exists(self, group: str) -> bool:
        return group in self.groups

    def trusts(self, role: str, source: str) -> bool:
        return role in self.trusting

    def may(self, role: str, action: str, resource: str) -> bool:
        self.asked.append(resource)
        return action in self.permissions.get(role, ())


def service_may(policy: str, action: str, resource: str, facts: Mapping[str, str]) -> bool:
    assert facts["aws:SourceArn"].startswith("arn:aws:cloudtrail:")
    assert facts["aws:SourceAccount"] == ACCOUNT
    if action.startswith("kms:"):
        context = {name.split(":")[3] for name in facts if name.startswith("kms:EncryptionContext:")}
        if "default" in json.loads(policy):  # one that buckets encrypt with by default knows no trails
            return context == {"s3"}
        assert context == ({"cloudtrail", "s3"} if action == "kms:GenerateDataKey" else set())
        return action in json.loads(policy)
    if action == "s3:GetBucketAcl":
        return "/" not in resource
    assert (action, facts["s3:x-amz-acl"]) == ("s3:PutObject", "bucket-owner-full-control")
    _, _, key = resource.partition("/")
    for prefix in json.loads(policy):
        folder = prefix if prefix.endswith("/CloudTrail/") else f"{prefix}AWSLogs/{ACCOUNT}/"
        if key.startswith(folder):
            return True
    return False


class Others:
    """All of them, and the checks over them."""

    def __init__(self) -> None:
        self.buckets = Buckets()
        self.topics = FakeTopics()
        self.keys = FakeKeys()
        self.log_groups = FakeLogGroups()
        self.checks = Preconditions(
            self.buckets, service_may, topics=self.topics, keys=self.keys, log_groups=self.log_groups
        )


class FakeLogStreams:
    """Streams that remember how far each reader is written, and refuse as told."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str, bytes]] = []
        """Group, stream, record."""
        self.positions: dict[str, int] = {}
        self.refusals: dict[str, str] = {}
        """Error code by group."""
        self.dies_after: int | None = None
        """Puts after which the answer of one is lost."""
        self.remembers = True

    def put(self, stream: TrailStream, records: Sequence[bytes], *, reader: str, position: int) -> None:
        if stream.group in self.refusals:
            raise LogGroupError(self.refusals[stream.group], f"{stream.group} refuses {stream.role}")
        self.written += [(stream.group, stream.name, record) for record in records]
        if self.remembers:
            self.positions[reader] = position
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after == 0:
                self.dies_after = None
                raise LogGroupError("", "the connection broke")

    def position_of(self, reader: str) -> int:
        return self.positions.get(reader, 0)
