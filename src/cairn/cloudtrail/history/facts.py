"""What history knows an event by: the terms under which it is indexed, and the keys of the Bloom filter."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cairn.core.records.event import EventHeader
from cairn.core.records.lookup import lookup_facts

VALUE_CHARS_MAX = 2000
"""Longest value that is indexed whole; nobody can ask for a longer one."""
TIMES = range(-62_135_596_800, 253_402_300_800)
"""Seconds since the epoch that have a date: the years 1 to 9999."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TEXT_ID = b"id-that-is-no-uuid:"


class Field(enum.IntEnum):
    """What a term is of. The numbers are stored."""

    ALL = 0
    """Every event of a scope, in order of time; its one value is the empty text."""
    NAME = 1
    SOURCE = 2
    USER = 3
    ACCESS_KEY = 4
    RESOURCE_NAME = 5
    RESOURCE_TYPE = 6
    READ_ONLY = 7
    ERROR = 8
    SOURCE_IP = 9


SINGLE = (Field.NAME, Field.SOURCE, Field.USER, Field.ACCESS_KEY, Field.ERROR, Field.SOURCE_IP)
"""Fields of which an event has one value at the most. Each has its column beside the event."""

Scope = tuple[str, str, str]
"""Account, region and category: an event is in exactly one scope, and no lookup leaves its own."""


class Facts(msgspec.Struct, frozen=True):
    """The indexed values of an event. Empty texts are values that it does not have."""

    name: str
    source: str
    user: str
    access_key: str
    error: str
    source_ip: str
    read_only: bool
    resources: tuple[tuple[str, str], ...]
    """(type, name) of each."""

    def single(self) -> tuple[str, ...]:
        """The values of the fields `SINGLE`, in that order."""
        return self.name, self.source, self.user, self.access_key, self.error, self.source_ip

    def terms(self) -> Iterator[tuple[Field, str]]:
        """Everything the event is found by, each once."""
        yield Field.ALL, ""
        yield Field.READ_ONLY, "true" if self.read_only else "false"
        for field, value in zip(SINGLE, self.single(), strict=True):
            if value:
                yield field, indexed(value)
        for kind in {kind for kind, _ in self.resources if kind}:
            yield Field.RESOURCE_TYPE, indexed(kind)
        for name in {name for _, name in self.resources if name}:
            yield Field.RESOURCE_NAME, indexed(name)


def facts_of(header: EventHeader, record: dict[str, Any]) -> Facts:
    """The facts of an event whose record is already parsed."""
    found = lookup_facts(record)
    name, source = header.name, header.source
    if header.category == "Insight":
        name, source = insight_subject(record, name, source)
    return Facts(
        name=name,
        source=source,
        user=found.username,
        access_key=found.access_key_id,
        # a failed sign-in has a message and no code
        error=_text(record, "errorCode") or _text(record, "errorMessage"),
        source_ip=_text(record, "sourceIPAddress"),
        read_only=header.read_only,
        resources=found.resources,
    )


def insight_subject(record: dict[str, Any], name: str, source: str) -> tuple[str, str]:
    """The name and source of the calls that an Insight event is about: its record has none at the top."""
    details = record.get("insightDetails")
    if isinstance(details, dict):
        name = name or _text(details, "eventName")
        source = source or _text(details, "eventSource")
    return name, source


def indexed(value: str) -> str:
    """The value as it stands in the index: one too long to be asked for is cut, and equals nothing one can ask."""
    return value if len(value) <= VALUE_CHARS_MAX else value[:VALUE_CHARS_MAX] + "…"


def id_key(event_id: str) -> bytes:
    """An eventID as it is stored: 16 bytes where it is a UUID, else its text behind a mark."""
    if _UUID.fullmatch(event_id):
        return bytes.fromhex(event_id.replace("-", ""))
    return _TEXT_ID + event_id.encode()


def id_text(key: bytes) -> str:
    """The eventID of which `key` is the `id_key`."""
    if len(key) == 16:
        text = key.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    return key.removeprefix(_TEXT_ID).decode()


def term_key(scope: Scope, field: Field, value: str) -> bytes:
    """A term as it stands in the Bloom filter. An eventID stands there as its `id_key`, without its scope."""
    return "\0".join((str(int(field)), *scope, value)).encode()


def _text(record: dict[str, Any], member: str) -> str:
    value = record.get(member)
    return value if isinstance(value, str) else ""
