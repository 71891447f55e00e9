"""Many conditions on a string asked at once which of them it meets: beginnings, ends, wildcards.

Beginnings (and ends) are looked up by each length that one of them has, so the cost grows with how many lengths there
are, not with how many beginnings. A wildcard hangs on that piece of it which the fewest others have, and is looked at
only where the string has this piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar

from cairn.core.wildcards import fits
from cairn.eventbridge.patterns.conditions import AnyCase, Prefix, Suffix, Wildcard

T = TypeVar("T")
Pieces: TypeAlias = tuple[str, ...]

MIDDLE_CHARACTERS_MAX = 8
"""How much of a piece that is neither beginning nor end is looked for."""


class _Ends(Generic[T]):
    """Texts that a string may begin (or end) with, by their lengths."""

    __slots__ = ("_at_end", "_lengths")

    def __init__(self, *, at_end: bool) -> None:
        self._at_end = at_end
        self._lengths: dict[int, dict[str, list[T]]] = {}

    def add(self, text: str, target: T) -> None:
        self._lengths.setdefault(len(text), {}).setdefault(text, []).append(target)

    def __bool__(self) -> bool:
        return bool(self._lengths)

    def of(self, value: str) -> Iterator[T]:
        """The targets of the texts that `value` has."""
        size = len(value)
        for length, texts in self._lengths.items():
            if length <= size:
                yield from texts.get(value[size - length :] if self._at_end else value[:length], ())


class _Middles(Generic[T]):
    """Texts that a string may have anywhere, by their lengths."""

    __slots__ = ("_lengths",)

    def __init__(self) -> None:
        self._lengths: dict[int, dict[str, list[T]]] = {}

    def add(self, text: str, target: T) -> None:
        text = text[:MIDDLE_CHARACTERS_MAX]
        self._lengths.setdefault(len(text), {}).setdefault(text, []).append(target)

    def of(self, value: str) -> Iterator[T]:
        """The targets of the texts that `value` has, each once."""
        for length, texts in self._lengths.items():
            places = len(value) - length + 1
            if len(texts) <= places:
                for text, targets in texts.items():
                    if text in value:
                        yield from targets
            else:
                for window in {value[place : place + length] for place in range(places)}:
                    yield from texts.get(window, ())


class _Wildcards(Generic[T]):
    __slots__ = ("_any", "_heads", "_middles", "_tails")

    def __init__(self, wildcards: Sequence[tuple[Pieces, T]]) -> None:
        self._any: list[T] = []
        self._heads: _Ends[tuple[Pieces, T]] = _Ends(at_end=False)
        self._tails: _Ends[tuple[Pieces, T]] = _Ends(at_end=True)
        self._middles: _Middles[tuple[Pieces, T]] = _Middles()
        sharers = Counter(hook for pieces, _ in wildcards for hook in set(_hooks(pieces)))
        for pieces, target in wildcards:
            hooks = list(_hooks(pieces))
            if not hooks:
                self._any.append(target)
                continue
            place, text = min(hooks, key=lambda hook: (sharers[hook], hook[0] == "middle", -len(hook[1])))
            hooked = self._middles if place == "middle" else self._heads if place == "head" else self._tails
            hooked.add(text, (pieces, target))

    def look_up(self, value: str, found: set[T]) -> None:
        found.update(self._any)
        for hooked in (self._heads, self._tails, self._middles):
            for pieces, target in hooked.of(value):
                if target not in found and fits(pieces, value):
                    found.add(target)


def _hooks(pieces: Pieces) -> Iterator[tuple[str, str]]:
    """What a wildcard may hang on."""
    if pieces[0]:
        yield "head", pieces[0]
    if pieces[-1]:
        yield "tail", pieces[-1]
    for piece in pieces[1:-1]:
        yield "middle", piece[:MIDDLE_CHARACTERS_MAX]


StringCondition: TypeAlias = AnyCase | Prefix | Suffix | Wildcard


class Strings(Generic[T]):
    """Which of many conditions a string meets."""

    __slots__ = ("_any_case", "_any_case_heads", "_any_case_tails", "_caseless", "_heads", "_tails", "_wildcards")

    def __init__(self, conditions: Iterable[tuple[StringCondition, T]]) -> None:
        self._any_case: dict[str, list[T]] = {}
        self._heads, self._any_case_heads = _Ends[T](at_end=False), _Ends[T](at_end=False)
        self._tails, self._any_case_tails = _Ends[T](at_end=True), _Ends[T](at_end=True)
        wildcards: list[tuple[Pieces, T]] = []
        for condition, target in conditions:
            if isinstance(condition, AnyCase):
                self._any_case.setdefault(condition.text, []).append(target)
            elif isinstance(condition, Prefix):
                (self._any_case_heads if condition.any_case else self._heads).add(condition.text, target)
            elif isinstance(condition, Suffix):
                (self._any_case_tails if condition.any_case else self._tails).add(condition.text, target)
            else:
                wildcards.append((condition.pieces, target))
        self._wildcards = _Wildcards(wildcards) if wildcards else None
        self._caseless = bool(self._any_case or self._any_case_heads or self._any_case_tails)

    def look_up(self, value: str, found: set[T]) -> None:
        """Add the targets of the conditions that `value` meets."""
        if self._heads:
            found.update(self._heads.of(value))
        if self._tails:
            found.update(self._tails.of(value))
        if self._wildcards is not None:
            self._wildcards.look_up(value, found)
        if self._caseless:
            small = value.lower()
            found.update(self._any_case.get(small, ()))
            found.update(self._any_case_heads.of(small))
            found.update(self._any_case_tails.of(small))
