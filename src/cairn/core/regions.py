"""What can stand for a Region: keys of log files, and names of signing keys, are made of it."""

from __future__ import annotations

import re

_REGION = re.compile(r"[\w-]{1,32}", re.ASCII)


def is_region(text: str) -> bool:
    """Whether `text` may be a Region's name, also of one that AWS does not have."""
    return _REGION.fullmatch(text) is not None
