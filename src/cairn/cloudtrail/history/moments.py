"""Times as people type them."""

from __future__ import annotations

from cairn.cloudtrail.history.lookup import TIME_MAX
from cairn.core.clock import from_iso
from cairn.core.config import Duration
from cairn.core.errors import CairnError


def moment(text: str, now: float, default: float) -> float:
    """A time as people type it: `2h` before now, an ISO time, or nothing for `default`.

    Raises:
        CairnError: it is none.
    """
    if not text:
        return default
    try:
        return max(now - Duration.parse(text), -TIME_MAX)
    except ValueError:
        pass
    try:
        return float(from_iso(text))
    except (ValueError, OverflowError):
        raise CairnError(
            f"{text!r} is no time", advice="Give how long ago (30m, 2h, 3d) or a time such as 2026-01-31T12:00:00Z."
        ) from None
