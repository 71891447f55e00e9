"""A target: a parser, what it may raise, and what must hold of what it makes."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_MEMORY = Path("/dev/shm")

INPUT_BYTES_MAX = 6_000
"""Of one input: enough for the digits that Python makes no number of."""

SEPARATOR = b"\n===\n"
"""Between the parts of an input that has several."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parser under test. Called with bytes, it returns None; whatever it raises is a finding."""

    name: str
    proves: str
    """What holds of every input, for docs/fuzzing.md."""
    run: Callable[[bytes], None]
    refusals: tuple[type[Exception], ...] = ()
    """The errors that the parser's documentation names."""

    def __call__(self, data: bytes) -> None:
        try:
            self.run(data)
        except self.refusals:
            return


def parts(data: bytes, count: int) -> list[bytes]:
    """`data` as `count` parts; those that are missing are empty."""
    found = data.split(SEPARATOR, count - 1)
    return found + [b""] * (count - len(found))


def attempt(refusals: tuple[type[Exception], ...], *works: Callable[[], object]) -> None:
    """Do each of `works`, which may be refused."""
    for work in works:
        try:
            work()
        except refusals:
            continue


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def scratch() -> Path:
    """A folder of this process's own, in memory where there is such a place."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def finish(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never really waits."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")


async def pieces(body: Sequence[bytes]) -> AsyncIterator[bytes]:
    """A body that arrives in these pieces."""
    for piece in body:
        yield piece


def cut(body: bytes, at: Iterable[int]) -> list[bytes]:
    """`body` cut at some places, modulo its length."""
    places = sorted({place % (len(body) + 1) for place in at} | {0, len(body)})
    return [body[start:end] for start, end in pairwise(places)]


async def whole(body: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in body])
