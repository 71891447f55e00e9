"""Which data events some trail logs, as a gateway asks before it records one: all others cost it nothing.

What the spans of logging trails select is read from the saved state every `REFRESH_S`. The answer may be yes to an
event that no trail logs, since delivery selects exactly; it is no only to one that no trail logs. So where nothing
could be read for `STALE_S`, it is yes to all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from cairn.cloudtrail.selectors.matching import Selector
from cairn.cloudtrail.selectors.selection import Selection
from cairn.cloudtrail.tables import spans
from cairn.core.clock import Clock
from cairn.core.records.event import EventHeader
from cairn.core.state import State

REFRESH_S = 0.25
STALE_S = 1.0
"""A trail that began to log, or to select, so long ago is always seen."""
CATEGORIES = frozenset({"Data", "NetworkActivity"})
"""What is recorded only where a trail selects it."""

Known = Callable[[], tuple[EventHeader, Sequence[dict[str, str]]]]
"""What is known of a call's event to be: its header, as far as it goes, and its resources."""


class _Version(NamedTuple):
    """Another one after every change of what open spans select: a new span has a higher number, an ended one is
    counted no more."""

    last: int
    open: int


class WantedEvents:
    """A `core.loops.Step` that keeps the selections, and the question. Asked by one thread, refreshed by another."""

    name = "wanted"

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._version: _Version | None = None
        self._selectors: Mapping[str, tuple[Selector, ...]] = {}  # by account; replaced, never changed
        self._fresh_until = -1.0

    def step(self) -> float:
        """Read what has changed."""
        asked = self._clock.monotonic()
        opened = (spans.c.stop.is_(None), spans.c.end.is_(None))
        with self._state.read() as connection:
            last, count = connection.execute(
                sa.select(sa.func.coalesce(sa.func.max(spans.c.id), 0), sa.func.count()).where(*opened)
            ).one()
            version = _Version(last, count)
            if version != self._version:
                selections = connection.scalars(sa.select(spans.c.selection).where(*opened)).all()
                self._selectors = _by_account(selections)
                self._version = version
        self._fresh_until = asked + STALE_S
        return REFRESH_S

    def wanted(self, account: str, category: str, known: Known) -> bool:
        """Whether a trail of the account may log an event of that category; `known` is asked only if one logs any."""
        if self._clock.monotonic() > self._fresh_until:
            return True
        selectors = self._selectors.get(account)
        if selectors is None or not any(category in selector.categories for selector in selectors):
            return False
        header, resources = known()
        return any(selector.may_want(header, resources) for selector in selectors)


def _by_account(selections: Sequence[str]) -> dict[str, tuple[Selector, ...]]:
    """The selectors of trails that log more than management events."""
    found: dict[str, list[Selector]] = {}
    for text in sorted(set(selections)):
        selector = Selector(Selection.decode(text))
        if selector.categories & CATEGORIES:
            for account in selector.accounts:
                found.setdefault(account, []).append(selector)
    return {account: tuple(selectors) for account, selectors in found.items()}
