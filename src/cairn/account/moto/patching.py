"""Changing a method of somebody else's class."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def before(owner: Any, name: str, first: Callable[[Any], None]) -> None:
    """Have `first(self)` called before a method is."""
    original = getattr(owner, name)

    @wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        first(self)
        return original(self, *args, **kwargs)

    setattr(owner, name, method)


def after(owner: Any, name: str, then: Callable[..., None]) -> None:
    """Have `then(result, self, *args, **kwargs)` called when a method has returned."""
    original = getattr(owner, name)

    @wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        then(result, self, *args, **kwargs)
        return result

    setattr(owner, name, method)
