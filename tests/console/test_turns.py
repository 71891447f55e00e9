"""Turns: nobody waits for another's, and nobody has all of them."""

from __future__ import annotations

import asyncio

import pytest

from cairn.console.exchange import Refusal
from cairn.console.turns import A_PERSON_MAX, Turns


def test_one_person_has_a_few_at_once_and_others_need_not_wait() -> None:
    async def meet() -> None:
        turns, over, had = Turns(at_once=2, most=100), asyncio.Event(), list[str]()

        async def turn(arn: str) -> None:
            async with turns.of(arn):
                had.append(arn)
                await over.wait()

        alices = [asyncio.create_task(turn("alice")) for _ in range(A_PERSON_MAX)]
        bobs = asyncio.create_task(turn("bob"))
        await asyncio.sleep(0)
        assert sorted(had) == ["alice", "alice", "bob"]
        with pytest.raises(Refusal, match="waiting"):
            await turn("alice")
        over.set()
        await asyncio.gather(*alices, bobs)
        assert had.count("alice") == A_PERSON_MAX
        await turn("alice")

    asyncio.run(meet())


def test_all_together_have_a_limit_too() -> None:
    async def meet() -> None:
        turns = Turns(at_once=1, most=1)
        async with turns.of("alice"):
            with pytest.raises(Refusal, match="waiting"):
                async with turns.of("bob"):
                    pass
        async with turns.of("bob"):
            pass

    asyncio.run(meet())
