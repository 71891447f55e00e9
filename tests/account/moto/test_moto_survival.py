"""What was answered is there after kill -9: every service, writes under load, groups that share a commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.account.moto.running import Running
from tests.account.moto.sweep import MADE, Make
from tests.account.moto.sweep_more import MORE

pytestmark = pytest.mark.engine

_OF_THE_MOMENT = {"LatestRestorableTime", "Timestamp"}
"""Members that say when they were asked for."""
_NOT_KEPT = {("athena", "CreationTime"), ("support", "status"), ("acm", "Status")}
"""What moto makes up anew at each look, or moves on by the clock."""


def test_everything_made_in_any_service_survives(start: Callable[[], Running]) -> None:
    moto = start()
    network = _default_network(moto)
    for each in [*MADE, *MORE]:
        client = moto.client(each.service)
        for operation, arguments in each.calls:
            getattr(client, operation)(**_filled(arguments, network))
    shown = []
    for each in [*MADE, *MORE]:
        _look(moto, each)  # some states move on when they are first looked at
        shown.append(_look(moto, each))
        assert each.shown in str(shown[-1]), each.service
    assert moto.engine.questions.health().problems == []

    moto.kill()

    for each, before in zip([*MADE, *MORE], shown, strict=True):
        assert _look(moto, each) == before, each.service
    assert moto.engine.questions.health().problems == []


def test_no_answered_write_is_lost_under_load(start: Callable[[], Running]) -> None:
    moto = start()
    moto.client("sqs").create_queue(QueueName="q")
    answered: dict[str, set[str]] = {"user": set(), "topic": set(), "parameter": set(), "message": set()}
    stop = threading.Event()

    def write(kind: str, make: Callable[[str], Any]) -> None:
        number = 0
        while not stop.is_set():
            name = f"{kind}-{number}"
            number += 1
            try:
                make(name)
            except (BotoCoreError, ClientError):
                stop.wait(0.02)
                continue
            answered[kind].add(name)

    iam, sns, ssm, sqs = (moto.client(service) for service in ("iam", "sns", "ssm", "sqs"))
    url = f"{moto.engine.url}/111122223333/q"
    writers = {
        "user": lambda name: iam.create_user(UserName=name),
        "topic": lambda name: sns.create_topic(Name=name),
        "parameter": lambda name: ssm.put_parameter(Name=name, Value="v", Type="String"),
        "message": lambda name: sqs.send_message(QueueUrl=url, MessageBody=name),
    }
    for kind, make in writers.items():
        make(f"{kind}-first")  # services are imported when first called
    threads = [threading.Thread(target=write, args=item) for item in writers.items()]
    for thread in threads:
        thread.start()
    for _ in range(3):
        stop.wait(1.5)
        moto.kill()
    stop.set()
    for thread in threads:
        thread.join()

    assert all(len(names) > 20 for names in answered.values()), {kind: len(n) for kind, n in answered.items()}
    found = {
        "user": {u["UserName"] for page in iam.get_paginator("list_users").paginate() for u in page["Users"]},
        "topic": {
            t["TopicArn"].rpartition(":")[2]
            for page in sns.get_paginator("list_topics").paginate()
            for t in page["Topics"]
        },
        "parameter": {
            p["Name"] for page in ssm.get_paginator("describe_parameters").paginate() for p in page["Parameters"]
        },
        "message": _messages(sqs, url),
    }
    for kind, names in answered.items():
        assert names <= found[kind], kind


def test_writers_at_the_same_time_share_commits(start: Callable[[], Running]) -> None:
    moto = start()
    clients = [moto.client("iam")] * 8
    clients[0].create_user(UserName="first")
    before = moto.engine.questions.health().commits

    def write(number: int) -> None:
        for n in range(10):
            clients[number].create_user(UserName=f"user-{number}-{n}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 0 < moto.engine.questions.health().commits - before < 60
    assert len(clients[0].list_users()["Users"]) == 81


def test_a_read_is_no_commit(moto: Running) -> None:
    iam = moto.client("iam")
    iam.create_user(UserName="read")
    before = moto.engine.questions.health().commits
    for _ in range(5):
        iam.get_user(UserName="read")
    assert moto.engine.questions.health().commits == before


def test_kms_decrypts_after_the_kill_what_it_encrypted_before(start: Callable[[], Running]) -> None:
    moto = start()
    kms = moto.client("kms")
    symmetric = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=symmetric)
    grant = kms.create_grant(
        KeyId=symmetric, GranteePrincipal="arn:aws:iam::111122223333:role/x", Operations=["Decrypt"]
    )["GrantId"]
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P384")["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId="alias/mine", Plaintext=b"secret", EncryptionContext={"a": "b"})["CiphertextBlob"]
    signature = kms.sign(KeyId=signing, Message=b"m", SigningAlgorithm="ECDSA_SHA_384")["Signature"]
    doomed = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
    before = kms.describe_key(KeyId=doomed)["KeyMetadata"]

    moto.kill()

    assert kms.decrypt(CiphertextBlob=secret, EncryptionContext={"a": "b"})["Plaintext"] == b"secret"
    assert kms.verify(KeyId=signing, Message=b"m", SigningAlgorithm="ECDSA_SHA_384", Signature=signature)[
        "SignatureValid"
    ]
    assert kms.list_grants(KeyId=symmetric)["Grants"][0]["GrantId"] == grant
    assert kms.list_aliases(KeyId=symmetric)["Aliases"][0]["AliasName"] == "alias/mine"
    assert kms.list_resource_tags(KeyId=symmetric)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert kms.describe_key(KeyId=doomed)["KeyMetadata"] == before


def test_services_that_share_objects_still_share_them(start: Callable[[], Running]) -> None:
    """A stack's queue is one object of two services: what one does to it, the other must see, also after a restart."""
    moto = start()
    autoscaling, ec2 = moto.client("autoscaling"), moto.client("ec2")
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="c", ImageId="ami-12c6146b", InstanceType="t2.micro"
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="g", LaunchConfigurationName="c", MinSize=0, MaxSize=2, DesiredCapacity=1,
        AvailabilityZones=["us-east-1a"],
    )  # fmt: skip

    moto.kill()

    instance = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=True)
    state = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]
    assert state == "terminated"


