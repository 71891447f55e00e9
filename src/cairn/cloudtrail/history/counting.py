"""Counts of what a search finds, as they grow from segment to segment."""

from __future__ import annotations

from collections import Counter

import msgspec

from cairn.cloudtrail.history.facts import SINGLE
from cairn.cloudtrail.history.query import INDEXED

VALUES_A_SEGMENT_MAX = 5000
"""Of a field with more values than this in one segment, the rarest are left out of its counts."""

COLUMNS = {name: field.name.lower() for name, field in INDEXED.items() if field in SINGLE}
"""By its name in queries, the column in which a field's term stands beside the event."""


class Counting(msgspec.Struct):
    """Counts as they grow."""

    fields: dict[str, Counter[str]]
    """By field, how often each value was met."""
    buckets: Counter[tuple[int, int]]
    """By the number of a bucket and a kind of event: error 2, read 1, write 0."""
    total: int = 0
