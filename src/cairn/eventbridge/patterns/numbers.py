"""Numbers as patterns write them, and which of them can be compared (spec 9.1)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

NUMBER_MAX = 5_000_000_000
"""The largest number, and negated the smallest, that is compared by size."""
DECIMALS_MAX = 6
"""How many digits of a number in a pattern may follow the decimal point where it is compared by size."""

_TOO_LARGE = "Value must be between -5.0E9 and 5.0E9, inclusive"


def number(text: str) -> int | float:
    """The value of a JSON number."""
    return float(text) if any(mark in text for mark in ".eE") else int(text)


def comparable(text: str) -> float:
    """The value of a JSON number that is compared by size.

    Raises:
        ValueError: it has too many decimals, or is too large or small. The text is AWS's.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent that no number has
        raise ValueError(_TOO_LARGE) from None
    _, digits, exponent = value.as_tuple()
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    if value and isinstance(exponent, int) and -(exponent + zeros) > DECIMALS_MAX:
        raise ValueError("Only values upto 6 decimals are supported")
    if not -NUMBER_MAX <= value <= NUMBER_MAX:
        raise ValueError(_TOO_LARGE)
    return float(text)
