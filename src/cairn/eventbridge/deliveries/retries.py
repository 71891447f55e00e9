"""How often, and when, what a target did not take is tried again (spec 9.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

ATTEMPTS = "MaximumRetryAttempts"
AGE = "MaximumEventAgeInSeconds"
RETRIES = 185
AGE_S = 86_400.0
FIRST_S = 1.0
LONGEST_S = 600.0
"""Between two attempts: 185 of them take about a day."""


class Retries(msgspec.Struct, frozen=True):
    """A target's retry policy."""

    most: int = RETRIES
    age_s: float = AGE_S

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Retries:
        """That of botocore's `Target`."""
        policy = settings.get("RetryPolicy") or {}
        return cls(policy.get(ATTEMPTS, RETRIES), float(policy.get(AGE, AGE_S)))

    def following(
        self, failures: int, since: float, now: float, wait_s: float = 0.0, *, chance: float = 1.0
    ) -> tuple[float, str]:
        """When to try again, and "", or 0 and what forbids it.

        Args:
            failures: attempts that failed, 1 or more.
            since: when the bus got the event.
            wait_s: the least time to wait.
            chance: between 0 and 1, see `delay`.
        """
        if failures > self.most:
            return 0.0, ATTEMPTS
        due = now + max(delay(failures, chance), wait_s)
        return (due, "") if due - since <= self.age_s else (0.0, AGE)


def delay(failures: int, chance: float) -> float:
    """Seconds before the next attempt: twice as many after each, up to a limit.

    Args:
        chance: which part of the second half of them: what failed together has the same, and so stays in its order.
    """
    return min(FIRST_S * 2.0 ** min(failures - 1, 30), LONGEST_S) * (0.5 + chance / 2)
