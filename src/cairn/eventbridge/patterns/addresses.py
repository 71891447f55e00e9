"""IP addresses as patterns and events write them: dotted quads, and IPv6 in hexadecimal digits and colons alone."""

from __future__ import annotations

import re
import socket

from cairn.eventbridge.patterns.conditions import Addresses
from cairn.eventbridge.patterns.invalid import InvalidEventPattern

_IPV4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_IPV6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_MAPPED = bytes(10) + b"\xff\xff"
_BITS = {4: 32, 6: 128}


def address(text: str) -> tuple[int, int] | None:
    """Version and number of the address that `text` is, or nothing. An IPv4 address in an IPv6 one is IPv4."""
    if _IPV4.fullmatch(text):
        family = socket.AF_INET
    elif _IPV6.fullmatch(text):
        family = socket.AF_INET6
    else:
        return None
    try:
        packed = socket.inet_pton(family, text)
    except OSError:
        return None
    if packed.startswith(_MAPPED) and len(packed) == 16:
        packed = packed[len(_MAPPED) :]
    return (4 if len(packed) == 4 else 6), int.from_bytes(packed, "big")


def network(text: str) -> Addresses:
    """The addresses of a CIDR block, from the address that is written, which need not be the block's first.

    Raises:
        InvalidEventPattern: it is none, or of a single address; AWS says no place.
    """
    begin, slash, size = text.partition("/")
    if not slash or not size or "/" in size.rstrip("/"):
        raise InvalidEventPattern("Malformed CIDR, one '/' required")
    if not _INTEGER.fullmatch(size.rstrip("/")):
        raise InvalidEventPattern("Malformed CIDR, mask bits must be an integer")
    bits = int(size.rstrip("/"))
    if bits < 0:
        raise InvalidEventPattern("Malformed CIDR, mask bits must not be negative")
    if not _IPV4.fullmatch(begin) and not _IPV6.fullmatch(begin):
        raise InvalidEventPattern(f"Nonstandard IP address: {begin}")
    found = address(begin)
    if found is None:
        raise InvalidEventPattern(f"Invalid IP address: {begin}")
    version, low = found
    if bits >= _BITS[version]:
        raise InvalidEventPattern(f"IPv{version} mask bits must be < {_BITS[version]}")
    return Addresses(version, low, low | (1 << _BITS[version] - bits) - 1)
