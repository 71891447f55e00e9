"""Live tail: events of the account as they enter the journal, as server-sent events."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from cairn.cloudtrail.history.live import LiveMatcher
from cairn.cloudtrail.history.search import Search
from cairn.console.exchange import Held, Refusal, bare
from cairn.console.rows import facts, live_row_of
from cairn.console.sessions import Person
from cairn.console.still import CHECK_S, Still
from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.journal.journal import Journal
from cairn.wire.http import Response

TAILS_MAX = 24
"""At the same time in one gateway process."""
TAILS_A_SESSION_MAX = 4
WAIT_S = 1.0

CONTENT_TYPE = "text/event-stream"
_encode = msgspec.json.Encoder().encode

T = TypeVar("T")


class Tails:
    """Follows the journal for whoever listens."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._threads = ThreadPoolExecutor(TAILS_MAX, thread_name_prefix="console-tail")
        self._open: Counter[str] = Counter()

    def close(self) -> None:
        self._threads.shutdown()

    def begin(self, person: Person, question: Search, still: Still) -> Response:
        """A reply that goes on until nobody listens, or `still` says no.

        Raises:
            Refusal: there are too many already.
        """
        if self._open.total() >= TAILS_MAX or self._open[person.id] >= TAILS_A_SESSION_MAX:
            raise Refusal("TooManyTails", "Too many live tails are open.", 429, advice="Close one in another window.")
        self._open[person.id] += 1
        return bare(Held(self._events(person, question, still), lambda: self._end(person.id)), CONTENT_TYPE)

    async def _events(self, person: Person, question: Search, still: Still) -> AsyncGenerator[bytes, None]:
        matcher = LiveMatcher(question.query)
        position = (await self._blocking(self._journal.bounds)).next
        checked = self._clock.monotonic()
        yield b"retry: 2000\n\n"
        while True:
            position, told = await self._blocking(self._read, position, person.account, question, matcher)
            yield told or b":\n\n"
            if self._clock.monotonic() - checked >= CHECK_S:
                checked = self._clock.monotonic()
                if not await still():
                    yield b"event: end\ndata: {}\n\n"
                    return

    def _read(self, position: int, account: str, question: Search, matcher: LiveMatcher) -> tuple[int, bytes]:
        """The next position, and what stands before it and fits, as it is sent."""
        parts = []
        for entry in self._journal.read_from(position, wait_s=WAIT_S):
            position = entry.position + 1
            for event in entry.batch.of_kind():
                header = event.header
                if header.account != account or header.category != question.category:
                    continue
                if question.regions and header.region not in question.regions:
                    continue
                found = facts(event)
                if matcher.fits(header, found, event.record):
                    id = header.id.replace("\n", "").replace("\r", "")
                    row = _encode(live_row_of(event, found)).replace(b"\n", b" ")
                    parts.append(b"id: " + id.encode() + b"\ndata: " + row + b"\n\n")
        return position, b"".join(parts)

    async def _blocking(self, function: Callable[..., T], *arguments: object) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except CairnError as error:
            raise ConnectionError(error.message) from error

    def _end(self, id: str) -> None:
        self._open[id] -= 1
        if self._open[id] <= 0:
            del self._open[id]
