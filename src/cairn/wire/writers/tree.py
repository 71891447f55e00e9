"""Outputs that leave as a tree of values: JSON and CBOR."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import cbor2
import msgspec
from botocore.model import Shape, StructureShape

from cairn.wire.writers.scalars import TIMESTAMPS, Unwritable, as_base64, as_epoch, as_number

Writer = Callable[[Any], Any]

_EPOCH_TAG = 1

encode_json = msgspec.json.Encoder().encode


def encode_cbor(tree: Any) -> bytes:
    return cbor2.dumps(tree)


class TreeWriters:
    """Compiles shapes of one service to writers of JSON or CBOR values. Not for several threads at once."""

    def __init__(self, *, cbor: bool) -> None:
        self._cbor = cbor
        self._structures: dict[str, Writer] = {}

    def writer(self, shape: Shape) -> Writer:
        """The writer of a value of `shape`."""
        match shape.type_name:
            case "structure":
                return _as_it_is if shape.is_document_type else self.structure(shape)
            case "list":
                item = self.writer(shape.member)
                return lambda value: [None if part is None else item(part) for part in value]
            case "map":
                entry = self.writer(shape.value)
                return lambda value: {key: None if part is None else entry(part) for key, part in value.items()}
            case "blob":
                return _as_bytes if self._cbor else as_base64
            case "timestamp":
                return _tagged if self._cbor else _time(shape)
            case "float" | "double":
                return _as_it_is if self._cbor else _float
        return _as_it_is

    def structure(self, shape: StructureShape) -> Writer:
        """The writer of a structure; members that have another place in the reply are not its concern."""
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: dict[str, tuple[str, Writer]] = {}
        elsewhere: set[str] = set()

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            tree = {}
            for name, part in value.items():
                member = table.get(name)
                if member is not None and part is not None:
                    tree[member[0]] = member[1](part)
                elif member is None and name not in elsewhere:
                    raise Unwritable(f"{shape.name} has no member {name}")
            return tree

        # Known before its members are, since a structure may hold itself.
        self._structures[shape.name] = write
        for name, member in shape.members.items():
            if "location" in member.serialization:
                elsewhere.add(name)
            else:
                table[name] = member.serialization.get("name", name), self.writer(member)
        return write


def _as_it_is(value: Any) -> Any:
    return value


def _as_bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _tagged(moment: Any) -> Any:
    return cbor2.CBORTag(_EPOCH_TAG, as_epoch(moment))


def _time(shape: Shape) -> Writer:
    """JSON has a time as a number, unless the model says otherwise."""
    name = shape.serialization.get("timestampFormat", "unixTimestamp").lower()
    return as_epoch if name == "unixtimestamp" else TIMESTAMPS[name]


def _float(value: float) -> Any:
    return value if math.isfinite(value) else as_number(value)
