"""How memory is looked after: glibc's `malloc` is kept from holding what nobody uses (others are left as they are), and
Python's collector from looking again and again through what stays."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

POOLS_MAX = 2
GIVE_BACK_EVERY_S = 60.0

_M_ARENA_MAX = -8  # of malloc.h


@contextmanager
def loading() -> Iterator[None]:
    """Import here what a process is made of. It stays, so that no garbage is looked for while it is loaded, and never
    among it.

    Else each full collection of a gateway would walk through its modules, some hundred thousand objects, while calls
    wait.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def share_pools() -> None:
    """Let all threads allocate from two pools. To be called before threads start.

    glibc makes a pool for each of many threads, and gives little of one back: the worker has forty threads, of which
    one runs at a time. A `MALLOC_ARENA_MAX` of the user's stands.
    """
    if "MALLOC_ARENA_MAX" not in os.environ and hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, POOLS_MAX)


def give_back() -> None:
    """Give free pages back to the system, those too that lie between pages in use. Takes some tens of milliseconds."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


_libc = ctypes.CDLL(None)
