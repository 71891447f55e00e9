"""Whose turn it is: of what takes a thread for a while, one person has a few at once and leaves room for others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cairn.console.exchange import Refusal

A_PERSON_MAX = 32
"""Of one person's, under way or waiting; one more is refused."""


class Turns:
    """Hands out turns, in one event loop.

    Args:
        at_once: how many one person has at the same time; what is more of theirs waits.
        most: of everybody's, under way or waiting; one more is refused.
    """

    def __init__(self, *, at_once: int, most: int) -> None:
        self._at_once = at_once
        self._most = most
        self._taken: Counter[str] = Counter()
        self._gates: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def of(self, arn: str) -> AsyncIterator[None]:
        """A turn of whoever has this ARN.

        Raises:
            Refusal: too many are waiting.
        """
        if self._taken[arn] >= A_PERSON_MAX or self._taken.total() >= self._most:
            raise Refusal("ServiceUnavailable", "Too many requests are waiting. Try again.", 503)
        self._taken[arn] += 1
        gate = self._gates.setdefault(arn, asyncio.Semaphore(self._at_once))
        try:
            async with gate:
                yield
        finally:
            self._taken[arn] -= 1
            if not self._taken[arn]:
                del self._taken[arn], self._gates[arn]
