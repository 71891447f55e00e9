"""What a field may be asked for: the alternatives that stand in an array of a pattern (spec 9.1)."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Text(msgspec.Struct, frozen=True):
    """Exactly this string."""

    text: str


class Number(msgspec.Struct, frozen=True):
    """A number of this value, however it is written."""

    value: int | float


class Literal(msgspec.Struct, frozen=True):
    """true, false or null."""

    value: bool | None


class AnyCase(msgspec.Struct, frozen=True):
    """This string, small and capital letters being the same. `text` has small ones."""

    text: str


class Prefix(msgspec.Struct, frozen=True):
    """A string that begins so. `text` has small letters where `any_case` is set."""

    text: str
    any_case: bool = False


class Suffix(msgspec.Struct, frozen=True):
    """A string that ends so. `text` has small letters where `any_case` is set."""

    text: str
    any_case: bool = False


class Wildcard(msgspec.Struct, frozen=True):
    """A string of these pieces, with anything between two of them."""

    pieces: tuple[str, ...]


class Range(msgspec.Struct, frozen=True):
    """A number from `low` to `high`, both included: an open end is the next number that a double can hold."""

    low: float
    high: float


class Addresses(msgspec.Struct, frozen=True):
    """A string that is an IP address of `version` 4 or 6, from `low` to `high`, both included."""

    version: int
    low: int
    high: int


class Exists(msgspec.Struct, frozen=True):
    """A field that has a value, be it null. An object is none, nor is an empty array."""


class Absent(msgspec.Struct, frozen=True):
    """A field that has none."""


Positive: TypeAlias = Text | Number | Literal | AnyCase | Prefix | Suffix | Wildcard | Range | Addresses | Exists


class AnythingBut(msgspec.Struct, frozen=True):
    """A field that has a value which is none of these."""

    excluded: tuple[Positive, ...]


Condition: TypeAlias = Positive | Absent | AnythingBut
