"""The guide's "Getting started with CloudTrail", played to its end with the stock AWS CLI (spec 12.1)."""

from __future__ import annotations

import gzip
import json
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.running import Cairn

pytestmark = pytest.mark.engine

ACCOUNT = "000000000000"
BUCKET = "aws-cloudtrail-logs-tutorial"
TRAIL = "My-Management-Events-Trail"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ],
}


def bucket_policy(bucket: str) -> dict[str, Any]:
    """The policy that CloudTrail's guide gives for a bucket (spec 2.3)."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AWSCloudTrailAclCheck20150319",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:aws:s3:::{bucket}",
            },
            {
                "Sid": "AWSCloudTrailWrite20150319",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            },
        ],
    }


@dataclass
class Expected:
    """One call, and what its record must say."""

    name: str
    source: str
    user: str = "administrator"
    request: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    region: str = "us-east-1"


class Player:
    """Makes calls with the AWS CLI and remembers what their records must say."""

    def __init__(self, cairn: Cairn, folder: Path) -> None:
        self.cairn = cairn
        self.folder = folder
        self.expected: list[Expected] = []

    def call(self, command: str, expected: Expected, *more: str, **environment: str) -> Any:
        self.expected.append(expected)
        return self.cairn.aws(*command.split(), *more, environment=environment, fails=bool(expected.error))


def test_the_tutorial_from_the_first_bucket_to_the_last_cleaning_up(cairn: Cairn, tmp_path: Path) -> None:
    player = Player(cairn, tmp_path)
    arn = create_the_trail(player)
    play_in_the_account(player)
    records = delivered(cairn, tmp_path)
    compare(player.expected, records)
    found_in_the_history(player)
    clean_up(player, arn)


def create_the_trail(player: Player) -> str:
    s3, trail = "s3.amazonaws.com", "cloudtrail.amazonaws.com"
    player.cairn.aws("s3api", "create-bucket", "--bucket", BUCKET)
    error = player.cairn.aws("cloudtrail", "create-trail", "--name", TRAIL, "--s3-bucket-name", BUCKET, fails=True)
    assert "InsufficientS3BucketPolicyException" in error
    player.cairn.aws("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", json.dumps(bucket_policy(BUCKET)))
    made = player.cairn.aws(
        *f"cloudtrail create-trail --name {TRAIL} --s3-bucket-name {BUCKET} --is-multi-region-trail".split(),
        "--tags-list",
        "Key=team,Value=security",
    )
    assert made["TrailARN"] == f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{TRAIL}"
    assert player.cairn.aws("cloudtrail", "get-trail-status", "--name", TRAIL)["IsLogging"] is False
    player.cairn.aws("cloudtrail", "start-logging", "--name", TRAIL)
    status = player.call(
        f"cloudtrail get-trail-status --name {TRAIL}", Expected("GetTrailStatus", trail, request={"name": TRAIL})
    )
    assert status["IsLogging"] is True
    player.call(
        f"s3api get-bucket-policy --bucket {BUCKET}", Expected("GetBucketPolicy", s3, request={"bucketName": BUCKET})
    )
    return str(made["TrailARN"])


def play_in_the_account(player: Player) -> None:
    iam, sts = "iam.amazonaws.com", "sts.amazonaws.com"
    player.call(
        "iam create-user --user-name alice",
        Expected("CreateUser", iam, request={"userName": "alice"}, response={"user": {"userName": "alice"}}),
    )
    key = player.call(
        "iam create-access-key --user-name alice",
        Expected("CreateAccessKey", iam, request={"userName": "alice"}, response={"accessKey": {"status": "Active"}}),
    )["AccessKey"]
    player.call(
        "iam create-role --role-name auditor --assume-role-policy-document",
        Expected("CreateRole", iam, request={"roleName": "auditor"}, response={"role": {"roleName": "auditor"}}),
        json.dumps(TRUST),
    )
    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    for kind, name in (("role", "auditor"), ("user", "alice")):
        player.call(
            f"iam attach-{kind}-policy --{kind}-name {name} --policy-arn {policy}",
            Expected(f"Attach{kind.title()}Policy", iam, request={f"{kind}Name": name, "policyArn": policy}),
        )
    player.call("iam get-user --user-name nobody", Expected("GetUser", iam, error="NoSuchEntityException"))
    alice = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    session = player.call(
        f"sts assume-role --role-arn arn:aws:iam::{ACCOUNT}:role/auditor --role-session-name night-watch",
        Expected(
            "AssumeRole",
            sts,
            user="alice",
            request={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/auditor", "roleSessionName": "night-watch"},
            response={"assumedRoleUser": {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/night-watch"}},
        ),
        **alice,
    )["Credentials"]
    as_role = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    player.call("sts get-caller-identity", Expected("GetCallerIdentity", sts, user="auditor"), **as_role)
    play_with_instances(player, as_role)
    play_with_the_rest(player, as_role)


def play_with_instances(player: Player, role: dict[str, str]) -> None:
    ec2, region = "ec2.amazonaws.com", "eu-west-1"
    elsewhere = role | {"AWS_DEFAULT_REGION": region}
    images = player.call(
        "ec2 describe-images --owners amazon --max-items 1",
        Expected("DescribeImages", ec2, user="auditor", region=region),
        **elsewhere,
    )
    image = images["Images"][0]["ImageId"]
    instance = player.call(
        f"ec2 run-instances --image-id {image} --count 1 --instance-type t2.micro",
        Expected("RunInstances", ec2, user="auditor", region=region, request={"instanceType": "t2.micro"}),
        **elsewhere,
    )["Instances"][0]["InstanceId"]
    for name, command in (("StopInstances", "stop-instances"), ("StartInstances", "start-instances")):
        player.call(
            f"ec2 {command} --instance-ids {instance}",
            Expected(
                name,
                ec2,
                user="auditor",
                region=region,
                request={"instancesSet": {"items": [{"instanceId": instance}]}},
            ),
            **elsewhere,
        )
    player.call(
        "ec2 start-instances --instance-ids i-0123456789abcdef0",
        Expected("StartInstances", ec2, user="auditor", region=region, error="Client.InvalidInstanceID.NotFound"),
        **elsewhere,
    )


def play_with_the_rest(player: Player, role: dict[str, str]) -> None:
    kms = player.call(
        "kms create-key --description tutorial",
        Expected("CreateKey", "kms.amazonaws.com", user="auditor", request={"description": "tutorial"}),
        **role,
    )["KeyMetadata"]["KeyId"]
    player.call(
        f"kms disable-key --key-id {kms}",
        Expected("DisableKey", "kms.amazonaws.com", user="auditor", request={"keyId": kms}),
        **role,
    )
    player.call(
        "sns create-topic --name alarms",
        Expected(
            "CreateTopic",
            "sns.amazonaws.com",
            user="auditor",
            request={"name": "alarms"},
            response={"topicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms"},
        ),
        **role,
    )
    player.call(
        "s3api create-bucket --bucket tutorial-objects",
        Expected("CreateBucket", "s3.amazonaws.com", user="auditor", request={"bucketName": "tutorial-objects"}),
        **role,
    )
    body = player.folder / "object.txt"
    body.write_text("an object")
    player.cairn.aws("s3", "cp", str(body), "s3://tutorial-objects/object.txt", environment=role)
    player.cairn.aws("s3", "cp", "s3://tutorial-objects/object.txt", str(body), environment=role)
    assert body.read_text() == "an object"
    code = player.folder / "code.zip"
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return event\n")
    player.call(
        f"lambda create-function --function-name greet --runtime python3.12 --handler main.handler --zip-file fileb://{code}"
        f" --role arn:aws:iam::{ACCOUNT}:role/auditor",
        Expected(
            "CreateFunction20150331",
            "lambda.amazonaws.com",
            user="auditor",
            request={"functionName": "greet"},
            response={"functionName": "greet"},
        ),
        **role,
    )
    organizations = "organizations.amazonaws.com"
    player.call("organizations create-organization", Expected("CreateOrganization", organizations))
    player.call(
        "organizations create-account --email member@example.com --account-name member",
        Expected("CreateAccount", organizations, response={"createAccountStatus": {}}),
    )


def delivered(cairn: Cairn, folder: Path) -> list[dict[str, Any]]:
    """Every record in the bucket, fetched and read as a collector does."""
    cairn.cairn("flush")
    local = folder / "delivered"
    cairn.aws("s3", "cp", "--recursive", f"s3://{BUCKET}/AWSLogs", str(local))
    records = []
    for file in local.rglob("*.json.gz"):
        assert f"/{ACCOUNT}/CloudTrail/" in str(file)
        found = json.loads(gzip.decompress(file.read_bytes()))["Records"]
        assert {record["awsRegion"] for record in found} == {file.parts[-5]}
        records += found
    assert len({record["eventID"] for record in records}) == len(records)
    return records


def compare(expected: list[Expected], records: list[dict[str, Any]]) -> None:
    """Each call once, with its identity, parameters, response and error."""
    for wanted in expected:
        found = [record for record in records if matches(wanted, record)]
        assert len(found) == 1, f"{wanted} is there {len(found)} times: {alike(wanted, records)}"
    named = Counter((record["eventSource"], record["eventName"]) for record in records)
    made = Counter((wanted.source, wanted.name) for wanted in expected)
    extra = {name: count - made[name] for name, count in named.items() if count != made[name]}
    assert set(extra) <= {("cloudtrail.amazonaws.com", "StartLogging"), ("s3.amazonaws.com", "ListBuckets")}, extra


def matches(wanted: Expected, record: dict[str, Any]) -> bool:
    identity = record["userIdentity"]
    user = identity.get("userName") or identity.get("sessionContext", {}).get("sessionIssuer", {}).get("userName")
    return (
        (record["eventSource"], record["eventName"], record["awsRegion"], user)
        == (wanted.source, wanted.name, wanted.region, wanted.user)
        and record.get("errorCode", "") == wanted.error
        and contains(record["requestParameters"], wanted.request)
        and contains(record["responseElements"], wanted.response)
    )


def contains(value: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return not part or (
            isinstance(value, dict)
            and all(name in value and contains(value[name], item) for name, item in part.items())
        )
    return bool(value == part)


def alike(wanted: Expected, records: list[dict[str, Any]]) -> str:
    return json.dumps([record for record in records if record["eventName"] == wanted.name], indent=1)


def found_in_the_history(player: Player) -> None:
    """Event history finds the same calls, within a second or two of them."""
    deadline = time.monotonic() + 10
    arguments = "cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=alice"
    while not (events := [event for event in look_up(player, arguments) if event["EventName"] == "CreateUser"]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert [event["Username"] for event in events] == ["administrator"]
    record = json.loads(events[0]["CloudTrailEvent"])
    assert record["requestParameters"] == {"userName": "alice"}


def look_up(player: Player, arguments: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = player.cairn.aws(*arguments.split())["Events"]
    return events


def clean_up(player: Player, arn: str) -> None:
    player.cairn.aws("cloudtrail", "stop-logging", "--name", arn)
    player.cairn.aws("cloudtrail", "delete-trail", "--name", arn)
    assert arn not in {trail["TrailARN"] for trail in player.cairn.aws("cloudtrail", "list-trails")["Trails"]}
    player.cairn.aws("s3", "rb", "--force", f"s3://{BUCKET}")
    player.cairn.aws("s3", "rb", "--force", "s3://tutorial-objects")
    left = {bucket["Name"] for bucket in player.cairn.aws("s3api", "list-buckets")["Buckets"]}
    assert not left & {BUCKET, "tutorial-objects"}
