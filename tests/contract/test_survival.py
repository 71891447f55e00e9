"""What was answered is there after kill -9 of everything and a new `cairn up` on the same folder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import allow, document
from tests.contract.stopping import stop_worker
from tests.contract.test_tutorial import ACCOUNT, TRUST, bucket_policy
from tests.contract.waiting import wait_until
from tests.running import BIN, Cairn

pytestmark = pytest.mark.engine

LOGS = "survival-logs"
PLAIN = "survival-plain"


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Cairn]:
    """A Cairn of this test's own, which it may kill."""
    running = Cairn(tmp_path / "data")
    running.start()
    yield running
    assert running.stop() == 0


def test_everything_answered_is_there_after_kill_9_of_everything(mortal: Cairn) -> None:
    before = Made(mortal)
    events = put_events(mortal)
    last = mortal.client("sqs").send_message(QueueUrl=before.queue, MessageBody="the last answer")["MessageId"]
    mortal.kill()
    mortal.start()
    check_buckets(mortal, before)
    check_keys(mortal, before)
    check_identities(mortal, before)
    check_messages(mortal, before, last)
    check_organization(mortal, before)
    check_trail(mortal)
    check_events(mortal, before, events)


class Made:
    """One of everything, made in a running Cairn, and what was answered."""

    def __init__(self, cairn: Cairn) -> None:
        self.make_keys(cairn)
        self.make_buckets(cairn)
        self.make_identities(cairn)
        self.make_messages(cairn)
        self.make_rule(cairn)
        self.organization = cairn.client("organizations").create_organization(FeatureSet="ALL")["Organization"]["Id"]
        created = cairn.client("organizations").create_account(AccountName="member", Email="member@example.com")
        self.member = created["CreateAccountStatus"]["AccountId"]

    def make_keys(self, cairn: Cairn) -> None:
        kms = cairn.client("kms")
        self.key = kms.create_key(Description="survives")["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName="alias/survives", TargetKeyId=self.key)
        self.secret = kms.encrypt(KeyId=self.key, Plaintext=b"stone")["CiphertextBlob"]

    def make_buckets(self, cairn: Cairn) -> None:
        s3, trail = cairn.client("s3"), cairn.client("cloudtrail")
        for bucket in (LOGS, PLAIN):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_policy(Bucket=LOGS, Policy=json.dumps(bucket_policy(LOGS)))
        trail.create_trail(Name="survivor", S3BucketName=LOGS, IsMultiRegionTrail=True)
        trail.start_logging(Name="survivor")
        self.objects = {f"plain-{number}": bytes([number]) * (10_000 * number + 1) for number in range(5)}
        for key, content in self.objects.items():
            s3.put_object(Bucket=PLAIN, Key=key, Body=content, Metadata={"number": key[-1]})
        s3.put_object(Bucket=PLAIN, Key="under-kms", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=self.key)

    def make_identities(self, cairn: Cairn) -> None:
        iam = cairn.client("iam")
        administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
        iam.create_user(UserName="alice")
        iam.attach_user_policy(UserName="alice", PolicyArn=administrator)
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        self.alice = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.attach_role_policy(RoleName="auditor", PolicyArn=administrator)
        sts = cairn.client("sts", **self.alice)
        session = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/auditor", RoleSessionName="night")[
            "Credentials"
        ]
        self.session = {
            "aws_access_key_id": session["AccessKeyId"],
            "aws_secret_access_key": session["SecretAccessKey"],
            "aws_session_token": session["SessionToken"],
        }
        self.clients = [cairn.client("sts", **self.alice), cairn.client("sts", **self.session)]
        for client in self.clients:  # with connections that the crash breaks
            client.get_caller_identity()

    def make_messages(self, cairn: Cairn) -> None:
        sns, sqs = cairn.client("sns"), cairn.client("sqs")
        self.queue = sqs.create_queue(QueueName="survives")["QueueUrl"]
        self.topic = sns.create_topic(Name="survives")["TopicArn"]
        arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:survives"
        self.subscription = sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
        self.messages = {
            sqs.send_message(QueueUrl=self.queue, MessageBody=f"message {number}")["MessageId"] for number in range(5)
        }

    def make_rule(self, cairn: Cairn) -> None:
        events, sqs = cairn.client("events"), cairn.client("sqs")
        bus = events.create_event_bus(Name="survives")["EventBusArn"]
        self.rule = events.put_rule(Name="all", EventBusName=bus, EventPattern='{"source": ["shop"]}')["RuleArn"]
        queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:told"
        policy = document(allow("sqs:SendMessage", queue, Principal={"Service": "events.amazonaws.com"}))
        self.told = sqs.create_queue(QueueName="told", Attributes={"Policy": policy})["QueueUrl"]
        events.put_targets(Rule="all", EventBusName="survives", Targets=[{"Id": "told", "Arn": queue}])


