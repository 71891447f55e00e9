"""Configuration of a bucket that is kept, given back and otherwise not acted on: one XML document a kind.

Which operations put, get and delete a kind is read from their names; what a document may hold, from botocore's model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from botocore.model import Shape

from cairn.account.s3.buckets import Bucket, Buckets
from cairn.account.s3.replies import error
from cairn.account.s3.xml import Element, check, element, malformed, parse, render, text_of
from cairn.core.errors import AwsError
from cairn.wire.models import operation_model

PAGE = 100
TAGS_MAX = 50
_NO_CONFIGURATION = ("NoSuchConfiguration", "The specified configuration does not exist.")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document.

    Exactly one of `missing` and `default` says what a bucket without one answers.
    """

    name: str
    """S3's name of the sub-resource: `website`."""
    put: str
    """The operation that puts one."""
    missing: tuple[str, str] | None = None
    default: str = ""
    limit: int = 1
    """How many a bucket may have; more than one: each has an `Id`."""
    listed: str = ""
    """The root element of their list."""


_KINDS = (
    Kind("abac", "PutBucketAbac", default="<AbacStatus><Status>Disabled</Status></AbacStatus>"),
    Kind("accelerate", "PutBucketAccelerateConfiguration", default="<AccelerateConfiguration/>"),
    Kind(
        "analytics",
        "PutBucketAnalyticsConfiguration",
        _NO_CONFIGURATION,
        limit=1000,
        listed="ListBucketAnalyticsConfigurationsResult",
    ),
    Kind(
        "encryption",
        "PutBucketEncryption",
        default="<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256"
        "</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
        "</ServerSideEncryptionConfiguration>",
    ),
    Kind(
        "intelligent-tiering",
        "PutBucketIntelligentTieringConfiguration",
        _NO_CONFIGURATION,
        limit=1000,
        listed="ListBucketIntelligentTieringConfigurationsOutput",
    ),
    Kind(
        "inventory",
        "PutBucketInventoryConfiguration",
        _NO_CONFIGURATION,
        limit=1000,
        listed="ListInventoryConfigurationsResult",
    ),
    Kind(
        "lifecycle",
        "PutBucketLifecycleConfiguration",
        ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
    ),
    Kind("logging", "PutBucketLogging", default="<BucketLoggingStatus/>"),
    Kind(
        "metrics",
        "PutBucketMetricsConfiguration",
        _NO_CONFIGURATION,
        limit=1000,
        listed="ListMetricsConfigurationsResult",
    ),
    Kind("notification", "PutBucketNotificationConfiguration", default="<NotificationConfiguration/>"),
    Kind(
        "ownershipControls",
        "PutBucketOwnershipControls",
        ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
    ),
    Kind(
        "publicAccessBlock",
        "PutPublicAccessBlock",
        ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"),
    ),
    Kind(
        "replication",
        "PutBucketReplication",
        ("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
    ),
    Kind(
        "requestPayment",
        "PutBucketRequestPayment",
        default="<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
    ),
    Kind("tagging", "PutBucketTagging", ("NoSuchTagSet", "The TagSet does not exist")),
    Kind(
        "website",
        "PutBucketWebsite",
        ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
    ),
)
_ALIASES = {  # operations whose names are not made of their kind's
    "DeleteBucketLifecycle": "lifecycle",
    "GetBucketLifecycle": "lifecycle",
    "GetBucketNotification": "notification",
    "PutBucketLifecycle": "lifecycle",
    "PutBucketNotification": "notification",
}


@cache
def kind_of(operation: str) -> Kind | None:
    """The kind of document that an operation is about; None if it is about none."""
    alias = _ALIASES.get(operation)
    for kind in _KINDS:
        stem = kind.put.removeprefix("Put")
        if kind.name == alias or operation in (f"Put{stem}", f"Get{stem}", f"Delete{stem}", f"List{stem}s"):
            return kind
    return None


def put(buckets: Buckets, bucket: Bucket, kind: Kind, body: bytes, id: str) -> None:
    """Keep the document in `body`.

    Raises:
        AwsError: it is not what the model describes, or breaks a rule of S3's.
    """
    root = parse(body)
    name, shape = _payload(kind.put)
    check(root, name, shape)
    _RULES.get(kind.name, lambda _: None)(root)
    if kind.limit > 1 and (not id or text_of(root, "Id") != id):
        raise error("InvalidArgument", "The Id of the configuration does not match the one in the request.")
    if kind.name in ("logging", "notification") and not len(root):
        buckets.delete_document(bucket.name, kind.name)
        return
    buckets.put_document(
        bucket.name, kind.name, render(root).decode(), id=id if kind.limit > 1 else "", limit=kind.limit
    )


def get(buckets: Buckets, bucket: Bucket, kind: Kind, id: str) -> bytes:
    """The document as it was put, or the one that stands for none.

    Raises:
        AwsError: there is none, in the words of its kind.
    """
    if kind.limit > 1:
        content = dict(buckets.documents_of(bucket.name, kind.name)).get(id)
    else:
        content = bucket.documents.get(kind.name) or kind.default
    if not content:
        assert kind.missing is not None
        raise AwsError(*kind.missing, 404, BucketName=bucket.name)
    return render(parse(content.encode()))


def delete(buckets: Buckets, bucket: Bucket, kind: Kind, id: str) -> None:
    """Raises AwsError if there was none of a kind of which a bucket may have several; others may be gone already."""
    if not buckets.delete_document(bucket.name, kind.name, id=id) and kind.limit > 1:
        raise AwsError(*_NO_CONFIGURATION, 404)


def listed(buckets: Buckets, bucket: Bucket, kind: Kind, after: str) -> Element:
    """One page of a kind, `after` being the continuation token of the page before."""
    root = element(kind.listed)
    rest = [(id, content) for id, content in buckets.documents_of(bucket.name, kind.name) if id > after]
    for _, content in rest[:PAGE]:
        root.append(parse(content.encode()))
    root.append(element("IsTruncated", "true" if len(rest) > PAGE else "false"))
    if after:
        root.append(element("ContinuationToken", after))
    if len(rest) > PAGE:
        root.append(element("NextContinuationToken", rest[PAGE - 1][0]))
    return root


@cache
def _payload(operation: str) -> tuple[str, Shape]:
    """Name and shape of the document that an operation takes."""
    shape = operation_model("s3", operation).input_shape
    member = shape.members[shape.serialization["payload"]]
    return member.serialization["name"], member


def _check_tags(root: Element) -> None:
    keys = [text_of(tag, "Key") for tag in root.iter("Tag")]
    if len(keys) > TAGS_MAX:
        raise error("BadRequest", f"Bucket tag count cannot be greater than {TAGS_MAX}")
    if len(set(keys)) != len(keys):
        raise error("InvalidTag", "Cannot provide multiple Tags with the same key")
    for tag in root.iter("Tag"):
        key, value = text_of(tag, "Key"), text_of(tag, "Value")
        if not 0 < len(key) <= 128:
            raise error("InvalidTag", "The TagKey you have provided is invalid", TagKey=key)
        if len(value) > 256:
            raise error("InvalidTag", "The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        if key.lower().startswith("aws:"):
            raise error("InvalidTag", "System tags cannot be added/updated by requester", TagKey=key)


def _check_lifecycle(root: Element) -> None:
    ids: list[str] = []
    for rule in root.iter("Rule"):
        if rule.find("ID") is None:
            rule.insert(0, element("ID", f"rule-{len(ids) + 1}"))
        ids.append(text_of(rule, "ID"))
        if rule.find("Filter") is None and rule.find("Prefix") is None:
            raise malformed()
    if not ids:
        raise malformed()
    if len(set(ids)) != len(ids):
        raise error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")


def _check_encryption(root: Element) -> None:
    rules = list(root.iter("Rule"))
    if len(rules) != 1:
        raise malformed()
    algorithm = text_of(rules[0], "ApplyServerSideEncryptionByDefault/SSEAlgorithm")
    if algorithm == "AES256" and text_of(rules[0], "ApplyServerSideEncryptionByDefault/KMSMasterKeyID"):
        raise error(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        )
    if algorithm == "aws:kms:dsse":
        raise error("NotImplemented", "aws:kms:dsse is not supported by this endpoint")
    if rules[0].find("BucketKeyEnabled") is None:
        rules[0].append(element("BucketKeyEnabled", "false"))


def _complete_access_block(root: Element) -> None:
    for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"):
        if root.find(name) is None:
            root.append(element(name, "false"))


_RULES = {
    "publicAccessBlock": _complete_access_block,
    "tagging": _check_tags,
    "lifecycle": _check_lifecycle,
    "encryption": _check_encryption,
}
