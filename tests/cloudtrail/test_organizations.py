"""Who may have an organization's trail and change it, and what members see of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
from tests.cloudtrail.companies import ID, Companies
from tests.cloudtrail.others import FakeKeys, FakeLogGroups, FakeTopics
from tests.cloudtrail.rig import Rig
from tests.cloudtrail.test_operations import MODEL, arn, refused, validate

from cairn.cloudtrail import delegation
from cairn.cloudtrail.membership import Membership
from cairn.cloudtrail.operations import operations
from cairn.cloudtrail.organizations import Owners
from cairn.cloudtrail.preconditions import Preconditions
from cairn.service.as_cloudtrail import service_may
from cairn.wire.operation import Context

MANAGEMENT, MEMBER, DELEGATE, STRANGER = (f"{digit}" * 12 for digit in "1234")
CHANGES = ("UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")
NOT_MASTER = "NotOrganizationMasterAccountException"
Call = Callable[..., Any]


def policy(bucket: str, *folders: str) -> str:
    """A bucket's policy that lets CloudTrail write below these folders, for trails of the management account."""
    source = {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/*"}
    statements = [{"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"}]
    statements += [{"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/{folder}"} for folder in folders]
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [allow | statement | {"Condition": {"ArnLike": source}} for statement in statements],
        }
    )


class Buckets:
    """Buckets with their policies."""

    policies: ClassVar = {
        "logs": policy("logs", f"AWSLogs/{MANAGEMENT}/*", f"AWSLogs/{ID}/*", f"team/AWSLogs/{ID}/*"),
        "alone": policy("alone", f"AWSLogs/{MANAGEMENT}/*"),
        "ours": policy("ours", f"AWSLogs/{ID}/*"),
        "one": policy("one", f"AWSLogs/{MANAGEMENT}/*", f"AWSLogs/{ID}/{MANAGEMENT}/*"),
    }

    def bucket_exists(self, bucket: str) -> bool:
        return bucket in self.policies

    def bucket_policy(self, bucket: str) -> str | None:
        return self.policies[bucket]

    def bucket_region(self, bucket: str) -> str:
        return "us-east-1"

    def default_key(self, bucket: str) -> str:
        return ""

    def takes(
        self, bucket: str, key: str, *, kms_key: str = "", encryption_context: Mapping[str, str] | None = None
    ) -> bool:
        return False


def checks_of(buckets: Buckets) -> Preconditions:
    """Checks by the policies of buckets. There are no topics, keys and log groups."""
    return Preconditions(buckets, service_may, topics=FakeTopics(), keys=FakeKeys(), log_groups=FakeLogGroups())


@pytest.fixture
def companies() -> Companies:
    companies = Companies()
    companies.found(MANAGEMENT, MEMBER, DELEGATE, administrators=(DELEGATE,))
    return companies


@pytest.fixture
def call(rig: Rig, companies: Companies) -> Call:
    built = operations(rig.trails, checks_of(Buckets()), Owners(companies)) | delegation.operations(companies)

    def call(operation: str, /, account: str = MANAGEMENT, region: str = "us-east-1", **params: Any) -> Any:
        model = MODEL.operation_model(operation)
        validate(params, model.input_shape)
        answer = dict(built[operation](Context(account, region), params))
        if model.output_shape is not None:
            validate(answer, model.output_shape)
        return answer

    return call


def create(call: Call, name: str = "main", **params: Any) -> Any:
    return call("CreateTrail", **{"Name": name, "S3BucketName": "logs", "IsOrganizationTrail": True} | params)


def ours(name: str = "main") -> str:
    return arn(name, account=MANAGEMENT)


def names(call: Call, account: str, **params: Any) -> list[str]:
    return [trail["Name"] for trail in call("DescribeTrails", account=account, **params)["trailList"]]


def test_the_first_reason_is_told(call: Call, companies: Companies) -> None:
    companies.change(MANAGEMENT, all_features=False, trusts=False, has_role=False, administrators=())
    trail = {"Name": "main", "S3BucketName": "ours", "S3KeyPrefix": "elsewhere", "IsOrganizationTrail": True}
    refused(call, "OrganizationsNotInUseException", "CreateTrail", account=STRANGER, **trail)
    refused(call, "OrganizationNotInAllFeaturesModeException", "CreateTrail", account=MEMBER, **trail)
    companies.change(MANAGEMENT, all_features=True)
    text = refused(call, NOT_MASTER, "CreateTrail", account=MEMBER, **trail)
    assert text == (
        "You cannot configure or manage trails for an organization because this action requires being signed in with "
        "the management account."
    )
    text = refused(call, "CloudTrailAccessNotEnabledException", "CreateTrail", **trail)
    assert text.endswith(f"You are signed in with the following AWS account ID: {MANAGEMENT}.")
    companies.change(MANAGEMENT, trusts=True, administrators=(DELEGATE,))
    refused(call, "NoManagementAccountSLRExistsException", "CreateTrail", account=DELEGATE, **trail)
    refused(call, "InsufficientS3BucketPolicyException", "CreateTrail", **trail)
    assert call("ListTrails") == {"Trails": []}


def test_the_management_account_gets_the_role_with_its_first_trail(call: Call, companies: Companies) -> None:
    companies.change(MANAGEMENT, has_role=False)
    made = create(call, IsMultiRegionTrail=True)
    assert (made["TrailARN"], made["IsOrganizationTrail"]) == (ours(), True)
    organization = companies.of(MANAGEMENT)
    assert organization is not None and organization.has_role


@pytest.mark.parametrize(("bucket", "suffices"), [("logs", True), ("ours", True), ("alone", False), ("one", False)])
def test_the_bucket_must_take_the_files_of_every_account(call: Call, bucket: str, suffices: bool) -> None:
    trail = {"Name": "main", "S3BucketName": bucket, "IsOrganizationTrail": True}
    if suffices:
        call("CreateTrail", **trail)
    else:
        refused(call, "InsufficientS3BucketPolicyException", "CreateTrail", **trail)


def test_members_see_a_copy(call: Call) -> None:
    create(call, IsMultiRegionTrail=True, S3KeyPrefix="team", TagsList=[{"Key": "owner"}])
    create(call, "local")
    call("StartLogging", Name="main")
    seen = call("GetTrail", account=MEMBER, Name=ours())["Trail"]
    assert seen == call("GetTrail", Name="main")["Trail"]
    assert seen["IsOrganizationTrail"] and seen["TrailARN"] == ours() and seen["S3KeyPrefix"] == "team"
    away = {"account": MEMBER, "region": "eu-west-1"}
    assert call("GetTrailStatus", Name=ours(), **away)["IsLogging"] is True
    assert call("GetEventSelectors", TrailName=ours(), **away)["TrailARN"] == ours()
    refused(call, "TrailNotFoundException", "GetTrail", Name=ours("local"), **away)
    text = refused(call, "TrailNotFoundException", "GetTrail", account=MEMBER, Name="main")
    assert text == f"Unknown trail: {arn('main', account=MEMBER)} for the user: {MEMBER}"

    assert names(call, MEMBER) == ["local", "main"]
    assert names(call, MEMBER, region="eu-west-1") == ["main"]
    assert names(call, MEMBER, includeShadowTrails=False) == []
    assert names(call, MANAGEMENT, includeShadowTrails=False) == ["local", "main"]
    assert names(call, MEMBER, trailNameList=["main", ours("local")]) == ["local"]
    listed = [trail["TrailARN"] for trail in call("ListTrails", account=MEMBER)["Trails"]]
    assert listed == [ours("local"), ours()]

    assert names(call, STRANGER) == []
    text = refused(call, "TrailNotFoundException", "GetTrail", account=STRANGER, Name=ours())
    assert text == f"Unknown trail: {ours()} for the user: {STRANGER}"


def test_members_cannot_change_it_nor_see_its_tags(call: Call) -> None:
    create(call, IsMultiRegionTrail=True)
    for operation in CHANGES:
        for region in ("us-east-1", "eu-west-1"):
            refused(call, NOT_MASTER, operation, account=MEMBER, region=region, Name=ours())
        refused(call, "TrailNotFoundException", operation, account=STRANGER, Name=ours())
    selectors = {"TrailName": ours(), "EventSelectors": [{"ReadWriteType": "WriteOnly"}]}
    refused(call, NOT_MASTER, "PutEventSelectors", account=MEMBER, **selectors)
    wrong = f"AccountID in ARN is wrong, you can only access resources with AccountID {MEMBER}."
    invalid = "CloudTrailARNInvalidException"
    assert refused(call, invalid, "ListTags", account=MEMBER, ResourceIdList=[ours()]) == wrong
    assert refused(call, invalid, "AddTags", account=MEMBER, ResourceId=ours(), TagsList=[]) == wrong
    assert call("GetTrail", Name="main")["Trail"]["IsMultiRegionTrail"]


def test_a_delegated_administrator_manages_trails_that_are_the_management_accounts(call: Call) -> None:
    made = create(call, account=DELEGATE, TagsList=[{"Key": "by", "Value": "delegate"}])
    assert made["TrailARN"] == ours()
    text = refused(call, "TrailAlreadyExistsException", "CreateTrail", Name="main", S3BucketName="logs")
    assert text == f"Trail main already exists for customer: {MANAGEMENT}"
    refused(call, "TrailNotFoundException", "StartLogging", account=DELEGATE, Name="main")
    call("StartLogging", account=DELEGATE, Name=ours())
    assert call("GetTrailStatus", Name="main")["IsLogging"] is True
    changed = call("UpdateTrail", account=DELEGATE, Name=ours(), S3KeyPrefix="team", IsOrganizationTrail=True)
    assert changed["S3KeyPrefix"] == "team" and changed["IsOrganizationTrail"]
    call("AddTags", account=DELEGATE, ResourceId=ours(), TagsList=[{"Key": "more"}])
    (tags,) = call("ListTags", account=DELEGATE, ResourceIdList=[ours()])["ResourceTagList"]
    assert tags["TagsList"] == [{"Key": "by", "Value": "delegate"}, {"Key": "more"}]
    put = [{"ReadWriteType": "WriteOnly", "DataResources": [], "ExcludeManagementEventSources": []}]
    call("PutEventSelectors", account=DELEGATE, TrailName=ours(), EventSelectors=put)
    assert call("GetTrail", account=MEMBER, Name=ours())["Trail"]["HasCustomEventSelectors"]
    (seen,) = call("GetEventSelectors", account=MEMBER, TrailName=ours())["EventSelectors"]
    assert seen["ReadWriteType"] == "WriteOnly"
    refused(call, "InvalidHomeRegionException", "StopLogging", account=DELEGATE, region="eu-west-1", Name=ours())
    call("DeleteTrail", account=DELEGATE, Name=ours())
    assert names(call, MANAGEMENT) == names(call, MEMBER) == []


def test_a_delegated_administrator_needs_the_role(call: Call, companies: Companies) -> None:
    create(call)
    companies.change(MANAGEMENT, has_role=False)
    refused(call, "NoManagementAccountSLRExistsException", "StopLogging", account=DELEGATE, Name=ours())
    call("StopLogging", Name="main")


def test_only_the_management_account_converts_a_trail(call: Call) -> None:
    call("CreateTrail", Name="own", S3BucketName="alone")
    refused(call, "InsufficientS3BucketPolicyException", "UpdateTrail", Name="own", IsOrganizationTrail=True)
    both = {"Name": "own", "S3BucketName": "logs"}
    assert call("UpdateTrail", IsOrganizationTrail=True, **both)["IsOrganizationTrail"] is True
    assert names(call, MEMBER) == ["own"]
    back = {"Name": ours("own"), "IsOrganizationTrail": False}
    refused(call, NOT_MASTER, "UpdateTrail", account=DELEGATE, **back)
    assert call("UpdateTrail", **back)["IsOrganizationTrail"] is False
    assert names(call, MEMBER) == []
    assert call("GetTrail", Name="own")["Trail"]["IsOrganizationTrail"] is False


def test_a_delegated_administrator_does_not_convert_a_trail_of_its_own(rig: Rig, companies: Companies) -> None:
    class Willing(Buckets):
        def takes(
            self, bucket: str, key: str, *, kms_key: str = "", encryption_context: Mapping[str, str] | None = None
        ) -> bool:
            return True

    built = operations(rig.trails, checks_of(Willing()), Owners(companies))

    def call(operation: str, /, account: str, **params: Any) -> Any:
        return built[operation](Context(account, "us-east-1"), params)

    for account, code in ((DELEGATE, NOT_MASTER), (MEMBER, NOT_MASTER), (STRANGER, "OrganizationsNotInUseException")):
        call("CreateTrail", account=account, Name="own", S3BucketName="logs")
        refused(call, code, "UpdateTrail", account=account, Name="own", IsOrganizationTrail=True)
        call("UpdateTrail", account=account, Name="own", IsOrganizationTrail=False)


def test_a_member_with_five_trails_gets_the_copy_and_can_make_no_other(rig: Rig, call: Call) -> None:
    for number in range(5):
        rig.trail(f"trail-{number}", account=MEMBER)
    create(call)
    assert len(names(call, MEMBER)) == 6
    call("DeleteTrail", account=MEMBER, Name="trail-0")
    sixth = {"account": MEMBER, "Name": "sixth", "S3BucketName": "logs"}
    refused(call, "MaximumNumberOfTrailsExceededException", "CreateTrail", **sixth)
    refused(call, "TrailAlreadyExistsException", "CreateTrail", **sixth | {"Name": "main"})


def test_pages_of_trails_hold_copies(call: Call, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudtrail.operations.TRAILS_PER_PAGE", 1)
    rig.trail("main", account=MEMBER)
    create(call)
    first = call("ListTrails", account=MEMBER)
    second = call("ListTrails", account=MEMBER, NextToken=first["NextToken"])
    found = [trail["TrailARN"] for trail in [*first["Trails"], *second["Trails"]]]
    assert found == [ours(), arn("main", account=MEMBER)]
    assert "NextToken" not in second


def test_copies_come_and_go_with_membership(call: Call, rig: Rig, companies: Companies) -> None:
    create(call)
    membership = Membership(rig.trails, companies)
    companies.leave(MANAGEMENT, MEMBER)
    companies.join(MANAGEMENT, STRANGER)
    membership.follow()
    assert (names(call, MEMBER), names(call, STRANGER)) == ([], ["main"])
    refused(call, "TrailNotFoundException", "GetTrail", account=MEMBER, Name=ours())
    refused(call, NOT_MASTER, "StopLogging", account=STRANGER, Name=ours())


@pytest.mark.parametrize("end", ["dissolved", "mistrusted", "another"])
def test_a_trail_without_its_organization_is_the_accounts_alone(
    call: Call, rig: Rig, companies: Companies, end: str
) -> None:
    create(call)
    if end == "mistrusted":
        companies.change(MANAGEMENT, trusts=False)
    else:
        companies.dissolve(MANAGEMENT)
    if end == "another":
        companies.found(MANAGEMENT, MEMBER, id="o-exampleorg2")
    Membership(rig.trails, companies).follow()
    assert call("GetTrail", Name="main")["Trail"]["IsOrganizationTrail"] is False
    assert names(call, MEMBER) == []


def test_an_older_answer_does_not_undo_a_newer(call: Call, rig: Rig, companies: Companies) -> None:
    create(call)

    class Slow(Companies):
        """Asked while a stranger was in, and answers after it and a member have left, which was noted meanwhile."""

        def of(self, account: str) -> Any:
            companies.join(MANAGEMENT, STRANGER)
            old = companies.of(account)
            for gone in (STRANGER, MEMBER):
                companies.leave(MANAGEMENT, gone)
            Membership(rig.trails, companies).follow()
            return old

    Membership(rig.trails, Slow()).follow()
    assert names(call, MEMBER) == names(call, STRANGER) == []


def test_delegation(call: Call, companies: Companies) -> None:
    register, deregister = "RegisterOrganizationDelegatedAdmin", "DeregisterOrganizationDelegatedAdmin"
    account = {register: "MemberAccountId", deregister: "DelegatedAdminAccountId"}
    for operation, member in account.items():
        refused(call, "OrganizationsNotInUseException", operation, account=STRANGER, **{member: MEMBER})
        refused(call, "NotOrganizationManagementAccountException", operation, account=DELEGATE, **{member: MEMBER})
        refused(call, "InvalidParameterException", operation, **{member: "12345678901234"})
        refused(call, "AccountNotFoundException", operation, **{member: STRANGER})
        companies.change(MANAGEMENT, all_features=False)
        refused(call, "OrganizationNotInAllFeaturesModeException", operation, **{member: MEMBER})
        companies.change(MANAGEMENT, all_features=True, trusts=False)
        refused(call, "CloudTrailAccessNotEnabledException", operation, **{member: MEMBER})
        companies.change(MANAGEMENT, trusts=True)
    refused(call, "CannotDelegateManagementAccountException", register, MemberAccountId=MANAGEMENT)
    refused(call, "AccountRegisteredException", register, MemberAccountId=DELEGATE)
    refused(call, "AccountNotRegisteredException", deregister, DelegatedAdminAccountId=MEMBER)
    companies.change(MANAGEMENT, has_role=False)
    assert call(register, MemberAccountId=MEMBER) == {}
    organization = companies.of(MANAGEMENT)
    assert organization is not None and organization.has_role
    for extra in ("5" * 12, "6" * 12):
        companies.join(MANAGEMENT, extra)
    call(register, MemberAccountId="5" * 12)
    text = refused(call, "DelegatedAdminAccountLimitExceededException", register, MemberAccountId="6" * 12)
    assert "3 delegated administrators" in text
    call(deregister, DelegatedAdminAccountId=MEMBER)
    create(call, account=DELEGATE)
    refused(
        call, NOT_MASTER, "CreateTrail", account=MEMBER, Name="b-trail", S3BucketName="logs", IsOrganizationTrail=True
    )
