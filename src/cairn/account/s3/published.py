"""What AWS keeps in buckets of its own for everybody to read, as far as clients of trails fetch it.

`aws cloudtrail create-subscription` and `update-subscription` take the policies of a new bucket and a new topic from
the bucket `awscloudtrail-policy-REGION`, and replace what stands in angle brackets.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cairn.account.s3.replies import access_denied, document, error
from cairn.cloudtrail.trail import partition
from cairn.core.errors import AwsError
from cairn.wire.http import Call, Response

_BUCKET = "awscloudtrail-policy-"
_SERVICE = {"Service": "cloudtrail.amazonaws.com"}


def is_published(bucket: str) -> bool:
    """Whether the bucket is one of AWS's own."""
    return bucket.startswith(_BUCKET)


def published(call: Call, bucket: str, key: str) -> Response:
    """The reply to a call on such a bucket.

    Raises:
        AwsError: it asks for something else than to read what is there.
    """
    if call.operation == "CreateBucket":
        raise error("BucketAlreadyExists", "The requested bucket name is not available.", BucketName=bucket)
    if call.operation not in ("GetObject", "HeadObject"):
        raise access_denied()
    policies = _policies(partition(bucket.removeprefix(_BUCKET)))
    if key not in policies:
        raise AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=key)
    content = msgspec.json.format(msgspec.json.encode(policies[key]), indent=2)
    reply = document(call, content, content_type="application/json")
    if call.operation == "HeadObject":
        reply.body = b""
    return reply


def _policies(part: str) -> dict[str, Any]:
    """The policies that the guide gives (spec 2.3), by key."""
    return {
        "policy/S3/AWSCloudTrail-S3BucketPolicy-2014-12-17.json": _policy(
            {
                "Sid": "AWSCloudTrailAclCheck20150319",
                "Principal": _SERVICE,
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:{part}:s3:::<BucketName>",
            },
            {
                "Sid": "AWSCloudTrailWrite20150319",
                "Principal": _SERVICE,
                "Action": "s3:PutObject",
                "Resource": f"arn:{part}:s3:::<BucketName>/<Prefix>/AWSLogs/<CustomerAccountID>/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            },
        ),
        "policy/SNS/AWSCloudTrail-SnsTopicPolicy-2014-12-17.json": _policy(
            {
                "Sid": "AWSCloudTrailSNSPolicy20131101",
                "Principal": _SERVICE,
                "Action": "SNS:Publish",
                "Resource": f"arn:{part}:sns:<Region>:<SNSTopicOwnerAccountId>:<SNSTopicName>",
            }
        ),
    }


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | each for each in statements]}
