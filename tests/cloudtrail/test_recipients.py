"""CreateTrail and UpdateTrail with a topic, a key, a log group: what they ask of others, and what they answer."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cloudtrail.others import KEY_ID, Others, group_arn, key_arn, role_arn, topic_arn
from tests.cloudtrail.rig import ACCOUNT
from tests.cloudtrail.test_operations import Call, arn, call, others, refused

from cairn.core.errors import AwsError

__all__ = ["call", "others"]

GENERATES = ("kms:GenerateDataKey", "kms:DescribeKey")
TOPIC_REFUSED = "SNS Topic does not exist or the topic policy is incorrect!"
TRUST = "Access denied. Check the trust relationships for your role."
PERMISSIONS = "Access denied. Check the permissions for your role."
UNSEEN = "Check the log group ARN: CloudTrail can't validate it."
VALIDATION = "CloudTrail validation message."


@pytest.fixture
def ready(others: Others) -> Others:
    """One of each that takes all, and one for each way to refuse."""
    others.topics.refusals = {topic_arn("told"): "", topic_arn("far", "eu-west-1", "444455556666"): ""}
    others.topics.refusals |= {topic_arn("shut"): "AuthorizationError", topic_arn("keyless"): "KMSNotFound"}
    others.topics.refusals |= {topic_arn("away"): "silent"}
    others.keys.add(key_arn(), *GENERATES)
    others.keys.add(key_arn(), *GENERATES, named=f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/logs")
    others.keys.add(key_arn(KEY_ID.replace("1", "2"), "eu-west-1"), *GENERATES)
    others.keys.add(key_arn(KEY_ID.replace("1", "3")), *GENERATES, state="Disabled")
    others.keys.add(key_arn(KEY_ID.replace("1", "4")), *GENERATES, symmetric=False)
    others.keys.add(key_arn(KEY_ID.replace("1", "5")), "kms:GenerateDataKey")
    others.keys.add(key_arn(KEY_ID.replace("1", "6")), "kms:DescribeKey")
    others.log_groups.groups = {group_arn("trail/logs")}
    others.log_groups.trusting = {role_arn("writer"), role_arn("path/idler")}
    others.log_groups.permissions = {role_arn("writer"): {"logs:CreateLogStream", "logs:PutLogEvents"}}
    others.log_groups.permissions[role_arn("path/idler")] = {"logs:CreateLogStream"}
    return others


FULL = {
    "SnsTopicName": "told",
    "KmsKeyId": "alias/logs",
    "CloudWatchLogsLogGroupArn": group_arn("trail/logs") + ":*",
    "CloudWatchLogsRoleArn": role_arn("writer"),
}


def test_everything_is_kept_and_answered_under_its_arn(call: Call, ready: Others) -> None:
    made = call("CreateTrail", Name="main", S3BucketName="logs", **FULL)
    expected = FULL | {"SnsTopicARN": topic_arn("told"), "KmsKeyId": key_arn()}
    assert {name: made[name] for name in expected} == expected
    described = call("DescribeTrails")["trailList"][0]
    assert described == call("GetTrail", Name="main")["Trail"]
    assert {name: described[name] for name in made} == made
    assert ready.topics.sent == [(topic_arn("told"), VALIDATION)]
    stream = f"{group_arn('trail/logs')}:log-stream:{ACCOUNT}_CloudTrail_us-east-1"
    assert ready.log_groups.asked == [stream, stream]


def test_a_topic_of_another_account_and_region_by_its_arn(call: Call, ready: Others) -> None:
    far = topic_arn("far", "eu-west-1", "444455556666")
    made = call("CreateTrail", Name="main", S3BucketName="logs", SnsTopicName=far)
    assert (made["SnsTopicName"], made["SnsTopicARN"]) == (far, far)


@pytest.mark.parametrize("key", [KEY_ID, key_arn(), "alias/logs", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/logs"])
def test_a_key_by_each_of_its_names(call: Call, ready: Others, key: str) -> None:
    assert call("CreateTrail", Name="main", S3BucketName="logs", KmsKeyId=key)["KmsKeyId"] == key_arn()


REFUSALS: list[tuple[dict[str, str], str, str]] = [
    ({"SnsTopicName": "a topic"}, "InvalidSnsTopicNameException", "a topic"),
    ({"SnsTopicName": "t" * 257}, "InvalidSnsTopicNameException", "standard SNS topic"),
    ({"SnsTopicName": "told.fifo"}, "InvalidSnsTopicNameException", "told.fifo"),
    ({"SnsTopicName": "arn:aws:sqs:us-east-1:111122223333:told"}, "InvalidSnsTopicNameException", "sqs"),
    ({"SnsTopicName": "nowhere"}, "InsufficientSnsTopicPolicyException", TOPIC_REFUSED),
    ({"SnsTopicName": "shut"}, "InsufficientSnsTopicPolicyException", TOPIC_REFUSED),
    ({"SnsTopicName": "keyless"}, "KmsKeyNotFoundException", topic_arn("keyless")),
    ({"KmsKeyId": "key/logs"}, "InvalidKmsKeyIdException", "key/logs"),
    ({"KmsKeyId": "arn:aws:kms:us-east-1:1:key/x"}, "InvalidKmsKeyIdException", "arn:aws:kms"),
    ({"KmsKeyId": "alias/none"}, "KmsKeyNotFoundException", "alias/none"),
    ({"KmsKeyId": KEY_ID.replace("1", "9")}, "KmsKeyNotFoundException", "does not exist"),
    ({"KmsKeyId": key_arn(KEY_ID.replace("1", "2"), "eu-west-1")}, "KmsKeyNotFoundException", "us-east-1"),
    ({"KmsKeyId": KEY_ID.replace("1", "3")}, "KmsException", "Disabled"),
    ({"KmsKeyId": KEY_ID.replace("1", "4")}, "KmsException", "symmetric"),
    (
        {"KmsKeyId": KEY_ID.replace("1", "5")},
        "InsufficientEncryptionPolicyException",
        f"Insufficient permissions to access S3 bucket logs or KMS key {key_arn(KEY_ID.replace('1', '5'))}.",
    ),
    ({"KmsKeyId": KEY_ID.replace("1", "6")}, "InsufficientEncryptionPolicyException", "S3 bucket logs or KMS key"),
    (
        {"CloudWatchLogsRoleArn": ""},
        "InvalidCloudWatchLogsRoleArnException",
        "You must specify a role ARN as well as a log group.",
    ),
    (
        {"CloudWatchLogsLogGroupArn": ""},
        "InvalidCloudWatchLogsLogGroupArnException",
        "You must specify a log group as well as a role ARN.",
    ),
    ({"CloudWatchLogsLogGroupArn": "trail/logs"}, "InvalidCloudWatchLogsLogGroupArnException", UNSEEN),
    ({"CloudWatchLogsLogGroupArn": group_arn("none") + ":*"}, "InvalidCloudWatchLogsLogGroupArnException", UNSEEN),
    (
        {"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:444455556666:log-group:trail/logs:*"},
        "InvalidCloudWatchLogsLogGroupArnException",
        UNSEEN,
    ),
    (
        {"CloudWatchLogsLogGroupArn": group_arn("trail/logs")},
        "InvalidCloudWatchLogsLogGroupArnException",
        PERMISSIONS,
    ),
    ({"CloudWatchLogsRoleArn": "writer"}, "InvalidCloudWatchLogsRoleArnException", "writer"),
    ({"CloudWatchLogsRoleArn": role_arn("stranger")}, "InvalidCloudWatchLogsRoleArnException", TRUST),
    (
        {"CloudWatchLogsRoleArn": "arn:aws:iam::444455556666:role/writer"},
        "InvalidCloudWatchLogsRoleArnException",
        TRUST,
    ),
    ({"CloudWatchLogsRoleArn": role_arn("path/idler")}, "InvalidCloudWatchLogsLogGroupArnException", PERMISSIONS),
]


@pytest.mark.parametrize(("change", "code", "text"), REFUSALS)
def test_what_is_refused_leaves_no_trail_and_changes_none(
    call: Call, ready: Others, change: dict[str, str], code: str, text: str
) -> None:
    assert text in refused(call, code, "CreateTrail", Name="main", S3BucketName="logs", **FULL | change)
    assert call("ListTrails") == {"Trails": []}
    call("CreateTrail", Name="main", S3BucketName="logs")
    before = call("GetTrail", Name="main")
    assert text in refused(call, code, "UpdateTrail", Name="main", **FULL | change)
    assert call("GetTrail", Name="main") == before


def test_names_are_looked_at_before_others_are_asked(call: Call, ready: Others) -> None:
    """Of many mistakes, the first in this order is the one that is told."""
    mistakes = [
        ("Name", "x", "InvalidTrailNameException"),
        ("S3BucketName", "UP", "InvalidS3BucketNameException"),
        ("S3KeyPrefix", "p" * 201, "InvalidS3PrefixException"),
        ("SnsTopicName", "a topic", "InvalidSnsTopicNameException"),
        ("KmsKeyId", "a key", "InvalidKmsKeyIdException"),
        ("CloudWatchLogsRoleArn", "", "InvalidCloudWatchLogsRoleArnException"),
        ("S3BucketName", "nowhere", "S3BucketDoesNotExistException"),
        ("SnsTopicName", "shut", "InsufficientSnsTopicPolicyException"),
        ("KmsKeyId", "alias/none", "KmsKeyNotFoundException"),
        ("CloudWatchLogsRoleArn", role_arn("stranger"), "InvalidCloudWatchLogsRoleArnException"),
    ]
    params: dict[str, Any] = {"Name": "main", "S3BucketName": "logs", **FULL}
    for member, value, code in reversed(mistakes):
        params[member] = value
        refused(call, code, "CreateTrail", **params)


def test_an_sns_that_does_not_answer_is_not_called_insufficient(call: Call, ready: Others) -> None:
    with pytest.raises(AwsError) as caught:
        call("CreateTrail", Name="main", S3BucketName="logs", SnsTopicName="away")
    assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)


def test_empty_strings_clear_and_what_is_not_given_stays(call: Call, ready: Others) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", **FULL)
    ready.topics.refusals.clear()
    ready.log_groups.groups.clear()
    kept = call("UpdateTrail", Name="main", EnableLogFileValidation=True)
    assert {name: kept[name] for name in FULL if name != "KmsKeyId"} == {
        name: value for name, value in FULL.items() if name != "KmsKeyId"
    }
    assert kept["KmsKeyId"] == key_arn()
    half = "InvalidCloudWatchLogsLogGroupArnException"
    refused(call, half, "UpdateTrail", Name="main", CloudWatchLogsLogGroupArn="")
    bare = call("UpdateTrail", Name="main", **dict.fromkeys(FULL, ""))
    assert not ({*FULL, "SnsTopicARN"} & set(bare))
    assert call("GetTrail", Name="main")["Trail"].items() >= bare.items()


def test_another_bucket_is_asked_with_the_key_that_stays(call: Call, ready: Others) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", KmsKeyId=KEY_ID)
    ready.keys.add(key_arn(), "kms:DescribeKey")
    code = "InsufficientEncryptionPolicyException"
    assert "team-logs" in refused(call, code, "UpdateTrail", Name="main", S3BucketName="team-logs", S3KeyPrefix="team")


def test_the_key_of_the_bucket_itself_must_let_cloudtrail_in(call: Call, ready: Others) -> None:
    ready.buckets.default_keys["logs"] = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/bucket"
    code = "InsufficientS3BucketPolicyException"
    refused(call, code, "CreateTrail", Name="main", S3BucketName="logs")
    call("CreateTrail", Name="main", S3BucketName="logs", KmsKeyId=KEY_ID)
    refused(call, code, "UpdateTrail", Name="main", KmsKeyId="")
    call("UpdateTrail", Name="main", EnableLogFileValidation=True)
    ready.keys.add(key_arn(), "default", named=ready.buckets.default_keys["logs"])
    call("UpdateTrail", Name="main", KmsKeyId="")


def test_a_bucket_elsewhere_says_itself_whether_it_encrypts(call: Call, ready: Others) -> None:
    unseen = key_arn(KEY_ID.replace("1", "7"))
    ready.keys.add(unseen)
    far = {"Name": "main", "S3BucketName": "far", "S3KeyPrefix": "there", "KmsKeyId": unseen}
    refused(call, "InsufficientEncryptionPolicyException", "CreateTrail", **far)
    ready.buckets.far_keys.add(unseen)
    assert call("CreateTrail", **far)["KmsKeyId"] == unseen


def test_the_shadow_of_a_trail_shows_the_same(call: Call, ready: Others) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", IsMultiRegionTrail=True, **FULL)
    assert call("GetTrail", Name=arn("main"), region="eu-west-1") == call("GetTrail", Name="main")
