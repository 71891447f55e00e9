"""Which checkpoint logs a place should have, under which keys, and what became of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cairn.cloudtrail.checkpoints.leaf import origin
from cairn.cloudtrail.checkpoints.note import BadNote, Checkpoint, VerifierKey, open_checkpoint
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.checkpoint_log import (
    CHECKPOINT,
    KEY,
    Fetch,
    LogDamaged,
    ReadLog,
    SeenBefore,
    find_logs,
    in_place,
    read_log,
)
from cairn.cloudtrail.verify.places import NotThere, Place
from cairn.cloudtrail.verify.seen import SeenCheckpoints
from cairn.cloudtrail.verify.verdicts import INVALID, NOTE, VALID, Verdict, What

YOURS = "your checkpoint file"
SERVERS = "the server"

_ORIGIN = re.compile(r"cairn/(?P<account>\d{12})/(?P<region>[a-z0-9-]+)/(?P<name>[^/]+)")


class ServersLog(NamedTuple):
    """A log as a running server tells it."""

    key: str
    checkpoint: str
    fetch: Fetch


class LogReading:
    """One reading of all logs of a place. `verdicts` and `logs` fill as `run` goes on.

    Args:
        where: how the place is remembered: `s3://bucket/prefix`.
        given: a key that the person named.
        servers: what a running server tells, by trail.
        signatures: keep those of digests, for a place that has no metadata.
    """

    def __init__(
        self,
        place: Place,
        where: str,
        seen: SeenCheckpoints,
        *,
        given: VerifierKey | None = None,
        servers: Mapping[TrailId, ServersLog] | None = None,
        signatures: bool = False,
    ) -> None:
        self.logs: list[ReadLog] = []
        self._place = place
        self._where = where
        self._seen = seen
        self._given = given
        self._servers = dict(servers or {})
        self._signatures = signatures
        self._fresh: list[tuple[str, VerifierKey, str]] = []

    def run(self, trail: TrailId | None) -> Iterator[Verdict]:
        """Read the log of one trail, or all that are there, were there, or should be there."""
        trails = [trail] if trail is not None else sorted(self._trails(), key=origin)
        for each in trails:
            yield from self._one(each)

    def remember(self) -> None:
        """Keep what was seen, for the next time. Logs that were not well are kept as they were before."""
        for name, key, note in self._fresh:
            self._seen.remember(name, self._where, key, note)

    def _trails(self) -> set[TrailId]:
        known = (_ORIGIN.fullmatch(name) for name in self._seen.origins(self._where))
        remembered = {TrailId(match["account"], match["region"], match["name"]) for match in known if match}
        return {*find_logs(self._place), *remembered, *self._servers}

    def _one(self, trail: TrailId) -> Iterator[Verdict]:
        name = origin(trail)
        servers = self._servers.get(trail)
        try:
            key, first = self._key(trail, servers)
            before = self._before(name, key, servers)
        except BadNote as error:
            yield _verdict(name, f"{INVALID}{error}")
            return
        if key is None:
            if self._seen.key(name) is not None or servers is not None:
                yield _verdict(name, f"{INVALID}it is gone")
            elif self._has_checkpoint(trail):
                yield _verdict(name, f"{INVALID}its key is gone from the bucket: give it by --log-key")
            else:
                yield _verdict(name, f"{NOTE}there is none: nothing tells whether the newest digests were deleted")
            return
        if first:
            yield _verdict(name, f"{NOTE}its key is trusted since it is seen for the first time: {key}")
        yield from self._read(trail, key, before, servers)

    def _read(
        self, trail: TrailId, key: VerifierKey, before: list[SeenBefore], servers: ServersLog | None
    ) -> Iterator[Verdict]:
        name = origin(trail)
        try:
            log = read_log(in_place(self._place, trail), trail, key, before, signatures=self._signatures)
        except (NotThere, LogDamaged) as error:
            if isinstance(error, LogDamaged):
                yield _verdict(name, f"{INVALID}{error}")
            elif before:
                known = max(before, key=lambda seen: seen.checkpoint.size)
                yield _verdict(name, f"{INVALID}it is gone, and {known.where} knows {known.checkpoint.size} digests")
            if servers is not None:
                yield from self._from_server(trail, key, before, servers)
            return
        self.logs.append(log)
        self._fresh.append((name, key, log.note))
        yield _verdict(name, VALID, size=log.checkpoint.size)

    def _from_server(
        self, trail: TrailId, key: VerifierKey, before: list[SeenBefore], servers: ServersLog
    ) -> Iterator[Verdict]:
        """The server's own copy tells which digests the bucket should have."""
        name = f"{origin(trail)} ({SERVERS})"
        try:
            log = read_log(servers.fetch, trail, key, before, signatures=self._signatures)
        except (NotThere, LogDamaged) as error:
            yield _verdict(name, f"{INVALID}{error}")
            return
        self.logs.append(log)
        yield _verdict(name, VALID, size=log.checkpoint.size)

    def _has_checkpoint(self, trail: TrailId) -> bool:
        try:
            return bool(in_place(self._place, trail)(CHECKPOINT))
        except NotThere:
            return False

    def _key(self, trail: TrailId, servers: ServersLog | None) -> tuple[VerifierKey | None, bool]:
        """The key that the log must be signed by, and whether nobody has ever said so before."""
        name = origin(trail)
        if self._given is not None and self._given.name == name:
            return self._given, False
        remembered = self._seen.key(name)
        if servers is not None:
            key = VerifierKey.parse(servers.key)
            if remembered is not None and str(remembered) != str(key):
                anew = f"if the server was begun anew on purpose, take the log out of {self._seen.path}"
                raise BadNote(f"the server signs it with {key}, and it was seen with {remembered}; {anew}")
            return key, remembered is None
        if remembered is not None:
            return remembered, False
        try:
            return VerifierKey.parse(in_place(self._place, trail)(KEY).decode()), True
        except (NotThere, UnicodeDecodeError):
            return None, False

    def _before(self, name: str, key: VerifierKey | None, servers: ServersLog | None) -> list[SeenBefore]:
        before: list[SeenBefore] = []
        if key is None:
            return before
        kept: Checkpoint | None = self._seen.checkpoint(name, key)
        if kept is not None:
            before.append(SeenBefore(kept, YOURS))
        if servers is not None:
            before.append(SeenBefore(open_checkpoint(servers.checkpoint, key, name), SERVERS))
        return before


def _verdict(name: str, verdict: str, size: int | None = None) -> Verdict:
    if size is not None:
        name = f"{name} ({size} digests)"
    return Verdict(what=What.checkpoint, verdict=verdict, name=name, ours=True)
