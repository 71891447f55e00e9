"""Event selectors as they are saved: with the trail as they were put, and with a span as what is logged throughout it.

Both kinds of PutEventSelectors are here (spec 5.1, 5.2). A trail has one kind in force. New members need defaults, so
that what older versions saved is read.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ReadWrite = Literal["All", "ReadOnly", "WriteOnly"]
Template = Literal["API_ACTIVITY", "RESOURCE_ACCESS", "USER_ACTIONS"]
"""By what data events are aggregated."""
InsightType = Literal["ApiCallRateInsight", "ApiErrorRateInsight"]
InsightCategory = Literal["Management", "Data"]


class DataResource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a basic selector says of the data events of one `resources.type`."""

    type: str
    values: tuple[str, ...] = ()
    """ARNs, beginnings of S3 objects' ARNs, or the beginning that all ARNs of the type have. None: nothing."""


class EventSelector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A basic event selector."""

    read_write: ReadWrite = "All"
    management: bool = True
    excluded_sources: tuple[str, ...] = ()
    data: tuple[DataResource, ...] = ()


class FieldSelector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One statement of an advanced event selector: a field of the record, and what its value may be and may not."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()


class AdvancedSelector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An advanced event selector: all of its statements must hold."""

    name: str | None = None
    fields: tuple[FieldSelector, ...]

    def only(self, field: str) -> str:
        """The one value that `field` must equal; empty where the selector names none."""
        return next((found.equals[0] for found in self.fields if found.field == field and found.equals), "")


DEFAULT_SELECTORS = (EventSelector(),)
"""What a trail logs that nobody gave selectors: all management events, nothing else."""


class InsightSelector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kind of Insights that a trail logs (spec 7)."""

    type: InsightType
    categories: tuple[InsightCategory, ...] = ("Management",)
    """eventCategory of the events in which it is looked for."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides whether a trail logs an event. Two equal selections log the same."""

    account: str
    home_region: str
    multi_region: bool
    global_events: bool
    selectors: tuple[EventSelector, ...] = DEFAULT_SELECTORS
    advanced: tuple[AdvancedSelector, ...] = ()
    """In force in place of `selectors` where there are any. Without their names, which select nothing."""
    aggregations: tuple[Template, ...] = ()
    """By what the data events that are logged are aggregated, beside being logged."""
    organization: str = ""
    """`o-...` for an organization's trail: part of every key of what is delivered by this selection."""
    members: tuple[str, ...] = ()
    """The organization's accounts but `account`, which are logged too."""
    insights: tuple[InsightSelector, ...] = ()
    """Which Insights are looked for in what is logged, and logged beside it."""
    trail: str = ""
    """The trail's ARN, where `insights` has such of data events: they belong to the trail that logs these events."""

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, text: str) -> Selection:
        return msgspec.json.decode(text, type=cls)