def put_events(cairn: Cairn) -> set[str]:
    """Put events while nobody is there to hand them over; the ids that were answered."""
    stop_worker(cairn)
    events = cairn.client("events")
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": "survives"}
    answers = [events.put_events(Entries=[entry] * 10) for _ in range(3)]
    return {answered["EventId"] for answer in answers for answered in answer["Entries"]}


def check_events(cairn: Cairn, before: Made, events: set[str]) -> None:
    sqs = cairn.client("sqs")
    found: set[str] = set()

    def receive() -> bool:
        messages = sqs.receive_message(QueueUrl=before.told, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            found.add(json.loads(message["Body"])["id"])
            sqs.delete_message(QueueUrl=before.told, ReceiptHandle=message["ReceiptHandle"])
        return found >= events

    wait_until(receive)
    assert found == events
    described = cairn.client("events").describe_rule(Name="all", EventBusName="survives")
    assert described["Arn"] == before.rule


def check_buckets(cairn: Cairn, before: Made) -> None:
    s3 = cairn.client("s3")
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {LOGS, PLAIN}
    assert json.loads(s3.get_bucket_policy(Bucket=LOGS)["Policy"]) == bucket_policy(LOGS)
    for key, content in before.objects.items():
        found = s3.get_object(Bucket=PLAIN, Key=key)
        assert found["Body"].read() == content
        assert found["Metadata"] == {"number": key[-1]}
    assert len(s3.list_objects_v2(Bucket=PLAIN)["Contents"]) == len(before.objects) + 1


def check_keys(cairn: Cairn, before: Made) -> None:
    kms = cairn.client("kms")
    assert kms.decrypt(CiphertextBlob=before.secret)["Plaintext"] == b"stone"
    assert kms.describe_key(KeyId="alias/survives")["KeyMetadata"]["Arn"] == before.key
    found = cairn.client("s3").get_object(Bucket=PLAIN, Key="under-kms")
    assert found["Body"].read() == b"x"
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", before.key)


def check_identities(cairn: Cairn, before: Made) -> None:
    user, session = (client.get_caller_identity()["Arn"] for client in before.clients)
    assert user == f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert session == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/night"
    iam = cairn.client("iam", **before.session)
    assert iam.get_role(RoleName="auditor")["Role"]["AssumeRolePolicyDocument"] == TRUST
    keys = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [before.alice["aws_access_key_id"]]
    assert len(iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]) == 1


def check_messages(cairn: Cairn, before: Made, last: str) -> None:
    sns, sqs = cairn.client("sns"), cairn.client("sqs")
    assert [topic["TopicArn"] for topic in sns.list_topics()["Topics"]] == [before.topic]
    assert [each["SubscriptionArn"] for each in sns.list_subscriptions()["Subscriptions"]] == [before.subscription]
    url = sqs.get_queue_url(QueueName="survives")["QueueUrl"]
    received: set[str] = set()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        received |= {message["MessageId"] for message in messages}
    assert received == before.messages | {last}


def check_organization(cairn: Cairn, before: Made) -> None:
    organizations = cairn.client("organizations")
    assert organizations.describe_organization()["Organization"]["Id"] == before.organization
    accounts = {account["Id"]: account["Name"] for account in organizations.list_accounts()["Accounts"]}
    assert accounts[before.member] == "member"


def check_trail(cairn: Cairn) -> None:
    """It logs on: what was called before the crash and after it is delivered."""
    trail = cairn.client("cloudtrail")
    assert trail.get_trail_status(Name="survivor")["IsLogging"] is True
    files = [json.loads(line) for line in cairn.cairn("flush", "-o", "jsonl").splitlines()]
    assert files
    assert {file["bucket"] for file in files} == {LOGS}
    names = looked_up(cairn)
    assert names.count("CreateOrganization") == 1
    assert names.count("GetTrailStatus") == 1


def looked_up(cairn: Cairn) -> list[Any]:
    pages = cairn.client("cloudtrail").get_paginator("lookup_events").paginate()
    return [event["EventName"] for page in pages for event in page["Events"]]


def test_a_folder_and_a_port_that_are_taken_are_refused(cairn: Cairn, tmp_path: Path) -> None:
    holder = (cairn.folder.path / "lock").read_text()
    code, error = up(cairn.folder.path, "0")
    assert code == 1
    assert f"the data folder {cairn.folder.path} is in use by process {holder}" in error
    code, error = up(tmp_path / "other", str(cairn.port))
    assert code == 1
    assert f"cannot listen on 127.0.0.1:{cairn.port}: Address already in use" in error
    assert "--port" in error
    assert cairn.client("sts").get_caller_identity()["Account"] == ACCOUNT


def up(folder: Path, port: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(BIN / "cairn"), "up", "--data", str(folder), "--port", port], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr
