"""Membership: organizations' trails log the accounts that belong to the organization now, as accounts join and leave.

What a trail knows of its organization stands in its settings, so that a change of it ends a span and opens the next
like any other change of what is logged (`spans.py`): an event is judged by the membership as it was when the journal
took it. `follow` is called by whoever passed a change to Organizations on, once that call is recorded. `step` finds
all others. It leaves a change that it sees for the first time alone until it looks again, so that the record of the
call that ended a membership is still a member's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec

from cairn.cloudtrail.organizations import Organization, Organizations, joined
from cairn.cloudtrail.trail import Trail, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core.errors import AwsError

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How soon a change is seen of which nobody told; after as long again trails follow it."""


class Membership:
    """Any number may run at once: none undoes what another has just done."""

    name = "membership"

    def __init__(self, trails: Trails, organizations: Organizations) -> None:
        self._trails = trails
        self._organizations = organizations
        self._seen: dict[int, TrailSettings] = {}  # by trail: what the last step found that it should be

    def step(self) -> float:
        """Follow what the last step has seen too. For one thread. Returns the seconds until the next.

        Raises:
            AwsError: membership cannot be told now.
        """
        seen = {}
        for trail, new in self._changes():
            if self._seen.get(trail.row) == new:
                self._change(trail, new)
            else:
                seen[trail.row] = new
        self._seen = seen
        return POLL_S

    def follow(self) -> None:
        """Have every organization's trail log those who belong to the organization now.

        Raises:
            AwsError: that cannot be told now. Trails go on logging whom they log.
        """
        for trail, new in self._changes():
            self._change(trail, new)

    def _changes(self) -> Iterator[tuple[Trail, TrailSettings]]:
        """Trails whose membership is not what it should be, and what they should be."""
        found: dict[str, Organization | None] = {}
        for trail in self._trails.of_organizations():
            account = trail.id.account
            if account not in found:
                found[account] = self._organizations.of(account)
            new = joined(trail.settings, found[account] if _still_has(found[account], trail) else None)
            if new != trail.settings:
                yield trail, new

    def _change(self, trail: Trail, new: TrailSettings) -> None:
        """Give the trail the membership of `new`, unless it has another than `trail` meanwhile."""
        if not new.organization:
            log.warning("%s is its account's alone from now on: %s is gone", trail.arn, trail.settings.organization)

        def change(now: TrailSettings) -> TrailSettings:
            if _membership(now) != _membership(trail.settings):
                return now
            return msgspec.structs.replace(now, organization=new.organization, members=new.members)

        try:
            self._trails.update(trail.id, change)
        except AwsError as error:
            if error.code != "TrailNotFoundException":  # deleted meanwhile
                raise


def _still_has(organization: Organization | None, trail: Trail) -> bool:
    """Whether the trail is still the organization's. It is the account's alone once that is not the management account
    any more, or trusted access is off."""
    return (
        organization is not None
        and organization.id == trail.settings.organization
        and organization.management == trail.id.account
        and organization.trusts
    )


def _membership(settings: TrailSettings) -> tuple[str, tuple[str, ...]]:
    return settings.organization, settings.members
