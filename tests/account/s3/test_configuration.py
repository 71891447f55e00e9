"""Everything that Terraform's `aws_s3_bucket` family puts on a bucket, and what a bucket answers without it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from cairn.account.s3 import documents
from cairn.account.s3.operations import OPERATIONS, Answer
from cairn.account.s3.replies import canonical_id
from cairn.wire.models import operation_names
from cairn.wire.s3_routes import POST_OBJECT

ALICE = "111111111111"
SCOPE = f"AWS4-HMAC-SHA256 Credential={ALICE}/20260101/us-east-1/s3/aws4_request"
TOPIC = "arn:aws:sns:us-east-1:111111111111:topic"

# Operation without its verb, name of the argument, the document, and the answer of a bucket without one: an error
# code, or members of the reply.
CASES: list[tuple[str, str, dict[str, Any], str | dict[str, Any]]] = [
    ("BucketAccelerateConfiguration", "AccelerateConfiguration", {"Status": "Enabled"}, {}),
    (
        "BucketCors",
        "CORSConfiguration",
        {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 5}]},
        "NoSuchCORSConfiguration",
    ),
    (
        "BucketLifecycleConfiguration",
        "LifecycleConfiguration",
        {
            "Rules": [
                {
                    "ID": "old",
                    "Status": "Enabled",
                    "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
                    "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 5, "NewerNoncurrentVersions": 2},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
        "NoSuchLifecycleConfiguration",
    ),
    (
        "BucketLogging",
        "BucketLoggingStatus",
        {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "s3/"}},
        {},
    ),
    (
        "BucketNotificationConfiguration",
        "NotificationConfiguration",
        {"TopicConfigurations": [{"Id": "n", "TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}]},
        {},
    ),
    (
        "BucketReplication",
        "ReplicationConfiguration",
        {
            "Role": "arn:aws:iam::111111111111:role/r",
            "Rules": [
                {
                    "ID": "all",
                    "Status": "Enabled",
                    "Priority": 1,
                    "Filter": {"Prefix": ""},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "Destination": {"Bucket": "arn:aws:s3:::elsewhere"},
                }
            ],
        },
        "ReplicationConfigurationNotFoundError",
    ),
    ("BucketRequestPayment", "RequestPaymentConfiguration", {"Payer": "Requester"}, {"Payer": "BucketOwner"}),
    ("BucketTagging", "Tagging", {"TagSet": [{"Key": "team", "Value": "a&b <c>"}]}, "NoSuchTagSet"),
    (
        "BucketWebsite",
        "WebsiteConfiguration",
        {
            "IndexDocument": {"Suffix": "index.html"},
            "RoutingRules": [{"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyPrefixWith": "b"}}],
        },
        "NoSuchWebsiteConfiguration",
    ),
    ("BucketAbac", "AbacStatus", {"Status": "Enabled"}, {"AbacStatus": {"Status": "Disabled"}}),
]
MANY: list[tuple[str, str, dict[str, Any]]] = [
    ("Analytics", "AnalyticsConfiguration", {"StorageClassAnalysis": {}}),
    ("Metrics", "MetricsConfiguration", {"Filter": {"Prefix": "logs/"}}),
    (
        "IntelligentTiering",
        "IntelligentTieringConfiguration",
        {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]},
    ),
    (
        "Inventory",
        "InventoryConfiguration",
        {
            "IsEnabled": True,
            "IncludedObjectVersions": "All",
            "Schedule": {"Frequency": "Daily"},
            "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::d", "Format": "CSV"}},
        },
    ),
]


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def call(s3: Any, operation: str, **arguments: Any) -> dict[str, Any]:
    reply: dict[str, Any] = getattr(s3, xform_name(operation))(**arguments)
    reply.pop("ResponseMetadata")
    return reply


def test_every_operation_has_its_place() -> None:
    assert set(OPERATIONS) == operation_names("s3") | {POST_OBJECT}
    handled = {"DeleteBucketPolicy", "GetBucketPolicy", "PutBucketPolicy", "GetBucketLocation", "ListBuckets"}
    handled |= {"CreateBucket", "DeleteBucket", "HeadBucket", "GetBucketPolicyStatus"}
    handled |= {f"{verb}{what}Acl" for verb in ("Get", "Put") for what in ("Bucket", "Object")}
    for name, operation in OPERATIONS.items():
        assert (operation.answer is Answer.STATE) == (documents.kind_of(name) is not None or name in handled), name


def test_the_documentation_has_every_operation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "s3-operations.md").read_text("utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")][1:]
    assert {row[1].strip(): row[2].strip() for row in rows} == {
        name: operation.answer.value for name, operation in OPERATIONS.items()
    }


@pytest.mark.engine
@pytest.mark.parametrize(("stem", "argument", "content", "without"), CASES, ids=[case[0] for case in CASES])
def test_a_document_comes_back_and_goes(
    s3: Any, bucket: str, stem: str, argument: str, content: dict[str, Any], without: str | dict[str, Any]
) -> None:
    def get() -> dict[str, Any]:
        return call(s3, f"Get{stem}", Bucket=bucket)

    def missing() -> None:
        if isinstance(without, dict):
            assert get() == without
            return
        with pytest.raises(ClientError) as caught:
            get()
        assert code_of(caught) == (without, 404)

    missing()
    call(s3, f"Put{stem}", Bucket=bucket, **{argument: content})
    found = get()
    found.pop("TransitionDefaultMinimumObjectSize", None)
    assert found in (content, {argument: content})
    delete = f"Delete{stem}".replace("LifecycleConfiguration", "Lifecycle")
    if delete in OPERATIONS:
        call(s3, delete, Bucket=bucket)
        missing()
    elif stem in ("BucketLogging", "BucketNotificationConfiguration"):
        call(s3, f"Put{stem}", Bucket=bucket, **{argument: {}})
        missing()


@pytest.mark.engine
@pytest.mark.parametrize(("name", "argument", "content"), MANY, ids=[case[0] for case in MANY])
def test_documents_with_ids(s3: Any, bucket: str, name: str, argument: str, content: dict[str, Any]) -> None:
    stem = f"Bucket{name}Configuration"
    for id in ("b", "a"):
        call(s3, f"Put{stem}", Bucket=bucket, Id=id, **{argument: {"Id": id} | content})
    assert call(s3, f"Get{stem}", Bucket=bucket, Id="a")[argument] == {"Id": "a"} | content
    listed = call(s3, f"List{stem}s", Bucket=bucket)
    assert [one["Id"] for one in listed[f"{argument}List"]] == ["a", "b"]
    assert not listed["IsTruncated"]
    call(s3, f"Delete{stem}", Bucket=bucket, Id="a")
    for operation in ("Get", "Delete"):
        with pytest.raises(ClientError) as caught:
            call(s3, f"{operation}{stem}", Bucket=bucket, Id="a")
        assert code_of(caught) == ("NoSuchConfiguration", 404)
    assert s3.head_bucket(Bucket=bucket)


@pytest.mark.engine
def test_what_a_new_bucket_has(s3: Any, bucket: str) -> None:
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    acl = s3.get_bucket_acl(Bucket=bucket)
    assert acl["Owner"]["ID"] == canonical_id(ALICE)
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


@pytest.mark.engine
def test_the_public_access_block(s3: Any, bucket: str) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    s3.delete_public_access_block(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        s3.get_public_access_block(Bucket=bucket)
    assert code_of(caught) == ("NoSuchPublicAccessBlockConfiguration", 404)


@pytest.mark.engine
def test_access_control_lists(s3: Any, cloud: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert code_of(caught) == ("AccessControlListNotSupported", 400)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    assert code_of(caught) == ("AccessControlListNotSupported", 400)
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert code_of(caught) == ("AccessDenied", 403)
    bob = cloud.client("222222222222")
    s3.put_bucket_acl(Bucket=bucket, GrantRead=f'id="{canonical_id("222222222222")}"')
    assert bob.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert grants == [{"Grantee": {"ID": canonical_id("222222222222"), "Type": "CanonicalUser"}, "Permission": "READ"}]
    with pytest.raises(ClientError):
        bob.get_object(Bucket=bucket, Key="k")
    s3.put_object_acl(
        Bucket=bucket, Key="k", AccessControlPolicy={"Owner": {"ID": canonical_id(ALICE)}, "Grants": grants}
    )
    assert bob.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert s3.get_object_acl(Bucket=bucket, Key="k")["Grants"] == grants
    s3.put_object(Bucket=bucket, Key="k", Body=b"private again")
    with pytest.raises(ClientError):
        bob.get_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError) as caught:
        s3.get_object_acl(Bucket=bucket, Key="missing")
    assert code_of(caught) == ("NoSuchKey", 404)


@pytest.mark.engine
def test_policies(s3: Any, bucket: str) -> None:
    statement = {
        "Sid": "AWSCloudTrailWrite",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{ALICE}/*",
        "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_policy(Bucket=bucket)
    assert code_of(caught) == ("NoSuchBucketPolicy", 404)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    assert not s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)


@pytest.mark.engine
def test_lifecycle_rules_get_ids_and_keep_their_size_rule(s3: Any, bucket: str) -> None:
    rule = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    put = s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [rule]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    assert put["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert got["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    assert got["Rules"][0]["ID"]


@pytest.mark.engine
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet><Extra/></Tagging>",
        b"<WebsiteConfiguration/>",
        b'<!DOCTYPE t [<!ENTITY x "y">]><Tagging><TagSet/></Tagging>',
        '<?xml version="1.0"?><!DOCTYPE t><Tagging><TagSet/></Tagging>'.encode("utf-16"),
        b"<a>" * 5000,
        b"\xff\xfe\x00",
    ],
)
def test_documents_that_are_none(cloud: Any, bucket: str, body: bytes) -> None:
    request = urllib.request.Request(
        f"{cloud.door.url}/{bucket}?tagging", data=body, method="PUT", headers={"Authorization": SCOPE}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as reply:
        assert reply.code == 400
        assert b"<Code>MalformedXML</Code>" in reply.read()


@pytest.mark.engine
def test_tags_have_rules(s3: Any, bucket: str) -> None:
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    for tags in (twice, [{"Key": "aws:mine", "Value": "1"}], [{"Key": "k", "Value": "v" * 300}]):
        with pytest.raises(ClientError) as caught:
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        assert code_of(caught) == ("InvalidTag", 400)


@pytest.mark.engine
def test_preflights(cloud: Any, s3: Any, bucket: str) -> None:
    rules = [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://app.example"], "AllowedHeaders": ["*"]}]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    request = urllib.request.Request(
        f"{cloud.door.url}/{bucket}/k",
        method="OPTIONS",
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"},
    )
    with urllib.request.urlopen(request) as reply:
        assert reply.headers["Access-Control-Allow-Origin"] == "https://app.example"
