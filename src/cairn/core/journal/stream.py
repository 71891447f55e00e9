"""The JetStream stream that is the journal: each request to it as one function, its refusals as typed errors.

Every writer has a subject of its own, and each publish names the position of that writer's last batch; the server
refuses it unless that still is the subject's last. So a repeat stores nothing, and a writer that was fenced finds out.
Reads ask for ranges of positions and leave no state in the server; the server rings a bell for each stored batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Coroutine
from typing import Any, TypeVar

import nats
import nats.errors
from nats.js import api
from nats.js import errors as js_errors

from cairn.core.clock import from_iso
from cairn.core.errors import CairnError
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.journal import Bounds, JournalFull
from cairn.core.journal.reading import Stored

log = logging.getLogger(__name__)

T = TypeVar("T")

STREAM = "cairn-journal"
SUBJECT = "cairn.journal"
BELL = "cairn.bell"
MESSAGE_BYTES_MAX = 8 << 20
"""The server's `max_payload`."""
SERVER_VERSION_MIN = (2, 11)  # the first that reads a range of positions with one request

ANSWER_S = 5.0
CONNECT_S = 3.0
CANCEL_AGAIN_S = 0.1
RECONNECT_PAUSE_S = 0.05
FETCH_BATCHES_MAX = 10_000

_WRONG_LAST = 10071
_FULL = (10077, 10047, 10023)  # maximum bytes exceeded, insufficient storage, insufficient resources
_TRIMMED = "cairn.trimmed"


class NoAnswer(Exception):
    """Whether the request was carried out is unknown."""


class WrongLast(Exception):
    """The subject's last batch is at another position: `last`, 0 if it has none."""

    def __init__(self, last: int) -> None:
        super().__init__(f"the writer's last batch is at {last}")
        self.last = last


