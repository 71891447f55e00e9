"""The KMS key that a trail's files are encrypted with: how it is named, and whether CloudTrail may use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.trail import TrailId, partition

_ID = r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_KEY = re.compile(
    rf"(?P<arn>arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{{12}}:(?:key/{_ID}|{_ALIAS}))|(?P<id>{_ID})|(?P<alias>{_ALIAS})"
)


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A KMS key, as far as it can be looked at."""

    arn: str
    """Of the key itself, not of an alias."""
    state: str = "Enabled"
    """In the KMS's words: `Enabled`, `Disabled`, `PendingDeletion`..."""
    symmetric: bool = True
    """Whether it encrypts and decrypts with one secret, as S3 wants it."""
    policy: str | None = None
    """The key policy's JSON; None where it is not shown to us."""


class Keys(Protocol):
    """The KMS keys of any account and region."""

    def find(self, arn: str) -> Key | None:
        """The key, by its ARN or by that of an alias; None where there is none."""


def check_key_id(key: str) -> None:
    """Raise InvalidKmsKeyIdException unless it may name a key: an id, an alias, or the ARN of either."""
    if not _KEY.fullmatch(key):
        raise refusals.invalid_key_id(key)


def key_arn(trail: TrailId, key: str) -> str:
    """The ARN of a key or alias as a caller named it: of the trail's account and home region, unless it says."""
    if key.startswith("arn:"):
        return key
    kind = "" if key.startswith("alias/") else "key/"
    return f"arn:{partition(trail.home_region)}:kms:{trail.home_region}:{trail.account}:{kind}{key}"


def context_of(trail_arn: str, bucket: str, object_key: str) -> dict[str, str]:
    """The encryption context of a file (spec 3)."""
    return {
        "aws:cloudtrail:arn": trail_arn,
        "aws:s3:arn": f"arn:{trail_arn.split(':')[1]}:s3:::{bucket}/{object_key}",
    }


def context_keys(context: Mapping[str, str]) -> dict[str, str]:
    """An encryption context as the condition keys of a key policy."""
    return {f"kms:EncryptionContext:{name}": value for name, value in context.items()}


def check_key(key: Key | None, named: str, bucket_region: str) -> Key:
    """The key, if it is one that can encrypt a bucket's objects.

    Args:
        named: the key as the caller named it.
        bucket_region: empty where it is not known.

    Raises:
        AwsError: KmsKeyNotFoundException, KmsException.
    """
    if key is None:
        raise refusals.key_not_found(named)
    if bucket_region and key.arn.split(":")[3] != bucket_region:
        raise refusals.key_in_another_region(key.arn, bucket_region)
    if not key.symmetric:
        raise refusals.unusable_key(key.arn, "is not a symmetric encryption key")
    if key.state != "Enabled":
        raise refusals.unusable_key(key.arn, f"is in the state {key.state}")
    return key
