"""Where trails meet organizations: those of the embedded account, or of an endpoint elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudtrail.membership import Membership
from cairn.cloudtrail.organizations import Organization, Organizations
from cairn.core.clock import Clock
from cairn.core.config import ANYTHING_ELSE, Settings
from cairn.core.errors import AwsError, Unreachable
from cairn.gateway.facts import is_write
from cairn.service.elsewhere import endpoints
from cairn.service.organizations_elsewhere import OrganizationsElsewhere
from cairn.wire.http import Call

log = logging.getLogger(__name__)

T = TypeVar("T")


def organizations(settings: Settings, questions: MotoQuestions, clock: Clock) -> Organizations:
    """Where `settings` say that organizations are."""
    named = endpoints(settings)
    endpoint = named.get("organizations") or named.get(ANYTHING_ELSE)
    if endpoint is None:
        return AccountOrganizations(questions)
    return OrganizationsElsewhere(endpoint, settings.account.region, clock)


class AccountOrganizations:
    """`cloudtrail.organizations.Organizations` over the embedded account."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions

    def of(self, account: str) -> Organization | None:
        try:
            found = _asked(lambda: self._questions.organization(account))
        except NotFound:
            return None
        return msgspec.convert(found, Organization, from_attributes=True)

    def make_role(self, management: str) -> None:
        _asked(lambda: self._questions.make_role(management))

    def register(self, management: str, member: str) -> None:
        _changed(lambda: self._questions.register_administrator(management, member))

    def deregister(self, management: str, member: str) -> None:
        _changed(lambda: self._questions.deregister_administrator(management, member))


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Unreachable as error:
        raise AwsError("ServiceUnavailable", f"Organizations cannot be asked now: {error.message}", 503) from error


def _changed(change: Callable[[], None]) -> None:
    try:
        _asked(change)
    except NotFound as error:  # it was as it had to be when the operation looked
        text = "The organization was changed meanwhile. Try again."
        raise AwsError("ConflictException", text) from error


class Following:
    """Has organizations' trails follow what a call to Organizations changed, before its caller hears of it: an account
    that has joined is logged from its first call on, one that leaves to its last, which is LeaveOrganization."""

    def __init__(self, membership: Membership) -> None:
        self._membership = membership

    async def after(self, call: Call) -> None:
        if is_write(call):
            await asyncio.to_thread(self._follow)

    def _follow(self) -> None:
        try:
            self._membership.follow()
        except Exception:  # what was asked for is done all the same, and the worker's loop will follow
            log.exception("organizations' trails do not follow a change of their organization yet")
