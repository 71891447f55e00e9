"""Objects of buckets, read as the person who is signed in: log files as text, anything as a download."""

from __future__ import annotations

import asyncio
import gzip
import io
import zlib
from urllib.parse import quote

from cairn.console.calls import Calls
from cairn.console.exchange import JSON, Refusal, Visit, bare
from cairn.console.sessions import Person
from cairn.wire.http import Response

FILE_BYTES_MAX = 8 << 20
"""The largest object that is read."""
PLAIN_BYTES_MAX = 64 << 20
"""The most that a gzipped one may come to: a log file has 50 MB at the most."""


class Files:
    """Answers with objects."""

    def __init__(self, calls: Calls, *, region: str) -> None:
        self._calls = calls
        self._region = region

    async def file(self, visit: Visit, person: Person) -> Response:
        """The object that the query names; `download=1` as it is stored, otherwise to look at."""
        bucket, key = visit.query.get("bucket", ""), visit.query.get("key", "")
        if not bucket or not key:
            raise Refusal("ValidationException", "Give bucket and key.", 400)
        found = await self._calls.call(
            person.key,
            "s3",
            "GetObject",
            {"Bucket": bucket, "Key": key},
            region=visit.query.get("region") or self._region,
            peer=visit.peer,
            bytes_max=FILE_BYTES_MAX,
            streamed=True,
        )
        content: bytes = found["Body"].read()
        if visit.query.get("download"):
            named = f"attachment; filename*=UTF-8''{quote(key.rpartition('/')[2], safe='')}"
            return bare(content, "application/octet-stream", headers=[("content-disposition", named)])
        plain = await asyncio.to_thread(unzipped, content) if content[:2] == b"\x1f\x8b" else content
        is_json = key.endswith((".json", ".json.gz"))
        return bare(plain, JSON if is_json else "text/plain; charset=utf-8")


def unzipped(content: bytes) -> bytes:
    """What a gzip file holds. Takes its time.

    Raises:
        Refusal: it is none, breaks off, or holds too much.
    """
    try:
        plain = gzip.GzipFile(fileobj=io.BytesIO(content)).read(PLAIN_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Refusal("ValidationException", f"The file is no gzip: {error}", 400) from None
    if len(plain) > PLAIN_BYTES_MAX:
        raise Refusal("EntityTooLarge", f"The file has more than {PLAIN_BYTES_MAX} bytes. Download it.", 413)
    return plain
