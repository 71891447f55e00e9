"""Organizations of the embedded account: members that come and go, and what CloudTrail asks about them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.account.moto.running import ACCOUNT, Running

from cairn.account.moto.questions import NotFound, Organization

pytestmark = pytest.mark.engine

SERVICE = "cloudtrail.amazonaws.com"
GUEST = "444455556666"


@pytest.fixture(scope="module")
def member(moto: Running) -> str:
    """A member of the one organization that all of these tests share."""
    with pytest.raises(NotFound):
        moto.engine.questions.organization(ACCOUNT)
    organizations = moto.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    return str(organizations.create_account(AccountName="m", Email="m@example.com")["CreateAccountStatus"]["AccountId"])


def refused(code: str, call: Any, **arguments: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code


def test_what_cloudtrail_asks(moto: Running, member: str) -> None:
    organizations, questions = moto.client("organizations"), moto.engine.questions
    found = questions.organization(member)
    described = organizations.describe_organization()["Organization"]
    assert (
        found
        == questions.organization(ACCOUNT)
        == Organization(
            id=described["Id"],
            management=ACCOUNT,
            members=(member,),
            all_features=True,
            trusts=False,
            administrators=(),
            has_role=False,
        )
    )
    organizations.enable_aws_service_access(ServicePrincipal=SERVICE)
    for _ in range(2):
        questions.make_role(ACCOUNT)
    role = moto.client("iam").get_role(RoleName="AWSServiceRoleForCloudTrail")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{SERVICE}/AWSServiceRoleForCloudTrail"
    questions.register_administrator(ACCOUNT, member)
    with pytest.raises(NotFound):
        questions.register_administrator(ACCOUNT, member)
    moto.kill()
    found = questions.organization(ACCOUNT)
    assert (found.trusts, found.has_role, found.administrators) == (True, True, (member,))
    administrators = moto.client("organizations").list_delegated_administrators(ServicePrincipal=SERVICE)
    assert [account["Id"] for account in administrators["DelegatedAdministrators"]] == [member]
    questions.deregister_administrator(ACCOUNT, member)
    assert questions.organization(ACCOUNT).administrators == ()
    with pytest.raises(NotFound):
        questions.deregister_administrator(ACCOUNT, member)


def test_only_who_manages_or_administers_is_told_of_the_organization(moto: Running, member: str) -> None:
    organizations, its, nobodys = (moto.client("organizations", account=each) for each in (ACCOUNT, member, GUEST))
    accounts = {account["Id"] for account in organizations.list_accounts()["Accounts"]}
    assert accounts == {ACCOUNT, member}
    asking = [
        (its.list_accounts, {}),
        (its.list_roots, {}),
        (its.describe_account, {"AccountId": member}),
        (its.list_delegated_administrators, {}),
        (its.list_aws_service_access_for_organization, {}),
    ]
    doing = [
        (its.create_account, {"AccountName": "n", "Email": "n@example.com"}),
        (its.remove_account_from_organization, {"AccountId": member}),
        (its.enable_aws_service_access, {"ServicePrincipal": SERVICE}),
        (its.invite_account_to_organization, {"Target": {"Id": GUEST, "Type": "ACCOUNT"}}),
    ]
    for call, arguments in asking + doing:
        refused("AccessDeniedException", call, **arguments)
    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="guardduty.amazonaws.com")
    for call, arguments in asking:
        assert call(**arguments)
    assert {account["Id"] for account in its.list_accounts()["Accounts"]} == accounts
    for call, arguments in doing:
        refused("AccessDeniedException", call, **arguments)
    organizations.deregister_delegated_administrator(AccountId=member, ServicePrincipal="guardduty.amazonaws.com")
    refused("AccessDeniedException", its.list_accounts)
    assert its.describe_organization()["Organization"]["MasterAccountId"] == ACCOUNT
    refused("AWSOrganizationsNotInUseException", nobodys.list_accounts)
    refused("AWSOrganizationsNotInUseException", nobodys.describe_organization)


def test_an_account_is_invited_leaves_and_is_invited_again(moto: Running, member: str) -> None:
    organizations, guest = moto.client("organizations"), moto.client("organizations", account=GUEST)
    target = {"Id": GUEST, "Type": "ACCOUNT"}
    for _ in range(2):
        invited = organizations.invite_account_to_organization(Target=target)["Handshake"]
        assert (invited["State"], invited["Action"]) == ("OPEN", "INVITE")
        refused("DuplicateHandshakeException", organizations.invite_account_to_organization, Target=target)
        refused("InvalidHandshakeTransitionException", organizations.accept_handshake, HandshakeId=invited["Id"])
        moto.kill()
        open_ones = [
            found["Id"] for found in guest.list_handshakes_for_account()["Handshakes"] if found["State"] == "OPEN"
        ]
        assert open_ones == [invited["Id"]]
        assert guest.accept_handshake(HandshakeId=invited["Id"])["Handshake"]["State"] == "ACCEPTED"
        refused("HandshakeConstraintViolationException", organizations.invite_account_to_organization, Target=target)
        assert guest.describe_organization()["Organization"]["MasterAccountId"] == ACCOUNT
        assert moto.engine.questions.organization(GUEST).members == tuple(sorted((member, GUEST)))
        accounts = {account["Id"]: account["JoinedMethod"] for account in organizations.list_accounts()["Accounts"]}
        assert (accounts[GUEST], accounts[member]) == ("INVITED", "CREATED")
        moto.engine.questions.register_administrator(ACCOUNT, GUEST)
        guest.leave_organization()
        assert moto.engine.questions.organization(ACCOUNT).administrators == ()
        refused("AWSOrganizationsNotInUseException", guest.describe_organization)
        refused("AWSOrganizationsNotInUseException", guest.leave_organization)
        with pytest.raises(NotFound):
            moto.engine.questions.organization(GUEST)
    refused("MasterCannotLeaveOrganizationException", organizations.leave_organization)
    states = [found["State"] for found in organizations.list_handshakes_for_organization()["Handshakes"]]
    assert states == ["ACCEPTED", "ACCEPTED"]


def test_an_invitation_can_be_declined_or_cancelled_by_whose_it_is(moto: Running, member: str) -> None:
    organizations, guest = moto.client("organizations"), moto.client("organizations", account=GUEST)
    stranger = moto.client("organizations", account="777788889999")
    for ends, stays, state in (
        (guest.decline_handshake, organizations.decline_handshake, "DECLINED"),
        (organizations.cancel_handshake, guest.cancel_handshake, "CANCELED"),
    ):
        invited = organizations.invite_account_to_organization(Target={"Id": GUEST, "Type": "ACCOUNT"})
        number = invited["Handshake"]["Id"]
        refused("HandshakeNotFoundException", stranger.describe_handshake, HandshakeId=number)
        refused("InvalidHandshakeTransitionException", stays, HandshakeId=number)
        assert ends(HandshakeId=number)["Handshake"]["State"] == state
        refused("HandshakeAlreadyInStateException", ends, HandshakeId=number)
        refused("InvalidHandshakeTransitionException", guest.accept_handshake, HandshakeId=number)
        assert guest.describe_handshake(HandshakeId=number)["Handshake"]["State"] == state
    by_mail = {"Id": "guest@example.com", "Type": "EMAIL"}
    refused("InvalidInputException", organizations.invite_account_to_organization, Target=by_mail)
    lonely = stranger.invite_account_to_organization
    refused("AWSOrganizationsNotInUseException", lonely, Target={"Id": GUEST, "Type": "ACCOUNT"})
