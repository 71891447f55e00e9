"""What an organization's trail delivers: every account's events while it is a member, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cloudtrail.companies import ID, Companies
from tests.cloudtrail.rig import Rig
from tests.cloudtrail.selectors.test_wanted import EVERYTHING, Gateway

from cairn.cloudtrail import spans
from cairn.cloudtrail.check import KEY, check_delivered
from cairn.cloudtrail.membership import POLL_S, Membership
from cairn.cloudtrail.organizations import joined
from cairn.cloudtrail.redeliver import Redelivery
from cairn.cloudtrail.tables import spans as spans_table
from cairn.cloudtrail.trail import Trail
from cairn.core.errors import AwsError

MANAGEMENT, FIRST, SECOND, STRANGER = (f"{digit}" * 12 for digit in "1234")
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")


class Company:
    """A rig with an organization, and its trail, which logs."""

    def __init__(self, rig: Rig, **settings: Any) -> None:
        self.rig = rig
        self.organizations = Companies()
        self.organizations.found(MANAGEMENT, FIRST, SECOND)
        self.membership = Membership(rig.trails, self.organizations)
        self.trail = rig.trail("ours", account=MANAGEMENT, **{"multi_region": True} | settings)
        self.convert(to_organization=True)

    def convert(self, *, to_organization: bool) -> Trail:
        organization = self.organizations.of(MANAGEMENT) if to_organization else None
        return self.rig.trails.update(self.trail.id, lambda now: joined(now, organization))

    def join(self, account: str) -> None:
        self.organizations.join(MANAGEMENT, account)
        self.membership.follow()

    def leave(self, account: str) -> None:
        self.organizations.leave(MANAGEMENT, account)
        self.membership.follow()

    def calls(self, *accounts: str, region: str = "us-east-1") -> list[bytes]:
        """One event an account, all in one batch."""
        events = [self.rig.event(account=account, region=region) for account in accounts]
        self.rig.record(*events)
        return [event.record for event in events]

    def delivered(self) -> dict[tuple[str, str, str], list[bytes]]:
        """Records by organization, account and region of the key that they stand under."""
        found: dict[tuple[str, str, str], list[bytes]] = {}
        for key, records in self.rig.files().items():
            match = KEY.fullmatch(key)
            assert match is not None, key
            found.setdefault((match["organization"] or "", match["account"], match["region"]), []).extend(records)
        return found


@pytest.fixture
def company(rig: Rig) -> Company:
    return Company(rig)


def test_each_account_and_region_has_files_of_its_own_under_the_organization(company: Company) -> None:
    accounts = (MANAGEMENT, FIRST, SECOND, STRANGER)
    made = {region: company.calls(*accounts, region=region) for region in REGIONS}
    company.rig.deliver()
    assert company.delivered() == {
        (ID, account, region): [made[region][number]]
        for region in REGIONS
        for number, account in enumerate(accounts)
        if account != STRANGER
    }
    company.rig.check()


def test_a_trail_for_one_region_logs_that_of_every_account(rig: Rig) -> None:
    company = Company(rig, multi_region=False)
    here = company.calls(MANAGEMENT, FIRST)
    company.calls(MANAGEMENT, FIRST, region="eu-west-1")
    rig.deliver()
    assert company.delivered() == {
        (ID, account, "us-east-1"): [here[n]] for n, account in enumerate([MANAGEMENT, FIRST])
    }


def test_members_are_logged_while_they_are_members(company: Company) -> None:
    company.calls(STRANGER)
    first = company.calls(FIRST)
    company.join(STRANGER)
    joined_later = company.calls(STRANGER)
    company.leave(FIRST)
    company.calls(FIRST)
    stays = company.calls(SECOND)
    company.rig.deliver()  # all of it is judged by what was in force when it was recorded
    assert company.delivered() == {
        (ID, FIRST, "us-east-1"): first,
        (ID, STRANGER, "us-east-1"): joined_later,
        (ID, SECOND, "us-east-1"): stays,
    }
    company.rig.check()


def test_following_twice_opens_no_span(company: Company) -> None:
    company.leave(FIRST)
    with company.rig.state.read() as connection:
        before = spans.of_trail(connection, company.trail.row)
        company.membership.follow()
        assert spans.of_trail(connection, company.trail.row) == before


def test_a_change_that_nobody_told_of_is_followed_once_it_is_seen_twice(company: Company) -> None:
    step = company.membership.step
    company.organizations.leave(MANAGEMENT, FIRST)
    assert step() == POLL_S
    last = company.calls(FIRST)  # as the call by which it left
    company.organizations.join(MANAGEMENT, STRANGER)
    step()
    company.calls(STRANGER)
    still = company.calls(FIRST)
    step()
    joined_later = company.calls(STRANGER)
    company.calls(FIRST)
    company.organizations.join(MANAGEMENT, FIRST)
    step()
    company.organizations.leave(MANAGEMENT, FIRST)
    step()
    company.rig.deliver()
    assert company.delivered() == {
        (ID, FIRST, "us-east-1"): last + still,
        (ID, STRANGER, "us-east-1"): joined_later,
    }


def test_what_was_logged_for_the_organization_goes_under_it_even_when_it_is_gone(company: Company) -> None:
    old = company.calls(MANAGEMENT, FIRST)
    company.organizations.dissolve(MANAGEMENT)
    company.membership.follow()
    alone = company.calls(MANAGEMENT, FIRST)[0]
    company.rig.deliver()
    assert company.delivered() == {
        (ID, MANAGEMENT, "us-east-1"): [old[0]],
        (ID, FIRST, "us-east-1"): [old[1]],
        ("", MANAGEMENT, "us-east-1"): [alone],
    }
    company.rig.check()


def test_a_plan_that_failed_goes_to_the_same_keys_after_the_trail_was_converted(company: Company) -> None:
    company.calls(MANAGEMENT, FIRST)
    company.rig.store.faults.refused["logs"] = "AccessDenied"
    company.rig.deliver()
    company.convert(to_organization=False)
    company.rig.restart()
    company.rig.store.faults.refused.clear()
    company.rig.clock.advance(400)
    company.rig.work()
    assert set(company.delivered()) == {(ID, MANAGEMENT, "us-east-1"), (ID, FIRST, "us-east-1")}
    company.rig.check()


def test_lost_files_of_an_organization_come_back_as_they_were(company: Company) -> None:
    company.calls(MANAGEMENT, FIRST)
    company.rig.deliver()
    before = company.rig.files()
    company.leave(FIRST)
    for key in before:
        company.rig.store.delete("logs", key)
    rig = company.rig
    again = Redelivery(rig.state, rig.journal, rig.store, rig.folder / "spool", rig.clock)
    files = list(again.redeliver(company.trail.id, 0, rig.clock.now()))
    assert [file.outcome for file in files] == ["put", "put"]
    assert rig.files() == before


def test_data_events_of_members_are_recorded(rig: Rig) -> None:
    company = Company(rig, selectors=EVERYTHING)
    gateway = Gateway(rig)
    gateway.wanted.step()
    assert [gateway.asks(account=account) for account in (MANAGEMENT, FIRST, STRANGER)] == [True, True, False]
    company.join(STRANGER)
    company.leave(FIRST)
    gateway.wanted.step()
    assert [gateway.asks(account=account) for account in (MANAGEMENT, FIRST, STRANGER)] == [True, False, True]


def test_a_trail_that_is_stopped_follows_and_logs_nothing(company: Company) -> None:
    company.rig.trails.stop_logging(company.trail.id)
    company.rig.clock.advance(10)
    company.join(STRANGER)
    company.calls(STRANGER, FIRST)
    company.rig.deliver()
    assert company.delivered() == {}
    company.rig.trails.start_logging(company.trail.id)
    made = company.calls(STRANGER)
    company.rig.deliver()
    assert company.delivered() == {(ID, STRANGER, "us-east-1"): made}


def test_a_trail_goes_on_where_organizations_does_not_answer(company: Company) -> None:
    class Away(Companies):
        def of(self, account: str) -> Any:
            raise AwsError("ServiceUnavailable", "not now", 503)

    with pytest.raises(AwsError):
        Membership(company.rig.trails, Away()).step()
    made = company.calls(FIRST)
    company.rig.deliver()
    assert company.delivered() == {(ID, FIRST, "us-east-1"): made}


def test_check_sees_a_file_under_the_wrong_organization(company: Company) -> None:
    company.calls(FIRST)
    company.rig.deliver()
    with company.rig.state.write() as connection:
        for row in connection.execute(spans_table.select()).all():
            text = row.selection.replace(ID, "o-exampleorg2")
            connection.execute(spans_table.update().where(spans_table.c.id == row.id).values(selection=text))
    problems = check_delivered(company.rig.state, company.rig.journal, company.rig.store).problems
    assert [problem for problem in problems if "not under the organization" in problem]
