"""Any order of joining, leaving, converting, stopping and failing: each account's event is delivered once to every
trail of which the account was a part when it was recorded, under the organization that the trail was of then."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.companies import ID, Companies
from tests.cloudtrail.rig import ACCOUNT
from tests.cloudtrail.test_delivery_machine import BUCKETS, REGIONS, UnderWay, _id, changes, names, workings

from cairn.cloudtrail.check import KEY
from cairn.cloudtrail.membership import Membership
from cairn.cloudtrail.organizations import joined

ACCOUNTS = (ACCOUNT, *(f"{digit}" * 12 for digit in "567"))

members = st.sampled_from(ACCOUNTS[1:])
records = st.tuples(st.just("record"), st.integers(1, 6))
memberships = st.one_of(
    st.tuples(st.just("move"), members, st.booleans()),
    st.tuples(st.just("move"), members, st.booleans()),
    st.tuples(st.just("convert"), names),
    st.tuples(st.sampled_from(["follow", "mistrust"])),
)
actions = st.lists(st.one_of(records, memberships, memberships, changes, workings), min_size=20, max_size=60)


class Company(UnderWay):
    """An organization's trails under way, beside a model that knows of each which accounts it logs."""

    def __init__(self, folder: Path) -> None:
        self.accounts: dict[str, set[str]] = {}
        self.keyed: Counter[tuple[bytes, str]] = Counter()
        self.organizations = Companies()
        self.organizations.found(ACCOUNT, ACCOUNTS[1])
        super().__init__(folder)
        self.membership = Membership(self.rig.trails, self.organizations)

    def create(self, name: str, bucket: str, wide: bool) -> None:
        super().create(name, bucket, wide)
        self.accounts[name] = set()  # the account's alone

    def convert(self, name: str) -> None:
        organization = None if self.accounts[name] else self.organizations.of(ACCOUNT)
        self.rig.trails.update(_id(name), lambda now: joined(now, organization))
        self.accounts[name] = {ACCOUNT, *organization.members} if organization else set()

    def move(self, account: str, at_once: bool) -> None:
        """Have an account join, or leave; without `at_once` nobody tells."""
        found = self.organizations.of(ACCOUNT)
        assert found is not None
        (self.organizations.leave if account in found.members else self.organizations.join)(ACCOUNT, account)
        if at_once:
            self.follow()

    def mistrust(self) -> None:
        self.organizations.change(ACCOUNT, trusts=False)
        self.follow()
        self.organizations.change(ACCOUNT, trusts=True)

    def follow(self) -> None:
        self.membership.follow()
        found = self.organizations.of(ACCOUNT)
        assert found is not None
        for name, accounts in self.accounts.items():
            if accounts:
                self.accounts[name] = {ACCOUNT, *found.members} if found.trusts else set()

    def record(self, count: int) -> None:
        self.rig.clock.advance(1)
        events = [self.rig.event(account=ACCOUNTS[n % 4], region=REGIONS[n % 2]) for n in range(count)]
        self.rig.record(*events)
        for event in events:
            for name, logging in self.logging.items():
                there = event.header.account in (self.accounts[name] or {ACCOUNT})
                if logging and there and (self.wide[name] or event.header.region == "us-east-1"):
                    self.expected[event.record] += 1
                    self.keyed[event.record, ID if self.accounts[name] else ""] += 1

    def end(self) -> None:
        super().end()
        held: Counter[tuple[bytes, str]] = Counter()
        for bucket in BUCKETS:
            for key, found in self.rig.files(bucket).items():
                match = KEY.fullmatch(key)
                assert match is not None
                held.update((record, match["organization"] or "") for record in found)
        assert held == self.keyed


@settings(max_examples=25, deadline=None)
@given(actions)
def test_each_members_event_is_delivered_once_whatever_happens(script: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder))
        try:
            for name in company.logging:
                company.convert(name)
            for action, *arguments in script:
                getattr(company, str(action))(*arguments)
                assert company.found() <= company.expected
            company.end()
        finally:
            company.close()
