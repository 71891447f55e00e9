"""The organization of an endpoint elsewhere, asked by Organizations' own API."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cairn.cloudtrail.organizations import SERVICE, Organization
from cairn.core.clock import Clock
from cairn.core.errors import AwsError
from cairn.wire.endpoint import Endpoint

KNOWN_S = 5.0
"""How long what it said is taken for true."""
ANSWER_S = 10.0
ATTEMPTS = 2
MEMBERS_MAX = 20_000
"""Accounts of an organization. One that is larger is refused rather than logged in part."""

_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidClientTokenId"})


class OrganizationsElsewhere:
    """`cloudtrail.organizations.Organizations` over an endpoint, with the credentials of its URL, or else with those
    that boto3 finds. It knows the one organization whose management account, or delegated administrator, they are of.

    Whether the management account has CloudTrail's service-linked role cannot be told there: it is taken to have it.
    """

    def __init__(self, endpoint: Endpoint, region: str, clock: Clock) -> None:
        self._endpoint = endpoint
        self._region = region
        self._clock = clock
        self._lock = threading.Lock()
        # Guarded by _lock:
        self._known: Organization | None = None
        self._known_until = -1.0

    @cached_property
    def _api(self) -> Any:
        """Made when it is first needed: most who send everything elsewhere have no organization."""
        credentials = self._endpoint.credentials
        return boto3.session.Session().client(
            "organizations",
            endpoint_url=self._endpoint.url,
            aws_access_key_id=credentials.access_key_id if credentials else None,
            aws_secret_access_key=credentials.secret_access_key if credentials else None,
            region_name=self._region,
            config=Config(connect_timeout=ANSWER_S, read_timeout=ANSWER_S, retries={"total_max_attempts": ATTEMPTS}),
        )

    def of(self, account: str) -> Organization | None:
        with self._lock:
            now = self._clock.monotonic()
            if now >= self._known_until:
                self._known = self._ask()
                self._known_until = now + KNOWN_S
            found = self._known
        return found if found is not None and account in (found.management, *found.members) else None

    def make_role(self, management: str) -> None:
        """Nothing: it is there, as far as is known."""

    def register(self, management: str, member: str) -> None:
        self._change("register_delegated_administrator", member)

    def deregister(self, management: str, member: str) -> None:
        self._change("deregister_delegated_administrator", member)

    def _change(self, operation: str, member: str) -> None:
        self._call(operation, AccountId=member, ServicePrincipal=SERVICE)
        with self._lock:
            self._known_until = -1.0

    def _ask(self) -> Organization | None:
        try:
            found = self._call("describe_organization")["Organization"]
        except AwsError as error:
            if error.code == "AWSOrganizationsNotInUseException":
                return None
            raise
        accounts = self._pages("list_accounts", "Accounts")
        services = self._pages("list_aws_service_access_for_organization", "EnabledServicePrincipals")
        administrators = self._pages(
            "list_delegated_administrators", "DelegatedAdministrators", ServicePrincipal=SERVICE
        )
        management = found["MasterAccountId"]
        return Organization(
            id=found["Id"],
            management=management,
            members=tuple(sorted(account["Id"] for account in accounts if account["Id"] != management)),
            all_features=found["FeatureSet"] == "ALL",
            trusts=any(service["ServicePrincipal"] == SERVICE for service in services),
            administrators=tuple(sorted(account["Id"] for account in administrators)),
            has_role=True,
        )

    def _pages(self, operation: str, member: str, **arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self._call(operation, **arguments, **token)
            found += page[member]
            if len(found) > MEMBERS_MAX:
                raise AwsError("ServiceUnavailable", f"The organization has more than {MEMBERS_MAX} {member}.", 503)
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    def _call(self, operation: str, **arguments: str) -> dict[str, Any]:
        """Ask.

        Raises:
            AwsError: InsufficientDependencyServiceAccessPermissionException where our credentials may not;
                ServiceUnavailable where it does not answer; else its own.
        """
        try:
            answer: dict[str, Any] = getattr(self._api, operation)(**arguments)
        except ClientError as error:
            code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            if code in _DENIED:
                text = f"The credentials for the Organizations of [upstreams] may not do this: {text}"
                raise AwsError("InsufficientDependencyServiceAccessPermissionException", text) from error
            raise AwsError(code, text) from error
        except BotoCoreError as error:
            text = f"The Organizations of [upstreams] does not answer: {error}"
            raise AwsError("ServiceUnavailable", text, 503) from error
        return answer
