"""Which events a trail logs: its selection, compiled once and asked for every event.

A `Selection` is what a span of the journal was logged with (`spans.py`); it is saved with the span, so that an event
is always judged by what was in force when it was recorded. A `Selector` answers from the header alone wherever the
header knows enough. Selectors for data events look into the record: they belong beside `_management`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from cairn.core.records.event import Event, EventHeader

GLOBAL_REGION = "us-east-1"
"""Where events of global services are recorded."""

GLOBAL_SOURCES = frozenset(
    f"{service}.amazonaws.com"
    for service in ("iam", "sts", "cloudfront", "organizations", "route53", "route53domains", "signin", "shield", "waf")
)
"""Services whose events IncludeGlobalServiceEvents switches."""

ReadWrite = Literal["All", "ReadOnly", "WriteOnly"]

HeaderTest = Callable[[EventHeader], bool]


class EventSelector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A basic event selector."""

    read_write: ReadWrite = "All"
    management: bool = True
    excluded_sources: tuple[str, ...] = ()


DEFAULT_SELECTORS = (EventSelector(),)
"""What a trail logs that nobody gave selectors: all management events, nothing else."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides whether a trail logs an event. Two equal selections log the same."""

    account: str
    home_region: str
    multi_region: bool
    global_events: bool
    selectors: tuple[EventSelector, ...] = DEFAULT_SELECTORS
    organization: str = ""
    """`o-...` for an organization's trail: part of every key of what is delivered by this selection."""
    members: tuple[str, ...] = ()
    """The organization's accounts but `account`, which are logged too."""

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, text: str) -> Selection:
        return msgspec.json.decode(text, type=cls)


class Selector:
    """A compiled selection."""

    def __init__(self, selection: Selection) -> None:
        self.accounts = frozenset((selection.account, *selection.members))
        self.organization = selection.organization
        self._place = _place(selection)
        self._tests = [_management(selector) for selector in selection.selectors if selector.management]

    def wants(self, event: Event) -> bool:
        """Whether the trail logs `event`."""
        header = event.header
        return header.account in self.accounts and self._place(header) and any(test(header) for test in self._tests)


def _place(selection: Selection) -> HeaderTest:
    """The test of an event's region.

    Global services are recorded in us-east-1 alone, so a trail for another single region has none of their events,
    and IncludeGlobalServiceEvents matters only to a trail for us-east-1.
    """
    if selection.multi_region:
        return lambda header: True
    home = selection.home_region
    if home != GLOBAL_REGION or selection.global_events:
        return lambda header: header.region == home
    return lambda header: header.region == home and header.source not in GLOBAL_SOURCES


def _management(selector: EventSelector) -> HeaderTest:
    """The test of a management event's kind."""
    excluded = frozenset(selector.excluded_sources)
    read_write = selector.read_write

    def test(header: EventHeader) -> bool:
        if header.category != "Management" or header.source in excluded:
            return False
        return read_write == "All" or header.read_only == (read_write == "ReadOnly")

    return test
