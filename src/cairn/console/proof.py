"""Where an event is proven: the log files in buckets that hold it, and the digests that vouch for them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from cairn.cloudtrail.digests.whereabouts import Whereabouts, whereabouts
from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.console.calls import Calls
from cairn.console.exchange import Refusal, Visit
from cairn.console.files import FILE_BYTES_MAX, unzipped
from cairn.console.rights import Rights
from cairn.console.sessions import Person
from cairn.core.clock import iso_seconds
from cairn.core.errors import AwsError
from cairn.core.state import State

FILES_MAX = 4
"""Files that are looked into for one event."""
_GONE = ("NoSuchKey", "NoSuchBucket")


class Proofs:
    """Looks into buckets as the person who is signed in."""

    def __init__(self, state: State, calls: Calls, rights: Rights, *, region: str) -> None:
        self._state = state
        self._calls = calls
        self._rights = rights
        self._region = region

    async def of(self, visit: Visit, person: Person, event: StoredEvent) -> dict[str, Any]:
        """The files that hold the event, and those that may and could not be read or are not what was delivered.

        `intact` says whether a file is what was delivered, byte for byte; null: the person may not read it. `more` says
        that there are files of that time which were not looked into, `denied` that the person may not know of trails.
        """
        try:
            await self._rights.see_trails(visit, person, event.region)
        except AwsError:
            return {"files": [], "more": False, "denied": True}
        found = await asyncio.to_thread(
            whereabouts, self._state, account=event.account, region=event.region, time=event.time, limit=FILES_MAX + 1
        )
        looked_into = [await self._told(visit, person, event, each) for each in found[:FILES_MAX]]
        files = [told for told in looked_into if told is not None]
        return {"files": files, "more": len(found) > FILES_MAX, "denied": False}

    async def _told(self, visit: Visit, person: Person, event: StoredEvent, file: Whereabouts) -> dict[str, Any] | None:
        may_hold, intact = await self._look_into(visit, person, event, file)
        if not may_hold:
            return None
        digest = {"bucket": file.digest_bucket, "key": file.digest_key} if file.digest_key else None
        return {
            "trail": file.trail,
            "bucket": file.bucket,
            "key": file.key,
            "delivered": iso_seconds(file.delivered),
            "sha256": file.sha256,
            "intact": intact,
            "digest": digest,
        }

    async def _look_into(
        self, visit: Visit, person: Person, event: StoredEvent, file: Whereabouts
    ) -> tuple[bool, bool | None]:
        """Whether the file may hold the event, and whether it is intact. Read anew each time: who asks for proof asks
        what is there now."""
        try:
            found = await self._calls.call(
                person.key,
                "s3",
                "GetObject",
                {"Bucket": file.bucket, "Key": file.key},
                region=self._region,
                peer=visit.peer,
                bytes_max=FILE_BYTES_MAX,
                streamed=True,
            )
        except Refusal as refusal:
            return True, False if refusal.code in _GONE else None
        return await asyncio.to_thread(_judge, found["Body"].read(), event, file)


def _judge(content: bytes, event: StoredEvent, file: Whereabouts) -> tuple[bool, bool]:
    try:
        plain = unzipped(content)
    except Refusal:
        return True, False
    intact = hashlib.sha256(plain).hexdigest() == file.sha256
    return not intact or event.id.encode() in plain, intact