class Stream:
    """One connection to the journal's stream. All methods belong to the event loop that first used it."""

    def __init__(self, access: JournalAccess) -> None:
        self.access = access
        self.connections = 0
        """How often it was connected again."""
        self.rings = 0
        """How often the bell was heard. Taken before a read that listens, it tells whether to wait after it."""
        self._client: Any = None
        self._last_error: Exception | None = None
        self._opening = asyncio.Lock()
        self._lost = asyncio.Event()  # set when the connection is lost; replaced when it is back
        self._listening = False
        self._bell = asyncio.Event()  # set when it rings, and replaced

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def publish(self, writer: str, data: bytes, *, message_id: str, after: int) -> int:
        """Store `data` if the writer's last batch is at `after` (0: it has none), and return the position.

        Raises:
            WrongLast, JournalFull: nothing was stored.
            NoAnswer: whether it was stored is unknown.
        """
        headers = {"Nats-Msg-Id": message_id, "Nats-Expected-Last-Subject-Sequence": str(after)}
        answer = await self._ask(f"{SUBJECT}.{writer}", data, headers)
        error = answer.get("error")
        if error is None:
            return int(answer["seq"])
        code, description = error.get("err_code"), error.get("description", "")
        if code == _WRONG_LAST and (last := re.search(r"(\d+)$", description)):
            raise WrongLast(int(last[1]))
        if code in _FULL:
            raise JournalFull(
                f"the journal is full: {description}", advice="Raise journal.bytes_max, or see which sink is behind."
            )
        raise NoAnswer(f"the journal refused a batch: {description}")

    async def last_of(self, writer: str) -> Stored | None:
        """The writer's last batch."""
        return await self._get({"last_by_subj": f"{SUBJECT}.{writer}"})

    async def next_of(self, writer: str, after: int) -> Stored | None:
        """The writer's first batch behind position `after`."""
        return await self._get({"seq": after + 1, "next_by_subj": f"{SUBJECT}.{writer}"})

    async def fetch(self, position: int, bytes_max: int, *, listen: bool = False) -> list[Stored]:
        """What is stored from `position` on, in order, about `bytes_max` bytes at the most; none if nothing is.

        Args:
            listen: have the bell ring once for what is stored from now on.
        """
        client = await self._connected()
        if listen:
            await self._listen(client)
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        try:
            request = {"seq": position, "batch": FETCH_BATCHES_MAX, "max_bytes": bytes_max}
            await client.publish(f"$JS.API.DIRECT.GET.{STREAM}", json.dumps(request).encode(), reply=inbox)
            found: list[Stored] = []
            while True:
                message = await self._or_lost(subscription.next_msg(ANSWER_S))
                if (stored := _stored(message)) is None:
                    return found
                found.append(stored)
        except (nats.errors.Error, TimeoutError) as error:
            raise NoAnswer(f"the journal cannot be read: {error}") from error
        finally:
            if client.is_connected:
                await subscription.unsubscribe()

    async def bounds(self) -> tuple[Bounds, int]:
        """What is stored, and the position before which everything was let go on purpose."""
        info = await self._info()
        state, metadata = info["state"], info["config"].get("metadata") or {}
        bounds = Bounds(max(1, state["first_seq"]), state["last_seq"] + 1)
        return bounds, min(bounds.first, int(metadata.get(_TRIMMED, 1)))

    async def trim(self, before: int) -> None:
        """Let go of what stands before `before`. The intent is durable first, so that a reader can tell trimmed
        from lost."""
        info = await self._info()
        config, metadata = info["config"], info["config"].get("metadata") or {}
        before = max(min(before, info["state"]["last_seq"] + 1), int(metadata.get(_TRIMMED, 1)))
        config["metadata"] = metadata | {_TRIMMED: str(before)}
        for verb, request in (("UPDATE", config), ("PURGE", {"seq": before})):
            answer = await self._ask(f"$JS.API.STREAM.{verb}.{STREAM}", json.dumps(request).encode())
            if "error" in answer:
                raise NoAnswer(f"the journal cannot be trimmed: {answer['error'].get('description')}")

    async def wait_rung(self, since: int, seconds: float) -> None:
        """Return once the bell has rung more than `since` times, or after `seconds`."""
        if self.rings == since:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), seconds)

    async def _info(self) -> dict[str, Any]:
        info = await self._ask(f"$JS.API.STREAM.INFO.{STREAM}", b"")
        if "error" in info:
            raise NoAnswer(f"the journal cannot be read: {info['error'].get('description')}")
        return info

    async def _listen(self, client: Any) -> None:
        """Hear the bell once from now on. Hearing each would cost a busy reader more than its reads do."""

        async def ring(_message: object) -> None:
            self.rings += 1
            self._listening = False
            self._bell.set()
            self._bell = asyncio.Event()

        if not self._listening:
            self._listening = True
            try:
                subscription = await client.subscribe(f"{BELL}.*", cb=ring)
                await subscription.unsubscribe(limit=1)
            except BaseException:
                self._listening = False
                raise

    async def _get(self, request: dict[str, Any]) -> Stored | None:
        client = await self._connected()
        subject = f"$JS.API.DIRECT.GET.{STREAM}"
        try:
            message = await self._or_lost(client.request(subject, json.dumps(request).encode(), timeout=ANSWER_S))
        except (nats.errors.Error, TimeoutError) as error:
            raise NoAnswer(f"the journal cannot be read: {error}") from error
        return _stored(message)

    async def _ask(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
        client = await self._connected()
        try:
            message = await self._or_lost(client.request(subject, data, timeout=ANSWER_S, headers=headers))
            answer: dict[str, Any] = json.loads(message.data)
        except (nats.errors.Error, TimeoutError, ValueError) as error:
            raise NoAnswer(f"the journal does not answer: {error or type(error).__name__}") from error
        return answer

    async def _or_lost(self, request: Any) -> Any:
        """The request's answer, given up as soon as the connection it went out on is lost."""
        answer, lost = asyncio.ensure_future(request), asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait((answer, lost), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise NoAnswer("the connection to the journal was lost")
            return answer.result()
        finally:
            answer.cancel()
            lost.cancel()

    async def _connected(self) -> Any:
        """The client, once it is connected and the stream is there."""
        async with self._opening:
            if self._client is None:
                try:
                    self._client = await ended_within(CONNECT_S, self._open())
                except (OSError, TimeoutError, nats.errors.Error) as error:
                    reason = str(error) or str(self._last_error or "timeout")
                    raise NoAnswer(f"{self.access.address} does not answer: {reason}") from error
        if not self._client.is_connected:
            raise NoAnswer("the journal is not connected")
        return self._client

    async def _open(self) -> Any:
        async def lost() -> None:
            if not client.is_closed:
                log.warning("the connection to the journal is lost")
            self._lost.set()

        async def back() -> None:
            log.info("the journal is connected again")
            self.connections += 1
            self._lost = asyncio.Event()

        async def failed(error: Exception) -> None:
            self._last_error = error
            log.debug("the journal's connection: %r", error)

        access = self.access
        client = nats.NATS()
        try:
            await client.connect(
                access.address.split(","),
                user=access.user or None,
                password=access.password or None,
                user_credentials=access.credentials_file or None,
                disconnected_cb=lost,
                reconnected_cb=back,
                error_cb=failed,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_PAUSE_S,
                connect_timeout=2,
                pending_size=4 * MESSAGE_BYTES_MAX,
            )
            version = client.connected_server_version
            if (version.major, version.minor) < SERVER_VERSION_MIN:
                raise CairnError(f"the NATS server is of version {version}; the journal needs 2.11 or newer")
            await self._declare(client)
        except BaseException:
            await client.close()
            raise
        return client

    async def _declare(self, client: Any) -> None:
        """Make the stream, or bring it to the shape that the settings ask for."""
        manager = client.jetstream(timeout=ANSWER_S)
        shape = {"max_bytes": self.access.bytes_max, "num_replicas": self.access.replicas}
        try:
            config = (await manager.stream_info(STREAM)).config
        except js_errors.NotFoundError:
            await manager.add_stream(
                api.StreamConfig(
                    name=STREAM,
                    subjects=[f"{SUBJECT}.*"],
                    storage=api.StorageType.FILE,
                    discard=api.DiscardPolicy.NEW,
                    allow_direct=True,
                    republish=api.RePublish(src=f"{SUBJECT}.*", dest=BELL + ".{{wildcard(1)}}", headers_only=True),
                    **shape,
                )
            )
            return
        if any(getattr(config, name) != value for name, value in shape.items()):
            await manager.update_stream(config, **shape)


async def ended_within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, as `asyncio.wait_for` has it, also where `work` does not heed that it is cancelled: the
    library's `connect` may swallow it and go on for ever.

    Raises:
        TimeoutError: it took longer, and has ended.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)
    if task.cancelled():
        raise TimeoutError
    return task.result()


def _stored(message: Any) -> Stored | None:
    """What a direct get brought; None for its end, and where there is nothing."""
    headers = message.headers or {}
    if "Status" in headers:
        if headers["Status"] not in ("204", "404"):
            raise NoAnswer(f"the journal cannot be read: status {headers['Status']}")
        return None
    time = _seconds(headers["Nats-Time-Stamp"])
    return Stored(int(headers["Nats-Sequence"]), time, message.data, len(message.data))


def _seconds(stamp: str) -> float:
    """Seconds since the epoch of a time with up to nine decimals, such as `2023-07-10T11:42:07.138732967Z`."""
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    return from_iso(whole) + float(f"0.{fraction or 0}")
