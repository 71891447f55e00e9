"""What AWS answered to the same calls (recordings of the real service), answered by ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.eventbridge.operations.recorded import Recorded, as_recorded
from tests.eventbridge.operations.rig import ACCOUNT, OTHER, QUEUE, REGION, Answer, Rig

PATTERN = {
    "source": ["core.update-account-command"],
    "detail-type": ["core.update-account-command"],
    "detail": {"command": ["update-account"]},
}
DETAIL = {"command": "update-account", "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}}
ENTRY = {
    "Source": "core.update-account-command",
    "DetailType": "core.update-account-command",
    "Detail": json.dumps(DETAIL),
}
NAMES = {"my-bus": "<bus-name>", "my-rule": "<rule-name>", QUEUE: "<queue-arn>", "my-target": "<target-id>"}
KINDS = pytest.mark.parametrize("kind", ["custom", "default"])


def bus_of(rig: Rig, kind: str) -> str:
    if kind == "default":
        return "default"
    rig.call("CreateEventBus", Name="my-bus")
    return "my-bus"


@pytest.mark.parametrize(
    ("test", "entry"),
    [
        ("test_put_events_without_source", {"DetailType": "t", "Detail": "{}"}),
        ("test_put_event_without_detail", {"Source": "s", "DetailType": "t"}),
        ("test_put_event_without_detail_type", {"Source": "s", "Detail": "{}"}),
        ("test_put_event_malformed_detail[STRING]", {**ENTRY, "Detail": "text"}),
        ("test_put_event_malformed_detail[ARRAY]", {**ENTRY, "Detail": "[1, 2]"}),
        ("test_put_event_malformed_detail[MALFORMED_JSON]", {**ENTRY, "Detail": '{"key": "value"'}),
        ("test_put_event_malformed_detail[SERIALIZED_STRING]", {**ENTRY, "Detail": '"text"'}),
    ],
)
def test_an_entry_that_is_refused(rig: Rig, shared_data: Path, test: str, entry: Answer) -> None:
    assert rig.answer("PutEvents", Entries=[entry]) == Recorded(shared_data, f"TestEvents::{test}")["put-events"]


def test_entries_that_are_too_big(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEvents::test_put_event_with_too_big_detail")
    big = {**ENTRY, "Detail": json.dumps({"payload": "p" * (1 << 20)})}
    assert rig.answer("PutEvents", Entries=[big]) == answers["put-events-too-big-detail-error"]


@KINDS
def test_too_many_entries(rig: Rig, shared_data: Path, kind: str) -> None:
    answers = Recorded(shared_data, f"TestEvents::test_put_events_exceed_limit_ten_entries[{kind}]")
    recorded = answers["put-events-exceed-limit-error"]
    entries = [{**ENTRY, "EventBusName": "my-bus"}] * recorded["Error"]["Message"].count("PutEventsRequestEntry")
    assert as_recorded(rig.answer("PutEvents", Entries=entries), NAMES) == recorded


def test_a_time_is_the_second_it_was_in(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEvents::test_put_events_time")
    rig.rule(pattern={"source": [ENTRY["Source"]]})
    rig.target()
    times = [datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 12, 34, 56, 789_000, UTC), datetime.now(UTC)]
    details = ["short time", "new time", "long time"]
    for time, text in zip(times, details, strict=True):
        rig.call("PutEvents", Entries=[{**ENTRY, "Detail": json.dumps({"message": text}), "Time": time}])
    assert rig.told()[1]["time"] == "2024-01-01T12:34:56Z"
    recorded = [message["Body"] for message in answers["messages"]]
    assert [without_id(event) for event in rig.told()] == [without_id(body) for body in recorded]


def test_the_event_of_an_entry_has_the_id_that_was_answered(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEvents::test_put_events_with_time_field")
    rig.rule(pattern={"source": ["test-source"]})
    rig.target()
    time = datetime(2024, 5, 1, tzinfo=UTC)
    detail = json.dumps({"message": "test message"})
    entry = {"Source": "test-source", "DetailType": "test-detail-type", "Detail": detail, "Time": time}
    answer = rig.call("PutEvents", Entries=[entry])
    names = {answer["Entries"][0]["EventId"]: "<uuid:1>"}
    assert as_recorded(answer, names) == answers["put-events"]
    assert as_recorded(rig.told()[0], names) == answers["sqs-messages"][0]["Body"]


def test_one_event_for_two_targets(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEvents::test_put_events_response_entries_order")
    rig.rule(pattern=PATTERN)
    for number in (1, 2):
        rig.target(id=f"my-target{number}")
    answer = rig.call("PutEvents", Entries=[ENTRY])
    id = answer["Entries"][0]["EventId"]
    assert as_recorded(answer, {id: "event-id"}) == answers["put-events-response"]
    for queue, event in zip(("queue1_messages", "queue2_messages"), rig.told(), strict=True):
        recorded = answers["sqs-messages"][queue][0]["Body"]
        assert {**as_recorded(event, {id: "<uuid:1>"}), "detail": "detail"} == recorded


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize("regions", [["us-east-1"], ["us-east-1", "us-west-1", "eu-central-1"]])
def test_buses_come_and_go(rig: Rig, shared_data: Path, described: bool, regions: list[str]) -> None:
    test = f"create_list_describe_delete_custom_event_buses[{described}-regions{int(len(regions) > 1)}]"
    answers = Recorded(shared_data, f"TestEventBus::test_{test}")
    description = {"Description": "test bus"} if described else {}

    def ours(operation: str, region: str, **params: Any) -> Any:
        answer = as_recorded(rig.answer(operation, region=region, **params), NAMES)
        return json.loads(json.dumps(answer).replace(f":{region}:", ":<region>:"))

    for region in regions:
        assert (
            ours("CreateEventBus", region, Name="my-bus", **description) == answers[f"create-custom-event-bus-{region}"]
        )
        listed = ours("ListEventBuses", region, NamePrefix="my-bus")
        assert listed == answers[f"list-event-buses-after-create-{region}"]
        assert ours("DescribeEventBus", region, Name="my-bus") == answers[f"describe-custom-event-bus-{region}"]
    for region in regions:
        assert ours("DeleteEventBus", region, Name="my-bus") == answers[f"delete-custom-event-bus-{region}"]
        listed = ours("ListEventBuses", region, NamePrefix="my-bus")
        assert listed == answers[f"list-event-buses-after-delete-{region}"]


def test_buses_that_cannot_be(rig: Rig, shared_data: Path) -> None:
    rig.call("CreateEventBus", Name="my-bus")
    again = Recorded(shared_data, "TestEventBus::test_create_multiple_event_buses_same_name")
    made = as_recorded(rig.answer("CreateEventBus", Name="my-bus"), NAMES)
    assert made == again["create-multiple-event-buses-same-name"]
    missing = Recorded(shared_data, "TestEventBus::test_describe_delete_not_existing_event_bus")
    names = {"no-bus": "<bus-name>"}
    described = as_recorded(rig.answer("DescribeEventBus", Name="no-bus"), names)
    assert described == missing["describe-not-existing-event-bus-error"]
    deleted = as_recorded(rig.answer("DeleteEventBus", Name="no-bus"), names)
    assert deleted == missing["delete-not-existing-event-bus"]
    default = Recorded(shared_data, "TestEventBus::test_delete_default_event_bus")
    assert rig.answer("DeleteEventBus", Name="default") == default["delete-default-event-bus-error"]


def test_lists_of_buses(rig: Rig, shared_data: Path) -> None:
    rig.call("CreateEventBus", Name="my-bus")
    rig.call("CreateEventBus", Name="another")
    answers = Recorded(shared_data, "TestEventBus::test_list_event_buses_with_prefix")
    for prefix, key in (("my-bus", "list-event-buses-prefix-complete-name"), ("my", "list-event-buses-prefix")):
        assert as_recorded(rig.answer("ListEventBuses", NamePrefix=prefix), NAMES) == answers[key]
    answers = Recorded(shared_data, "TestEventBus::test_list_event_buses_with_limit")
    for number in range(6):
        rig.call("CreateEventBus", Name=f"page-{number}")
    names = {"page": "<bus-name-prefix>"}
    first = rig.answer("ListEventBuses", NamePrefix="page", Limit=3)
    assert as_recorded(first, names) == answers["list-event-buses-limit"]
    second = rig.answer("ListEventBuses", NamePrefix="page", Limit=3, NextToken=first["NextToken"])
    assert as_recorded(second, names) == answers["list-event-buses-limit-next-token"]


@KINDS
def test_permissions(rig: Rig, shared_data: Path, kind: str) -> None:
    answers = Recorded(shared_data, f"TestEventBus::test_put_permission[{kind}]")
    bus = bus_of(rig, kind)
    names = {bus: "<bus-name>"} | {f"sid-{number}": f"<sid:{number}>" for number in range(1, 6)}
    for number, principal in enumerate((ACCOUNT, ACCOUNT, OTHER), 1):
        given = {"Action": "events:PutEvents", "Principal": principal, "StatementId": f"sid-{number}"}
        put = rig.answer("PutPermission", EventBusName=bus, **given)
    assert put == answers["put-permission"]

    def described() -> Any:
        return as_recorded(rig.answer("DescribeEventBus", Name=bus), names, account="<account-id>")

    assert described() == answers["describe-event-bus-put-permission-multiple-principals"]
    given = {"Action": "events:PutEvents", "Principal": "*", "StatementId": "sid-4"}
    rig.call("PutPermission", EventBusName=bus, **given)
    assert described() == answers["describe-event-bus-put-permission"]
    statement = {"Sid": "sid-5", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
    statement |= {"Action": "events:ListRules", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert rig.answer("PutPermission", EventBusName=bus, Policy=policy) == answers["put-permission-policy"]
    assert described() == answers["describe-event-bus-put-permission-policy"]


@KINDS
def test_permissions_that_go(rig: Rig, shared_data: Path, kind: str) -> None:
    answers = Recorded(shared_data, f"TestEventBus::test_remove_permission[{kind}]")
    bus = bus_of(rig, kind)
    names = {bus: "<bus-name>", "sid-1": "<sid:1>"}
    for sid, principal in (("sid-0", ACCOUNT), ("sid-1", OTHER)):
        given = {"Action": "events:PutEvents", "Principal": principal, "StatementId": sid}
        rig.call("PutPermission", EventBusName=bus, **given)
    assert rig.answer("RemovePermission", EventBusName=bus, StatementId="sid-0") == answers["remove-permission"]
    described = as_recorded(rig.answer("DescribeEventBus", Name=bus), names, account="<account-id>")
    assert described == answers["describe-event-bus-remove-permission"]
    removed = rig.answer("RemovePermission", EventBusName=bus, RemoveAllPermissions=True)
    assert removed == answers["remove-permission-all"]
    described = as_recorded(rig.answer("DescribeEventBus", Name=bus), names, account="<account-id>")
    assert described == answers["describe-event-bus-remove-permission-all"]


@KINDS
@pytest.mark.parametrize("has_policy", [True, False])
def test_permissions_that_are_not_there(rig: Rig, shared_data: Path, kind: str, has_policy: bool) -> None:
    test = f"test_remove_permission_non_existing_sid[{has_policy}-{kind}]"
    answers = Recorded(shared_data, f"TestEventBus::{test}")
    bus = bus_of(rig, kind)
    given = {"EventBusName": bus, "Action": "events:PutEvents", "Principal": "*"}
    if has_policy:
        rig.call("PutPermission", StatementId="sid", **given)
    removed = rig.answer("RemovePermission", EventBusName=bus, StatementId="other")
    assert removed == answers["remove-permission-non-existing-sid-error"]
    answers = Recorded(shared_data, "TestEventBus::test_put_permission_non_existing_event_bus")
    put = rig.answer("PutPermission", StatementId="sid", **(given | {"EventBusName": "no-bus"}))
    recorded = answers["remove-permission-non-existing-sid-error"]
    assert as_recorded(put, {"no-bus": "<bus-name>"}) == recorded


def test_events_for_a_bus_that_does_not_exist_are_dropped(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEventBus::test_put_events_nonexistent_event_bus")
    rig.rule(pattern={"source": ["MySource"]})
    rig.target()
    usual = {"Source": "MySource", "DetailType": "CustomType"}
    entries = [
        {**usual, "Detail": json.dumps({"message": "for the default event bus"})},
        {**usual, "Detail": json.dumps({"message": "for the custom event bus"}), "EventBusName": "no-bus"},
    ]
    answer = rig.call("PutEvents", Entries=entries)
    names = {entry["EventId"]: f"<uuid:{number}>" for number, entry in enumerate(answer["Entries"], 1)}
    names["no-bus"] = "<custom-event-bus>"
    assert as_recorded(answer, names) == answers["put-events"]
    assert [as_recorded(event, names) for event in rig.told()] == [each["Body"] for each in answers["get-events"]]
    described = rig.answer("DescribeEventBus", Name="no-bus")
    assert as_recorded(described, names) == answers["non-existent-bus-error"]


@KINDS
def test_rules_come_and_go(rig: Rig, shared_data: Path, kind: str) -> None:
    answers = Recorded(shared_data, f"TestEventRule::test_put_list_with_prefix_describe_delete_rule[{kind}]")
    bus = {"EventBusName": bus_of(rig, kind)}
    put = rig.answer("PutRule", Name="my-rule", EventPattern=json.dumps(PATTERN), **bus)
    assert as_recorded(put, NAMES) == answers["put-rule"]
    assert as_recorded(rig.answer("ListRules", NamePrefix="my", **bus), NAMES) == answers["list-rules"]
    assert as_recorded(rig.answer("DescribeRule", Name="my-rule", **bus), NAMES) == answers["describe-rule"]
    assert rig.answer("DeleteRule", Name="my-rule", **bus) == answers["delete-rule"]
    assert rig.answer("ListRules", NamePrefix="my", **bus) == answers["list-rules-after-delete"]


def test_lists_of_rules(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEventRule::test_put_multiple_rules_with_same_name")
    bus = {"EventBusName": bus_of(rig, "custom")}
    for key in ("put-rule", "re-put-rule"):
        put = rig.answer("PutRule", Name="my-rule", EventPattern=json.dumps(PATTERN), **bus)
        assert as_recorded(put, NAMES) == answers[key]
    assert as_recorded(rig.answer("ListRules", **bus), NAMES) == answers["list-rules"]
    answers = Recorded(shared_data, "TestEventRule::test_list_rule_with_limit")
    names = {"my-bus": "<bus-name>", "page": "<rule-name-prefix>"}
    for number in range(6):
        rig.rule(f"page-{number}", bus="my-bus", pattern=PATTERN)
    first = rig.answer("ListRules", Limit=3, NamePrefix="page", **bus)
    assert as_recorded(first, names) == answers["list-rules-limit"]
    second = rig.answer("ListRules", Limit=3, NamePrefix="page", NextToken=first["NextToken"], **bus)
    assert as_recorded(second, names) == answers["list-rules-limit-next-token"]


def test_a_rule_that_is_not_there(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEventRule::test_describe_nonexistent_rule")
    described = as_recorded(rig.answer("DescribeRule", Name="my-rule"), NAMES)
    assert described == answers["describe-not-existing-rule-error"]


@KINDS
def test_rules_are_disabled_and_enabled(rig: Rig, shared_data: Path, kind: str) -> None:
    answers = Recorded(shared_data, f"TestEventRule::test_disable_re_enable_rule[{kind}]")
    given = {"EventBusName": bus_of(rig, kind), "Name": "my-rule"}
    rig.rule("my-rule", bus=given["EventBusName"], pattern=PATTERN)
    assert rig.answer("DisableRule", **given) == answers["disable-rule"]
    assert as_recorded(rig.answer("DescribeRule", **given), NAMES) == answers["describe-rule-disabled"]
    assert rig.answer("EnableRule", **given) == answers["enable-rule"]
    assert as_recorded(rig.answer("DescribeRule", **given), NAMES) == answers["describe-rule-enabled"]


def test_rules_with_targets(rig: Rig, shared_data: Path) -> None:
    rig.rule("my-rule")
    rig.target("my-rule", id="my-target")
    answers = Recorded(shared_data, "TestEventRule::test_update_rule_with_targets")
    assert as_recorded(rig.answer("ListTargetsByRule", Rule="my-rule"), NAMES) == answers["list-targets"]
    put = rig.answer("PutRule", Name="my-rule", EventPattern=json.dumps(PATTERN))
    assert as_recorded(put, NAMES) == answers["update-rule"]
    listed = as_recorded(rig.answer("ListTargetsByRule", Rule="my-rule"), NAMES)
    assert listed == answers["list-targets-after-update"]
    answers = Recorded(shared_data, "TestEventRule::test_delete_rule_with_targets")
    assert rig.answer("DeleteRule", Name="my-rule") == answers["delete-rule-with-targets-error"]


@KINDS
def test_targets_come_and_go(rig: Rig, shared_data: Path, kind: str) -> None:
    answers = Recorded(shared_data, f"TestEventTarget::test_put_list_remove_target[{kind}]")
    bus = bus_of(rig, kind)
    rig.rule("my-rule", bus=bus)
    given = {"EventBusName": bus, "Rule": "my-rule"}
    put = rig.answer("PutTargets", Targets=[{"Id": "my-target", "Arn": QUEUE}], **given)
    assert put == answers["put-target"]
    assert as_recorded(rig.answer("ListTargetsByRule", **given), NAMES) == answers["list-targets"]
    assert rig.answer("RemoveTargets", Ids=["my-target"], **given) == answers["remove-target"]
    assert rig.answer("ListTargetsByRule", **given) == answers["list-targets-after-delete"]


def test_targets_that_cannot_be(rig: Rig, shared_data: Path) -> None:
    rig.rule("my-rule")
    answers = Recorded(shared_data, "TestEventTarget::test_add_exceed_fife_targets_per_rule")
    many = [{"Id": f"t{number}", "Arn": QUEUE} for number in range(7)]
    put = rig.answer("PutTargets", Rule="my-rule", Targets=many)
    assert put == answers["put-targets-client-error"]
    assert rig.answer("ListTargetsByRule", Rule="my-rule") == {"Targets": []}
    answers = Recorded(shared_data, "TestEventTarget::test_put_target_id_validation")
    put = rig.answer("PutTargets", Rule="my-rule", Targets=[{"Id": "!@#$@!#$", "Arn": QUEUE}])
    assert put == answers["put-targets-invalid-id-error"]
    long = "x" * 65
    put = rig.answer("PutTargets", Rule="my-rule", Targets=[{"Id": long, "Arn": QUEUE}])
    assert as_recorded(put, {long: "second-invalid-target-id"}) == answers["put-targets-length-error"]


def test_pages_of_targets(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEventTarget::test_list_target_by_rule_limit")
    rig.rule("my-rule")
    for number in range(5):
        rig.target("my-rule", id=f"my-target{number}")
    first = rig.answer("ListTargetsByRule", Rule="my-rule", Limit=3)
    assert as_recorded(first, NAMES) == answers["list-targets-limit"]
    second = rig.answer("ListTargetsByRule", Rule="my-rule", Limit=3, NextToken=first["NextToken"])
    assert as_recorded(second, NAMES) == answers["list-targets-limit-next-token"]


@pytest.mark.parametrize(
    ("test", "puts"),
    [
        ("same_id_single_rule", [("one", "", "$.detail"), ("one", "", "$.notexisting")]),
        ("same_id_across_different_rules", [("one", "", "$.detail"), ("two", "", "$.notexisting")]),
        ("same_arn_single_rule", [("one", "-one", "$.detail"), ("one", "-two", "$.doesnotexist")]),
        ("same_arn_across_different_rules", [("one", "", "$.detail"), ("two", "", "$.doesnotexist")]),
    ],
)
def test_targets_are_a_rules_own(rig: Rig, shared_data: Path, test: str, puts: list[tuple[str, str, str]]) -> None:
    answers = Recorded(shared_data, f"TestEventTarget::test_put_multiple_targets_with_{test}")
    names = {QUEUE: "target-arn", "my-target": "target-id"}
    for rule, id, path in puts:
        rig.rule(rule)
        rig.target(rule, id=f"my-target{id}", InputPath=path)
    if "different" not in test:
        assert as_recorded(rig.answer("ListTargetsByRule", Rule="one"), names) == answers["list-targets"]
        return
    for rule in ("one", "two"):
        listed = as_recorded(rig.answer("ListTargetsByRule", Rule=rule), names)
        assert listed == answers[f"list-targets-rule-{rule}"]


@KINDS
def test_rules_by_their_target(rig: Rig, shared_data: Path, kind: str) -> None:
    bus = bus_of(rig, kind)
    given = {"EventBusName": bus, "TargetArn": QUEUE}
    answers = Recorded(shared_data, f"TestEventRule::test_list_rule_names_by_target_no_matches[{kind}]")
    assert rig.answer("ListRuleNamesByTarget", **given) == answers["list_rule_names_by_target_no_matches"]
    names = {"my-rule": "<rule-prefix>"}
    for number in range(3):
        rig.rule(f"my-rule{number}", bus=bus)
        for id in ("a", "b"):
            rig.target(f"my-rule{number}", bus=bus, id=id)
    answers = Recorded(shared_data, f"TestEventRule::test_list_rule_names_by_target[{kind}]")
    listed = as_recorded(rig.answer("ListRuleNamesByTarget", **given), names)
    assert listed == answers["list_rule_names_by_target"]
    for number in (3, 4):
        rig.rule(f"my-rule{number}", bus=bus)
        rig.target(f"my-rule{number}", bus=bus)
    answers = Recorded(shared_data, f"TestEventRule::test_list_rule_names_by_target_with_limit[{kind}]")
    token: Answer = {}
    for key in ("first_page", "second_page", "third_page"):
        listed = rig.answer("ListRuleNamesByTarget", Limit=2, **given, **token)
        recorded = answers[key]
        assert as_recorded(listed["RuleNames"], names) == recorded["RuleNames"]
        assert ("NextToken" in listed) == ("NextToken" in recorded)
        token = {"NextToken": listed.get("NextToken")}


def test_events_reach_the_rules_that_match_them(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEventRule::test_process_to_single_matching_rules_single_target")
    sources = ["source-one", "source-two", "source-three"]
    for number, source in enumerate(sources):
        rig.rule(f"my-rule{number}", pattern={"source": [source]})
        rig.target(f"my-rule{number}")
    ids: dict[str, str] = {}
    for number, (source, key) in enumerate(zip(sources, ("one", "two", "three"), strict=True), 1):
        answer = rig.call("PutEvents", Entries=[{**ENTRY, "Source": source}])
        ids[answer["Entries"][0]["EventId"]] = f"<uuid:{number}>"
        assert as_recorded(rig.told(), ids) == answers[f"events-source-{key}"]


def test_an_event_is_told_once_for_each_rule(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEventRule::test_process_to_multiple_matching_rules_single_target")
    for number in range(2):
        rig.rule(f"my-rule{number}", pattern=PATTERN)
        rig.target(f"my-rule{number}")
    id = rig.call("PutEvents", Entries=[ENTRY])["Entries"][0]["EventId"]
    assert as_recorded(rig.told(), {id: "<uuid:1>"}) == answers["events"]


def test_arrays_and_what_is_nested_in_details(rig: Rig, shared_data: Path) -> None:
    rig.rule("my-rule", pattern={"detail": {"event": {"data": {"type": ["1", "2"]}}}})
    rig.target("my-rule", InputPath="$.detail")
    answers = Recorded(shared_data, "TestEventPattern::test_put_events_pattern_with_values_in_array")
    for types in (["3", "1"], ["3"], ["2"], []):
        rig.put({"Detail": json.dumps({"event": {"data": {"type": types}}})})
    assert [event["detail"] for event in rig.told()] == [message["Body"] for message in answers["messages"]]
    rig.owed.clear()
    answers = Recorded(shared_data, "TestEventPattern::test_put_events_pattern_nested")
    for detail in ({"event": {"data": {"type": "1"}}}, {"event": {"type": "1"}}, {"data": {"type": "1"}}):
        rig.put({"Detail": json.dumps(detail)})
    assert [event["detail"] for event in rig.told()] == [message["Body"] for message in answers["messages"]]


def test_a_rule_may_want_either_of_two(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEventRule::test_process_pattern_to_single_matching_rules_single_target")
    of_payload, of_id = {"payload": {"id": ["123"]}}, {"id": ["123"]}
    rig.rule("my-rule1", pattern={"detail": of_payload})
    rig.rule("my-rule2", pattern={"detail": {"$or": [of_payload, of_id]}})
    for rule in ("my-rule1", "my-rule2"):
        rig.target(rule)
    details = {"detail-payload-with-id": {"payload": {"id": "123"}}, "detail-with-id": {"id": "123"}}
    for detail in (*details.values(), {"id": "124"}):
        rig.put({"Detail": json.dumps(detail)})
    for rule, key in (("my-rule1", "events-1"), ("my-rule2", "events-2")):
        told = [event.parse()["detail"] for of, _, event in rig.owed if of.name == rule]
        assert told == [detail for each in answers[key] for detail in each.values()]


def test_what_a_target_refuses_is_not_the_sender_s_to_know(rig: Rig, shared_data: Path) -> None:
    answers = Recorded(shared_data, "TestEvents::test_put_events_with_target_delivery_failure")
    rig.rule("my-rule", pattern=PATTERN)
    rig.call("PutTargets", Rule="my-rule", Targets=[{"Id": "t", "Arn": QUEUE + "-that-is-not-there"}])
    answer = rig.call("PutEvents", Entries=[ENTRY])
    names = {answer["Entries"][0]["EventId"]: "<event-id:1>"}
    assert as_recorded(answer, names) == answers["put-events-response"]


def without_id(event: Answer) -> Answer:
    return {name: value for name, value in as_recorded(event, {}).items() if name != "id"}


assert REGION == "us-east-1", "the recordings have it among their regions"
