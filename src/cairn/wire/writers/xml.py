"""Outputs in XML: query, EC2 and rest-xml."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from botocore.model import ListShape, MapShape, Shape, StructureShape

from cairn.wire.writers.scalars import Unwritable, text_writer

XmlWriter = Callable[[list[str], str, Any], None]
"""Appends the element of a value, under a name, to the parts of a document."""

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """`text` as the content of an element. What XML cannot hold becomes U+FFFD."""
    return escape(_FORBIDDEN.sub("\ufffd", text), {"\r": "&#13;"})


class XmlWriters:
    """Compiles shapes of one service to writers of XML. Not for several threads at once."""

    def __init__(self) -> None:
        self._structures: dict[str, Callable[[list[str], Mapping[str, Any]], None]] = {}

    def writer(self, shape: Shape) -> XmlWriter:
        """The writer of a value of `shape`."""
        match shape.type_name:
            case "structure":
                return self._element(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
        write_text = text_writer(shape, timestamp="iso8601")

        def write(parts: list[str], name: str, value: Any) -> None:
            parts.append(f"<{name}>{xml_text(write_text(value))}</{name}>")

        return write

    def members(self, shape: StructureShape) -> Callable[[list[str], Mapping[str, Any]], None]:
        """The writer of what is inside a structure's element."""
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: dict[str, tuple[str, XmlWriter]] = {}
        elsewhere: set[str] = set()

        def write(parts: list[str], value: Mapping[str, Any]) -> None:
            for name, part in value.items():
                member = table.get(name)
                if member is not None and part is not None:
                    member[1](parts, member[0], part)
                elif member is None and name not in elsewhere:
                    raise Unwritable(f"{shape.name} has no member {name}")

        # Known before its members are, since a structure may hold itself.
        self._structures[shape.name] = write
        for name, member in shape.members.items():
            if "location" in member.serialization or member.serialization.get("xmlAttribute"):
                elsewhere.add(name)
            else:
                table[name] = _wire_name(member, name), self.writer(member)
        return write

    def _element(self, shape: StructureShape) -> XmlWriter:
        members = self.members(shape)
        attributes = {
            name: member.serialization["name"]
            for name, member in shape.members.items()
            if member.serialization.get("xmlAttribute")
        }
        namespace = shape.serialization.get("xmlNamespace") or {}
        declared = ""
        if attributes and isinstance(namespace, dict) and namespace.get("prefix"):
            declared = f" xmlns:{namespace['prefix']}={quoteattr(namespace['uri'])}"

        def write(parts: list[str], name: str, value: Mapping[str, Any]) -> None:
            given = "".join(
                f" {wire}={quoteattr(_FORBIDDEN.sub('', str(value[member])))}"
                for member, wire in attributes.items()
                if value.get(member) is not None
            )
            parts.append(f"<{name}{declared}{given}>")
            members(parts, value)
            parts.append(f"</{name}>")

        return write

    def _list(self, shape: ListShape) -> XmlWriter:
        item = self.writer(shape.member)
        if shape.serialization.get("flattened"):

            def write_flat(parts: list[str], name: str, value: Any) -> None:
                for part in value:
                    item(parts, name, part)

            return write_flat
        item_name = shape.member.serialization.get("name", "member")

        def write(parts: list[str], name: str, value: Any) -> None:
            parts.append(f"<{name}>")
            for part in value:
                item(parts, item_name, part)
            parts.append(f"</{name}>")

        return write

    def _map(self, shape: MapShape) -> XmlWriter:
        flattened = bool(shape.serialization.get("flattened"))
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        write_key, write_value = self.writer(shape.key), self.writer(shape.value)

        def write(parts: list[str], name: str, value: Mapping[str, Any]) -> None:
            entry = name if flattened else "entry"
            parts.append("" if flattened else f"<{name}>")
            for key, part in value.items():
                parts.append(f"<{entry}>")
                write_key(parts, key_name, key)
                write_value(parts, value_name, part)
                parts.append(f"</{entry}>")
            parts.append("" if flattened else f"</{name}>")

        return write


def _wire_name(member: Shape, name: str) -> str:
    """A flattened list's items stand under their own name, where they have one."""
    own = str(member.serialization.get("name", name))
    if member.type_name == "list" and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", own))
    return own
