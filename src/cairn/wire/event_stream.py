"""Event streams: replies in many messages, each with headers, a payload and checksums of its own.

Source: AWS's event stream encoding, `vnd.amazon.eventstream`, of which we need headers that are text.
"""

from __future__ import annotations

import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_TEXT = 7
_PRELUDE = struct.Struct(">II")
_CHECKSUM = struct.Struct(">I")
_HEADER_END = struct.Struct(">BH")


def event(kind: str, payload: bytes, content_type: str = "application/json") -> bytes:
    """An event of a kind, such as `sessionStart`."""
    return message({":event-type": kind, ":content-type": content_type, ":message-type": "event"}, payload)


def initial_response(content_type: str) -> bytes:
    """What a stream of an RPC protocol begins with: the output's other members, of which there are none."""
    return event("initial-response", b"{}", content_type)


def exception(kind: str, payload: bytes, content_type: str = "application/json") -> bytes:
    """An error that is modelled for the stream, which ends it."""
    return message({":exception-type": kind, ":content-type": content_type, ":message-type": "exception"}, payload)


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message."""
    packed = b"".join(_header(name, value) for name, value in headers.items())
    size = _PRELUDE.size + _CHECKSUM.size + len(packed) + len(payload) + _CHECKSUM.size
    prelude = _PRELUDE.pack(size, len(packed))
    whole = prelude + _CHECKSUM.pack(zlib.crc32(prelude)) + packed + payload
    return whole + _CHECKSUM.pack(zlib.crc32(whole))


def _header(name: str, value: str) -> bytes:
    name_, value_ = name.encode(), value.encode()
    return bytes([len(name_)]) + name_ + _HEADER_END.pack(_TEXT, len(value_)) + value_
