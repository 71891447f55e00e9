"""Waiting for what comes within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SOON_S = 40
"""Within which whatever was away is back, on a busy machine."""


def wait_until(ask: Callable[[], T]) -> T:
    """What `ask` returns once it is true. An assertion of its that fails counts as not yet."""
    deadline = time.monotonic() + SOON_S
    while True:
        try:
            if answer := ask():
                return answer
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.3)
