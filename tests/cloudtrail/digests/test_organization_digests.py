"""Digests of an organization's trail: a chain for each account, beside its log files."""

from __future__ import annotations

from tests.cloudtrail.companies import ID
from tests.cloudtrail.digests.digest_rig import DigestRig
from tests.cloudtrail.test_organization_delivery import FIRST, MANAGEMENT, STRANGER, Company

from cairn.cloudtrail.digests.digest import parse_key


def test_every_accounts_chain_stands_below_the_organization(rig: DigestRig) -> None:
    company = Company(rig)
    company.calls(MANAGEMENT, FIRST, STRANGER)
    rig.hour()
    company.calls(FIRST)
    rig.hour()
    rig.check()
    found = [(row.key.split("/")[1], row.account) for row in rig.rows()]
    assert sorted(found) == [(ID, MANAGEMENT)] * 2 + [(ID, FIRST)] * 2


def test_chains_go_on_where_the_last_files_are(rig: DigestRig) -> None:
    company = Company(rig)
    company.calls(MANAGEMENT, FIRST)
    rig.hour()
    company.organizations.dissolve(MANAGEMENT)
    company.membership.follow()
    rig.hour()
    company.calls(MANAGEMENT)
    rig.hour()
    rig.check()
    folders: dict[str, list[str]] = {}
    for row in rig.rows():
        assert parse_key(row.key) is not None
        folders.setdefault(row.account, []).append(row.key.split("/")[1])
    assert folders == {MANAGEMENT: [ID, ID, MANAGEMENT], FIRST: [ID, ID, ID]}
