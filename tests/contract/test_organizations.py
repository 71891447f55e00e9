"""An organization of five accounts in three regions, and its trail: every call once, in its account's and region's
file, nothing mixed; who may see the trail and who may change it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.contract.looking import request_id
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.account.moto.wire_names import ACCOUNT, SECRET
from cairn.core.clock import SystemClock
from cairn.core.errors import AwsError
from cairn.service.organizations_elsewhere import OrganizationsElsewhere
from cairn.wire.endpoint import Endpoint

pytestmark = pytest.mark.engine

MANAGEMENT = "000000000000"
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
BUCKET = "company-trail-logs"
TRAIL = "company-trail"
ARN = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/{TRAIL}"
SERVICE = "cloudtrail.amazonaws.com"
Keys = dict[str, str]


def bucket_policy(organization: str) -> str:
    """The policy that CloudTrail's guide gives for an organization's trail (spec 2.3)."""
    allow = {"Effect": "Allow", "Principal": {"Service": SERVICE}}
    source = {"aws:SourceArn": [ARN, ARN.replace(TRAIL, "second-trail")]}
    write = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"} | source}
    statements: list[dict[str, Any]] = [
        {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{BUCKET}", "Condition": {"StringEquals": source}}
    ]
    for owner in (MANAGEMENT, organization):
        resource = f"arn:aws:s3:::{BUCKET}/AWSLogs/{owner}/*"
        statements.append({"Action": "s3:PutObject", "Resource": resource, "Condition": write})
    return json.dumps({"Version": "2012-10-17", "Statement": [allow | statement for statement in statements]})


@dataclass
class Company:
    """The organization, and what its trail must have: the place of each call, by its request id."""

    cairn: Cairn
    id: str
    members: list[str]
    keys: dict[str, Keys]
    """Of an administrator of each account, as boto3 names them; none for the management account, whose are usual."""
    logged: dict[str, tuple[str, str]] = field(default_factory=dict)
    not_logged: set[str] = field(default_factory=set)

    def client(self, account: str, service: str = "cloudtrail", region: str = "us-east-1") -> Any:
        return self.cairn.client(service, region=region, **self.keys[account])

    def call(self, account: str, *, logged: bool = True) -> None:
        """A write and a read in every region."""
        for region in REGIONS:
            sns = self.client(account, "sns", region)
            for reply in (sns.create_topic(Name="company-topic"), sns.list_topics()):
                self.expect(reply, account, region, logged=logged)

    def expect(self, reply: Any, account: str, region: str, *, logged: bool) -> None:
        number = request_id(reply)
        if logged:
            self.logged[number] = (account, region)
        else:
            self.not_logged.add(number)

    def environment(self, account: str) -> dict[str, str]:
        """The AWS CLI's variables for an account."""
        return {name.upper(): value for name, value in self.keys[account].items()}


@pytest.fixture(scope="module")
def company(cairn: Cairn) -> Iterator[Company]:
    organizations, sts = cairn.client("organizations"), cairn.client("sts")
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    members, keys = [], {MANAGEMENT: Keys()}
    for number in range(4):
        made = organizations.create_account(Email=f"m{number}@example.com", AccountName=f"member-{number}")
        account = made["CreateAccountStatus"]["AccountId"]
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        given = sts.assume_role(RoleArn=role, RoleSessionName="company")["Credentials"]
        keys[account] = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        members.append(account)
    cairn.client("s3").create_bucket(Bucket=BUCKET)
    yield Company(cairn, organization, members, keys)
    for trail in cairn.client("cloudtrail").list_trails()["Trails"]:
        if trail["TrailARN"].startswith(ARN.removesuffix(TRAIL)):
            cairn.client("cloudtrail").delete_trail(Name=trail["TrailARN"])
    for found in organizations.list_accounts()["Accounts"]:
        if found["Id"] != MANAGEMENT:
            organizations.remove_account_from_organization(AccountId=found["Id"])
    organizations.delete_organization()


