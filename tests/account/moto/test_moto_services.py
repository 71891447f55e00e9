"""What the account answers: every protocol, accounts and regions apart, and what the tutorial needs."""

from __future__ import annotations

import base64
import http.client
import io
import json
import threading
import time
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.account.moto.running import ACCOUNT, Running
from tests.gateway.federation.providers import response, session_until

pytestmark = pytest.mark.engine

OTHER = "444455556666"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
)


def _json(moto: Running, **where: str) -> set[str]:
    client = moto.client("secretsmanager", **where)
    client.create_secret(Name=f"s-{_name(where)}", SecretString="x")
    return {secret["Name"] for secret in client.list_secrets()["SecretList"]}


def _query(moto: Running, **where: str) -> set[str]:
    client = moto.client("sns", **where)
    client.create_topic(Name=f"s-{_name(where)}")
    return {topic["TopicArn"].rpartition(":")[2] for topic in client.list_topics()["Topics"]}


def _ec2(moto: Running, **where: str) -> set[str]:
    client = moto.client("ec2", **where)
    client.create_security_group(GroupName=f"s-{_name(where)}", Description="d")
    groups = client.describe_security_groups()["SecurityGroups"]
    return {group["GroupName"] for group in groups} - {"default"}


def _rest_json(moto: Running, **where: str) -> set[str]:
    client = moto.client("backup", **where)
    client.create_backup_vault(BackupVaultName=f"s-{_name(where)}")
    return {vault["BackupVaultName"] for vault in client.list_backup_vaults()["BackupVaultList"]}


def _json_of_more(moto: Running, **where: str) -> set[str]:
    client = moto.client("cloudwatch", **where)
    client.put_dashboard(DashboardName=f"s-{_name(where)}", DashboardBody='{"widgets": []}')
    return {entry["DashboardName"] for entry in client.list_dashboards()["DashboardEntries"]}


def _name(where: dict[str, str]) -> str:
    return f"{where['account']}-{where['region']}"


@pytest.mark.parametrize("make_and_list", [_json, _query, _ec2, _rest_json, _json_of_more])
def test_accounts_and_regions_are_apart_in_every_protocol(moto: Running, make_and_list: Any) -> None:
    places = [
        {"account": account, "region": region}
        for account in (ACCOUNT, OTHER)
        for region in ("us-east-1", "eu-central-1")
    ]
    for place in places:
        assert make_and_list(moto, **place) == {f"s-{_name(place)}"}


def test_rest_xml_is_of_the_account(moto: Running) -> None:
    for account in (ACCOUNT, OTHER):
        client = moto.client("route53", account=account)
        client.create_hosted_zone(Name=f"{account}.example", CallerReference=account)
        assert [zone["Name"] for zone in client.list_hosted_zones()["HostedZones"]] == [f"{account}.example."]


def test_a_role_is_assumed_with_credentials_of_its_own(moto: Running) -> None:
    iam, sts = moto.client("iam"), moto.client("sts")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Path="/p/")["Role"]
    made = [sts.assume_role(RoleArn=role["Arn"], RoleSessionName=f"s{n}") for n in range(2)]
    assert made[0]["Credentials"]["AccessKeyId"] != made[1]["Credentials"]["AccessKeyId"]
    assert made[0]["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role['RoleId']}:s0",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s0",
    }
    who = moto.client("sts", key=made[0]["Credentials"]["AccessKeyId"]).get_caller_identity()
    assert who["Arn"] == made[0]["AssumedRoleUser"]["Arn"]
    sessions = [sts.get_session_token()["Credentials"]["AccessKeyId"] for _ in range(2)]
    federated = sts.get_federation_token(Name="bob")["Credentials"]["AccessKeyId"]
    assert len({*sessions, federated}) == 3


