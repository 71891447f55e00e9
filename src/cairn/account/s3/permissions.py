"""Which of IAM's permissions a call of S3 needs, and under which condition keys.

A call may need several: a copy reads its source, a put that brings tags or an access control list sets them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from cairn.account.s3.access import PolicyRequest, conditions_of
from cairn.account.s3.operations import OBJECT_OPERATIONS, OPERATIONS, action_of
from cairn.wire.http import Call
from cairn.wire.s3_routes import split_path

_BY_HEADER = {
    "x-amz-acl": "Acl",
    "x-amz-grant-full-control": "Acl",
    "x-amz-grant-read": "Acl",
    "x-amz-grant-read-acp": "Acl",
    "x-amz-grant-write": "Acl",
    "x-amz-grant-write-acp": "Acl",
    "x-amz-object-lock-legal-hold": "LegalHold",
    "x-amz-object-lock-mode": "Retention",
    "x-amz-object-lock-retain-until-date": "Retention",
    "x-amz-tagging": "Tagging",
}
"""What a new object or bucket is given beside its content, each by a permission of its own."""
_PUTS = frozenset({"CopyObject", "CreateMultipartUpload", "PostObject", "PutObject"})
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
BYPASS = "x-amz-bypass-governance-retention"


def permissions_of(call: Call) -> list[PolicyRequest]:
    """What the caller must be allowed, each of it. Empty for operations that nobody answers."""
    known = OPERATIONS.get(call.operation)
    if known is None or not known.action:
        return []
    request = call.request
    bucket, key = (unquote(part) for part in split_path(request.path, call.host_bucket))
    version = dict(request.query_pairs()).get("versionId", "")
    is_object = call.operation in OBJECT_OPERATIONS
    resource = _arn(bucket, key if is_object else "")
    wanted = [(action_of(call.operation, version), resource)]
    if call.operation == "DeleteObjects":
        wanted = _deleted(call, bucket)
    if call.operation in _PUTS:
        kinds = dict.fromkeys(_BY_HEADER[name] for name, _ in request.headers if name in _BY_HEADER)
        wanted += [(f"s3:PutObject{kind}", resource) for kind in kinds]
    if call.operation == "CreateBucket" and any(_BY_HEADER.get(name) == "Acl" for name, _ in request.headers):
        wanted.append(("s3:PutBucketAcl", resource))
    if call.operation in _COPIES:
        wanted.append(_source(request.headers.get("x-amz-copy-source")))
    if request.headers.get(BYPASS).lower() == "true":
        wanted += [("s3:BypassGovernanceRetention", arn) for _, arn in wanted if "/" in arn]
    context = conditions_of(call)
    return [PolicyRequest(call.identity, action, arn, context) for action, arn in dict.fromkeys(wanted)]


def _deleted(call: Call, bucket: str) -> list[tuple[str, str]]:
    """What DeleteObjects takes away."""
    given: Any = (call.params or {}).get("Delete") or {}
    return [
        (action_of("DeleteObject", item.get("VersionId") or ""), _arn(bucket, item.get("Key") or "*"))
        for item in given.get("Objects") or [{}]
    ]


def _source(header: str) -> tuple[str, str]:
    path, _, version = header.partition("?versionId=")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    return action_of("GetObject", version), _arn(bucket, key)


def _arn(bucket: str, key: str) -> str:
    if not bucket:
        return "*"
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
