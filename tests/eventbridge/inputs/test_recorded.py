"""What AWS sent to targets, as it was recorded there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cairn.eventbridge.event import BusEvent, envelope
from cairn.eventbridge.inputs import check, is_sound, payload
from cairn.eventbridge.rules.target import Target

PREFIX = "tests/aws/services/events/test_events_inputs.py::"
TRANSFORMER = f"{PREFIX}TestInputTransformer::"
NESTED = f"{TRANSFORMER}test_input_transformer_nested_keys_replacement["
KIND = "core.update-account-command"
RULE_ARN = "arn:<partition>:events:<region>:111111111111:rule/<bus-name>/<rule-name>"
DETAIL = {"command": "update-account", "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}}
OTHER_DETAIL = {
    "command": "update-account",
    "payload": {"acc_id": "0a787ecb-4015", "payload": {"message": "baz", "id": "123"}},
}
LISTED_DETAIL = DETAIL | {"sev": ["HIGH"], "states": ["ACTIVE", "INACTIVE"], "valid": True}
STRING_PATHS = {"detail-type": "$.detail-type", "timestamp": "$.time", "command": "$.detail.command"}
NESTED_PATHS = {
    "userId": "$.detail.payload.acc_id",
    "payload": "$.detail.payload",
    "systemstring": "$.detail.awsAccountId",
    "listsingle": "$.detail.sev",
    "listmulti": "$.detail.states",
    "valid": "$.detail.valid",
}


@pytest.fixture
def recorded(shared_data: Path) -> dict[str, Any]:
    text = (shared_data / "aws-snapshots" / "test_events_inputs.snapshot.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def event(detail: dict[str, Any] = DETAIL) -> BusEvent:
    fields = {"id": "<uuid>", "source": KIND, "account": "111111111111", "region": "<region>"}
    text = envelope(detail_type=KIND, time="date", resources=[], detail=json.dumps(detail, indent=1).encode(), **fields)
    return BusEvent(detail_type=KIND, envelope=text, **fields)


def sent(settings: dict[str, Any], detail: dict[str, Any] = DETAIL) -> bytes:
    target = Target(id="t", arn="arn:aws:sqs:us-east-1:111111111111:q", settings=settings)
    assert check("t", settings) == []
    made = payload(target, event(detail), rule_arn=RULE_ARN, rule_name="<rule-name>", ingested=0.0)
    assert is_sound(target, made)
    return made


def transformed(template: str, paths: dict[str, str], detail: dict[str, Any] = DETAIL) -> bytes:
    return sent({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}, detail)


def same(made: bytes, body: Any) -> None:
    """A body that was JSON was recorded parsed, unless it was no object."""
    text = made.decode()
    assert (json.loads(text) if isinstance(body, dict) else text) == body
    if isinstance(body, dict):
        assert text == json.dumps(body, separators=(",", ":")), "it is not minified, or in another order"


@pytest.mark.parametrize(
    ("name", "path", "detail"),
    [
        ("test_put_events_with_input_path", "$.detail", DETAIL),
        ("test_put_events_with_input_path_nested[event_detail0]", "$.detail.payload", DETAIL),
        ("test_put_events_with_input_path_nested[event_detail1]", "$.detail.payload", OTHER_DETAIL),
        ("test_put_events_with_input_path_max_level_depth", "$.detail.payload.sf_id", DETAIL),
    ],
)
def test_part_of_an_event(recorded: dict[str, Any], name: str, path: str, detail: dict[str, Any]) -> None:
    [message] = recorded[f"{PREFIX}TestInputPath::{name}"]["recorded-content"]["message"]
    same(sent({"InputPath": path}, detail), message["Body"])


def test_targets_of_one_rule(recorded: dict[str, Any]) -> None:
    name = f"{PREFIX}TestInputPath::test_put_events_with_input_path_multiple_targets"
    content = recorded[name]["recorded-content"]
    same(sent({"InputPath": "$.detail"}), content["message-queue-1"][0]["Body"])
    assert json.loads(sent({})) == content["message-queue-2"][0]["Body"] | {"id": "<uuid>"}


STRING = '"Event of <detail-type> type, at time <timestamp>, info extracted from detail <command>"'


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("test_put_events_with_input_transformer_input_template_string", STRING),
        (f"test_put_events_with_input_transformer_input_template_string[{STRING}]", STRING),
        (
            'test_put_events_with_input_transformer_input_template_string["{[/Check with special starting characters'
            ' for event of <detail-type> type"]',
            '"{[/Check with special starting characters for event of <detail-type> type"',
        ),
        (
            "test_put_events_with_input_transformer_input_template_json",
            '{"detailType": <detail-type>, "time": <timestamp>, "command": <command>}',
        ),
    ],
)
def test_templates(recorded: dict[str, Any], name: str, template: str) -> None:
    content = recorded[TRANSFORMER + name]["recorded-content"]
    same(transformed(template, STRING_PATHS), content["custom-variables-match-all"][0]["Body"])
    missing = STRING_PATHS | {"command": "$.detail.notinmessage"}
    same(transformed(template, missing), content["custom-variables-not-match-all"][0]["Body"])


def test_variables_inside_of_things(recorded: dict[str, Any]) -> None:
    seen = 0
    for name, each in recorded.items():
        messages = each["recorded-content"].get("input-transformed-messages")
        if name.startswith(NESTED) and messages:
            template = name[len(NESTED) : -1].replace("\\n", "\n")
            same(transformed(template, NESTED_PATHS, LISTED_DETAIL), messages[0]["Body"])
            seen += 1
    assert seen == 14


@pytest.mark.parametrize(
    "template",
    [
        '{"singlelistitem": "<listsingle>"}',
        '{"singlelistitem": "<listsingle>", "multiplelistitems": "<listmulti>"}',
    ],
)
def test_what_never_arrived(recorded: dict[str, Any], template: str) -> None:
    assert recorded[f"{NESTED}{template}]"]["recorded-content"] == {}
    settings = {"InputTransformer": {"InputPathsMap": NESTED_PATHS, "InputTemplate": template}}
    target = Target(id="t", arn="arn", settings=settings)
    made = payload(target, event(LISTED_DETAIL), rule_arn=RULE_ARN, rule_name="r", ingested=0.0)
    assert not is_sound(target, made)


@pytest.mark.parametrize("template", ["<listsingle> single list item", "<listmulti> multiple list items"])
def test_templates_that_are_nothing(recorded: dict[str, Any], template: str) -> None:
    assert recorded[f"{NESTED}{template}]"]["recorded-content"] == {}
    [problem] = check("t", {"InputTransformer": {"InputPathsMap": NESTED_PATHS, "InputTemplate": template}})
    assert problem.startswith("Invalid InputTemplate for target t : [Source: ")


def test_predefined_variables(recorded: dict[str, Any]) -> None:
    name = f"{TRANSFORMER}test_input_transformer_predefined_variables["
    texts = [each for each in recorded if each.startswith(name)]
    assert len(texts) == 2
    for each in texts:
        [message] = recorded[each]["recorded-content"]["messages"]
        body = message["Body"]
        made = transformed(each[len(name) : -1], {}).decode()
        made = made.replace("1970-01-01T00:00:00Z", "date")
        if isinstance(body, str):
            assert made == body
            continue
        body["originalEvent"]["time"] = "date"  # a placeholder of the recorder's
        wanted = json.dumps(body, separators=(",", ":")).replace("<uuid:2>", "<uuid>")
        assert made == wanted


def test_refusals(recorded: dict[str, Any]) -> None:
    content = recorded[f"{TRANSFORMER}test_put_events_with_input_transformer_missing_keys"]["recorded-content"]
    transformer = {
        "InputPathsMap": STRING_PATHS,
        "InputTemplate": '"Event of <detail-type> type, at <timestamp>, info <command> <notdefinedkey>"',
    }
    said = content["missing-key-exception-error"]["Error"]["Message"]
    assert check("<target-id>", {"InputTransformer": transformer}) == [said]
    content = recorded[f"{PREFIX}test_put_event_input_path_and_input_transformer"]["recorded-content"]
    both = {"InputPath": "$.detail", "InputTransformer": transformer}
    assert check("<target-id>", both) == [content["duplicated-input-operations-error"]["Error"]["Message"]]
