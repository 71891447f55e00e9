"""What must hold before a trail is set: its names are valid, and CloudTrail may do what the trail wants of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.encryption import Keys, check_key, check_key_id, context_keys, context_of, key_arn
from cairn.cloudtrail.log_groups import LogGroups, check_log_arns, check_log_group
from cairn.cloudtrail.topics import Topics, check_topic, check_topic_name
from cairn.cloudtrail.trail import TrailId, TrailSettings, partition

PREFIX_CHARACTERS_MAX = 200

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

_ANY = "*"
"""As a part of a resource: only a policy that has a wildcard there allows it, hence whatever stands there."""

ServiceMay = Callable[[str, str, str, Mapping[str, str]], bool]
"""Whether a resource's policy lets CloudTrail act: `service_may(policy, action, resource, condition_keys)`, where
`policy` is the document's JSON and the caller is the service principal cloudtrail.amazonaws.com."""


class Destinations(Protocol):
    """What trails deliver to, as it can be looked at before."""

    def bucket_exists(self, bucket: str) -> bool: ...

    def bucket_policy(self, bucket: str) -> str | None:
        """The policy document's JSON; None where the bucket has no policy."""

    def bucket_region(self, bucket: str) -> str:
        """Where the bucket is; empty where that is not known."""

    def default_key(self, bucket: str) -> str:
        """The ARN of the KMS key, or of its alias, that the bucket encrypts with by default; empty where it does so
        with keys of S3's own, or that is not known."""

    def takes(
        self, bucket: str, key: str, *, kms_key: str = "", encryption_context: Mapping[str, str] | None = None
    ) -> bool:
        """Whether an object can be put although no policy names CloudTrail, as where a store knows no services but
        lets in whom it gave credentials. False where the policy alone decides."""


def check_bucket_name(bucket: str) -> None:
    """Raise InvalidS3BucketNameException unless it may name a bucket."""
    if not _BUCKET.fullmatch(bucket):
        raise refusals.invalid_bucket_name(bucket)


def check_prefix(prefix: str) -> None:
    """Raise InvalidS3PrefixException unless keys may begin so."""
    if len(prefix) > PREFIX_CHARACTERS_MAX:
        raise refusals.invalid_prefix(f"The S3 prefix is longer than {PREFIX_CHARACTERS_MAX} characters.")


def check_settings(settings: TrailSettings) -> None:
    """Raise unless what the settings name can be what it is given as, whether it exists or not.

    Raises:
        AwsError: InvalidS3BucketNameException, InvalidS3PrefixException, InvalidSnsTopicNameException,
            InvalidKmsKeyIdException, InvalidCloudWatchLogsLogGroupArnException, InvalidCloudWatchLogsRoleArnException.
    """
    check_bucket_name(settings.bucket)
    check_prefix(settings.prefix)
    if settings.topic:
        check_topic_name(settings.topic)
    if settings.kms_key:
        check_key_id(settings.kms_key)
    check_log_arns(settings.log_group, settings.log_role)


