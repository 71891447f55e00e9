"""Archives: what AWS answers of them, what they take, and for how long they keep it."""

from __future__ import annotations

import json

import pytest
from tests.eventbridge.archives.rig import BUS, ORDERS, Rig
from tests.eventbridge.calls import ACCOUNT, REGION

from cairn.core.clock import TestClock
from cairn.eventbridge.archives.archive import MANAGED_BY
from cairn.eventbridge.patterns import parse_pattern

PATTERN = json.dumps({"source": ["shop"], "detail": {"n": [{"numeric": ["<", 10]}]}})
DAY_S = 86400


@pytest.mark.parametrize("pattern", ['{"source": ["shop"]} and so on', ' {"source": ["shop", "\\ud800"]}'])
def test_a_pattern_may_be_more_than_json(rig: Rig, pattern: str) -> None:
    """As AWS's reader of patterns has it."""
    rig.archive(EventPattern=pattern)
    rig.put(rig.event(1))
    assert rig.call("DescribeArchive", ArchiveName="a")["EventCount"] == 1
    shown = rig.call("DescribeRule", Name="Events-Archive-a")["EventPattern"]
    assert (
        parse_pattern(shown).branches
        == parse_pattern('{"replay-name":[{"exists":false}],' + pattern.lstrip()[1:]).branches
    )


def test_an_archive_is_made_described_changed_and_deleted(rig: Rig) -> None:
    settings = {"Description": "d", "EventPattern": PATTERN, "RetentionDays": 1}
    made = rig.call("CreateArchive", ArchiveName="a", EventSourceArn=BUS.arn, **settings)
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:archive/a"
    assert made == {"ArchiveArn": arn, "State": "ENABLED", "CreationTime": rig.clock.now()}
    listed = {
        "ArchiveName": "a",
        "EventSourceArn": BUS.arn,
        "State": "ENABLED",
        "RetentionDays": 1,
        "SizeBytes": 0,
        "EventCount": 0,
        "CreationTime": rig.clock.now(),
    }
    assert rig.call("ListArchives") == {"Archives": [listed]}
    described = {**listed, **settings, "ArchiveArn": arn}
    assert rig.call("DescribeArchive", ArchiveName="a") == described
    rig.clock.advance(5)
    assert rig.call("UpdateArchive", ArchiveName="a", Description="e", RetentionDays=0, EventPattern="") == made
    del described["EventPattern"]
    assert rig.call("DescribeArchive", ArchiveName="a") == described | {"Description": "e", "RetentionDays": 0}
    assert rig.call("DeleteArchive", ArchiveName="a") == {}
    text = "ResourceNotFoundException: Archive a does not exist."
    for operation in ("DescribeArchive", "UpdateArchive", "DeleteArchive"):
        assert rig.refusal(operation, ArchiveName="a") == text


def test_what_aws_refuses(rig: Rig) -> None:
    missing = "ResourceNotFoundException: Event bus orders does not exist."
    assert rig.refusal("CreateArchive", ArchiveName="a", EventSourceArn=ORDERS.arn) == missing
    assert rig.refusal("ListArchives", EventSourceArn=ORDERS.arn) == missing
    rig.archive()
    taken = "ResourceAlreadyExistsException: Archive a already exists."
    assert rig.refusal("CreateArchive", ArchiveName="a", EventSourceArn=BUS.arn) == taken
    for text in ("{", "[]", '{"source":"shop"}'):
        refused = rig.refusal("CreateArchive", ArchiveName="b", EventSourceArn=BUS.arn, EventPattern=text)
        assert refused.startswith("InvalidEventPatternException: Event pattern is not valid. Reason: ")
        assert rig.refusal("UpdateArchive", ArchiveName="a", EventPattern=text) == refused
    other = BUS.arn.replace(REGION, "eu-west-1")
    assert "Event bus default does not exist." in rig.refusal("CreateArchive", ArchiveName="b", EventSourceArn=other)
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/x"
    text = "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN."
    assert text in rig.refusal("CreateArchive", ArchiveName="b", EventSourceArn=rule)
    two = rig.refusal("ListArchives", NamePrefix="a", State="ENABLED")
    assert two.startswith("ValidationException: At most one filter is allowed for ListArchives.")
    assert [each["ArchiveName"] for each in rig.call("ListArchives")["Archives"]] == ["a"]


def test_lists_are_in_the_order_of_names_and_come_in_pages(rig: Rig) -> None:
    rig.call("CreateEventBus", Name="orders")
    for name, bus in (("c", BUS), ("a", ORDERS), ("b", BUS), ("ab", BUS)):
        rig.archive(name, bus)

    def names(**params: object) -> list[str]:
        return [each["ArchiveName"] for each in rig.call("ListArchives", **params)["Archives"]]

    page = rig.call("ListArchives", Limit=3)
    assert names(Limit=3) + names(NextToken=page["NextToken"]) == ["a", "ab", "b", "c"]
    assert names(NamePrefix="a") == ["a", "ab"]
    assert names(EventSourceArn=ORDERS.arn) == ["a"]
    assert names(State="DISABLED") == []
    assert names(State="ENABLED") == ["a", "ab", "b", "c"]


