"""Whether somebody to whom much is told, bit by bit, is still signed in and still may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

CHECK_S = 10.0
"""How often that is asked."""

Still = Callable[[], Awaitable[bool]]
