"""What the policies of an account decide about a trail's settings, by the stock clients; and tools that read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.contract.recipients import (
    SERVICE,
    allow,
    document,
    key_policy,
    make_bucket,
    make_key,
    make_log_group,
    make_role,
    make_topic,
    topic_policy,
    trail_arn,
)
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

REGION = "ap-southeast-1"
NAME = "checked"
SOURCE = trail_arn(NAME, REGION)


@dataclass
class Account:
    """A topic, a key, a log group and a role that let the trail in, and clients to change that."""

    cairn: Cairn
    bucket: str
    topic: str
    key: str
    group: str
    role: str

    def client(self, service: str) -> Any:
        return self.cairn.client(service, region=REGION)

    @property
    def full(self) -> dict[str, Any]:
        return {
            "S3BucketName": self.bucket,
            "SnsTopicName": self.topic,
            "KmsKeyId": self.key,
            "CloudWatchLogsLogGroupArn": self.group,
            "CloudWatchLogsRoleArn": self.role,
        }

    def topic_says(self, policy: str) -> None:
        self.client("sns").set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy)

    def topic_is_encrypted_with(self, key: str) -> None:
        sns = self.client("sns")
        sns.set_topic_attributes(TopicArn=self.topic, AttributeName="KmsMasterKeyId", AttributeValue=key)

    def key_says(self, policy: str) -> None:
        self.client("kms").put_key_policy(KeyId=self.key, PolicyName="default", Policy=policy)

    def role_may(self, policy: str) -> None:
        self.client("iam").put_role_policy(RoleName=NAME, PolicyName="logs", PolicyDocument=policy)

    def role_trusts(self, principal: dict[str, Any]) -> None:
        policy = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
        self.client("iam").update_assume_role_policy(RoleName=NAME, PolicyDocument=policy)


@pytest.fixture(scope="module")
def account(cairn: Cairn) -> Account:
    group = make_log_group(cairn, NAME, REGION)
    return Account(
        cairn,
        make_bucket(cairn, "checked-logs", REGION),
        make_topic(cairn, NAME, SOURCE, REGION),
        make_key(cairn, SOURCE, REGION),
        group,
        make_role(cairn, NAME, group, REGION),
    )


@pytest.fixture
def restored(account: Account) -> Iterator[Account]:
    """The account, whose policies are the guide's again afterwards, and the trail gone."""
    stream = account.group.removesuffix("*") + "log-stream:*"
    yield account
    account.topic_is_encrypted_with("")
    account.topic_says(topic_policy(account.topic, SOURCE))
    account.client("kms").enable_key(KeyId=account.key)
    account.key_says(key_policy(SOURCE))
    account.role_may(document(allow(["logs:CreateLogStream", "logs:PutLogEvents"], stream)))
    account.role_trusts(SERVICE)
    for trail in account.client("cloudtrail").describe_trails(includeShadowTrails=False)["trailList"]:
        account.client("cloudtrail").delete_trail(Name=trail["TrailARN"])


def deny(action: str, **more: Any) -> dict[str, Any]:
    return allow(action, **more) | {"Effect": "Deny"}


CHANGES: list[tuple[str, Callable[[Account], object]]] = [
    ("InsufficientSnsTopicPolicyException", lambda it: it.topic_says(topic_policy(it.topic, SOURCE + "x"))),
    (
        "InsufficientSnsTopicPolicyException",
        lambda it: it.topic_says(document(allow("SNS:Publish", it.topic, Principal={"AWS": ACCOUNT}))),
    ),
    ("KmsKeyNotFoundException", lambda it: it.topic_is_encrypted_with("alias/none")),
    ("InsufficientSnsTopicPolicyException", lambda it: it.topic_is_encrypted_with(it.key)),
    ("KmsException", lambda it: it.client("kms").disable_key(KeyId=it.key)),
    ("InsufficientEncryptionPolicyException", lambda it: it.key_says(key_policy(SOURCE + "x"))),
    ("InsufficientEncryptionPolicyException", lambda it: it.key_says(key_policy(SOURCE, "444455556666"))),
    (
        "InvalidCloudWatchLogsRoleArnException",
        lambda it: it.role_trusts({"Service": "lambda.amazonaws.com"}),
    ),
    ("InvalidCloudWatchLogsLogGroupArnException", lambda it: it.role_may(document(allow("logs:PutLogEvents")))),
    (
        "InvalidCloudWatchLogsLogGroupArnException",
        lambda it: it.role_may(document(allow("logs:*"), deny("logs:CreateLogStream"))),
    ),
    (
        "InvalidCloudWatchLogsLogGroupArnException",
        lambda it: it.role_may(document(allow("logs:*", it.group.replace(NAME, "other")))),
    ),
]


@pytest.mark.parametrize(("code", "change"), CHANGES)
def test_policies_decide(restored: Account, code: str, change: Callable[[Account], object]) -> None:
    trail = restored.client("cloudtrail")
    change(restored)
    with pytest.raises(ClientError) as caught:
        trail.create_trail(Name=NAME, **restored.full)
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)
    assert SOURCE not in {each["TrailARN"] for each in trail.list_trails()["Trails"]}