def test_sessions_last_no_longer_than_their_role_allows(moto: Running) -> None:
    """One hour where another session asks. What people report of AWS is in the messages."""
    iam, sts = moto.client("iam"), moto.client("sts")
    short = iam.create_role(RoleName="an-hour", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    long = iam.create_role(RoleName="hours", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=7200)["Role"]["Arn"]
    asked = {"RoleSessionName": "session"}
    given = sts.assume_role(RoleArn=long, DurationSeconds=7200, **asked)["Credentials"]
    assert 7190 < seconds_left(given) <= 7200
    for arn, duration in ((long, 7201), (short, 3601), (f"{short}-not-there", 3601)):
        with pytest.raises(ClientError, match=r"ValidationError.* exceeds the MaxSessionDuration set for this role\."):
            sts.assume_role(RoleArn=arn, DurationSeconds=duration, **asked)
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        sts.assume_role_with_web_identity(RoleArn=short, DurationSeconds=3601, WebIdentityToken="none", **asked)
    chained = moto.client("sts", key=given["AccessKeyId"])
    assert chained.assume_role(RoleArn=long, DurationSeconds=3600, **asked)["Credentials"]
    with pytest.raises(ClientError, match="exceeds the 1 hour session limit for roles assumed by role chaining"):
        chained.assume_role(RoleArn=long, DurationSeconds=3601, **asked)
    chained.assume_role_with_web_identity(RoleArn=long, DurationSeconds=7200, WebIdentityToken="none", **asked)


def test_sessions_end_with_those_at_a_saml_provider(moto: Running) -> None:
    """`SessionDuration` in an assertion is of the web console."""
    iam, sts = moto.client("iam"), moto.client("sts")
    role = iam.create_role(RoleName="saml", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=7200)["Role"]["Arn"]
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/company"

    def given(until: float | None, **asked: int) -> float:
        end = [datetime.fromtimestamp(time.time() + until, UTC).isoformat()] if until is not None else []
        document = response(role, provider, authenticated=session_until(*end)).replace(
            "</saml:AttributeStatement>",
            '<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/SessionDuration">'
            "<saml:AttributeValue>43200</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>",
        )
        assertion = base64.b64encode(document.encode()).decode()
        answer = sts.assume_role_with_saml(RoleArn=role, PrincipalArn=provider, SAMLAssertion=assertion, **asked)
        return seconds_left(answer["Credentials"])

    assert 3590 < given(None) <= 3600
    assert 7190 < given(None, DurationSeconds=7200) <= 7200
    assert 1990 < given(2000, DurationSeconds=7200) <= 2000
    assert 890 < given(2000, DurationSeconds=900) <= 900
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        given(2000, DurationSeconds=7201)


def seconds_left(credentials: dict[str, Any]) -> float:
    return float((credentials["Expiration"] - datetime.now(UTC)).total_seconds())


def test_ids_are_of_their_kind(moto: Running) -> None:
    iam = moto.client("iam", account=OTHER)
    assert iam.create_user(UserName="u")["User"]["UserId"].startswith("AIDA")
    assert iam.create_group(GroupName="g")["Group"]["GroupId"].startswith("AGPA")
    assert iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["RoleId"].startswith("AROA")
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(allow))["Policy"]
    assert policy["PolicyId"].startswith("ANPA")


def test_users_have_permissions_boundaries(moto: Running) -> None:
    iam = moto.client("iam", account="777788889999")
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_user(UserName="u", PermissionsBoundary=boundary)
    assert iam.get_user(UserName="u")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    iam.delete_user_permissions_boundary(UserName="u")
    assert "PermissionsBoundary" not in iam.get_user(UserName="u")["User"]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.create_user(UserName="v", PermissionsBoundary="arn:aws:iam::aws:policy/None")


def test_a_member_account_can_be_administered(moto: Running) -> None:
    organizations = moto.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(AccountName="m", Email="m@example.com")["CreateAccountStatus"]
    member = status["AccountId"]
    policies = moto.engine.questions.policies(f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole")
    assert ACCOUNT in (policies.trust or "")
    assert [policy.name for policy in policies.identity] == ["AdministratorAccess"]
    session = moto.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole", RoleSessionName="session"
    )
    assert f"::{member}:" in session["AssumedRoleUser"]["Arn"]
    moto.kill()
    assert moto.client("organizations", account=member).describe_organization()["Organization"]["Id"]


def test_instances_run_stop_and_start(moto: Running) -> None:
    ec2 = moto.client("ec2", region="us-west-2")
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"
    assert ec2.start_instances(InstanceIds=[instance])["StartingInstances"][0]["CurrentState"]["Name"] == "pending"


def test_a_function_is_kept_and_its_invocation_says_that_it_did_not_run(moto: Running) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("f.py", "def h(event, context): return event")
    function = moto.client("lambda")
    role = moto.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    function.create_function(
        FunctionName="f", Role=role, Handler="f.h", Runtime="python3.12", Code={"ZipFile": archive.getvalue()}
    )
    assert function.get_function(FunctionName="f")["Configuration"]["Handler"] == "f.h"
    reply = function.invoke(FunctionName="f", Payload=b'{"a": 1}', LogType="Tail")
    assert reply["StatusCode"] == 200
    assert json.load(reply["Payload"])["executed"] is False
    assert "does not run" in base64.b64decode(reply["LogResult"]).decode()
    assert function.invoke(FunctionName="f", InvocationType="Event")["StatusCode"] == 202