@pytest.fixture(scope="module")
def trail(company: Company) -> str:
    """The organization's trail, made as its guide has it with the AWS CLI, and logging."""
    aws = company.cairn.aws
    create = f"cloudtrail create-trail --name {TRAIL} --s3-bucket-name {BUCKET}".split()
    create += ["--is-organization-trail", "--is-multi-region-trail"]
    assert "CloudTrailAccessNotEnabledException" in aws(*create, fails=True)
    aws("organizations", "enable-aws-service-access", "--service-principal", SERVICE)
    assert "InsufficientS3BucketPolicyException" in aws(*create, fails=True)
    aws("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", bucket_policy(company.id))
    made = aws(*create)
    assert (made["TrailARN"], made["IsOrganizationTrail"], made["IsMultiRegionTrail"]) == (ARN, True, True)
    assert aws("iam", "get-role", "--role-name", "AWSServiceRoleForCloudTrail")["Role"]["Path"].endswith(f"/{SERVICE}/")
    aws("cloudtrail", "start-logging", "--name", TRAIL)
    return ARN


def code(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_each_call_is_once_in_its_accounts_and_regions_file(company: Company, trail: str, tmp_path: Path) -> None:
    organizations = company.client(MANAGEMENT, "organizations")
    first, leaver, guest, last = company.members
    organizations.remove_account_from_organization(AccountId=guest)
    company.call(guest, logged=False)
    for account in (MANAGEMENT, first, leaver, last):
        company.call(account)

    invited = organizations.invite_account_to_organization(Target={"Id": guest, "Type": "ACCOUNT"})["Handshake"]["Id"]
    company.call(guest, logged=False)
    company.client(guest, "organizations").accept_handshake(HandshakeId=invited)
    company.call(guest)

    left = company.client(leaver, "organizations").leave_organization()
    company.expect(left, leaver, "us-east-1", logged=True)  # the last of it tells who ended it
    company.call(leaver, logged=False)
    company.call(first)

    company.cairn.cairn("flush")
    company.cairn.aws("s3", "cp", "--recursive", "--quiet", f"s3://{BUCKET}/", str(tmp_path))
    found: dict[str, list[tuple[str, str]]] = {}
    for file in tmp_path.rglob("*.json.gz"):
        logs, organization, account, kind, region, *_ = file.relative_to(tmp_path).parts
        assert (logs, organization, kind) == ("AWSLogs", company.id, "CloudTrail")
        assert file.name.startswith(f"{account}_CloudTrail_{region}_")
        for record in json.loads(gzip.decompress(file.read_bytes()))["Records"]:
            assert (record["recipientAccountId"], record["awsRegion"]) == (account, region)
            found.setdefault(record.get("requestID", ""), []).append((account, region))
    assert {number: found.get(number) for number in company.logged} == {
        number: [place] for number, place in company.logged.items()
    }
    assert company.not_logged.isdisjoint(found)

    # each account's history is its own, the organization's trail or not
    for account in (MANAGEMENT, first):
        events = company.client(account).lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateTopic"}]
        )["Events"]
        owners = {json.loads(event["CloudTrailEvent"])["recipientAccountId"] for event in events}
        assert owners == {account}
    assert code(company.client(leaver).get_trail, Name=trail) == "TrailNotFoundException"


def test_a_member_sees_the_trail_and_cannot_change_it(company: Company, trail: str) -> None:
    member = company.members[0]
    environment = company.environment(member)
    aws = company.cairn.aws
    (seen,) = aws("cloudtrail", "describe-trails", "--region", "eu-west-1", environment=environment)["trailList"]
    assert (seen["TrailARN"], seen["HomeRegion"], seen["IsOrganizationTrail"]) == (trail, "us-east-1", True)
    hidden = aws("cloudtrail", "describe-trails", "--no-include-shadow-trails", environment=environment)
    assert hidden["trailList"] == []
    assert aws("cloudtrail", "get-trail-status", "--name", trail, environment=environment)["IsLogging"] is True
    text = aws("cloudtrail", "stop-logging", "--name", trail, environment=environment, fails=True)
    assert "(NotOrganizationMasterAccountException)" in text
    theirs = company.client(member)
    assert code(theirs.get_trail, Name=TRAIL) == "TrailNotFoundException"
    assert code(theirs.delete_trail, Name=trail) == "NotOrganizationMasterAccountException"
    assert code(theirs.update_trail, Name=trail, S3KeyPrefix="x") == "NotOrganizationMasterAccountException"
    create = {"Name": "theirs", "S3BucketName": BUCKET, "IsOrganizationTrail": True}
    assert code(theirs.create_trail, **create) == "NotOrganizationMasterAccountException"


