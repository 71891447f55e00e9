"""What one detector looks at, and which trails look through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from cairn.cloudtrail import spans
from cairn.cloudtrail.gather import compiled
from cairn.cloudtrail.insights.series import DATA, MANAGEMENT, Scope
from cairn.cloudtrail.selectors import Selection, Selector
from cairn.cloudtrail.spans import Span
from cairn.core.journal.journal import JournalEntry
from cairn.core.records.event import Event


class Lens(NamedTuple):
    """One account and Region: the management events that trails with Insights log there, or the data events of one
    such trail."""

    account: str
    region: str
    trail: str = ""
    """Whose data events they are, an ARN; empty: management events."""

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)

    @property
    def category(self) -> str:
        return DATA if self.trail else MANAGEMENT


class Looking(NamedTuple):
    """A span of a trail that has Insights."""

    span: Span
    selection: Selection
    selector: Selector

    def looks_through(self, lens: Lens) -> bool:
        """Whether it looks for insights there."""
        if lens.account not in self.selector.accounts:
            return False
        if not self.selection.multi_region and self.selection.home_region != lens.region:
            return False
        return self._has(lens.category) and lens.trail in ("", self.selection.trail)

    def lens_of(self, entry: JournalEntry, event: Event) -> Lens | None:
        """Through which lens it sees an event; None if it does not."""
        header = event.header
        if not self._has(header.category) or not self.span.holds(entry.position, entry.time, header.time):
            return None
        if not self.selector.wants(event):
            return None
        trail = self.selection.trail if header.category == DATA else ""
        return Lens(header.account, header.region, trail)

    def _has(self, category: str) -> bool:
        return any(category in one.categories for one in self.selection.insights)


def looking(connection: sa.Connection, position: int) -> Sequence[Looking]:
    """Who looks for insights in the journal from `position` on."""
    found = []
    for span in spans.reaching(connection, position):
        selection = Selection.decode(span.selection)
        if selection.insights:
            found.append(Looking(span, selection, compiled(span.selection)))
    return found
