"""One request at a time inside moto, which was not written for threads; long waits let others in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


class Gate:
    """A lock around moto's state, held while a request runs or state is copied. Not reentrant."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder = 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self._holder = threading.get_ident()

    def __exit__(self, *exception: object) -> None:
        self._holder = 0
        self._lock.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let others in for as long as this lasts; nothing happens in a thread that does not hold the gate."""
        if self._holder != threading.get_ident():
            yield
            return
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    def releasing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, which waits for something outside, with the gate released around it."""

        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.released():
                return function(*args, **kwargs)

        return wrapped