def test_a_permission_of_a_function_is_given_once(moto: Running) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("f.py", "def h(event, context): return event")
    function = moto.client("lambda", region="eu-west-3")
    role = moto.client("iam").create_role(RoleName="permits", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    function.create_function(
        FunctionName="f", Role=role, Handler="f.h", Runtime="python3.12", Code={"ZipFile": archive.getvalue()}
    )
    permission = {"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    function.add_permission(StatementId="one", **permission)
    before = function.get_policy(FunctionName="f")
    with pytest.raises(ClientError, match=r"The statement id \(one\) provided already exists") as refused:
        function.add_permission(StatementId="one", **permission)
    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    after = function.get_policy(FunctionName="f")
    assert (after["Policy"], after["RevisionId"]) == (before["Policy"], before["RevisionId"])
    function.add_permission(StatementId="two", **permission)
    assert len(json.loads(function.get_policy(FunctionName="f")["Policy"])["Statement"]) == 2


def test_jobs_that_need_containers_are_refused(moto: Running) -> None:
    with pytest.raises(ClientError, match="runs no containers"):
        moto.client("batch").submit_job(jobName="j", jobQueue="q", jobDefinition="d")


def test_a_message_goes_from_topic_to_queue(moto: Running) -> None:
    sns, sqs = moto.client("sns"), moto.client("sqs")
    topic = sns.create_topic(Name="t")["TopicArn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert url == f"{moto.engine.url}/{ACCOUNT}/q"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q")
    sns.publish(TopicArn=topic, Message="hello")
    moto.kill()
    message = sqs.receive_message(QueueUrl=url)["Messages"][0]
    assert json.loads(message["Body"])["Message"] == "hello"
    moto.kill()
    assert "Messages" not in sqs.receive_message(QueueUrl=url)  # still invisible
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_who_waits_for_messages_stops_nobody(moto: Running) -> None:
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName="slow")["QueueUrl"]
    found: list[Any] = []
    waiting = threading.Thread(
        target=lambda: found.extend(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"])
    )
    began = time.monotonic()
    waiting.start()
    time.sleep(0.2)
    moto.client("iam").create_user(UserName="meanwhile")
    moto.client("sqs").send_message(QueueUrl=url, MessageBody="now")
    waiting.join()
    assert time.monotonic() - began < 10
    assert found[0]["Body"] == "now"


def test_s3_is_not_answered_here(moto: Running) -> None:
    with pytest.raises(ClientError, match="403"):
        moto.client("s3").list_buckets()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/moto-api/reset", {}),
        ("/", {"x-cairn-secret": "wrong"}),
        ("/", {"x-cairn-secret": "", "x-cairn-question": "access_key"}),
    ],
)
def test_nobody_without_the_secret_is_answered(moto: Running, path: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", moto.engine.port, timeout=10)
    connection.request("POST", path, b"Action=ListUsers", headers)
    reply = connection.getresponse()
    assert reply.status == 403
    assert b"Cairn alone" in reply.read()
    connection.close()


def test_motos_own_controls_cannot_be_reached(moto: Running) -> None:
    moto.client("iam").create_user(UserName="stays")
    connection = http.client.HTTPConnection("127.0.0.1", moto.engine.port, timeout=10)
    connection.request("POST", "/moto-api/reset", headers=moto.engine.headers)
    assert connection.getresponse().status >= 400
    connection.close()
    moto.client("iam").get_user(UserName="stays")


def test_garbage_is_answered_and_the_server_goes_on(moto: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", moto.engine.port, timeout=10)
    scope = "AKIAIOSFODNN7EXAMPLE/20200101/us-east-1/{}/aws4_request"
    for service, target, body in (
        ("dynamodb", "DynamoDB_20120810.PutItem", b"{not json"),
        ("iam", "", b"\xff\xfe"),
        ("nothing", "", b""),
        ("kms", "TrentService.NoSuchOperation", b"{}"),
        ("dynamodb", "", b"{}"),
    ):
        headers = {"authorization": f"AWS4-HMAC-SHA256 Credential={scope.format(service)}, Signature=0"}
        connection.request("POST", "/", body, headers | {"x-amz-target": target} | moto.engine.headers)
        reply = connection.getresponse()
        reply.read()
        assert 400 <= reply.status <= 501, service
    connection.close()
    assert moto.answers()
