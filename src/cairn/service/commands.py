"""What the commands of the command line ask of a gateway: plain functions behind `gateway.admin`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec

from cairn.cloudtrail.checkpoints.logs import CheckpointLogs
from cairn.cloudtrail.digests.requests import DigestRequests
from cairn.cloudtrail.digests.restore import Restoration
from cairn.cloudtrail.flush import FlushAnswer, Flushes
from cairn.cloudtrail.history import HistoryReader, StoredEvent
from cairn.cloudtrail.history.facts import insight_subject
from cairn.cloudtrail.history.lookup import TIME_MAX
from cairn.cloudtrail.history.moments import moment
from cairn.cloudtrail.history.query import parse_query
from cairn.cloudtrail.history.search import Search
from cairn.cloudtrail.redeliver import Redelivery
from cairn.cloudtrail.trail import parse_arn
from cairn.core.clock import Clock, iso_seconds
from cairn.core.errors import CairnError
from cairn.core.journal.check import JOURNAL
from cairn.core.journal.journal import Bounds, Journal, JournalUnavailable
from cairn.core.records.event import Event
from cairn.core.records.parse import event_from_record
from cairn.core.status import Standing, StatusBoard
from cairn.gateway.admin import Answer, Stream, whole

FLUSH_S_MAX = 300.0
STALE_S = 15.0
"""A loop of which nothing was heard for so long no longer runs."""
TAIL_WAIT_S = 1.0


CATEGORIES = {"management": "Management", "data": "Data", "insight": "Insight"}
"""Of events, as people type them and as records have them."""


class FlushRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    trail: str = ""
    timeout_s: float = 60.0
    digests: bool = False


class RedeliverRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    trail: str
    since: str
    until: str = ""
    all_files: bool = False


class Commands:
    """The answers, by method and name."""

    def __init__(
        self,
        *,
        journal: Journal,
        history: HistoryReader,
        flushes: Flushes,
        redelivery: Redelivery,
        digest_requests: DigestRequests,
        restoration: Restoration,
        checkpoints: CheckpointLogs,
        board: StatusBoard,
        clock: Clock,
        problems: Callable[[], list[str]],
    ) -> None:
        self._journal = journal
        self._history = history
        self._flushes = flushes
        self._redelivery = redelivery
        self._digest_requests = digest_requests
        self._restoration = restoration
        self._checkpoints = checkpoints
        self._board = board
        self._clock = clock
        self._problems = problems

    def answers(self) -> dict[tuple[str, str], Answer]:
        return {
            ("GET", "status"): self.status,
            ("GET", "search"): self.search,
            ("POST", "flush"): self.flush,
            ("POST", "redeliver"): self.redeliver,
            ("POST", "rebuild"): self.begin_rebuild,
            ("GET", "rebuild"): self.rebuild,
            ("POST", "import"): self.take_in,
        }

    def streams(self) -> dict[str, Stream]:
        return {"tail": self.tail}

    def status(self, query: Mapping[str, str], body: bytes) -> Any:
        """Every loop, the journal's extent and faults, and what of the history is damaged or was set aside."""
        now = self._clock.now()
        problems = self._problems()
        try:
            bounds = self._journal.bounds()
        except JournalUnavailable as error:
            problems = [f"the journal does not answer: {error.message}", *problems]
            bounds = Bounds(0, 0)
        standings = self._board.read()
        loops = [msgspec.to_builtins(standing) | {"state": _state(standing, now)} for standing in standings]
        faults = sum(standing.failures for standing in standings if standing.name == JOURNAL)
        return {
            "now": now,
            "problems": problems,
            "loops": loops,
            "journal": {"first": bounds.first, "next": bounds.next, "faults": faults},
            "history": {"damaged": self._history.damage(), "set_aside": self._history.set_aside()},
        }

    def search(self, query: Mapping[str, str], body: bytes) -> Any:
        """A page of events, or counts of a field."""
        question = question_of(query, self._clock.now())
        field = query.get("count", "")
        if field:
            summary = self._history.summarize(question, fields=[field])
            counts = [{"value": value, "events": count} for value, count in next(iter(summary.counts.values()))]
            return {"counts": counts, "partial": summary.partial}
        hits = self._history.search(question, query.get("next", ""))
        return {"events": [_row(event) for event in hits.events], "next": hits.next, "partial": hits.partial}

    def flush(self, query: Mapping[str, str], body: bytes) -> Any:
        """Deliver now, and wait until it is done; then make digests now, if asked for."""
        request = msgspec.json.decode(body, type=FlushRequest)
        timeout_s = min(request.timeout_s, FLUSH_S_MAX)
        deadline = self._clock.monotonic() + timeout_s
        answer = self._flushes.wait(self._flushes.request(request.trail), timeout_s)
        told = {"done": answer is not None, "digests": []} | msgspec.to_builtins(answer or FlushAnswer([], []))
        if answer is not None and request.digests:
            number = self._digest_requests.request(request.trail)
            made = self._digest_requests.wait(number, max(deadline - self._clock.monotonic(), 0.0))
            told["done"] = made is not None
            if made is not None:
                told["digests"] = msgspec.to_builtins(made.files)
                told["failures"] += msgspec.to_builtins(made.failures)
        return told

    def redeliver(self, query: Mapping[str, str], body: bytes) -> Any:
        """Put again what a trail's bucket lost: log files, the digests that prove them, and, soon after by the worker,
        the checkpoint log."""
        request = msgspec.json.decode(body, type=RedeliverRequest)
        now = self._clock.now()
        trail = parse_arn(request.trail)
        within = (moment(request.since, now, 0.0), moment(request.until, now, now))
        files = list(self._redelivery.redeliver(trail, *within, all_files=request.all_files))
        digests = list(self._restoration.restore(trail, *within, all_files=request.all_files))
        self._checkpoints.publish_again(trail)
        return {"files": files + digests}

    def begin_rebuild(self, query: Mapping[str, str], body: bytes) -> Any:
        """Have the history built again."""
        self._history.request_rebuild()
        return {}

    def rebuild(self, query: Mapping[str, str], body: bytes) -> Any:
        """What the last rebuild does, and how far the history is in the journal."""
        begun = self._history.rebuilt()
        standing = {"position": self._history.position(), "journal_next": self._journal.bounds().next}
        return {"begun": begun is not None} | standing | (msgspec.to_builtins(begun) if begun is not None else {})

    def take_in(self, query: Mapping[str, str], body: bytes) -> Any:
        """Append records of existing log files, one a line, to the journal; those that the history has are left out."""
        events = [event_from_record(line) for line in body.split(b"\n") if line]
        known = self._history.known([event.header.id for event in events])
        new = [event for event in events if event.header.id not in known]
        if new:
            self._journal.append(new, origin="import")
        return {"events": len(new), "duplicates": len(events) - len(new)}

    async def tail(self, query: Mapping[str, str]) -> AsyncIterator[Any]:
        """Records as they enter the journal, and an empty object as a sign of life while none do."""
        category = category_of(query, "")
        position = (await asyncio.to_thread(self._journal.bounds)).next
        while True:
            entries = await asyncio.to_thread(self._journal.read_from, position, wait_s=TAIL_WAIT_S)
            if not entries:
                yield {}
            for entry in entries:
                position = entry.position + 1
                for event in entry.batch.of_kind():
                    if category in ("", event.header.category) and _wanted(event, query):
                        yield msgspec.Raw(event.record)


