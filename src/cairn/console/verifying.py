"""One verification of a trail, read as the person who is signed in, and told in lines of JSON."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import msgspec

from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.bucket import Bucket
from cairn.cloudtrail.verify.keys import Ask, PublicKeys
from cairn.cloudtrail.verify.log_reading import LogReading, ServersLog
from cairn.cloudtrail.verify.seen import SeenCheckpoints
from cairn.cloudtrail.verify.servers_logs import servers_logs
from cairn.cloudtrail.verify.verdicts import Tally, Verdict, What, as_object
from cairn.cloudtrail.verify.verification import Item, Progress, Verification
from cairn.console.in_process import InProcess
from cairn.core.clock import Clock, iso_seconds
from cairn.core.errors import Refused

BATCH_S = 0.25
"""How long verdicts are gathered before they are told."""
LINES_MAX = 2000
"""Verdicts that are told; of the rest only how many they are."""

_encode = msgspec.json.Encoder().encode


class Verifying:
    """A verification under way. `more` and `close` block, and are called by any thread."""

    def __init__(
        self, way: InProcess, place: Bucket, keys: Ask, trail: TrailId, start: int, end: int, clock: Clock
    ) -> None:
        self._way = way
        self._place = place
        self._trail = trail
        self._start = start
        self._end = end
        self._clock = clock
        self._keys = PublicKeys(ask=keys)
        self._tally = Tally()
        self._ours = 0
        self._told = 0
        self._omitted = 0
        self._run: Verification | None = None
        self._items = self._all()
        self._lock = threading.Lock()

    def more(self) -> bytes | None:
        """The lines of the next verdicts, as far as they are told; None once there are no more."""
        lines = []
        until = self._clock.monotonic() + BATCH_S
        with self._lock:
            for item in self._items:
                if isinstance(item, Verdict) and (line := self._line(item)):
                    lines.append(line)
                if self._clock.monotonic() >= until:
                    return b"".join(lines)
        return b"".join(lines) or None

    def stop(self) -> None:
        """Read nothing more. Does not block."""
        self._way.stop()

    def close(self) -> None:
        with self._lock:
            self._items.close()

    def progress(self) -> bytes:
        """How far it is, as a line."""
        told = self._run.progress if self._run is not None else Progress()
        return _line("progress", {"digests": told.digests, "digestsTotal": told.digests_total, "logs": told.logs})

    def summary(self) -> bytes:
        """What came of it, as a line."""
        tally = self._tally
        found = {"start": tally.found_start, "end": tally.found_end}
        return _line(
            "summary",
            {
                "logs": {"valid": tally.logs_valid, "invalid": tally.logs_invalid},
                "digests": {
                    "valid": tally.valid + tally.backfill_valid,
                    "invalid": tally.invalid + tally.backfill_invalid,
                },
                "unknown": tally.unknown,
                "byCairn": self._ours,
                "omitted": self._omitted,
                **{name: iso_seconds(time) if time is not None else None for name, time in found.items()},
            },
        )

    def _all(self) -> Generator[Item, None, None]:
        reading = LogReading(
            self._place,
            f"s3://{self._place.bucket}/{self._place.prefix}".rstrip("/"),
            SeenCheckpoints(None),
            servers=self._servers(),
        )
        of_logs = list(reading.run(self._trail))
        self._run = Verification(
            self._place, self._keys, trail=self._trail, start=self._start, end=self._end, logs=tuple(reading.logs)
        )
        yield from self._run.run()
        yield from of_logs

    def _servers(self) -> dict[TrailId, ServersLog] | None:
        """The server's own log; None for whom it is not told to: the bucket's is all they have."""
        try:
            return servers_logs(self._way.command, self._trail)
        except Refused:
            return None

    def _line(self, verdict: Verdict) -> bytes:
        if verdict.ours:
            self._ours += verdict.is_invalid
        else:
            self._tally.add(verdict, self._start, self._end)
        if verdict.is_valid and verdict.what is not What.checkpoint:
            return b""
        if self._told >= LINES_MAX:
            self._omitted += 1
            return b""
        self._told += 1
        return _line("verdict", as_object(verdict) | {"line": verdict.line})


def _line(type: str, told: dict[str, Any]) -> bytes:
    return _encode({"type": type} | told) + b"\n"
