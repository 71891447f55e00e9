"""What is counted: which series a call belongs to, and what of it is kept for attributions."""

from __future__ import annotations

from typing import NamedTuple

CALL_RATE = "ApiCallRateInsight"
ERROR_RATE = "ApiErrorRateInsight"

MANAGEMENT = "Management"
DATA = "Data"
CATEGORIES = frozenset({MANAGEMENT, DATA})
"""Of events that Insights looks at; also what records call sourceEventCategory."""


class Scope(NamedTuple):
    """Baselines and their watching are by account and region."""

    account: str
    region: str


class SeriesKey(NamedTuple):
    """One series of calls a minute. Series are ordered by their keys wherever an order shows."""

    account: str
    region: str
    source: str
    """eventSource."""
    name: str
    """eventName."""
    insight_type: str
    """`CALL_RATE` or `ERROR_RATE`."""
    error_code: str = ""
    """Of error rates alone."""
    category: str = MANAGEMENT

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)


class Call(NamedTuple):
    """What an insight can be attributed to. Empty: the record does not say."""

    user_arn: str = ""
    """userIdentity.arn as in the record."""
    user_agent: str = ""
    error_code: str = ""
    resource_arns: tuple[str, ...] = ()
    """Of data events."""


def keys_of(scope: Scope, source: str, name: str, category: str, read_only: bool, error_code: str) -> list[SeriesKey]:
    """The series that an event counts in: none, one or two.

    Call rates count writes among management events, and all data events; error rates count whatever failed, by its
    error code (spec 7).
    """
    keys: list[SeriesKey] = []
    if category not in CATEGORIES:
        return keys
    if category == DATA or not read_only:
        keys.append(SeriesKey(*scope, source, name, CALL_RATE, "", category))
    if error_code:
        keys.append(SeriesKey(*scope, source, name, ERROR_RATE, error_code, category))
    return keys
