"""From botocore's names and values to those of records, by plans that are compiled once an operation.

A plan is a function from a value as a parser gives it to the value in the record. Compiling walks the model's shapes
once and settles every name, every date form and every redaction, so that composing a record only walks its values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from cairn.core.records import times
from cairn.core.records.redact import Treatment, hidden_word, is_sensitive, treatment

Plan = Callable[[Any], Any]
"""Gives `OMIT` for a value that the record leaves out."""
OMIT: Any = object()

Naming = Callable[[str, Shape], str]
"""The record's name of a member, by botocore's name and its shape."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a service writes its parameters or replies."""

    service: str
    naming: Naming
    timestamp: times.Formatter
    text_of_query: bool = False
    """Whether members that travel in the query string are texts, whatever their type."""


def lower_first(name: str, shape: Shape | None = None) -> str:
    """`S3BucketName` is `s3BucketName`, `ARN` is `aRN`."""
    return name[:1].lower() + name[1:]


def lower_first_of_wire(name: str, shape: Shape) -> str:
    """The name in the body with its first letter lower; of what travels in path, query or header, botocore's."""
    serialization = shape.serialization
    wire = name if "location" in serialization else serialization.get("name", name)
    return lower_first(wire)


def as_on_wire(name: str, shape: Shape) -> str:
    """The name just as it is on the wire."""
    return str(shape.serialization.get("name", name))


def compile_structure(shape: StructureShape, style: Style, skip: frozenset[str] = frozenset()) -> Plan:
    """The plan of an operation's input or output; it gives a dictionary, empty if nothing is shown."""
    return _structure(shape, style, {}, skip)


def _compile(name: str, shape: Shape, style: Style, known: dict[str, Plan]) -> Plan | None:
    """The plan of a member called `name`; None where the value stands as it is."""
    chosen = treatment(style.service, name, shape)
    if chosen is Treatment.HIDE:
        return _hide(style)
    if chosen is Treatment.OMIT:
        return _omit
    kind = shape.type_name
    if kind == "blob" or shape.serialization.get("streaming"):
        return _omit
    if kind == "structure":
        return _omit if shape.serialization.get("eventstream") else _structure(shape, style, known)
    if kind == "list":
        return _list(shape, style, known)
    if kind == "map":
        return _map(shape, style, known)
    if kind == "timestamp":
        return _timestamp(shape, style)
    if style.text_of_query and shape.serialization.get("location") == "querystring":
        return _text
    return None


def _hide(style: Style) -> Plan:
    word = hidden_word(style.service)
    return lambda value: word


def _omit(value: Any) -> Any:
    return OMIT


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _timestamp(shape: Shape, style: Style) -> Plan:
    if style.timestamp is not times.iso:
        return style.timestamp
    # On the wire: as the model says, epoch seconds being what JSON has by itself.
    declared = shape.serialization.get("timestampFormat")
    return times.iso if declared == "iso8601" else times.epoch_s


def _structure(shape: StructureShape, style: Style, known: dict[str, Plan], skip: frozenset[str] = frozenset()) -> Plan:
    if shape.is_document_type:
        return _as_is
    if shape.name in known:
        return known[shape.name]
    members: dict[str, tuple[str, Plan | None]] = {}

    def plan(value: Any) -> Any:
        if not isinstance(value, dict):
            return OMIT
        out = {}
        for name, item in value.items():
            member = members.get(name)
            if member is None or item is None:
                continue
            shown, render = member
            if render is not None:
                item = render(item)
                if item is OMIT:
                    continue
            out[shown] = item
        return out

    known[shape.name] = plan
    for name, member in shape.members.items():
        if name not in skip:
            members[name] = (style.naming(name, member), _compile(name, member, style, known))
    return plan


def _as_is(value: Any) -> Any:
    return value


def _list(shape: ListShape, style: Style, known: dict[str, Plan]) -> Plan:
    render = _compile("", shape.member, style, known)

    def plan(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return OMIT
        if render is None:
            return list(value)
        return [shown for shown in map(render, value) if shown is not OMIT]

    return plan


def _map(shape: MapShape, style: Style, known: dict[str, Plan]) -> Plan:
    if is_sensitive(shape.key):
        return _hide(style)
    render = _compile("", shape.value, style, known)

    def plan(value: Any) -> Any:
        if not isinstance(value, dict):
            return OMIT
        if render is None:
            return dict(value)
        return {key: shown for key, shown in ((key, render(item)) for key, item in value.items()) if shown is not OMIT}

    return plan
