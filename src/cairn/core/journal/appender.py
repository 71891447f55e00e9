"""The asyncio face of the journal, for doors: what is awaited together is stored together."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import msgspec
from prometheus_client import Gauge, Histogram

from cairn.core.errors import CairnError
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.journal import BatchTooLarge, JournalBusy, JournalFenced, JournalFull, JournalUnavailable
from cairn.core.journal.stream import MESSAGE_BYTES_MAX, Stream
from cairn.core.journal.writer import Writer
from cairn.core.records.event import Event

log = logging.getLogger(__name__)

APPEND_SECONDS = Histogram(
    "cairn_journal_append_seconds",
    "From sending a batch to its being durable.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30),
)
QUEUE_EVENTS = Gauge("cairn_journal_queue_events", "Events that wait for an append, or are on their way.")

BATCH_EVENTS_MAX = 1000
BATCH_BYTES_MAX = 1 << 20
"""What waits is gathered into one batch up to these; a single larger append is a batch of its own."""
HEARTBEAT_S = 15.0
"""How often a writer with open intents, or with a batch whose fate is unknown, lets itself be heard."""
GIVE_UP_S = 10.0
AWAY_S = 0.5
"""How often a journal that is away is asked whether it is back."""


class _Request(msgspec.Struct):
    """One awaited append."""

    events: Sequence[Event]
    size: int
    stored: asyncio.Future[int]


class NatsAppender:
    """`Appender` over a JetStream stream.

    The first append goes out at once; what arrives while it is under way goes out together behind it. `writer` must
    be a name that no other process appends under: whoever appends as it later takes it over.

    Once an append was given up the journal is away: until it answers again, what is new is refused at once, so that
    nobody waits long to hear no. Outcomes of open intents are tried all the same.
    """

    def __init__(
        self,
        access: JournalAccess,
        *,
        writer: str,
        origin: str = "gateway",
        queue_events_max: int = 20_000,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        self._stream = Stream(access)
        self._writer = Writer(self._stream, writer, give_up_s=give_up_s)
        self._origin = origin
        self._queue_events_max = queue_events_max
        self._waiting: deque[_Request] = deque()
        self._events_held = 0  # waiting, and on their way
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._away = False
        self._owed: list[Event] = []  # outcomes of calls that were refused because their intent's fate is unknown

    async def __aenter__(self) -> NatsAppender:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def queue_events(self) -> int:
        """Events that wait for an append now."""
        return self._events_held

    def start(self) -> None:
        """Begin to append, in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"append as {self._writer.name}")

    async def stop(self) -> None:
        """Append what waits, then end. Later appends are refused."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._stream.close()

    async def append(self, events: Sequence[Event]) -> int:
        if self._stopping or self._task is None:
            raise JournalUnavailable("the appender is not running")
        new = self._is_new(events)
        if self._away and new:
            self._owed += filter(self._writer.unsettled_intent, events)
            raise JournalUnavailable("the journal does not answer", advice="Look at nats-server and its log.")
        crowded = self._events_held + len(events) > self._queue_events_max
        if crowded and new:
            raise JournalBusy(f"{self._events_held} events wait for the journal already")
        size = sum(len(event.record) for event in events)
        if size > MESSAGE_BYTES_MAX // 2:
            raise BatchTooLarge(f"{size} bytes of events are more than one append takes")
        request = _Request(events, size, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._events_held += len(events)
        QUEUE_EVENTS.set(self._events_held)
        self._wake.set()
        return await request.stored

    async def _run(self) -> None:
        while self._waiting or not self._stopping:
            self._wake.clear()
            if not self._waiting:
                await self._idle()
                await asyncio.sleep(0)  # whoever becomes ready in the same turn comes along
                continue
            await self._append(self._gather())

    async def _idle(self) -> None:
        """Wait for work. A writer that others wait to hear from makes itself heard."""
        heard = self._writer.intents.open or self._writer.unsettled
        try:
            await asyncio.wait_for(self._wake.wait(), AWAY_S if self._away else HEARTBEAT_S if heard else None)
        except TimeoutError:
            await self._be_heard()

    async def _be_heard(self) -> None:
        """Append what is owed, or nothing."""
        owed, self._owed = self._owed, []
        try:
            await self._writer.append(owed, self._origin)
        except JournalFenced as fenced:
            log.warning("%d outcomes come too late: %s", len(owed), fenced)
        except Exception as error:  # whatever it is, the next append will say so to whoever awaits it
            self._owed = owed + self._owed
            log.warning("a heartbeat of %s was not stored: %s", self._writer.name, error)
            if not isinstance(error, JournalFull):
                return
        self._away = False

    def _gather(self) -> list[_Request]:
        taken: list[_Request] = []
        count = size = 0
        while self._waiting:
            request = self._waiting[0]
            count, size = count + len(request.events), size + request.size
            if taken and (count > BATCH_EVENTS_MAX or size > BATCH_BYTES_MAX):
                break
            taken.append(self._waiting.popleft())
        return taken

    async def _append(self, requests: list[_Request]) -> None:
        while requests:
            try:
                events = [event for request in requests for event in request.events]
                with APPEND_SECONDS.time():
                    position = await self._writer.append(events, self._origin)
            except JournalFenced as fenced:
                # Only the outcomes of calls that others recorded as unresolved are refused; the rest goes on.
                requests = self._refuse(requests, self._writer.intents.ended, fenced)
            except JournalFull as full:
                # There may be room for outcomes yet, where they stood together with something new.
                mixed = len(requests)
                requests = self._refuse(requests, self._is_new, full)
                if len(requests) == mixed:
                    self._answer(requests, full)
                    return
            except Exception as error:
                if not isinstance(error, CairnError):
                    log.exception("an append as %s failed", self._writer.name)
                    error = JournalUnavailable(f"the append failed: {error!r}")
                self._answer(requests, error)
                if isinstance(error, JournalUnavailable):
                    self._away = True
                    self._waiting = deque(self._refuse(self._waiting, self._is_new, error))
                return
            else:
                self._away = bool(self._owed)
                self._answer(requests, position)
                return

    def _is_new(self, events: Sequence[Event]) -> bool:
        return not self._writer.intents.closed_by(events)

    def _refuse(
        self, requests: Iterable[_Request], which: Callable[[Sequence[Event]], bool], error: Exception
    ) -> list[_Request]:
        """Answer those requests with `error`. Returns the others."""
        refused: list[_Request] = []
        others: list[_Request] = []
        for request in requests:
            (refused if which(request.events) else others).append(request)
        self._answer(refused, error)
        return others

    def _answer(self, requests: Sequence[_Request], answer: int | Exception) -> None:
        for request in requests:
            self._events_held -= len(request.events)
            QUEUE_EVENTS.set(self._events_held)
            if request.stored.done():
                continue  # whoever awaited it has gone
            if isinstance(answer, Exception):
                request.stored.set_exception(answer)
            else:
                request.stored.set_result(answer)
