"""A rule's schedule: `rate(...)` or `cron(...)`. One-time schedules, `at(...)`, are EventBridge Scheduler's, and rules
refuse them."""

from __future__ import annotations

import re
from typing import Protocol

from cairn.core.errors import AwsError
from cairn.eventbridge.schedules.cron import Cron

UNIT_S = {"minute": 60, "hour": 3600, "day": 86_400}
UNITS_MAX = 2**31 - 1

_RATE = re.compile(r"rate\(([0-9]+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")


class Schedule(Protocol):
    """When a rule is due."""

    def next_after(self, moment: float, since: int) -> int | None:
        """When it is next due, in seconds since the epoch; None: never again.

        Args:
            moment: it is due later than this.
            since: when the rule began to be on this schedule, a whole second.
        """


class Rate:
    """Every so many seconds from when the rule began."""

    def __init__(self, period_s: int) -> None:
        self.period_s = period_s

    def next_after(self, moment: float, since: int) -> int | None:
        passed = max(int((moment - since) // self.period_s), 0)
        return since + (passed + 1) * self.period_s


def parse(text: str) -> Schedule:
    """The schedule that PutRule is given.

    Raises:
        AwsError: ValidationException, where it is none. AWS says no more about it.
    """
    if match := _RATE.fullmatch(text):
        return _rate(int(match[1]), match[2], plural=bool(match[3]))
    if match := _CRON.fullmatch(text):
        try:
            return Cron(match[1].split())
        except ValueError:
            raise _invalid() from None
    raise _invalid()


def _rate(count: int, unit: str, *, plural: bool) -> Rate:
    """One minute, but two minutes."""
    if not 0 < count <= UNITS_MAX or plural != (count > 1):
        raise _invalid()
    return Rate(count * UNIT_S[unit])


def _invalid() -> AwsError:
    return AwsError("ValidationException", "Parameter ScheduleExpression is not valid.")
