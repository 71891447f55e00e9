"""What the status tells of things that cannot be delivered, whatever keeps them."""

from __future__ import annotations

from typing import Protocol


class Refused(Protocol):
    """What is known of something that cannot be delivered now."""

    @property
    def failures(self) -> int: ...

    @property
    def error(self) -> str: ...
