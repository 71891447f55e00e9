"""What a rule's target would be sent of an event, before the target is put."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from cairn.console.exchange import Refusal
from cairn.core.clock import from_iso
from cairn.eventbridge.event import BusEvent
from cairn.eventbridge.inputs import InputTooLarge, check, is_sound, payload

_TIME_MAX = 1 << 32


class Transformer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"):
    """A target's InputTransformer."""

    input_paths_map: dict[str, str] = {}
    input_template: str


class TargetInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """A target, as far as its input goes; what else is given of it is passed over."""

    id: str
    arn: str
    input: str | None = None
    input_path: str | None = None
    input_transformer: Transformer | None = None

    @property
    def settings(self) -> dict[str, Any]:
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made


class PreviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A target of a rule, and an event as its bus has it, in JSON."""

    target: TargetInput
    event: str
    rule_arn: str = ""
    rule_name: str = ""


async def preview(asked: PreviewRequest) -> dict[str, Any]:
    """What is wrong with the target's input, in AWS's words; what it is sent, where nothing is; and in `sound` whether
    that is JSON where it has to be: other input is sent to nobody.

    Raises:
        Refusal: the event is none, or what it becomes is too large.
    """
    return await asyncio.to_thread(_preview, asked)


def _preview(asked: PreviewRequest) -> dict[str, Any]:
    target = asked.target
    problems = check(target.id, target.settings, arn=target.arn)
    event = _event(asked.event)
    if problems:
        return {"problems": problems, "sent": "", "sound": False}
    ingested = _time(event)
    try:
        sent = payload(target, event, rule_arn=asked.rule_arn, rule_name=asked.rule_name, ingested=ingested)
    except InputTooLarge:
        raise Refusal("ValidationException", "What the target would be sent is too large.", 400) from None
    return {"problems": [], "sent": sent.decode("utf-8", "replace"), "sound": is_sound(target, sent)}


def _event(text: str) -> BusEvent:
    try:
        msgspec.json.decode(text, type=dict[str, Any])
        envelope = msgspec.json.format(text.encode(), indent=-1)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise Refusal("ValidationException", "The event is not a JSON object.", 400) from None
    return BusEvent(
        id="", source="", detail_type="", account="", region="", envelope=envelope
    )  # which is all that is read


def _time(event: BusEvent) -> float:
    """When the bus is taken to have got the event: when it happened."""
    try:
        told = from_iso(str(event.parse().get("time")))
    except (ValueError, OverflowError):
        return 0.0
    return told if 0 <= told < _TIME_MAX else 0.0
