"""May this caller do this to this bucket? Its policy, its access control list, its public access block.

What the caller's own policies say was decided before the call came here, if `auth.iam` has it decided at all; this is
the bucket's side of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from cairn.account.s3 import acl, policy
from cairn.account.s3.buckets import Bucket
from cairn.account.s3.operations import OBJECT_OPERATIONS, action_of
from cairn.account.s3.replies import access_denied
from cairn.account.s3.xml import parse, text_of
from cairn.core.records.identity import Identity
from cairn.wire.http import Call

_ACL_OF_BUCKET = {
    **dict.fromkeys(("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"), "READ"),
    **dict.fromkeys(("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"), "WRITE"),
    "s3:GetBucketAcl": "READ_ACP",
    "s3:PutBucketAcl": "WRITE_ACP",
}
_ACL_OF_OBJECT = {
    **dict.fromkeys(("s3:GetObject", "s3:GetObjectVersion"), "READ"),
    **dict.fromkeys(("s3:GetObjectAcl", "s3:GetObjectVersionAcl"), "READ_ACP"),
    **dict.fromkeys(("s3:PutObjectAcl", "s3:PutObjectVersionAcl"), "WRITE_ACP"),
}
_ALWAYS_ROOTS = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
_CONDITION_HEADERS = (
    *("x-amz-acl", "x-amz-copy-source", "x-amz-metadata-directive", "x-amz-server-side-encryption"),
    *("x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class", "x-amz-content-sha256"),
    *("x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write"),
    "x-amz-grant-write-acp",
)
_CONDITION_PARAMETERS = {"prefix": "prefix", "delimiter": "delimiter", "max-keys": "max-keys", "versionId": "VersionId"}


class Verdict(Enum):
    """What a bucket policy says by itself."""

    ALLOW = "allow"
    DENY = "deny"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """What a bucket policy is asked."""

    identity: Identity
    action: str
    resource: str
    """ARN of a bucket or an object."""
    context: dict[str, str] = field(default_factory=dict)
    """Condition keys of the request: `s3:prefix`, `aws:SourceIp`. Those of the identity are the evaluator's."""


Evaluate = Callable[[str, PolicyRequest], Verdict]
"""Asks a policy's text. Joined in `service.joints` to the one evaluator, `core.policy`."""


def caller_account(call: Call) -> str:
    """The account that calls; empty for services and for nobody in particular."""
    identity = call.identity
    if identity.type == "AWSService" or identity.account == "anonymous":
        return ""
    return identity.account or call.account


class Access:
    """The bucket's side of every permission."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate

    def check(
        self, call: Call, bucket: Bucket, key: str = "", *, operation: str = "", version: str = "", object_acl: str = ""
    ) -> None:
        """Return if the call may go on.

        Args:
            key: decoded; empty where it is the bucket that is addressed.
            operation, version: in place of the call's, where it needs several (a copy reads its source).
            object_acl: that of the object, if it has one.

        Raises:
            AwsError: AccessDenied.
        """
        name = operation or call.operation
        if not operation:
            version = dict(call.request.query_pairs()).get("versionId", "")
        action = action_of(name, version)
        if not self.allows(call, bucket, key, action, is_object=name in OBJECT_OPERATIONS, object_acl=object_acl):
            who = call.identity.arn or call.identity.invoked_by or "Anonymous"
            resource = _arn(bucket, key)
            raise access_denied(
                f'User: {who} is not authorized to perform: {action} on resource: "{resource}" because no '
                "resource-based policy allows the action, or one denies it"
            )

    def allows(
        self, call: Call, bucket: Bucket, key: str, action: str, *, is_object: bool, object_acl: str = ""
    ) -> bool:
        account = caller_account(call)
        is_owner = account == bucket.account
        if is_owner and call.identity.type == "Root" and action in _ALWAYS_ROOTS:
            return True
        text = bucket.documents.get("policy", "")
        verdict = Verdict.NONE
        if text:
            verdict = self._evaluate(
                text, PolicyRequest(call.identity, action, _arn(bucket, key if is_object else ""), conditions_of(call))
            )
        if verdict is Verdict.DENY:
            return False
        if is_owner:
            return True
        if verdict is Verdict.ALLOW:
            restricted = blocks(bucket, "RestrictPublicBuckets") and policy.is_public(text)
            return not restricted or call.identity.type == "AWSService"
        return self._by_acl(bucket, account, action, object_acl)

    def _by_acl(self, bucket: Bucket, account: str, action: str, object_acl: str) -> bool:
        if not acls_enabled(bucket):
            return False
        ignore = blocks(bucket, "IgnorePublicAcls")
        for permission, text in (
            (_ACL_OF_BUCKET.get(action), bucket.documents.get("acl", "")),
            (_ACL_OF_OBJECT.get(action), object_acl),
        ):
            if permission and text:
                grants = acl.from_xml(text.encode(), bucket.account)
                if acl.permits(grants, account, permission, ignore_public=ignore):
                    return True
        return False


def blocks(bucket: Bucket, setting: str) -> bool:
    """Whether the bucket's public access block has `setting` on."""
    text = bucket.documents.get("publicAccessBlock")
    return text is not None and _said(text, setting).lower() == "true"


def acls_enabled(bucket: Bucket) -> bool:
    """Whether access control lists count: they do not where the bucket's owner owns everything in it."""
    text = bucket.documents.get("ownershipControls")
    return text is None or _said(text, "Rule/ObjectOwnership") != "BucketOwnerEnforced"


@lru_cache(maxsize=1024)
def _said(document: str, path: str) -> str:
    """Text at `path` of a bucket's document. Each put asks, and few documents differ."""
    return text_of(parse(document.encode()), path)


def _arn(bucket: Bucket, key: str) -> str:
    return f"arn:aws:s3:::{bucket.name}/{key}" if key else f"arn:aws:s3:::{bucket.name}"


def conditions_of(call: Call) -> dict[str, str]:
    """The condition keys of a request, but for those of its caller."""
    request = call.request
    context = {"aws:SourceIp": request.client, "aws:SecureTransport": "true" if request.scheme == "https" else "false"}
    for name, key in (("user-agent", "aws:UserAgent"), ("referer", "aws:Referer")):
        if name in request.headers:
            context[key] = request.headers.get(name)
    for name in _CONDITION_HEADERS:
        if name in request.headers:
            context[f"s3:{name}"] = request.headers.get(name)
    for name, value in request.query_pairs():
        if name in _CONDITION_PARAMETERS:
            context[f"s3:{_CONDITION_PARAMETERS[name]}"] = value
    return context
