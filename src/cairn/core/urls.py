"""URLs that may carry a password."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"^(\w+://[^/?#@:]*:)[^/?#]*@")


def with_password_hidden(url: str, hidden: str) -> str:
    """`url` with `hidden` in the place of its password, if it has one."""
    return _PASSWORD.sub(lambda found: f"{found[1]}{hidden}@", url)
