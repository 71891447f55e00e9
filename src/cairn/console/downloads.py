"""Events as a file: CSV that no spreadsheet takes for formulas, or JSON as a log file has it."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from cairn.cloudtrail.history.search import Hits, Search
from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.console.exchange import Held, Refusal, bare
from cairn.console.still import CHECK_S, Still
from cairn.core.clock import Clock, iso_seconds
from cairn.wire.http import Response

EVENTS_MAX = 100_000
"""In one file. The header `x-cairn-events-max` says so."""
DOWNLOADS_MAX = 8
"""At the same time in one gateway process."""
THREADS = 2
PAGES_MAX = 2_000
"""A search that finds little is cut short often; beyond this the file ends."""
COLUMNS = (
    "Event ID",
    "Event time",
    "User name",
    "AWS access key",
    "Event name",
    "Event source",
    "AWS region",
    "Source IP address",
    "Error code",
    "Read-only",
    "Resources",
)
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings of cells that spreadsheets run."""
_NEXT_CELL = re.compile(r"([;\t\r\n][\" ]*)(?=[=+\-@＝＋－＠])")
"""Where a cell begins for spreadsheets that split at semicolons, as they do where the comma is in numbers: to them a
quote in the middle of a cell quotes nothing."""

Ask = Callable[[Search, str], Hits]


class Downloads:
    """Gives out files.

    Args:
        ask: gives a page of events; blocks.
    """

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="console-download")
        self._open = 0

    def close(self) -> None:
        self._threads.shutdown()

    def begin(self, form: str, question: Search, still: Still) -> Response:
        """The events that fit, as a file. It breaks off once `still` says no.

        Args:
            form: `csv` or `json`.

        Raises:
            Refusal: there are too many already.
        """
        if self._open >= DOWNLOADS_MAX:
            raise Refusal("TooManyDownloads", "Too many downloads are under way.", 429, advice="Wait a moment.")
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
        pages = self._pages(question, still)
        body = Held(_csv(pages) if form == "csv" else _json(pages), self._end)
        named = ("content-disposition", f'attachment; filename="event_history.{form}"')
        self._open += 1
        return bare(body, kind, headers=[named, ("x-cairn-events-max", str(EVENTS_MAX))])

    async def _pages(self, question: Search, still: Still) -> AsyncIterator[list[StoredEvent]]:
        left, token, checked = EVENTS_MAX, "", self._clock.monotonic()
        for _ in range(PAGES_MAX):
            hits = await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, question, token)
            if self._clock.monotonic() - checked >= CHECK_S:
                checked = self._clock.monotonic()
                if not await still():
                    raise ConnectionError("the session is over, or its rights are")  # so that nobody takes it for whole
            yield hits.events[:left]
            left -= len(hits.events)
            token = hits.next
            if left <= 0 or not token:
                return

    def _end(self) -> None:
        self._open -= 1


def safe(cell: str) -> str:
    """A cell that a spreadsheet shows as it is."""
    cell = _NEXT_CELL.sub(r"\1'", cell)
    return f"'{cell}" if cell.startswith(FORMULAS) else cell


async def _csv(pages: AsyncIterator[list[StoredEvent]]) -> AsyncGenerator[bytes, None]:
    yield _lines([COLUMNS])
    async for events in pages:
        yield _lines(map(_cells, events))


async def _json(pages: AsyncIterator[list[StoredEvent]]) -> AsyncGenerator[bytes, None]:
    lead = b'{"Records":['
    async for events in pages:
        if events:
            yield lead + b",".join(event.record for event in events)
            lead = b","
    yield (lead if lead != b"," else b"") + b"]}"


def _cells(event: StoredEvent) -> tuple[str, ...]:
    return (
        event.id,
        iso_seconds(event.time),
        event.user,
        event.access_key,
        event.name,
        event.source,
        event.region,
        event.source_ip,
        event.error,
        "true" if event.read_only else "false",
        "; ".join(f"{kind} {name}".strip() for kind, name in event.resources),
    )


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")