def test_a_delegated_administrator_creates_updates_and_deletes(company: Company, trail: str) -> None:
    aws, delegate, member = company.cairn.aws, company.members[-1], company.members[0]
    register = ("cloudtrail", "register-organization-delegated-admin", "--member-account-id", delegate)
    aws(*register)
    assert "AccountRegisteredException" in aws(*register, fails=True)
    listed = aws("organizations", "list-delegated-administrators", "--service-principal", SERVICE)
    assert [account["Id"] for account in listed["DelegatedAdministrators"]] == [delegate]

    theirs = company.client(delegate)
    made = theirs.create_trail(Name="second-trail", S3BucketName=BUCKET, IsOrganizationTrail=True)["TrailARN"]
    assert made == ARN.replace(TRAIL, "second-trail")
    theirs.start_logging(Name=made)
    assert theirs.update_trail(Name=made, IsMultiRegionTrail=True)["IsMultiRegionTrail"]
    assert code(theirs.update_trail, Name=made, IsOrganizationTrail=False) == "NotOrganizationMasterAccountException"
    assert company.client(member, region="eu-west-1").get_trail_status(Name=made)["IsLogging"] is True
    theirs.delete_trail(Name=made)
    assert code(company.client(MANAGEMENT).get_trail, Name=made) == "TrailNotFoundException"

    aws("cloudtrail", "deregister-organization-delegated-admin", "--delegated-admin-account-id", delegate)
    assert code(theirs.stop_logging, Name=trail) == "NotOrganizationMasterAccountException"


def test_the_worker_finds_a_change_of_which_no_gateway_heard(company: Company, trail: str) -> None:
    runtime, gone = company.cairn.folder.runtime(), company.members[0]
    straight = boto3.client(
        "organizations",
        region_name="us-east-1",
        endpoint_url=runtime.moto_url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="not checked there",
    )

    def add(request: Any, **_: Any) -> None:
        request.headers[ACCOUNT] = MANAGEMENT
        request.headers[SECRET] = runtime.moto_secret

    straight.meta.events.register("before-sign", add)
    straight.remove_account_from_organization(AccountId=gone)
    wait_until(lambda: company.client(gone).list_trails()["Trails"] == [])
    assert trail in [found["TrailARN"] for found in company.client(company.members[-1]).list_trails()["Trails"]]


def test_an_organization_elsewhere_is_asked_by_its_api(company: Company, trail: str) -> None:
    address = company.cairn.endpoint.removeprefix("http://")
    ours = company.cairn.folder.administrator()
    endpoint = Endpoint.parse(f"http://{ours.access_key_id}:{ours.secret_access_key.replace('/', '%2F')}@{address}")
    elsewhere = OrganizationsElsewhere(endpoint, "us-east-1", SystemClock())
    member = company.members[-1]
    found = elsewhere.of(member)
    assert found is not None and found == elsewhere.of(MANAGEMENT)
    assert (found.id, found.management, found.all_features, found.trusts) == (company.id, MANAGEMENT, True, True)
    assert member in found.members and found.administrators == ()
    assert elsewhere.of("999999999999") is None
    elsewhere.register(MANAGEMENT, member)
    changed = elsewhere.of(member)
    assert changed is not None and changed.administrators == (member,)
    elsewhere.deregister(MANAGEMENT, member)
    stranger = Endpoint.parse(f"http://AKIAIOSFODNN7EXAMPLE:nothing@{address}")
    with pytest.raises(AwsError) as caught:
        OrganizationsElsewhere(stranger, "us-east-1", SystemClock()).of(member)
    assert caught.value.code == "InsufficientDependencyServiceAccessPermissionException"
