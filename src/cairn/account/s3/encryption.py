"""How an object is encrypted: as its request says, else as its bucket does, else with S3's own keys."""

from __future__ import annotations

from typing import Protocol

from cairn.account.s3.buckets import Bucket
from cairn.account.s3.replies import error, not_implemented
from cairn.account.s3.xml import parse, text_of
from cairn.wire.http import Headers

ENCRYPTING = frozenset(("PutObject", "PostObject", "CopyObject", "CreateMultipartUpload"))

_SSE = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_CONTEXT = "x-amz-server-side-encryption-context"
_CUSTOMER = "x-amz-server-side-encryption-customer-algorithm"


class Keys(Protocol):
    """Names KMS keys, and refuses those that cannot be used."""

    def arn(self, account: str, region: str, key: str) -> str: ...


def apply_encryption(headers: Headers, bucket: Bucket) -> bool:
    """Make `headers`, of a request that makes an object, say how it is encrypted.

    Returns whether that is with a KMS key, which `name_key` then has to name.

    Raises:
        AwsError: what is asked for contradicts itself or cannot be had.
    """
    if _CUSTOMER in headers:
        if _SSE in headers:
            raise error(
                "InvalidArgument",
                "Server Side Encryption with Customer provided key is incompatible with "
                "the encryption method specified",
            )
        return False
    if _SSE not in headers:
        if _KEY in headers:
            raise error("InvalidArgument", "The encryption method is missing")
        _by_default(headers, bucket)
    algorithm = headers.get(_SSE)
    if algorithm == "aws:kms:dsse":
        raise not_implemented("Server-side encryption with aws:kms:dsse")
    if algorithm not in ("AES256", "aws:kms"):
        raise error("InvalidArgument", "The encryption method specified is not supported")
    if algorithm == "AES256":
        if _KEY in headers or _CONTEXT in headers:
            raise error(
                "InvalidArgument",
                "Server Side Encryption with AWS KMS managed key requires HTTP header "
                "x-amz-server-side-encryption : aws:kms",
            )
        return False
    return True


def name_key(headers: Headers, bucket: Bucket, account: str, keys: Keys | None) -> None:
    """Name the KMS key in `headers` by its ARN. Blocks while the key is looked up.

    Args:
        account: whose keys are meant where a key's account is not named.

    Raises:
        AwsError: the key cannot be used.
    """
    if keys is None:
        raise not_implemented("Server-side encryption with KMS keys")
    headers.set(_KEY, keys.arn(account or bucket.account, bucket.region, headers.get(_KEY)))


def default_of(bucket: Bucket) -> tuple[str, str]:
    """The algorithm that a bucket encrypts with by default, and the KMS key as it was named, if it was."""
    text = bucket.documents.get("encryption")
    rule = parse(text.encode()).find("Rule/ApplyServerSideEncryptionByDefault") if text else None
    if rule is None:
        return "AES256", ""
    return text_of(rule, "SSEAlgorithm"), text_of(rule, "KMSMasterKeyID")


def _by_default(headers: Headers, bucket: Bucket) -> None:
    algorithm, key = default_of(bucket)
    headers.set(_SSE, algorithm)
    if key:
        headers.set(_KEY, key)
