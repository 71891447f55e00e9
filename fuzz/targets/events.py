"""Event patterns, schedules, what targets are sent, names of buses and rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
from tests.eventbridge.patterns import naive

from cairn.core.errors import AwsError
from cairn.eventbridge.archives.packing import pack, unpack
from cairn.eventbridge.arns import bus_named, resource_of
from cairn.eventbridge.connections.dynamic import resolved
from cairn.eventbridge.connections.request import build
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.eventbridge.event import BusEvent, BusId, envelope
from cairn.eventbridge.inputs.checking import check
from cairn.eventbridge.inputs.paths import Document, InputTooLarge, InvalidPath, parse_path
from cairn.eventbridge.inputs.payload import is_sound, payload
from cairn.eventbridge.patterns import EventPattern, compile_rules, explain, parse_pattern
from cairn.eventbridge.patterns.event_patterns import test as matches
from cairn.eventbridge.schedules.schedule import parse as parse_schedule
from cairn.service.event_targets import jobs
from cairn.service.event_targets.log_groups import log_event
from cairn.service.event_targets.streams import KEY_CHARACTERS_MAX, partition_key
from fuzz.samples import records
from fuzz.target import Target, attempt, parts, text

_EVENT = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "AWS API Call via CloudTrail",
    "source": "aws.s3",
    "account": "123456789012",
    "time": "2023-11-14T22:13:20Z",
    "region": "us-east-1",
    "resources": ["arn:aws:s3:::b"],
    "detail": {"eventName": "PutObject", "a": [1, {"b": "10.0.0.7"}, {"b": None}], "n": 1.5},
}
TEXT_MAX = 4_000
_NOW = 1_700_000_000.0
_BUS = BusId("123456789012", "us-east-1", "default")
_BODY_PARAMETERS = {"InvocationHttpParameters": {"BodyParameters": [{"Key": "a", "Value": "b"}]}}


def pattern(data: bytes) -> None:
    """A pattern and an event. It matches as a plain implementation says, and what is explained agrees."""
    pattern_text, event_text = (text(part)[:TEXT_MAX] for part in parts(data, 2))
    found = parse_pattern(pattern_text)
    events = [_EVENT, *({**_EVENT, "detail": json.loads(record)} for record in records()[:3])]
    try:
        given = msgspec.json.decode(event_text, type=dict[str, Any])
        events.append(given)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        pass
    rules = compile_rules({"": found, "other": parse_pattern('{"source": ["aws.s3"]}')})
    for event in events:
        matched = "" in rules.match(event)
        assert explain(found, event).matches == matched, "explained otherwise"
        if _is_plain(pattern_text, found) and _size(event) < 200:
            assert naive.matches(json.loads(pattern_text), event) == matched, "a plain implementation differs"
    attempt((AwsError,), lambda: matches(pattern_text, event_text))


def _is_plain(pattern_text: str, found: EventPattern) -> bool:
    """Whether a pattern is one that the plain implementation decides at once and in the same way: of few alternatives,
    and without repeated names, a field called `$or`, or letters that have several lower cases."""
    if not pattern_text.isascii() or "\\u" in pattern_text or pattern_text.count(",") > 30:
        return False
    if len(found.branches) > 4 or any("$or" in path for branch in found.branches for path, _ in branch):
        return False
    repeated = False

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        repeated |= len(dict(members)) != len(members)
        return dict(members)

    try:
        json.loads(pattern_text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return False
    return not repeated


def _size(node: Any) -> int:
    if isinstance(node, Mapping):
        return 1 + sum(_size(each) for each in node.values())
    return 1 + sum(_size(each) for each in node) if isinstance(node, list) else 1


def schedule(data: bytes) -> None:
    found = parse_schedule(text(data)[:256])
    for moment in (1_700_000_000.0, 1_709_164_799.5):
        due = found.next_after(moment, 1_699_999_980)
        if due is not None:
            assert due > moment
            assert (found.next_after(due - 0.5, 1_699_999_980) or 0) <= due, "an earlier one was passed over"


class _Target(msgspec.Struct):
    settings: dict[str, Any]


def target_input(data: bytes) -> None:
    """A target's settings as JSON, and the detail of an event."""
    given, detail = parts(data, 2)
    try:
        settings = msgspec.json.decode(given, type=dict[str, Any])
        settings = msgspec.convert(settings, _Settings).given()
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return
    event = _bus_event(detail)
    paths = settings.get("InputTransformer", {}).get("InputPathsMap") or {}
    for arn in ("arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/g"):
        if check("target", settings, arn=arn):
            continue
        target = _Target(settings)
        try:
            sent = payload(
                target, event, rule_arn="arn:aws:events:us-east-1:123456789012:rule/r", rule_name="r", ingested=1.5
            )
        except InputTooLarge:
            continue
        is_sound(target, sent)
        _handed_over(Address(bus=_BUS, rule="r", target="t", arn=arn, settings=settings), event, sent, paths.values())
    resolved({"HeaderParameters": paths, "PathParameterValues": list(paths.values())}, event.envelope)


