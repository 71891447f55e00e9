"""Whether a record fits what its index cannot tell: dotted paths and free text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec

from cairn.cloudtrail.history.query import FIELDS, Condition, Pattern, Query
from cairn.cloudtrail.history.segment_reader import parse
from cairn.core.wildcards import fits

NODES_MAX = 10_000
"""How much of one record a path may visit."""

_PLAIN = re.compile(r"[\w.:-]*[A-Za-z][\w.:-]*", re.ASCII)  # no number, nothing that JSON may escape


class RecordMatcher:
    """The part of a query for which records must be read."""

    def __init__(self, query: Query) -> None:
        self._words = [(_forms(words.text), words.exclude) for words in query.words]
        self._paths = [
            (condition.field.split("."), _fits_any(condition), condition.exclude)
            for condition in query.conditions
            if condition.field not in FIELDS
        ]

        self._hints = [
            [pattern.text.encode() for pattern in condition.patterns]
            for condition in query.conditions
            if condition.field not in FIELDS and not condition.exclude and all(map(_is_plain, condition.patterns))
        ]

    @property
    def needed(self) -> bool:
        return bool(self._words or self._paths)

    def fits(self, record: bytes) -> bool:
        if self._words:
            low = record.lower()
            for forms, exclude in self._words:
                if any(form in low for form in forms) == exclude:
                    return False
        for hints in self._hints:  # without parsing it
            if not any(hint in record for hint in hints):
                return False
        if self._paths:
            parsed = parse(record)
            for path, fits, exclude in self._paths:
                if any(map(fits, values_at(parsed, path))) == exclude:
                    return False
        return True


def values_at(record: dict[str, Any], path: list[str]) -> Iterator[str]:
    """Every value that a record has at a path, as text. Lists on the way are passed through; null is no value."""
    nodes: list[Any] = [record]
    for part in path:
        nodes = [node[part] for node in _flat(nodes) if isinstance(node, dict) and part in node][:NODES_MAX]
    for leaf in _flat(nodes):
        if isinstance(leaf, bool):
            yield "true" if leaf else "false"
        elif isinstance(leaf, dict):
            yield msgspec.json.encode(leaf).decode()
        elif leaf is not None:
            yield str(leaf)


def _is_plain(pattern: Pattern) -> bool:
    """Whether a value stands in JSON exactly so, however the JSON was written."""
    return not pattern.wild and _PLAIN.fullmatch(pattern.text) is not None


def _flat(nodes: list[Any]) -> Iterator[Any]:
    for node in nodes:
        if isinstance(node, list):
            yield from _flat(node)
        else:
            yield node


def _fits_any(condition: Condition) -> Callable[[str], bool]:
    tests = [_test(pattern) for pattern in condition.patterns]
    return lambda value: any(test(value) for test in tests)


def _test(pattern: Pattern) -> Callable[[str], bool]:
    return partial(fits, pattern.text.split("*")) if pattern.wild else pattern.text.__eq__


def _forms(text: str) -> list[bytes]:
    """The ways in which a text can stand in JSON, in lower case."""
    plain = text.lower().encode()
    escaped = msgspec.json.encode(text.lower())[1:-1]
    return [plain] if escaped == plain else [plain, escaped]
