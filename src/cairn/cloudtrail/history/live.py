"""Whether an event that has just happened fits a query: the same answer as the history gives once it has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from cairn.cloudtrail.history.facts import SINGLE, Facts
from cairn.cloudtrail.history.matching import RecordMatcher
from cairn.cloudtrail.history.query import FIELDS, INDEXED, Condition, Pattern, Query
from cairn.core.records.event import EventHeader
from cairn.core.wildcards import fits

Test = Callable[[str], bool]


class LiveMatcher:
    """A query, compiled."""

    def __init__(self, query: Query) -> None:
        self._record = RecordMatcher(query)
        self._conditions = [_compiled(each) for each in query.conditions if each.field in FIELDS]

    def fits(self, header: EventHeader, facts: Facts, record: bytes) -> bool:
        """Whether an event fits, given what it is found by and its record."""
        for field, tests, exclude in self._conditions:
            if any(test(value) for value in _values(field, header, facts) for test in tests) == exclude:
                return False
        return not self._record.needed or self._record.fits(record)


def _compiled(condition: Condition) -> tuple[str, list[Test], bool]:
    return condition.field, [_test(pattern) for pattern in condition.patterns], condition.exclude


def _test(pattern: Pattern) -> Test:
    return partial(fits, pattern.text.split("*")) if pattern.wild else pattern.text.__eq__


def _values(field: str, header: EventHeader, facts: Facts) -> list[str]:
    """What an event has of a field; nothing where it has none."""
    indexed: Any = INDEXED.get(field)
    if indexed in SINGLE:
        values = [facts.single()[SINGLE.index(indexed)]]
    elif field == "readonly":
        values = ["true" if facts.read_only else "false"]
    elif field in ("resource", "type"):
        values = [pair[1 if field == "resource" else 0] for pair in facts.resources]
    else:
        values = [{"id": header.id, "account": header.account, "region": header.region}[field]]
    return [value for value in values if value]
