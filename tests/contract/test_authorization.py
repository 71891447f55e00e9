"""May they? Stock clients of users, sessions and other accounts against a Cairn that enforces policies."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.contract.looking import record_of
from tests.running import Cairn

pytestmark = pytest.mark.engine

ACCOUNT = "000000000000"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
WITHIN_S = 1.5
"""A change of policies counts within a second; the rest is this machine's."""

Keys = dict[str, str]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    running = Cairn(tmp_path_factory.mktemp("strict") / "data", {"CAIRN_AUTH_IAM": "enforce"})
    running.start()
    yield running
    assert running.stop() == 0


def statement(effect: str, action: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(*principals: str, **more: Any) -> str:
    return document({"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": ["sts:AssumeRole"], **more})


def keys_of(given: dict[str, Any]) -> Keys:
    named = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given.get("SessionToken", ""),
    }
    return {name: value for name, value in named.items() if value}


def user(cairn: Cairn, name: str, *allowed: dict[str, Any]) -> Keys:
    """Keys of a new user who may do what `allowed` says."""
    iam = cairn.client("iam")
    iam.create_user(UserName=name)
    if allowed:
        iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=document(*allowed))
    return keys_of(iam.create_access_key(UserName=name)["AccessKey"])


def denied(call: Callable[[], Any]) -> dict[str, Any]:
    """The answer of a call that was refused for want of permission."""
    with pytest.raises(ClientError) as caught:
        call()
    answer: dict[str, Any] = caught.value.response
    refusals = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
    assert answer["Error"]["Code"] in refusals, answer["Error"]
    return answer


def soon(call: Callable[[], Any]) -> Any:
    """What `call` gives once the policies that were just put count."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            return call()
        except ClientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def administer(cairn: Cairn, command: str, keys: Keys) -> int:
    """The status of a GET at Cairn's own door."""
    request = AWSRequest("GET", f"{cairn.endpoint}/_cairn/{command}")
    given = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys.get("aws_session_token"))
    SigV4Auth(given, "cairn", "us-east-1").add_auth(request)
    try:
        with urllib.request.urlopen(
            urllib.request.Request(request.url, headers=dict(request.headers)), timeout=30
        ) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_by_default_own_services_ask_for_permissions_and_others_do_not(cairn: Cairn) -> None:
    alice = user(cairn, "alice-by-default")
    trail = cairn.client("cloudtrail", **alice)
    answer = denied(trail.lookup_events)
    assert answer["Error"]["Message"] == (
        f"User: arn:aws:iam::{ACCOUNT}:user/alice-by-default is not authorized to perform: cloudtrail:LookupEvents "
        "because no identity-based policy allows the cloudtrail:LookupEvents action"
    )
    answer = denied(lambda: trail.create_trail(Name="mine", S3BucketName="mine"))
    assert f"on resource: arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/mine because" in answer["Error"]["Message"]
    record = record_of(cairn, "CreateTrail", answer)
    assert record["errorCode"].startswith("AccessDenied")
    assert record["errorMessage"] == answer["Error"]["Message"]
    assert record["userIdentity"]["userName"] == "alice-by-default"
    assert cairn.client("iam", **alice).get_user()["User"]["UserName"] == "alice-by-default"
    assert administer(cairn, "status", alice) == 403
    cairn.client("iam").attach_user_policy(
        UserName="alice-by-default", PolicyArn="arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess"
    )
    assert soon(trail.lookup_events)["Events"]
    denied(lambda: trail.create_trail(Name="mine", S3BucketName="mine"))
    cairn.client("iam").put_user_policy(
        UserName="alice-by-default", PolicyName="look", PolicyDocument=document(statement("Allow", "cairn:Status"))
    )
    time.sleep(1)
    assert administer(cairn, "status", alice) == 200
    assert administer(cairn, "search", alice) == 403


