"""Who and what an insight is attributed to: the most frequent values, counted in bounded memory.

Counting is Space-Saving (Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k elements in data
streams, 2005): exact while a sketch has room for all values; beyond, a newcomer takes the place and the count of the
rarest, so that a count is too high by at most the calls divided by the places.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from cairn.cloudtrail.insights.series import DATA, ERROR_RATE, Call, SeriesKey

USER = "userIdentityArn"
AGENT = "userAgent"
ERROR = "errorCode"
RESOURCE = "resourceArn"
ATTRIBUTES = (USER, AGENT, ERROR, RESOURCE)
"""In the order in which records have them."""

TOP = 5
"""Values of an attribute in a record (spec 7)."""
NO_ERROR = "null"
"""The value of errorCode for calls that had none (spec 7)."""

PLACES = 32
"""Values of an attribute that are counted at once in a minute or an insight."""
LEARNT_PLACES = 6
"""Values of an attribute that a baseline counts."""
VALUE_CHARS_MAX = 2048
"""Of an attributed value; longer ones are cut."""

_SESSION_OF = ":assumed-role/"

Counts = dict[str, int]


class Share(NamedTuple):
    """One value of an attribute."""

    value: str
    average: float
    """Calls a minute."""


def attributed_arn(arn: str) -> str:
    """The ARN that stands for a caller: of an assumed role without its session, as AWS's samples have it."""
    if _SESSION_OF not in arn:
        return arn
    head, _, role = arn.partition(_SESSION_OF)
    return f"{head}{_SESSION_OF}{role.partition('/')[0]}"


def attributes_of(key: SeriesKey) -> tuple[int, ...]:
    """Which of `ATTRIBUTES` a series has: no error codes in error rates, resources of data events alone (spec 7)."""
    error = () if key.insight_type == ERROR_RATE else (2,)
    resource = (3,) if key.category == DATA else ()
    return (0, 1, *error, *resource)


class Sketch:
    """The most frequent values of each attribute among some calls."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: tuple[Counts, Counts, Counts, Counts] = ({}, {}, {}, {})

    def add(self, call: Call, calls: int = 1) -> None:
        user, agent, error, resources = self.counts
        if call.user_arn:
            _count(user, attributed_arn(call.user_arn)[:VALUE_CHARS_MAX], calls)
        if call.user_agent:
            _count(agent, call.user_agent[:VALUE_CHARS_MAX], calls)
        _count(error, call.error_code[:VALUE_CHARS_MAX] or NO_ERROR, calls)
        for arn in call.resource_arns:
            _count(resources, arn[:VALUE_CHARS_MAX], calls)

    def merge(self, other: Sketch) -> None:
        for mine, counts in zip(self.counts, other.counts, strict=True):
            for value, calls in sorted(counts.items()):
                _count(mine, value, calls)

    def top(self, attribute: int, minutes: int) -> list[Share]:
        """The most frequent values of `ATTRIBUTES[attribute]`, calls of `minutes` averaged, the most frequent first."""
        counts = self.counts[attribute]
        best = sorted(counts, key=lambda value: (-counts[value], value))[:TOP]
        return [Share(value, counts[value] / minutes) for value in best]


def _count(counts: Counts, value: str, calls: int) -> None:
    held = counts.get(value)
    if held is not None:
        counts[value] = held + calls
    elif len(counts) < PLACES:
        counts[value] = calls
    else:
        rarest = min(counts, key=lambda held: (counts[held], held))
        counts[value] = counts.pop(rarest) + calls


class Values:
    """The texts that baselines name by number, each once."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = list(texts)
        self._numbers = {text: number for number, text in enumerate(self._texts)}

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return found

    def text(self, number: int) -> str:
        return self._texts[number]


class Learnt(msgspec.Struct, gc=False):
    """The most frequent values of a baseline, compactly. Counts lose a seventh each day, and so tend to those of seven
    days; what is below `FORGOTTEN` is let go."""

    cells: array[int] = msgspec.field(default_factory=lambda: array("I"))
    """Two of each value: its place, with the attribute in the upper four bits and the number of the value in the
    others, and its calls in 64ths."""

    def add(self, attribute: int, number: int, calls: int) -> None:
        cells = self.cells
        place = attribute << 28 | number
        added = min(calls, _CALLS_MAX) * _PART
        rarest = -1
        used = 0
        for at in range(0, len(cells), 2):
            if cells[at] == place:
                cells[at + 1] = min(cells[at + 1] + added, _CALLS_MAX * _PART)
                return
            if cells[at] >> 28 == attribute:
                used += 1
                if rarest < 0 or cells[at + 1] < cells[rarest + 1]:
                    rarest = at
        if used < LEARNT_PLACES:
            # A new array has no room to spare, unlike one that grew.
            self.cells = cells + array("I", (place, added))
        else:
            cells[rarest] = place
            cells[rarest + 1] = min(cells[rarest + 1] + added, _CALLS_MAX * _PART)

    def fade(self, factor: float) -> None:
        """Multiply all counts."""
        self._set(
            (place, round(calls * factor)) for place, calls in self._pairs() if calls * factor >= FORGOTTEN * _PART
        )

    def top(self, attribute: int, values: Values, average: float) -> list[Share]:
        """The most frequent values, which share out `average` calls a minute among them."""
        found = [(calls, values.text(place & _NUMBER)) for place, calls in self._pairs() if place >> 28 == attribute]
        whole = sum(calls for calls, _ in found)
        found.sort(key=lambda pair: (-pair[0], pair[1]))
        return [Share(text, average * calls / whole) for calls, text in found[:TOP]]

    def sort(self) -> None:
        """Put values into the order of their numbers."""
        self._set(sorted(self._pairs()))

    def numbers(self) -> Iterator[int]:
        return (place & _NUMBER for place in self.cells[::2])

    def renumber(self, numbers: dict[int, int]) -> None:
        self._set([(place & ~_NUMBER | numbers[place & _NUMBER], calls) for place, calls in self._pairs()])

    def _pairs(self) -> Iterator[tuple[int, int]]:
        return zip(self.cells[::2], self.cells[1::2], strict=True)

    def _set(self, pairs: Iterable[tuple[int, int]]) -> None:
        self.cells = array("I", [cell for pair in pairs for cell in pair])


FORGOTTEN = 0.3
"""Calls: one call is let go after eight days."""
_NUMBER = (1 << 28) - 1
_PART = 64
_CALLS_MAX = (1 << 26) - 1


def learn(learnt: Learnt, sketch: Sketch, attributes: Iterable[int], values: Values) -> None:
    """Count what a minute's sketch has into a baseline."""
    for attribute in attributes:
        for value, calls in sorted(sketch.counts[attribute].items()):
            learnt.add(attribute, values.number(value), calls)
