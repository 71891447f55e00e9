"""Downloads: how many there may be, that they end with the session, and what is in a gzip file."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator

import pytest

from cairn.cloudtrail.history.query import parse_query
from cairn.cloudtrail.history.search import Hits, Search
from cairn.console.downloads import DOWNLOADS_MAX, Downloads
from cairn.console.exchange import Refusal
from cairn.console.files import PLAIN_BYTES_MAX, unzipped
from cairn.console.still import CHECK_S
from cairn.core.clock import TestClock
from cairn.wire.http import Response

QUESTION = Search(query=parse_query(""))


async def signed_in() -> bool:
    return True


async def signed_out() -> bool:
    return False


@pytest.fixture
def downloads(clock: TestClock) -> Iterator[Downloads]:
    def ask(question: Search, token: str) -> Hits:
        clock.advance(CHECK_S)
        return Hits(events=[], next="" if token == "last" else "last", partial="", looked=0)

    made = Downloads(ask, clock)
    yield made
    made.close()


async def read(response: Response) -> bytes:
    assert isinstance(response.body, AsyncIterator)
    return b"".join([part async for part in response.body])


def test_downloads_are_few_and_make_room_once_they_are_closed(downloads: Downloads) -> None:
    async def many() -> None:
        begun = [downloads.begin("csv", QUESTION, signed_in) for _ in range(DOWNLOADS_MAX)]
        with pytest.raises(Refusal, match="TooManyDownloads"):
            downloads.begin("csv", QUESTION, signed_in)
        for each in (begun[0], begun[0], begun[1]):
            await each.body.aclose()  # type: ignore[union-attr]
        assert await read(downloads.begin("json", QUESTION, signed_in)) == b'{"Records":[]}'
        downloads.begin("csv", QUESTION, signed_in)
        with pytest.raises(Refusal, match="TooManyDownloads"):
            downloads.begin("csv", QUESTION, signed_in)

    asyncio.run(many())


def test_a_download_breaks_off_once_its_session_is_over(downloads: Downloads) -> None:
    with pytest.raises(ConnectionError):
        asyncio.run(read(downloads.begin("json", QUESTION, signed_out)))


def test_a_gzip_file_is_read_whole_or_not_at_all() -> None:
    one = gzip.compress(b"one")
    assert unzipped(one) == b"one"
    assert unzipped(one + gzip.compress(b" two")) == b"one two"
    for broken in (one[:-1], one[:5], one + b"more", b"nonsense"):
        with pytest.raises(Refusal, match="ValidationException"):
            unzipped(broken)
    with pytest.raises(Refusal, match="EntityTooLarge"):
        unzipped(gzip.compress(bytes(PLAIN_BYTES_MAX + 1)))
