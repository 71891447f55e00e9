"""Which permissions calls need: of the bus or the rule that they are on, with what policies may ask about them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.eventbridge.operations.rig import ACCOUNT, OTHER, QUEUE, REGION

from cairn.eventbridge.operations.needed import Needed, needed

DEFAULT = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
THEIRS = f"arn:aws:events:{REGION}:{OTHER}:event-bus/shop"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/rule"


def of(operation: str, **params: Any) -> list[Needed]:
    return needed(operation, ACCOUNT, REGION, params)


@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        ("CreateEventBus", {"Name": "shop"}, DEFAULT.replace("default", "shop")),
        ("DescribeEventBus", {}, DEFAULT),
        ("DescribeEventBus", {"Name": THEIRS}, THEIRS),
        ("PutPermission", {}, "*"),
        ("ListRules", {}, "*"),
        ("ListRules", {"EventBusName": THEIRS}, THEIRS),
        ("DeleteRule", {"Name": "rule"}, RULE),
        ("ListTargetsByRule", {"Rule": "rule", "EventBusName": THEIRS}, THEIRS.replace("event-bus", "rule") + "/rule"),
        ("TagResource", {"ResourceARN": RULE}, RULE),
    ],
)
def test_a_call_is_on_its_bus_or_rule(operation: str, params: dict[str, Any], resource: str) -> None:
    (found,) = of(operation, **params)
    assert (found.action, found.resource) == (f"events:{operation}", resource)
    assert found.bus.account == (OTHER if THEIRS in params.values() else ACCOUNT)


def test_each_kind_of_event_for_each_bus_needs_its_own() -> None:
    shop = {"Source": "shop", "DetailType": "order"}
    found = of("PutEvents", Entries=[shop, shop, {**shop, "EventBusName": THEIRS}, {"Source": "bank"}, {}])
    assert [(each.resource, each.keys.get("events:source"), each.keys.get("events:detail-type")) for each in found] == [
        (DEFAULT, "shop", "order"),
        (THEIRS, "shop", "order"),
        (DEFAULT, "bank", None),
        (DEFAULT, None, None),
    ]


def test_what_is_null_needs_nothing() -> None:
    assert of("PutEvents", Entries=[None]) == []
    (found,) = of("PutTargets", Rule="rule", Targets=[None, {"Id": "1", "Arn": QUEUE}])
    assert found.keys["events:TargetArn"] == [QUEUE]


@pytest.mark.parametrize(
    ("pattern", "sources"),
    [
        ('{"source": ["shop", "bank"]}', ["bank", "shop"]),
        ('{"source": [{"prefix": "sh"}, "bank"]}', None),
        ('{"detail": {"source": ["shop"]}}', None),
        ("not JSON", None),
        ("[1]", None),
    ],
)
def test_a_rule_says_which_sources_it_means(pattern: str, sources: list[str] | None) -> None:
    (found,) = of("PutRule", Name="rule", EventPattern=pattern)
    assert found.keys.get("events:source") == sources
    assert found.keys["events:creatorAccount"] == ACCOUNT


def test_targets_are_named() -> None:
    (found,) = of("PutTargets", Rule="rule", Targets=[{"Id": "a", "Arn": QUEUE}, {"Id": "b", "Arn": "x"}])
    assert found.keys["events:TargetArn"] == [QUEUE, "x"]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("ListEventBuses", {}),
        ("TestEventPattern", {"EventPattern": "{}", "Event": "{}"}),
        ("DescribeArchive", {"ArchiveName": "a"}),
        ("TagResource", {"ResourceARN": QUEUE}),
        ("PutRule", {"Name": "rule", "EventBusName": "arn:aws:events:nowhere"}),
    ],
)
def test_of_other_calls_nothing_more_is_known(operation: str, params: dict[str, Any]) -> None:
    assert of(operation, **params) == []
