"""Genuine records, as the corpus has them: what filters, selectors and queries are asked about."""

from __future__ import annotations

from functools import lru_cache

from cairn.core.records.event import Event
from cairn.core.records.parse import event_from_record
from fuzz import corpus


@lru_cache
def records() -> tuple[bytes, ...]:
    return tuple(content for name, content in corpus.inputs("record") if name.startswith("seed-"))


@lru_cache
def events() -> tuple[Event, ...]:
    return tuple(event_from_record(record) for record in records())