def question_of(query: Mapping[str, str], now: float) -> Search:
    """What `cairn search` asks of the history.

    Raises:
        CairnError: it cannot be understood.
    """
    return Search(
        query=parse_query(query.get("query", "")),
        accounts=_listed(query.get("account", "")),
        regions=_listed(query.get("region", "")),
        category=category_of(query, "Management"),
        newest_first=query.get("order") != "oldest",
        limit=whole(query.get("limit", "50"), "events"),
        time_min=int(moment(query.get("since", ""), now, -TIME_MAX)),
        time_max=int(moment(query.get("until", ""), now, TIME_MAX)),
    )


def category_of(query: Mapping[str, str], default: str) -> str:
    """The eventCategory that is asked for."""
    name = query.get("category", "")
    if name and name not in CATEGORIES:
        raise CairnError(f"{name!r} is no category of events", advice=f"There are {', '.join(CATEGORIES)}.")
    return CATEGORIES.get(name, default)


def _state(standing: Standing, now: float) -> str:
    if now - standing.written > STALE_S:
        return "gone"
    return "failing" if standing.failures else "ok"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _row(event: StoredEvent) -> dict[str, Any]:
    """An event as `cairn search` shows it."""
    return {
        "time": iso_seconds(event.time),
        "name": event.name,
        "source": event.source,
        "user": event.user,
        "account": event.account,
        "region": event.region,
        "error": event.error,
        "record": msgspec.Raw(event.record),
    }


def _wanted(event: Event, query: Mapping[str, str]) -> bool:
    header = event.header
    name, source = header.name, header.source
    if header.category == "Insight":
        name, source = insight_subject(event.parse(), name, source)
    return (
        query.get("name", "") in ("", name)
        and query.get("source", "") in ("", source)
        and query.get("account", "") in ("", header.account)
        and not (query.get("writes") and header.read_only)
    )
