"""What `cairn insights` asks of a gateway: calls as Insights counts them, and metric data of any account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.cloudtrail.history import HistoryReader
from cairn.cloudtrail.history.moments import moment
from cairn.cloudtrail.history.search import LIMIT_MAX
from cairn.cloudtrail.insights import metric_data
from cairn.cloudtrail.insights.counting import counts_of
from cairn.cloudtrail.insights.data_operations import POINTS_MAX
from cairn.cloudtrail.insights.series import Call, SeriesKey
from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.state import State
from cairn.gateway.admin import Answer
from cairn.service.commands import question_of

EVENTS_MAX = 20_000
"""Events of which one answer has the calls."""
ANSWER_S = 1.0
"""After which an answer has what it has."""


class InsightCommands:
    """The answers, by method and name.

    Args:
        state: of the schema of Insights.
    """

    def __init__(self, history: HistoryReader, state: State, clock: Clock) -> None:
        self._history = history
        self._state = state
        self._clock = clock

    def answers(self) -> dict[tuple[str, str], Answer]:
        return {("GET", "calls"): self.calls, ("GET", "metric-data"): self.metric_data}

    def calls(self, query: Mapping[str, str], body: bytes) -> Any:
        """Calls of the events that a search finds, the oldest first: each series once, and of each minute how often
        who called."""
        question = question_of({**query, "order": "oldest"}, self._clock.now())
        question = msgspec.structs.replace(question, limit=LIMIT_MAX)
        deadline = self._clock.monotonic() + ANSWER_S
        counted: dict[tuple[SeriesKey, int, Call], int] = {}
        token, events = query.get("next", ""), 0
        while True:
            hits = self._history.search(question, token)
            events += len(hits.events)
            for event in hits.events:
                for key, minute, call in counts_of(event.header, event.record):
                    counted[key, minute, call] = counted.get((key, minute, call), 0) + 1
            last = hits.events[-1].time if hits.events else None
            token = hits.next
            if not token or hits.partial or events >= EVENTS_MAX or self._clock.monotonic() >= deadline:
                return {"events": events, "time": last, "next": token, **_numbered(counted)}

    def metric_data(self, query: Mapping[str, str], body: bytes) -> Any:
        """Points of a series of any account: when a minute begins, in seconds since the epoch, and its calls."""
        now = self._clock.now()
        key = SeriesKey(*(query.get(name, "") for name in ("account", "region", "source", "name", "type", "error")))
        start, end = moment(query.get("since", ""), now, 0.0), moment(query.get("until", ""), now, now)
        try:
            period = int(query.get("period", "60"))
        except ValueError:
            period = 0
        if period not in metric_data.KEPT_S:
            raise CairnError(f"{query['period']!r} is no period", advice="There are 60, 300 and 3600.")
        with self._state.read() as connection:
            points = metric_data.read(connection, key, query.get("trail", ""), period, start, end, limit=POINTS_MAX)
        return {"points": points}


def _numbered(counted: Mapping[tuple[SeriesKey, int, Call], int]) -> dict[str, Any]:
    """Series by their places in a list, so that their texts are sent once."""
    numbers: dict[SeriesKey, int] = {}
    calls = [
        (numbers.setdefault(key, len(numbers)), minute, call, times) for (key, minute, call), times in counted.items()
    ]
    return {"series": list(numbers), "calls": calls}
