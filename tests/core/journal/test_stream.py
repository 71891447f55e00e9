"""Nobody waits for the journal for longer than he said."""

from __future__ import annotations

import asyncio

import pytest

from cairn.core.journal.stream import ended_within


async def stubborn(heeds: int) -> str:
    """Goes on when it is cancelled, until it was so often."""
    for _ in range(heeds):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(60)
    return "late"


@pytest.mark.parametrize("heeds", [0, 1, 3])
def test_work_ends_in_time_though_it_does_not_heed(heeds: int) -> None:
    async def ended() -> None:
        before = asyncio.all_tasks()
        with pytest.raises(TimeoutError):
            await ended_within(0.01, stubborn(heeds))
        assert asyncio.all_tasks() == before, "it goes on"

    asyncio.run(asyncio.wait_for(ended(), 10))


def test_who_waits_may_be_cancelled_and_the_work_with_him() -> None:
    async def cancelled() -> None:
        before = asyncio.all_tasks()
        waiting = asyncio.ensure_future(ended_within(60, stubborn(1)))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert asyncio.all_tasks() == before, "it goes on"

    asyncio.run(asyncio.wait_for(cancelled(), 10))


def test_what_is_done_in_time_is_returned_or_raised() -> None:
    async def soon() -> str:
        return "soon"

    async def fails() -> str:
        raise OSError("no")

    assert asyncio.run(ended_within(1, soon())) == "soon"
    with pytest.raises(OSError, match="no"):
        asyncio.run(ended_within(1, fails()))
