"""Verifications from the console: who may have one, for how long, and what is told meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from cairn.cloudtrail.trail import TrailId, parse_arn
from cairn.cloudtrail.verify.bucket import Bucket
from cairn.console.calls import Answer, Calls
from cairn.console.exchange import Held, Refusal, Visit, bare
from cairn.console.in_process import InProcess
from cairn.console.sessions import Person
from cairn.console.verifying import Verifying
from cairn.core.clock import Clock, from_iso
from cairn.core.errors import CairnError
from cairn.wire.http import Response
from cairn.wire.signing import Credentials

log = logging.getLogger(__name__)

VERIFICATIONS_MAX = 3
"""At the same time in one gateway process; of a session, one."""
RANGE_S_MAX = 366 * 86400
TIME_S_MAX = 600.0
"""How long one may take."""
TELL_S = 1.0
"""How often it is told how far it is; a client that left is noticed then."""
KEYS_SINCE = 1
"""ListPublicKeys is asked for all keys from this second on; 0 stands for no time at all in some clients."""
CONTENT_TYPE = "application/x-ndjson"

AsPerson = Callable[[str, Mapping[str, Any], str], dict[str, Any]]
"""An operation of CloudTrail's, its input, and the Region, called as the person; blocks."""


class VerifyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trail, by its ARN, and what the AWS CLI calls start-time and end-time, as ISO texts."""

    trail: str
    start: str
    end: str


class Verifications:
    """Runs verifications in threads.

    Args:
        answer: the gateway.
        endpoint: where it answers.
    """

    def __init__(self, calls: Calls, answer: Answer, clock: Clock, *, endpoint: str) -> None:
        self._calls = calls
        self._answer = answer
        self._clock = clock
        self._endpoint = endpoint
        self._threads = ThreadPoolExecutor(VERIFICATIONS_MAX, thread_name_prefix="console-verify")
        self._open: dict[str, InProcess | None] = {}

    def close(self) -> None:
        for way in self._open.values():
            if way is not None:
                way.stop()
        self._threads.shutdown(wait=False)

    async def begin(self, visit: Visit, person: Person, asked: VerifyRequest) -> Response:
        """A reply of JSON lines that goes on until all is verified, or nobody listens.

        Raises:
            Refusal: one is under way already, or the person may not see the trail.
        """
        trail, start, end = parse_arn(asked.trail), _time(asked.start), _time(asked.end)
        if not 0 <= end - start <= RANGE_S_MAX:
            raise Refusal(
                "ValidationException", f"Give a start, and an end at most {RANGE_S_MAX // 86400} days later.", 400
            )
        if person.id in self._open or len(self._open) >= VERIFICATIONS_MAX:
            raise Refusal(
                "TooManyVerifications", "A verification is under way already.", 429, advice="Wait, or cancel it."
            )
        self._open[person.id] = None
        try:
            verifying = await self._prepared(visit, person, trail, start, end)
        except BaseException:
            del self._open[person.id]
            raise
        return bare(Held(self._lines(verifying), lambda: self._end(person.id, verifying)), CONTENT_TYPE)

    async def _prepared(self, visit: Visit, person: Person, trail: TrailId, start: int, end: int) -> Verifying:
        async def called(operation: str, input: Mapping[str, Any], region: str) -> dict[str, Any]:
            return await self._calls.call(person.key, "cloudtrail", operation, input, region=region, peer=visit.peer)

        loop = asyncio.get_running_loop()

        def public_keys(region: str) -> Iterable[Mapping[str, Any]]:
            listing = called("ListPublicKeys", {"StartTime": KEYS_SINCE}, region)
            listed: list[Mapping[str, Any]] = asyncio.run_coroutine_threadsafe(listing, loop).result()["PublicKeyList"]
            return listed

        found = (await called("GetTrail", {"Name": trail.arn}, trail.home_region))["Trail"]
        key = person.key
        credentials = Credentials(key.id, key.secret, key.token)
        way = InProcess(self._answer, credentials, endpoint=self._endpoint, region=trail.home_region, peer=visit.peer)
        place = Bucket(
            self._endpoint,
            found["S3BucketName"],
            found.get("S3KeyPrefix", ""),
            credentials=lambda: credentials,
            region=trail.home_region,
            get=way.get,
        )
        self._open[person.id] = way
        return Verifying(way, place, public_keys, trail, start, end, self._clock)

    async def _lines(self, verifying: Verifying) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        until = self._clock.monotonic() + TIME_S_MAX
        try:
            while True:
                batch = loop.run_in_executor(self._threads, verifying.more)
                while not (await asyncio.wait({batch}, timeout=TELL_S))[0]:
                    yield verifying.progress()
                    if self._clock.monotonic() > until:
                        raise Refusal("TooLong", f"This took longer than {TIME_S_MAX:g} seconds.", 503)
                lines = batch.result()
                if lines is None:
                    break
                yield lines + verifying.progress()
                if self._clock.monotonic() > until:
                    raise Refusal("TooLong", f"This took longer than {TIME_S_MAX:g} seconds.", 503)
            yield verifying.progress() + verifying.summary()
        except Refusal as refusal:
            yield _failed(refusal)
        except CairnError as error:
            yield _failed(Refusal.of(error))
        except Exception:
            log.exception("a verification failed")
            yield _failed(
                Refusal("InternalFailure", "This failed because of an error of ours; our log tells more.", 500)
            )

    def _end(self, session: str, verifying: Verifying) -> None:
        del self._open[session]
        verifying.stop()
        self._threads.submit(verifying.close)


def _failed(refusal: Refusal) -> bytes:
    told = {"code": refusal.code, "message": refusal.message, "advice": refusal.advice}
    return msgspec.json.encode({"type": "error", "error": told}) + b"\n"


def _time(text: str) -> int:
    try:
        return from_iso(text)
    except ValueError:
        raise Refusal("ValidationException", f"{text!r} is no ISO time.", 400) from None