def test_an_archive_shows_as_a_managed_rule_of_its_bus(rig: Rig) -> None:
    rig.archive(EventPattern=PATTERN)
    (rule,) = rig.call("ListRules")["Rules"]
    assert rule["Name"] == "Events-Archive-a"
    assert rule["ManagedBy"] == MANAGED_BY == "prod.vhs.events.aws.internal"
    assert json.loads(rule["EventPattern"]) == json.loads(PATTERN) | {"replay-name": [{"exists": False}]}
    assert rig.refusal("DeleteRule", Name="Events-Archive-a").startswith("ManagedRuleException")
    rig.call("UpdateArchive", ArchiveName="a", EventPattern="")
    (rule,) = rig.call("ListRules")["Rules"]
    assert json.loads(rule["EventPattern"]) == {"replay-name": [{"exists": False}]}
    rig.call("DeleteArchive", ArchiveName="a")
    assert rig.call("ListRules")["Rules"] == []


def test_a_bus_with_an_archive_is_not_deleted(rig: Rig) -> None:
    rig.call("CreateEventBus", Name="orders")
    rig.archive(bus=ORDERS)
    assert rig.refusal("DeleteEventBus", Name="orders").startswith("ValidationException")
    rig.call("DeleteArchive", ArchiveName="a")
    rig.call("DeleteEventBus", Name="orders")


def test_an_archive_takes_what_its_pattern_wants(rig: Rig) -> None:
    rig.archive("all")
    rig.archive("some", EventPattern=PATTERN)
    rig.put(rig.event(1), rig.event(11), rig.event(2, source="depot"))
    counts = {each["ArchiveName"]: each["EventCount"] for each in rig.call("ListArchives")["Archives"]}
    assert counts == {"all": 3, "some": 1}
    rig.call("UpdateArchive", ArchiveName="some", EventPattern='{"source":["depot"]}')
    rig.put(rig.event(3), rig.event(4, source="depot"))
    assert rig.call("DescribeArchive", ArchiveName="some")["EventCount"] == 2


def test_what_an_archive_does_not_take(rig: Rig) -> None:
    rig.put(rig.event(1))
    rig.archive()
    rig.put(rig.event(2, withheld=True), rig.event(3, replay="r"))
    rig.call("CreateEventBus", Name="orders")
    rig.put(rig.event(4), bus=ORDERS)
    rig.call("DeleteArchive", ArchiveName="a")
    rig.put(rig.event(5))
    assert rig.held() == []


def test_sizes_are_counted_as_aws_counts_them(rig: Rig) -> None:
    detail = json.dumps({"command": "update-account", "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}})
    name = "core.update-account-command"
    rig.archive()
    entries = [{"Source": name, "DetailType": name, "Detail": detail}] * 10
    assert rig.call("PutEvents", Entries=entries)["FailedEntryCount"] == 0
    found = rig.call("DescribeArchive", ArchiveName="a")
    assert (found["EventCount"], found["SizeBytes"]) == (10, 1590)


def test_events_are_forgotten_when_their_days_are_over(rig: Rig, clock: TestClock) -> None:
    rig.archive("short", RetentionDays=1)
    rig.archive("ever")
    rig.put(*[rig.event(number, ago_s=1e6) for number in range(1500)])
    clock.advance(DAY_S - 1)
    rig.put(rig.event(2000))
    rig.keeper.step()
    assert len(rig.held()) == 3002
    clock.advance(2)
    assert rig.keeper.step() < 1
    assert rig.keeper.step() > 1
    counts = {each["ArchiveName"]: each["EventCount"] for each in rig.call("ListArchives")["Archives"]}
    assert counts == {"short": 1, "ever": 1501}


def test_what_a_deleted_archive_held_is_forgotten_and_no_other_has_it(rig: Rig) -> None:
    rig.archive()
    rig.archive("b")
    rig.put(rig.event(1))
    rig.call("DeleteArchive", ArchiveName="a")
    rig.archive("a")
    assert rig.call("DescribeArchive", ArchiveName="a")["EventCount"] == 0
    rig.keeper.step()
    rig.keeper.step()
    assert len(rig.held()) == 1
    assert rig.call("DescribeArchive", ArchiveName="b")["EventCount"] == 1


def test_events_are_held_compactly(rig: Rig) -> None:
    rig.archive()
    event = rig.event(1)
    rig.put(event)
    ((_, packed),) = rig.held()
    assert len(packed) < 0.6 * len(event.envelope)


@pytest.mark.parametrize("days", [-1])
def test_days_are_not_negative(rig: Rig, days: int) -> None:
    refused = rig.refusal("CreateArchive", ArchiveName="a", EventSourceArn=BUS.arn, RetentionDays=days)
    assert refused.startswith("ValidationException: 1 validation error detected: Value '-1' at 'retentionDays'")
