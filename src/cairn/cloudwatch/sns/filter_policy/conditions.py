"""The conditions that a filter policy lists under a key. Each says of one scalar whether it holds."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

Scalar = str | int | float | bool | None
Test = Callable[[Scalar], bool]


@dataclass(frozen=True, slots=True)
class Equals:
    """The very value: texts, numbers, truth values and null are never equal to one another."""

    value: Scalar

    def __call__(self, scalar: Scalar) -> bool:
        return kind(scalar) == kind(self.value) and scalar == self.value


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str

    def __call__(self, scalar: Scalar) -> bool:
        return isinstance(scalar, str) and scalar.startswith(self.text)


@dataclass(frozen=True, slots=True)
class Suffix:
    text: str

    def __call__(self, scalar: Scalar) -> bool:
        return isinstance(scalar, str) and scalar.endswith(self.text)


@dataclass(frozen=True, slots=True)
class EqualsIgnoringCase:
    text: str

    def __call__(self, scalar: Scalar) -> bool:
        return isinstance(scalar, str) and scalar.lower() == self.text.lower()


class Wildcard:
    """`*` stands for any characters; a backslash takes a star or a backslash as it is."""

    def __init__(self, pattern: str) -> None:
        self._pieces = [""]
        for part in _PART.findall(pattern):
            if part == "*":
                self._pieces.append("")
            else:
                self._pieces[-1] += part[-1]

    def __call__(self, scalar: Scalar) -> bool:
        """Piece after piece, each where it is found first: no pattern takes more than one way through the text."""
        if not isinstance(scalar, str):
            return False
        first, *rest = self._pieces
        if not rest:
            return scalar == first
        *between, last = rest
        if not scalar.startswith(first) or len(scalar) < len(first) + len(last) or not scalar.endswith(last):
            return False
        start, end = len(first), len(scalar) - len(last)
        for piece in between:
            found = scalar.find(piece, start, end)
            if found < 0:
                return False
            start = found + len(piece)
        return True


_PART = re.compile(r"\\[*\\]|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number within bounds; None is no bound."""

    low: float | None = None
    low_included: bool = False
    high: float | None = None
    high_included: bool = False

    def __call__(self, scalar: Scalar) -> bool:
        if kind(scalar) != "number":
            return False
        assert isinstance(scalar, int | float)
        if self.low is not None and not (scalar > self.low or (self.low_included and scalar == self.low)):
            return False
        return self.high is None or scalar < self.high or (self.high_included and scalar == self.high)


@dataclass(frozen=True, slots=True)
class Within:
    """An IP address of a network."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network

    def __call__(self, scalar: Scalar) -> bool:
        try:
            return isinstance(scalar, str) and ipaddress.ip_address(scalar) in self.network
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Whatever none of the tests holds for."""

    tests: tuple[Test, ...]

    def __call__(self, scalar: Scalar) -> bool:
        return not any(test(scalar) for test in self.tests)


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether the key is there at all. The only condition that an absent key can meet."""

    wanted: bool


def kind(scalar: Scalar) -> str:
    """What JSON calls it."""
    if scalar is None:
        return "null"
    if isinstance(scalar, bool):
        return "boolean"
    return "string" if isinstance(scalar, str) else "number"