@pytest.fixture
def theirs(cairn: Cairn) -> Iterator[dict[str, str]]:
    """Keys of an administrator of a member account of an organization."""
    organizations = cairn.client("organizations")
    organizations.create_organization()
    made = organizations.create_account(Email="topics@example.com", AccountName="topics")["CreateAccountStatus"]
    role = f"arn:aws:iam::{made['AccountId']}:role/OrganizationAccountAccessRole"
    given = cairn.client("sts").assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
    yield {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    organizations.remove_account_from_organization(AccountId=made["AccountId"])
    organizations.delete_organization()


def test_a_topic_of_another_account_and_region(restored: Account, theirs: dict[str, str]) -> None:
    cairn, trail = restored.cairn, restored.client("cloudtrail")
    topic = make_topic(cairn, "theirs", SOURCE, "us-west-2", **theirs)
    made = trail.create_trail(Name=NAME, S3BucketName=restored.bucket, SnsTopicName=topic)
    assert made["SnsTopicARN"] == topic
    trail.start_logging(Name=NAME)
    restored.client("sns").create_topic(Name="recorded")
    cairn.cairn("flush", "--trail", SOURCE)
    wait_until(lambda: "LatestNotificationTime" in trail.get_trail_status(Name=NAME))
    cairn.client("sns", region="us-west-2", **theirs).delete_topic(TopicArn=topic)
    with pytest.raises(ClientError, match="SNS Topic does not exist or the topic policy is incorrect!"):
        trail.update_trail(Name=NAME, SnsTopicName=topic)


def test_what_is_set_is_what_every_reader_reads(restored: Account) -> None:
    """The calls by which Prowler looks at trails and their buckets, in every region that it may ask."""
    cairn, home = restored.cairn, restored.client("cloudtrail")
    made = home.create_trail(
        Name=NAME,
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        TagsList=[{"Key": "Team", "Value": "security"}],
        **restored.full,
    )
    assert {name: made[name] for name in restored.full} == restored.full
    home.start_logging(Name=NAME)
    for region in (REGION, "us-west-2"):
        client = cairn.client("cloudtrail", region=region)
        (seen,) = [each for each in client.describe_trails()["trailList"] if each["TrailARN"] == SOURCE]
        assert {name: seen[name] for name in restored.full} == restored.full
        assert (seen["HomeRegion"], seen["IsMultiRegionTrail"], seen["LogFileValidationEnabled"]) == (
            REGION,
            True,
            True,
        )
        assert client.get_trail_status(Name=SOURCE)["IsLogging"] is True
        assert client.get_event_selectors(TrailName=SOURCE)["TrailARN"] == SOURCE
        with pytest.raises(ClientError, match="InsightNotEnabledException"):
            client.get_insight_selectors(TrailName=SOURCE)
    listed = home.list_tags(ResourceIdList=[SOURCE])["ResourceTagList"]
    assert listed == [{"ResourceId": SOURCE, "TagsList": [{"Key": "Team", "Value": "security"}]}]
    s3 = restored.client("s3")
    assert s3.get_bucket_location(Bucket=restored.bucket)["LocationConstraint"] == REGION
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=restored.bucket)
    assert s3.get_bucket_versioning(Bucket=restored.bucket).get("Status") is None
    assert s3.get_public_access_block(Bucket=restored.bucket)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    rules = s3.get_bucket_encryption(Bucket=restored.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_acl(Bucket=restored.bucket)["Grants"]
    assert "cloudtrail" in s3.get_bucket_policy(Bucket=restored.bucket)["Policy"]


def test_create_and_update_subscription(restored: Account) -> None:
    """The AWS CLI makes bucket and topic itself, by policies that it fetches from buckets of AWS's own."""
    cairn = restored.cairn
    common = ("--region", REGION, "--name", NAME)
    printed = cairn.aws(
        *("cloudtrail", "create-subscription", *common, "--s3-new-bucket", "subscribed-logs"),
        *("--s3-prefix", "team", "--sns-new-topic", "subscribed", "--include-global-service-events", "true"),
    )
    assert "Logs will be delivered to subscribed-logs:team" in printed
    trail = restored.client("cloudtrail")
    seen = trail.get_trail(Name=NAME)["Trail"]
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:subscribed"
    assert (seen["S3BucketName"], seen["S3KeyPrefix"], seen["SnsTopicARN"]) == ("subscribed-logs", "team", topic)
    assert trail.get_trail_status(Name=NAME)["IsLogging"] is True
    cairn.aws(
        *("cloudtrail", "update-subscription", *common, "--s3-new-bucket", "subscribed-again"),
        *("--sns-new-topic", "subscribed-again"),
    )
    seen = trail.get_trail(Name=NAME)["Trail"]
    assert (seen["S3BucketName"], seen["S3KeyPrefix"], seen["SnsTopicName"]) == (
        "subscribed-again",
        "team",
        "subscribed-again",
    )
    s3 = restored.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket="subscribed-again")["Policy"])
    assert policy["Statement"][1]["Resource"] == f"arn:aws:s3:::subscribed-again/team/AWSLogs/{ACCOUNT}/*"
    published = f"awscloudtrail-policy-{REGION}"
    for operation, arguments, code in (
        ("create_bucket", {}, "BucketAlreadyExists"),
        ("put_object", {"Key": "k", "Body": b""}, "AccessDenied"),
        ("list_objects_v2", {}, "AccessDenied"),
        ("get_object", {"Key": "none"}, "NoSuchKey"),
    ):
        with pytest.raises(ClientError) as caught:
            getattr(s3, operation)(Bucket=published, **arguments)
        assert caught.value.response["Error"]["Code"] == code
