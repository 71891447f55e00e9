"""Records of S3, which speak HTTP: header and sub-resource names, the body's own XML names, bytes and signatures."""

from __future__ import annotations

from typing import Any

from cairn.core.records.facts import CallFacts, Pairs, S3Facts
from cairn.core.records.xml_json import typed_tree

_SIGNATURE_QUERY = frozenset(
    {
        "x-amz-signature",
        "x-amz-credential",
        "x-amz-security-token",
        "signature",
        "awsaccesskeyid",
        "authorization",
        "policy-signature",
    }
)
"""Query names, in lower case, that carry signatures and tokens."""

_OURS = frozenset({"bucketName", "Host", "key"})
"""What the record says of the call itself, and no query may say for it."""

_HEADERS = frozenset(
    "x-amz-" + name
    for name in (
        "acl",
        "bucket-object-lock-enabled",
        "bypass-governance-retention",
        "copy-source",
        "copy-source-if-match",
        "copy-source-if-modified-since",
        "copy-source-if-none-match",
        "copy-source-if-unmodified-since",
        "copy-source-range",
        "copy-source-server-side-encryption-customer-algorithm",
        "expected-bucket-owner",
        "grant-full-control",
        "grant-read",
        "grant-read-acp",
        "grant-write",
        "grant-write-acp",
        "metadata-directive",
        "object-attributes",
        "object-lock-legal-hold",
        "object-lock-mode",
        "object-lock-retain-until-date",
        "object-ownership",
        "request-payer",
        "server-side-encryption",
        "server-side-encryption-aws-kms-key-id",
        "server-side-encryption-bucket-key-enabled",
        "server-side-encryption-customer-algorithm",
        "source-expected-bucket-owner",
        "storage-class",
        "tagging",
        "tagging-directive",
        "website-redirect-location",
    )
)
"""Request headers that records show. Keys, tokens, dates, checksums and the user's own metadata are not among them."""

_REPLY_HEADERS = frozenset(
    "x-amz-" + name
    for name in (
        "abort-date",
        "abort-rule-id",
        "copy-source-version-id",
        "delete-marker",
        "expiration",
        "server-side-encryption",
        "server-side-encryption-aws-kms-key-id",
        "server-side-encryption-bucket-key-enabled",
        "server-side-encryption-customer-algorithm",
        "storage-class",
        "version-id",
    )
)

_BODILESS = frozenset(
    {"CompleteMultipartUpload", "DeleteObjects", "PostObject", "PutObject", "SelectObjectContent", "UploadPart"}
)
"""Calls whose body is data, not parameters."""

_UNOWNED = frozenset({"CreateBucket", "ListBuckets"})
_NO_SUCH_BUCKET = "NoSuchBucket"


def request_parameters(s3: S3Facts, name: str) -> dict[str, Any] | None:
    """requestParameters of the event called `name`."""
    parameters: dict[str, Any] = {}
    if s3.body is not None:
        if name == "PutBucketPolicy":
            parameters["bucketPolicy"] = s3.body
        elif name not in _BODILESS and len(s3.body) == 1:  # one root, so it is XML
            parameters.update(typed_tree(s3.body))
    if s3.bucket:
        parameters["bucketName"] = s3.bucket
    if s3.host:
        parameters["Host"] = s3.host
    for pair in s3.query:
        if pair[0] not in _OURS and pair[0].lower() not in _SIGNATURE_QUERY:
            _add(parameters, pair)
    for pair in s3.headers:
        if pair[0] in _HEADERS:
            _add(parameters, pair)
    if s3.key:
        parameters["key"] = s3.key
    return parameters or None


def _add(parameters: dict[str, Any], pair: tuple[str, str]) -> None:
    """A name that comes twice has a list of its values."""
    name, value = pair
    before = parameters.get(name)
    if before is None:
        parameters[name] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        parameters[name] = [before, value]


def response_elements(s3: S3Facts) -> dict[str, Any] | None:
    """responseElements of a write on an object that succeeded: what the reply's headers say of what was stored."""
    if not s3.key:
        return None
    return {name: value for name, value in s3.response_headers if name in _REPLY_HEADERS} or None


def additional_event_data(s3: S3Facts, tls: dict[str, str]) -> dict[str, Any]:
    """additionalEventData, its keys in the order of genuine records."""
    data: dict[str, Any] = {}
    if s3.signature_version:
        data["SignatureVersion"] = s3.signature_version
    if tls.get("cipherSuite"):
        data["CipherSuite"] = tls["cipherSuite"]
    data["bytesTransferredIn"] = s3.bytes_in
    if _encrypted_by_default(s3):
        data["SSEApplied"] = "Default_SSE_S3"
    if s3.authentication_method:
        data["AuthenticationMethod"] = s3.authentication_method
    if s3.id_2:
        data["x-amz-id-2"] = s3.id_2
    data["bytesTransferredOut"] = s3.bytes_out
    return data


def _encrypted_by_default(s3: S3Facts) -> bool:
    """Whether the bucket, not the request, asked for encryption with S3's own keys."""
    header = "x-amz-server-side-encryption"
    return bool(s3.key) and _get(s3.response_headers, header) == "AES256" and not _get(s3.headers, header)


def _get(pairs: Pairs, name: str) -> str:
    return next((value for key, value in pairs if key == name), "")


def resources(facts: CallFacts, name: str, data_event: bool) -> list[dict[str, str]]:
    """resources of the event called `name`: the object, without an account, and its bucket.

    A data event on no object in particular has the beginning of the ARNs of all.
    """
    s3 = facts.s3
    if s3 is None or not s3.bucket or name in _UNOWNED:
        return []
    arn = f"arn:aws:s3:::{s3.bucket}"
    bucket = {"accountId": facts.account, "type": "AWS::S3::Bucket", "ARN": arn}
    owned = [] if facts.error_code == _NO_SUCH_BUCKET else [bucket]
    if not data_event:
        return owned
    if s3.key:
        return [{"type": "AWS::S3::Object", "ARN": f"{arn}/{s3.key}"}, *owned]
    return [{"type": "AWS::S3::Object", "ARNPrefix": arn + "/"}, *owned]