def test_without_policies_nothing_is_allowed_and_each_refusal_is_recorded(strict: Cairn) -> None:
    alice = user(strict, "alice")
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    strict.client("s3").create_bucket(Bucket="of-the-administrator")
    because = "because no identity-based policy allows the"
    ec2 = denied(strict.client("ec2", **alice).describe_instances)
    assert ec2["Error"] == {
        "Code": "UnauthorizedOperation",
        "Message": f"You are not authorized to perform this operation. User: {arn} is not authorized to perform: "
        f"ec2:DescribeInstances on resource: * {because} ec2:DescribeInstances action",
    }
    assert record_of(strict, "DescribeInstances", ec2)["errorCode"] == "Client.UnauthorizedOperation"
    iam = denied(lambda: strict.client("iam", **alice).create_user(UserName="eve"))
    assert iam["Error"]["Code"] == "AccessDenied"
    record = record_of(strict, "CreateUser", iam)
    assert (record["errorCode"], record["requestParameters"]) == ("AccessDenied", None)
    assert record["errorMessage"].endswith(f"user/eve {because} iam:CreateUser action")
    s3 = denied(lambda: strict.client("s3", **alice).put_bucket_tagging(Bucket="of-the-administrator", Tagging={
        "TagSet": []}))  # fmt: skip
    assert record_of(strict, "PutBucketTagging", s3)["errorCode"] == "AccessDenied"
    assert '"arn:aws:s3:::of-the-administrator"' in s3["Error"]["Message"]
    denied(lambda: strict.client("s3", **alice).put_object(Bucket="of-the-administrator", Key="k", Body=b"x" * 100_000))
    for service, call in (("sqs", "list_queues"), ("lambda", "list_functions"), ("sns", "list_topics")):
        denied(getattr(strict.client(service, **alice), call))
    denied(strict.client("dynamodb", **alice).list_tables)
    sts = strict.client("sts", **alice)
    assert sts.get_caller_identity()["Arn"] == arn
    assert keys_of(sts.get_session_token()["Credentials"])
    assert [found["UserName"] for found in strict.client("iam").list_users()["Users"]].count("eve") == 0


def test_attached_policies_count_within_a_second_and_an_explicit_deny_wins(strict: Cairn) -> None:
    bob = user(strict, "bob")
    iam = strict.client("iam")
    queues = strict.client("sqs", **bob)
    denied(queues.list_queues)
    iam.attach_user_policy(UserName="bob", PolicyArn=ADMINISTRATOR)
    soon(queues.list_queues)
    made = queues.create_queue(QueueName="work")["QueueUrl"]
    no_queue = document(statement("Deny", "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:work"))
    iam.create_group(GroupName="silent")
    iam.put_group_policy(GroupName="silent", PolicyName="silence", PolicyDocument=no_queue)
    iam.add_user_to_group(GroupName="silent", UserName="bob")
    time.sleep(1)
    answer = denied(lambda: queues.send_message(QueueUrl=made, MessageBody="a"))
    assert answer["Error"]["Message"].endswith("with an explicit deny in an identity-based policy")
    denied(lambda: queues.send_message_batch(QueueUrl=made, Entries=[{"Id": "1", "MessageBody": "a"}]))
    queues.receive_message(QueueUrl=made)
    iam.detach_user_policy(UserName="bob", PolicyArn=ADMINISTRATOR)
    time.sleep(1)
    denied(queues.list_queues)


def test_a_boundary_limits_what_policies_allow(strict: Cairn) -> None:
    iam = strict.client("iam")
    boundary = iam.create_policy(
        PolicyName="only-queues", PolicyDocument=document(statement("Allow", ["sqs:*", "iam:GetUser"]))
    )["Policy"]["Arn"]
    carol = user(strict, "carol", statement("Allow", "*"))
    iam.put_user_permissions_boundary(UserName="carol", PermissionsBoundary=boundary)
    time.sleep(1)
    strict.client("sqs", **carol).list_queues()
    answer = denied(strict.client("sns", **carol).list_topics)
    assert answer["Error"]["Message"].endswith("because no permissions boundary allows the sns:ListTopics action")


