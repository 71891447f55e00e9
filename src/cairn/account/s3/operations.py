"""Every operation of S3: who answers it, and which action of IAM it is.

The engine takes a sub-resource that it does not know for the plain operation (`DELETE ?analytics` deletes the
bucket, `GET ?torrent` gives the object), so that only what stands here as passed may reach it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """Where an answer comes from."""

    ENGINE = "passed"
    STATE = "answered from saved state"
    NONE = "not supported"


@dataclass(frozen=True, slots=True)
class Operation:
    """What is known of an operation before it is looked at."""

    answer: Answer
    action: str = ""
    """IAM's name of it: `s3:GetObject`."""


def _table(answer: Answer, actions: dict[str, str]) -> dict[str, Operation]:
    return {name: Operation(answer, f"s3:{action or name}") for name, action in actions.items()}


_ENGINE_OBJECTS = {
    "AbortMultipartUpload": "",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObject": "",
    "DeleteObjectTagging": "",
    "DeleteObjects": "DeleteObject",
    "GetObject": "",
    "GetObjectAttributes": "GetObject",
    "GetObjectLegalHold": "",
    "GetObjectRetention": "",
    "GetObjectTagging": "",
    "HeadObject": "GetObject",
    "ListParts": "ListMultipartUploadParts",
    "PostObject": "PutObject",
    "PutObject": "",
    "PutObjectLegalHold": "",
    "PutObjectRetention": "",
    "PutObjectTagging": "",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_ENGINE_BUCKETS = {
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketVersioning": "",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketVersioning": "",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
_STATE = {
    "CreateBucket": "",
    "DeleteBucket": "",
    "GetBucketAcl": "",
    "GetBucketLocation": "",
    "GetBucketPolicyStatus": "",
    "GetObjectAcl": "",
    "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "PutBucketAcl": "",
    "PutObjectAcl": "",
}
_DOCUMENTS = {
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketPolicy": "",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketWebsite": "",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAbac": "",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLogging": "",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotification": "",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketOwnershipControls": "",
    "GetBucketPolicy": "",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketRequestPayment": "",
    "GetBucketTagging": "",
    "GetBucketWebsite": "",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "PutBucketAbac": "",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketLogging": "",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotification": "",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketOwnershipControls": "",
    "PutBucketPolicy": "",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutBucketRequestPayment": "",
    "PutBucketTagging": "",
    "PutBucketWebsite": "",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_NOT_SUPPORTED = (
    "CreateBucketMetadataConfiguration",
    "CreateBucketMetadataTableConfiguration",
    "CreateSession",
    "DeleteObjectAnnotation",
    "DeleteBucketMetadataConfiguration",
    "DeleteBucketMetadataTableConfiguration",
    "GetBucketMetadataConfiguration",
    "GetBucketMetadataTableConfiguration",
    "GetObjectAnnotation",
    "GetObjectTorrent",
    "ListDirectoryBuckets",
    "ListObjectAnnotations",
    "PutObjectAnnotation",
    "RenameObject",
    "RestoreObject",
    "SelectObjectContent",
    "UpdateBucketMetadataAnnotationTableConfiguration",
    "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
    "UpdateObjectEncryption",
    "WriteGetObjectResponse",
)

OPERATIONS: dict[str, Operation] = (
    _table(Answer.ENGINE, _ENGINE_OBJECTS | _ENGINE_BUCKETS)
    | _table(Answer.STATE, _STATE | _DOCUMENTS)
    | {name: Operation(Answer.NONE) for name in _NOT_SUPPORTED}
)

OBJECT_OPERATIONS = frozenset(_ENGINE_OBJECTS) - {"DeleteObjects"} | {"GetObjectAcl", "PutObjectAcl"}
"""Those whose resource is an object."""

_OF_A_VERSION = frozenset(
    f"s3:{name}"
    for name in (
        *("DeleteObject", "DeleteObjectTagging", "GetObject", "GetObjectAcl", "GetObjectTagging"),
        *("PutObjectAcl", "PutObjectTagging"),
    )
)


def action_of(operation: str, version_id: str = "") -> str:
    """IAM's name of an operation, which differs for some where a version is named."""
    action = OPERATIONS[operation].action
    if version_id and action in _OF_A_VERSION:
        for suffix in ("Acl", "Tagging"):
            if action.endswith(suffix):
                return f"{action.removesuffix(suffix)}Version{suffix}"
        return f"{action}Version"
    return action