def test_constants_come_back_as_they_were(start: Callable[[], Running]) -> None:
    moto = start()
    ec2, iam = moto.client("ec2"), moto.client("iam")
    own = ec2.copy_image(Name="own", SourceImageId="ami-12c6146b", SourceRegion="us-east-1")["ImageId"]
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    images = {image["ImageId"]: image for image in ec2.describe_images()["Images"]}
    policy = iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"]
    assert policy["AttachmentCount"] == 1

    moto.kill()

    assert {image["ImageId"]: image for image in ec2.describe_images()["Images"]} == images
    assert own in images
    assert iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"] == policy


def test_a_stop_in_order_saves_everything(start: Callable[[], Running]) -> None:
    moto = start()
    moto.client("sqs").create_queue(QueueName="q")
    moto.engine.stop()
    again = start()
    assert len(again.client("sqs").list_queues()["QueueUrls"]) == 1


def _look(moto: Running, made: Make) -> Any:
    operation, arguments = made.show
    reply = getattr(moto.client(made.service), operation)(**arguments)
    del reply["ResponseMetadata"]
    return _steady(reply, made.service)


def _steady(value: Any, service: str) -> Any:
    if isinstance(value, dict):
        return {
            key: _steady(inner, service)
            for key, inner in value.items()
            if key not in _OF_THE_MOMENT and (service, key) not in _NOT_KEPT
        }
    if isinstance(value, list):
        return [_steady(inner, service) for inner in value]
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _default_network(moto: Running) -> dict[str, str]:
    ec2 = moto.client("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    return {"VPC": ec2.describe_vpcs()["Vpcs"][0]["VpcId"], "SUBNET-A": subnets[0], "SUBNET-B": subnets[1]}


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def _messages(sqs: Any, url: str) -> set[str]:
    found: set[str] = set()
    while True:
        batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages", [])
        if not batch:
            return found
        found |= {message["Body"] for message in batch}