class _Anything:
    """A client of any service, which takes whatever it is called with."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda **given: None


def _handed_over(address: Address, event: BusEvent, sent: bytes, paths: Iterable[str]) -> None:
    """What is sent, as targets of each kind are called with it."""
    delivery = Delivery(
        id=1, address=address, event=event, payload=sent, since=1.0, attempts=0, due=0.0, dead=False, failure=None
    )
    for start in (jobs.state_machine, jobs.build, jobs.task, jobs.job, jobs.command):
        attempt((DeliveryError,), partial(start, _Anything(), delivery))
    for path in paths:
        assert 0 < len(partition_key(delivery, path)) <= KEY_CHARACTERS_MAX
    with suppress(DeliveryError):
        timestamp, message = log_event(delivery, _NOW)
        assert abs(timestamp / 1000 - _NOW) < 15 * 86_400
        message.encode()
    for method in ("POST", "GET"):
        build(method, "https://example.com/", sent, {}, _BODY_PARAMETERS, "")


class _Transformer(msgspec.Struct, omit_defaults=True):
    InputTemplate: str
    InputPathsMap: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class _Settings(msgspec.Struct, omit_defaults=True):
    """As the model has them."""

    Input: str | msgspec.UnsetType = msgspec.UNSET
    InputPath: str | msgspec.UnsetType = msgspec.UNSET
    InputTransformer: _Transformer | msgspec.UnsetType = msgspec.UNSET

    def given(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        for path in ("InputPath",):
            if path in found:
                found[path] = found[path][:256]
        return found


def _bus_event(detail: bytes) -> BusEvent:
    try:
        msgspec.json.decode(detail, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        detail = b'{"a": [1, {"b": "x"}], "s": "say \\"hi\\""}'
    whole = envelope(
        id="6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        detail_type="t",
        source="s",
        account="123456789012",
        time="2023-11-14T22:13:20Z",
        region="us-east-1",
        resources=["r"],
        detail=detail,
    )
    return BusEvent(id="i", source="s", detail_type="t", account="123456789012", region="us-east-1", envelope=whole)


def path(data: bytes) -> None:
    """A path and a document: what is found is what walking the decoded document finds."""
    line, document = parts(data, 2)
    try:
        decoded = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        document, decoded = b'{"a":[1,{"b":"x"}]}', {"a": [1, {"b": "x"}]}
    document = document.strip()
    found = parse_path(text(line)[:256])
    at = Document(document).find(found)
    expected = _walk([decoded], found.steps)
    if found.is_definite:
        assert (at is None) == (not expected)
        assert at is None or _same(msgspec.json.decode(at), expected[0])
    else:
        assert _same(msgspec.json.decode(at) if at is not None else [], expected)


def _walk(nodes: list[Any], steps: tuple[str | int | None, ...]) -> list[Any]:
    for step in steps:
        if step is None:
            nodes = [each for node in nodes for each in _children(node)]
        else:
            kind = dict if isinstance(step, str) else list
            nodes = [_at(node, step) for node in nodes if isinstance(node, kind) and _has(node, step)]
    return nodes


def _has(node: Any, step: str | int) -> bool:
    return step in node if isinstance(node, dict) else int(step) < len(node)


def _at(node: Any, step: Any) -> Any:
    return node[step]


def _children(node: Any) -> list[Any]:
    return list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []


def _same(left: Any, right: Any) -> bool:
    return bool(msgspec.json.encode(left) == msgspec.json.encode(right))


def archived(data: bytes) -> None:
    """An archived event is what was put in; damaged bytes are damaged."""
    event = _bus_event(data)
    again = unpack(pack(event).packed, "replay")
    assert json.loads(again.envelope)["detail"] == json.loads(event.envelope)["detail"]
    unpack(data, "replay")


def names(data: bytes) -> None:
    name = text(data)
    attempt((AwsError,), lambda: bus_named(name, "123456789012", "us-east-1"), lambda: resource_of(name))


TARGETS = (
    Target("event-pattern", "Patterns match as a plain implementation does, or are invalid.", pattern, (AwsError,)),
    Target("schedule", "Schedules are due later than now, and nothing is passed over.", schedule, (AwsError,)),
    Target("target-input", "Whatever settings are taken, targets are sent something.", target_input),
    Target("json-path", "Paths find what walking the document finds.", path, (InvalidPath,)),
    Target("archive", "Archived events come back as they were, or are damaged.", archived, (ValueError,)),
    Target("event-names", "Names and ARNs of buses and rules.", names),
)
