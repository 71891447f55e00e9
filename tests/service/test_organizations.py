"""What joins trails with organizations: calls that change membership, and an organization that is asked by its API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cairn.cloudtrail.organizations import Organization
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.service.organizations import Following
from cairn.service.organizations_elsewhere import KNOWN_S, OrganizationsElsewhere
from cairn.wire.endpoint import Endpoint
from cairn.wire.http import Call, Headers, Request

MANAGEMENT, FIRST, SECOND = (f"{digit}" * 12 for digit in "123")


class Watched:
    """A membership that counts how often it is to follow."""

    def __init__(self, *, fails: bool = False) -> None:
        self.told = 0
        self._fails = fails

    def follow(self) -> None:
        self.told += 1
        if self._fails:
            raise AwsError("ServiceUnavailable", "not now", 503)

    def called(self, operation: str) -> int:
        """How often, after a call of `operation`."""
        request = Request("POST", "/", "", Headers(), _nothing())
        following = Following(self)  # type: ignore[arg-type]
        asyncio.run(following.after(Call(request, "organizations", operation, "us-east-1")))
        return self.told


async def _nothing() -> Any:
    return
    yield b""


@pytest.mark.parametrize(
    "operation", ["CreateAccount", "AcceptHandshake", "LeaveOrganization", "DisableAWSServiceAccess"]
)
def test_trails_follow_what_changes_membership(operation: str) -> None:
    assert Watched().called(operation) == 1


def test_a_read_changes_nothing() -> None:
    assert Watched().called("ListAccounts") == 0


def test_a_call_is_answered_although_trails_cannot_follow() -> None:
    assert Watched(fails=True).called("CreateAccount") == 1


class Api:
    """Organizations' API of a management account, an account a page."""

    def __init__(self) -> None:
        self.accounts = [MANAGEMENT, SECOND, FIRST]
        self.asked: list[str] = []
        self.error = ""

    def describe_organization(self) -> Any:
        self.asked.append("describe_organization")
        if self.error == "away":
            raise EndpointConnectionError(endpoint_url="https://cloud.internal")
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "DescribeOrganization")
        return {"Organization": {"Id": "o-exampleorg1", "MasterAccountId": MANAGEMENT, "FeatureSet": "ALL"}}

    def list_accounts(self, NextToken: str = "0") -> Any:
        number = int(NextToken)
        page: dict[str, Any] = {"Accounts": [{"Id": self.accounts[number]}]}
        return page | ({"NextToken": str(number + 1)} if number + 1 < len(self.accounts) else {})

    def list_aws_service_access_for_organization(self) -> Any:
        return {"EnabledServicePrincipals": [{"ServicePrincipal": "cloudtrail.amazonaws.com"}]}

    def list_delegated_administrators(self, **_: str) -> Any:
        return {"DelegatedAdministrators": [{"Id": FIRST}]}

    def register_delegated_administrator(self, **arguments: str) -> Any:
        self.asked.append(f"register {arguments['AccountId']}")
        return {}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def elsewhere(api: Api, clock: TestClock) -> OrganizationsElsewhere:
    made = OrganizationsElsewhere(Endpoint.parse("https://cloud.internal"), "us-east-1", clock)
    vars(made)["_api"] = api
    return made


def test_an_organization_is_read_page_by_page_and_known_for_a_while(
    api: Api, elsewhere: OrganizationsElsewhere, clock: TestClock
) -> None:
    organization = Organization(
        id="o-exampleorg1",
        management=MANAGEMENT,
        members=(FIRST, SECOND),
        all_features=True,
        trusts=True,
        administrators=(FIRST,),
        has_role=True,
    )
    assert [elsewhere.of(account) for account in (SECOND, MANAGEMENT, "9" * 12)] == [organization, organization, None]
    api.accounts.remove(SECOND)
    assert elsewhere.of(SECOND) == organization
    assert api.asked == ["describe_organization"]
    clock.advance(KNOWN_S)
    assert elsewhere.of(SECOND) is None
    elsewhere.register(MANAGEMENT, FIRST)
    elsewhere.of(FIRST)
    assert api.asked == [*["describe_organization"] * 2, f"register {FIRST}", "describe_organization"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("AccessDeniedException", "InsufficientDependencyServiceAccessPermissionException"),
        ("TooManyRequestsException", "TooManyRequestsException"),
        ("away", "ServiceUnavailable"),
    ],
)
def test_what_it_refuses_is_told(api: Api, elsewhere: OrganizationsElsewhere, error: str, code: str) -> None:
    api.error = error
    with pytest.raises(AwsError) as caught:
        elsewhere.of(MANAGEMENT)
    assert caught.value.code == code


def test_no_organization_there(api: Api, elsewhere: OrganizationsElsewhere) -> None:
    api.error = "AWSOrganizationsNotInUseException"
    assert elsewhere.of(MANAGEMENT) is None


def test_an_organization_that_is_too_large_is_not_logged_in_part(
    elsewhere: OrganizationsElsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.service.organizations_elsewhere.MEMBERS_MAX", 2)
    with pytest.raises(AwsError, match="more than 2"):
        elsewhere.of(MANAGEMENT)
