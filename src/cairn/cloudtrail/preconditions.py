"""What must hold before a trail is set: its names are valid, and CloudTrail may write to its bucket."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from cairn.cloudtrail import refusals
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

    def takes(self, bucket: str, key: str) -> bool:
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


class Preconditions:
    """The checks that look at other services."""

    def __init__(self, destinations: Destinations, service_may: ServiceMay) -> None:
        self._destinations = destinations
        self._service_may = service_may

    def check_bucket(self, trail: TrailId, settings: TrailSettings) -> None:
        """Raise unless the bucket exists and lets CloudTrail read its ACL and write the trail's log files: those of
        every account, where the trail is an organization's.

        Raises:
            AwsError: S3BucketDoesNotExistException, InsufficientS3BucketPolicyException.
        """
        bucket = settings.bucket
        if not self._destinations.bucket_exists(bucket):
            raise refusals.bucket_does_not_exist(bucket)
        policy = self._destinations.bucket_policy(bucket)
        arn = f"arn:{partition(trail.home_region)}:s3:::{bucket}"
        folder = "/".join(filter(None, (settings.prefix.strip("/"), "AWSLogs", settings.organization)))
        account = _ANY if settings.organization else trail.account
        facts = {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account}
        needed = [
            ("s3:GetBucketAcl", arn, facts),
            (
                "s3:PutObject",
                f"{arn}/{folder}/{account}/CloudTrail/{trail.home_region}",
                facts | {"s3:x-amz-acl": "bucket-owner-full-control"},
            ),
        ]
        named = policy is not None and all(self._service_may(policy, *need) for need in needed)
        if not named and not self._destinations.takes(bucket, f"{folder}/{trail.account}/CloudTrail/"):
            raise refusals.insufficient_bucket_policy(bucket)
