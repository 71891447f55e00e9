"""Organizations in memory, for trails under test."""

from __future__ import annotations

from typing import Any

import msgspec

from cairn.cloudtrail.organizations import Organization

ID = "o-exampleorg1"


class Companies:
    """`Organizations`: accounts join and leave by a line of code."""

    def __init__(self) -> None:
        self._by_management: dict[str, Organization] = {}

    def found(self, management: str, *members: str, **facts: Any) -> None:
        """Make an organization, all in order for CloudTrail unless `facts` say otherwise."""
        usual: dict[str, Any] = {
            "id": ID,
            "all_features": True,
            "trusts": True,
            "administrators": (),
            "has_role": True,
        }
        self._by_management[management] = Organization(management=management, members=members, **usual | facts)

    def dissolve(self, management: str) -> None:
        del self._by_management[management]

    def change(self, management: str, **facts: Any) -> None:
        self._by_management[management] = msgspec.structs.replace(self._by_management[management], **facts)

    def join(self, management: str, account: str) -> None:
        members = {*self._by_management[management].members, account}
        self.change(management, members=tuple(sorted(members)))

    def leave(self, management: str, account: str) -> None:
        members = set(self._by_management[management].members) - {account}
        self.change(management, members=tuple(sorted(members)))

    def of(self, account: str) -> Organization | None:
        for organization in self._by_management.values():
            if account in (organization.management, *organization.members):
                return organization
        return None

    def make_role(self, management: str) -> None:
        self.change(management, has_role=True)

    def register(self, management: str, member: str) -> None:
        administrators = self._by_management[management].administrators
        self.change(management, administrators=(*administrators, member))

    def deregister(self, management: str, member: str) -> None:
        administrators = self._by_management[management].administrators
        self.change(management, administrators=tuple(account for account in administrators if account != member))
