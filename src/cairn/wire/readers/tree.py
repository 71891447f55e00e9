"""Inputs that arrive as a tree of values: JSON and CBOR.

They differ in how a blob and a timestamp stand in them, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import cbor2
import msgspec
from botocore.model import Shape, StructureShape

from cairn.wire.readers.scalars import (
    Malformed,
    NotWellFormed,
    Reader,
    read_base64,
    read_timestamp,
    special_float,
    whole,
)

CBOR_DEPTH_MAX = 64
_CBOR_TAGS = range(2, 300)  # of the tags that the decoder knows, only 0 and 1 (times) are part of rpc-v2-cbor


class TreeReaders:
    """Compiles shapes of one service to readers of JSON or CBOR values. Not for several threads at once."""

    def __init__(self, *, cbor: bool) -> None:
        self._cbor = cbor
        self._structures: dict[str, Reader] = {}

    def reader(self, shape: Shape) -> Reader:
        """The reader of a value of `shape`."""
        kind = shape.type_name
        if kind == "structure":
            return _document if shape.is_document_type else self._structure(shape)
        if kind == "list":
            return _list(self.reader(shape.member))
        if kind == "map":
            return _map(self.reader(shape.value))
        if kind == "blob":
            return _bytes if self._cbor else read_base64
        return _SCALARS.get(kind, _string)

    def _structure(self, shape: StructureShape) -> Reader:
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: dict[str, tuple[str, Reader]] = {}

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise Malformed(f"expected an object, found {_kind(value)}")
            found = {}
            for key, item in value.items():
                member = table.get(key)
                if member is not None and item is not None:
                    found[member[0]] = member[1](item)
            return found

        # Known before its members are, since a structure may hold itself.
        self._structures[shape.name] = read
        table |= {wire_name: (name, reader) for wire_name, name, reader in self._members(shape)}
        return read

    def _members(self, shape: StructureShape) -> Iterator[tuple[str, str, Reader]]:
        for name, member in shape.members.items():
            if "location" not in member.serialization:
                yield member.serialization.get("name", name), name, self.reader(member)


def decode_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise NotWellFormed(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise NotWellFormed("the body is nested too deep") from error


def decode_cbor(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return cbor2.loads(
            body,
            max_depth=CBOR_DEPTH_MAX,
            strict_hashable_types=True,
            semantic_decoders=dict.fromkeys(_CBOR_TAGS, _refuse),
        )
    except (cbor2.CBORError, ValueError, OverflowError, TypeError, RecursionError, MemoryError) as error:
        raise NotWellFormed(f"the body is not CBOR: {error}") from error


def _refuse(*_: Any) -> Any:
    raise NotWellFormed("the body has a CBOR tag that the protocol does not")


def _list(member: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise Malformed(f"expected an array, found {_kind(value)}")
        return [None if item is None else member(item) for item in value]

    return read


def _map(item_reader: Reader) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Malformed(f"expected an object, found {_kind(value)}")
        return {_string(key): None if item is None else item_reader(item) for key, item in value.items()}

    return read


def _document(value: Any) -> Any:
    return value


def _string(value: Any) -> str:
    if type(value) is str:
        return value
    raise Malformed(f"expected a string, found {_kind(value)}")


def _integer(value: Any) -> int:
    if type(value) is int:
        return whole(value)
    if type(value) is float and value.is_integer():
        return whole(int(value))
    raise Malformed(f"expected an integer, found {_kind(value)}")


def _float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            float(value)
        except OverflowError:
            raise Malformed("a number is out of range") from None
        return value
    if type(value) is str:
        return special_float(value)
    raise Malformed(f"expected a number, found {_kind(value)}")


def _boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise Malformed(f"expected a boolean, found {_kind(value)}")


def _timestamp(value: Any) -> datetime:
    if isinstance(value, (int, float, str, datetime)):
        return read_timestamp(value)
    raise Malformed(f"expected a timestamp, found {_kind(value)}")


def _bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    raise Malformed(f"expected bytes, found {_kind(value)}")


_SCALARS: dict[str, Reader] = {
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
}

_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a value of another type") if value is not None else "null"
