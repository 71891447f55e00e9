"""Operations on what is kept of a bucket: documents, policy, access control lists. Plain and blocking."""

from __future__ import annotations

from urllib.parse import unquote

from cairn.account.s3 import acl, documents, policy
from cairn.account.s3.access import acls_enabled, blocks
from cairn.account.s3.buckets import Bucket, Buckets
from cairn.account.s3.replies import access_denied, document, empty, error, xml
from cairn.account.s3.tenancy import HOME
from cairn.account.s3.xml import element, parse, render
from cairn.core.errors import AwsError
from cairn.wire.http import Call, Response

_TRANSITION_SIZE = "x-amz-transition-default-minimum-object-size"
_TRANSITION_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")


class Configuration:
    """Answers them from saved state."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def answer(self, call: Call, bucket: Bucket, key: str) -> Response:
        """The reply to an operation whose answer is saved state.

        Raises:
            AwsError: it is refused.
        """
        match call.operation:
            case "HeadBucket":
                return empty(call, 200, ("x-amz-bucket-region", bucket.region))
            case "GetBucketLocation":
                return xml(call, element("LocationConstraint", "" if bucket.region == HOME else bucket.region))
            case "GetBucketPolicy" | "PutBucketPolicy" | "DeleteBucketPolicy" | "GetBucketPolicyStatus":
                return self._policy(call, bucket)
            case "GetBucketAcl":
                return self._acl(call, bucket, bucket.documents.get("acl", ""))
            case "GetObjectAcl":
                return self._acl(call, bucket, self._buckets.object_acl(bucket.name, unquote(key)))
            case "PutBucketAcl" | "PutObjectAcl":
                return self._put_acl(call, bucket, key)
            case _:
                return self._document(call, bucket)

    def _document(self, call: Call, bucket: Bucket) -> Response:
        kind = documents.kind_of(call.operation)
        assert kind is not None, call.operation
        query = dict(call.request.query_pairs())
        id = query.get("id", "")
        if call.operation.startswith("Put"):
            documents.put(self._buckets, bucket, kind, call.body or b"", id)
            if kind.name == "lifecycle":
                return self._put_transition_size(call, bucket)
            return empty(call, 200)
        if call.operation.startswith("Delete"):
            documents.delete(self._buckets, bucket, kind, id)
            return empty(call, 204)
        if call.operation.startswith("List"):
            return xml(call, documents.listed(self._buckets, bucket, kind, query.get("continuation-token", "")))
        reply = document(call, documents.get(self._buckets, bucket, kind, id))
        if kind.name == "lifecycle":
            reply.headers.set(_TRANSITION_SIZE, bucket.documents.get(_TRANSITION_SIZE, _TRANSITION_SIZES[0]))
        return reply

    def _put_transition_size(self, call: Call, bucket: Bucket) -> Response:
        size = call.request.headers.get(_TRANSITION_SIZE, _TRANSITION_SIZES[0])
        if size not in _TRANSITION_SIZES:
            raise error("InvalidRequest", f"The value of {_TRANSITION_SIZE} is invalid")
        self._buckets.put_document(bucket.name, _TRANSITION_SIZE, size)
        return empty(call, 200, (_TRANSITION_SIZE, size))

    def _policy(self, call: Call, bucket: Bucket) -> Response:
        if call.operation == "PutBucketPolicy":
            text = policy.check_policy(call.body or b"", bucket.name)
            if blocks(bucket, "BlockPublicPolicy") and policy.is_public(text):
                raise access_denied(
                    "Access Denied: public policies are prevented by the BlockPublicPolicy setting in S3 Block "
                    "Public Access"
                )
            self._buckets.put_document(bucket.name, "policy", text)
            return empty(call, 204)
        if call.operation == "DeleteBucketPolicy":
            self._buckets.delete_document(bucket.name, "policy")
            return empty(call, 204)
        text = bucket.documents.get("policy", "")
        if not text:
            raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", 404, BucketName=bucket.name)
        if call.operation == "GetBucketPolicyStatus":
            public = "true" if policy.is_public(text) else "false"
            return xml(call, element("PolicyStatus", element("IsPublic", public)))
        return document(call, text.encode(), content_type="application/json")

    def _acl(self, call: Call, bucket: Bucket, kept: str) -> Response:
        if kept and acls_enabled(bucket):
            return document(call, render(parse(kept.encode())))
        return xml(call, acl.to_xml(bucket.account, acl.private(bucket.account)))

    def _put_acl(self, call: Call, bucket: Bucket, key: str) -> Response:
        grants = acl.from_headers(call.request.headers, bucket.account)
        if grants is None:
            if not call.body:
                raise error("MissingSecurityHeader", "Your request was missing a required header")
            grants = acl.from_xml(call.body, bucket.account)
        check_grants(bucket, grants)
        content = kept_acl(bucket, grants)
        if call.operation == "PutObjectAcl":
            self._buckets.put_object_acl(bucket.name, unquote(key), content)
        elif content:
            self._buckets.put_document(bucket.name, "acl", content)
        else:
            self._buckets.delete_document(bucket.name, "acl")
        return empty(call, 200)


def check_grants(bucket: Bucket, grants: list[acl.Grant]) -> None:
    """Raises AwsError where the bucket takes no access control lists, or no public ones."""
    if not acls_enabled(bucket) and grants != acl.private(bucket.account):
        raise error("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if blocks(bucket, "BlockPublicAcls") and acl.is_public(grants):
        raise access_denied(
            "Access Denied: public access control lists are prevented by the BlockPublicAcls setting in S3 Block "
            "Public Access"
        )


def kept_acl(bucket: Bucket, grants: list[acl.Grant]) -> str:
    """The list as it is kept; empty where it says no more than that the owner is the owner."""
    if grants == acl.private(bucket.account):
        return ""
    return render(acl.to_xml(bucket.account, grants)).decode()