def test_a_session_s_policies_limit_its_role(strict: Cairn) -> None:
    iam = strict.client("iam")
    dave = user(strict, "dave", statement("Allow", ["sts:*", "sqs:*", "sns:*"]))
    arn = iam.create_role(RoleName="wide", AssumeRolePolicyDocument=trusting(ACCOUNT))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="wide", PolicyArn=ADMINISTRATOR)
    sts = strict.client("sts", **dave)

    def session(**limits: Any) -> Keys:
        return keys_of(soon(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="visit", **limits))["Credentials"])

    only_queues = document(statement("Allow", "sqs:*"))
    strict.client("sns", **session()).list_topics()
    narrow = session(Policy=only_queues)
    strict.client("sqs", **narrow).list_queues()
    answer = denied(strict.client("sns", **narrow).list_topics)
    assert "because no session policy allows the sns:ListTopics action" in answer["Error"]["Message"]
    managed = session(PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess"}])
    strict.client("sns", **managed).list_topics()
    denied(strict.client("sqs", **managed).list_queues)
    guest = keys_of(sts.get_federation_token(Name="guest", Policy=only_queues)["Credentials"])
    strict.client("sqs", **guest).list_queues()
    denied(strict.client("sns", **guest).list_topics)
    nothing = keys_of(sts.get_federation_token(Name="nobody")["Credentials"])
    denied(strict.client("sqs", **nothing).list_queues)


def test_a_role_s_trust_policy_decides_who_assumes_it(strict: Cairn) -> None:
    iam = strict.client("iam")
    erin = user(strict, "erin")
    sts = strict.client("sts", **erin)
    arns = {}
    for name, trust in {
        "of-the-account": trusting(f"arn:aws:iam::{ACCOUNT}:root"),
        "of-erin": trusting(f"arn:aws:iam::{ACCOUNT}:user/erin"),
        "of-who-knows": trusting(
            f"arn:aws:iam::{ACCOUNT}:user/erin", Condition={"StringEquals": {"sts:ExternalId": "secret"}}
        ),
        "of-nobody-here": trusting("arn:aws:iam::111111111111:root"),
    }.items():
        arns[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def assume(name: str, **more: Any) -> Any:
        return sts.assume_role(RoleArn=arns.get(name, name), RoleSessionName="visit", **more)

    answer = denied(lambda: assume("of-the-account"))
    text = f"User: arn:aws:iam::{ACCOUNT}:user/erin is not authorized to perform: sts:AssumeRole on resource: "
    assert answer["Error"] == {"Code": "AccessDenied", "Message": text + arns["of-the-account"], "Type": "Sender"}
    assert record_of(strict, "AssumeRole", answer)["errorCode"] == "AccessDenied"
    soon(lambda: assume("of-erin"))
    denied(lambda: assume("of-who-knows"))
    assume("of-who-knows", ExternalId="secret")
    denied(lambda: assume("of-nobody-here"))
    denied(lambda: assume(f"arn:aws:iam::{ACCOUNT}:role/not-there"))
    denied(lambda: assume("of-erin", Tags=[{"Key": "team", "Value": "red"}]))  # sts:TagSession is another permission
    iam.put_user_policy(
        UserName="erin", PolicyName="assume", PolicyDocument=document(statement("Allow", "sts:AssumeRole"))
    )
    soon(lambda: assume("of-the-account"))
    denied(lambda: assume("of-nobody-here"))


def test_a_role_of_another_account_needs_both_sides(strict: Cairn) -> None:
    organizations = strict.client("organizations")
    organizations.create_organization()
    made = organizations.create_account(Email="other@example.com", AccountName="other")["CreateAccountStatus"]
    other = str(made["AccountId"])
    role = f"arn:aws:iam::{other}:role/OrganizationAccountAccessRole"
    given = soon(lambda: strict.client("sts").assume_role(RoleArn=role, RoleSessionName="visit"))
    theirs = keys_of(given["Credentials"])
    iam = strict.client("iam", **theirs)
    iam.create_role(RoleName="shared", AssumeRolePolicyDocument=trusting(ACCOUNT))
    shared = f"arn:aws:iam::{other}:role/shared"
    frank = user(strict, "frank")
    sts = strict.client("sts", **frank)
    denied(lambda: sts.assume_role(RoleArn=shared, RoleSessionName="visit"))
    strict.client("iam").put_user_policy(
        UserName="frank", PolicyName="visit", PolicyDocument=document(statement("Allow", "sts:AssumeRole", shared))
    )
    visiting = keys_of(soon(lambda: sts.assume_role(RoleArn=shared, RoleSessionName="visit"))["Credentials"])
    denied(strict.client("sqs", **visiting).list_queues)
    iam.put_role_policy(RoleName="shared", PolicyName="q", PolicyDocument=document(statement("Allow", "sqs:*")))
    soon(strict.client("sqs", **visiting).list_queues)
    assert administer(strict, "search", theirs) == 403, "an administrator of another account sees only that account"
    strict.client("cloudtrail", **theirs).lookup_events()


def test_a_bucket_s_policy_and_the_caller_s(strict: Cairn) -> None:
    admin = strict.client("s3")
    admin.create_bucket(Bucket="two-sides")
    admin.put_object(Bucket="two-sides", Key="open/a", Body=b"a")
    admin.put_object(Bucket="two-sides", Key="home/grace/a", Body=b"a")
    bucket = "arn:aws:s3:::two-sides"
    grace = user(
        strict,
        "grace",
        statement("Allow", ["s3:GetObject", "s3:PutObject"], bucket + "/home/${aws:username}/*"),
        statement("Allow", "s3:ListBucket", bucket, Condition={"StringLike": {"s3:prefix": "home/grace/*"}}),
    )
    s3 = strict.client("s3", **grace)
    soon(lambda: s3.get_object(Bucket="two-sides", Key="home/grace/a"))
    s3.put_object(Bucket="two-sides", Key="home/grace/b", Body=b"b" * 200_000)
    s3.list_objects_v2(Bucket="two-sides", Prefix="home/grace/")
    denied(lambda: s3.list_objects_v2(Bucket="two-sides"))
    denied(lambda: s3.get_object(Bucket="two-sides", Key="open/a"))
    denied(lambda: s3.put_object(Bucket="two-sides", Key="home/grace/c", Body=b"", Tagging="a=b"))
    denied(lambda: s3.copy_object(Bucket="two-sides", Key="home/grace/d", CopySource="two-sides/open/a"))
    denied(s3.list_buckets)
    policy = [
        statement("Allow", "s3:GetObject", bucket + "/open/*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/grace"}),
        statement("Deny", "s3:GetObject", bucket + "/home/*", Principal="*"),
        statement("Allow", "s3:DeleteObject", bucket + "/*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    ]
    admin.put_bucket_policy(Bucket="two-sides", Policy=document(*policy))
    soon(lambda: s3.get_object(Bucket="two-sides", Key="open/a"))
    denied(lambda: s3.get_object(Bucket="two-sides", Key="home/grace/a"))
    denied(lambda: s3.delete_object(Bucket="two-sides", Key="open/a"))  # the account, not grace, may
    denied(
        lambda: s3.delete_objects(Bucket="two-sides", Delete={"Objects": [{"Key": "open/a"}, {"Key": "home/grace/a"}]})
    )
    assert admin.list_objects_v2(Bucket="two-sides")["KeyCount"] == 3


def test_queues_keys_and_functions_have_policies_of_their_own(strict: Cairn) -> None:
    heidi = user(strict, "heidi", statement("Allow", ["kms:*", "lambda:*"]))
    arn = f"arn:aws:iam::{ACCOUNT}:user/heidi"
    sqs, kms = strict.client("sqs"), strict.client("kms")
    url = sqs.create_queue(QueueName="heidis")["QueueUrl"]
    theirs = strict.client("sqs", **heidi)
    denied(lambda: theirs.send_message(QueueUrl=url, MessageBody="a"))
    grant = statement("Allow", "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:heidis", Principal={"AWS": arn})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(grant)})
    soon(lambda: theirs.send_message(QueueUrl=url, MessageBody="a"))
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/heidi", TargetKeyId=key)
    sealed = soon(lambda: strict.client("kms", **heidi).encrypt(KeyId="alias/heidi", Plaintext=b"a"))
    administrator = f"arn:aws:iam::{ACCOUNT}:user/{strict.folder.administrator().user_name}"
    kms.put_key_policy(
        KeyId=key, PolicyName="default",
        Policy=document(statement("Allow", "kms:*", Principal={"AWS": administrator})),
    )  # fmt: skip
    time.sleep(1)
    for name in (key, "alias/heidi"):
        denied(lambda name=name: strict.client("kms", **heidi).encrypt(KeyId=name, Plaintext=b"a"))
    assert kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"] == b"a"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        strict.client("lambda", **heidi).get_function(FunctionName="not-there")
