"""Passwords as they may be kept: scrypt, with its salt and cost beside it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

SCHEME = "scrypt"
COST, BLOCKS, LANES = 1 << 14, 8, 1
"""16 MB and some 40 ms a guess."""
SALT_BYTES = 16
MEMORY_BYTES_MAX = 64 << 20
PASSWORD_BYTES_MAX = 1024


def hash_password(password: str) -> str:
    """What may be kept of a password."""
    salt = os.urandom(SALT_BYTES)
    digest = _digest(password, salt, COST, BLOCKS, LANES)
    return ":".join([SCHEME, str(COST), str(BLOCKS), str(LANES), _text(salt), _text(digest)])


def is_password(password: str, kept: str) -> bool:
    """Whether `kept` was made of `password`. What was not made by `hash_password` is nobody's."""
    scheme, *rest = kept.split(":")
    if scheme != SCHEME or len(rest) != 5:
        return False
    cost, blocks, lanes = (int(part) for part in rest[:3])
    salt, digest = (base64.b64decode(part) for part in rest[3:])
    return hmac.compare_digest(_digest(password, salt, cost, blocks, lanes), digest)


def _digest(password: str, salt: bytes, cost: int, blocks: int, lanes: int) -> bytes:
    text = password.encode("utf-8", "surrogatepass")[:PASSWORD_BYTES_MAX]
    return hashlib.scrypt(text, salt=salt, n=cost, r=blocks, p=lanes, maxmem=MEMORY_BYTES_MAX)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