class Preconditions:
    """The checks that look at other services."""

    def __init__(
        self,
        destinations: Destinations,
        service_may: ServiceMay,
        *,
        topics: Topics,
        keys: Keys,
        log_groups: LogGroups,
    ) -> None:
        self._destinations = destinations
        self._service_may = service_may
        self._topics = topics
        self._keys = keys
        self._log_groups = log_groups

    def check(self, trail: TrailId, settings: TrailSettings, given: Collection[str]) -> TrailSettings:
        """`settings`, their key named by its ARN, once CloudTrail may do everything that they ask for.

        Args:
            given: the members of the input. What is not among them was looked at when it was set.

        Raises:
            AwsError: those of the checks below.
        """
        bucket_given = "S3BucketName" in given or "S3KeyPrefix" in given
        if bucket_given:
            self.check_bucket(trail, settings)
        if settings.topic and "SnsTopicName" in given:
            check_topic(self._topics, trail, settings.topic)
        if settings.kms_key and ("KmsKeyId" in given or bucket_given):
            key = self.find_key(trail, settings)
            settings = msgspec.structs.replace(settings, kms_key=key)
        elif bucket_given or "KmsKeyId" in given:
            self._check_default_key(trail, settings)
        if settings.log_group and ("CloudWatchLogsLogGroupArn" in given or "CloudWatchLogsRoleArn" in given):
            arns = (settings.log_group, settings.log_role)
            check_log_group(self._log_groups, trail, *arns, settings.organization)
        return settings

    def find_key(self, trail: TrailId, settings: TrailSettings) -> str:
        """The ARN of the trail's key, once CloudTrail may encrypt log files with it and look at it.

        Raises:
            AwsError: KmsKeyNotFoundException, KmsException, InsufficientEncryptionPolicyException.
        """
        bucket = settings.bucket
        found = self._keys.find(key_arn(trail, settings.kms_key))
        key = check_key(found, settings.kms_key, self._destinations.bucket_region(bucket))
        folder = f"{_folder(settings)}/{trail.account}/CloudTrail/"
        context = context_of(trail.arn, bucket, folder + trail.home_region)
        facts = {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account}
        needed = [("kms:GenerateDataKey", facts | context_keys(context)), ("kms:DescribeKey", facts)]
        named = key.policy is not None and all(
            self._service_may(key.policy, action, key.arn, keys) for action, keys in needed
        )
        probe = context_of(trail.arn, bucket, folder)
        if not named and not self._destinations.takes(bucket, folder, kms_key=key.arn, encryption_context=probe):
            raise refusals.insufficient_encryption_policy(bucket, key.arn)
        return key.arn

    def _check_default_key(self, trail: TrailId, settings: TrailSettings) -> None:
        """Raise unless CloudTrail may use the key that the bucket encrypts with where the trail has none.

        Raises:
            AwsError: InsufficientS3BucketPolicyException.
        """
        bucket = settings.bucket
        named = self._destinations.default_key(bucket)
        if not named:
            return
        key = self._keys.find(named)
        context = context_of(trail.arn, bucket, f"{_folder(settings)}/{trail.account}/CloudTrail/")
        facts = {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account}
        facts |= context_keys({"aws:s3:arn": context["aws:s3:arn"]})
        if key is None or not self._service_may(key.policy or "", "kms:GenerateDataKey", key.arn, facts):
            raise refusals.insufficient_bucket_policy(bucket)

    def check_bucket(self, trail: TrailId, settings: TrailSettings, *, kind: str = "CloudTrail") -> None:
        """Raise unless the bucket exists and lets CloudTrail read its ACL and write the trail's log files: those of
        every account, where the trail is an organization's.

        Args:
            kind: the folder that is looked at.

        Raises:
            AwsError: S3BucketDoesNotExistException, InsufficientS3BucketPolicyException.
        """
        bucket = settings.bucket
        if not self._destinations.bucket_exists(bucket):
            raise refusals.bucket_does_not_exist(bucket)
        policy = self._destinations.bucket_policy(bucket)
        arn = f"arn:{partition(trail.home_region)}:s3:::{bucket}"
        folder = _folder(settings)
        account = _ANY if settings.organization else trail.account
        facts = {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account}
        needed = [
            ("s3:GetBucketAcl", arn, facts),
            (
                "s3:PutObject",
                f"{arn}/{folder}/{account}/{kind}/{trail.home_region}",
                facts | {"s3:x-amz-acl": "bucket-owner-full-control"},
            ),
        ]
        named = policy is not None and all(self._service_may(policy, *need) for need in needed)
        if not named and not self._destinations.takes(bucket, f"{folder}/{trail.account}/{kind}/"):
            raise refusals.insufficient_bucket_policy(bucket)


def _folder(settings: TrailSettings) -> str:
    """Below which the trail's files of every account are."""
    return "/".join(filter(None, (settings.prefix.strip("/"), "AWSLogs", settings.organization)))
