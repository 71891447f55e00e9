"""Inputs in XML.

No document type is taken, so neither entities nor anything outside the document is ever looked at; depth and number
of elements have limits. Namespaces are ignored: models and clients are not of one mind about them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from cairn.wire.readers.scalars import Malformed, NotWellFormed, Reader, text_reader

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

DEPTH_MAX = 64
ELEMENTS_MAX = 200_000


class _Builder(TreeBuilder):
    """Builds the tree, within limits."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > DEPTH_MAX or self._elements > ELEMENTS_MAX:
            raise NotWellFormed("the document is too deep or too large")
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: Any, /) -> Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])

    def doctype(self, *_: Any) -> None:
        raise NotWellFormed("the document declares a document type")


def decode_xml(body: bytes) -> Element:
    """The root element, tags without their namespaces."""
    parser = XMLParser(target=_Builder())  # noqa: S314 - the builder refuses document types, hence all entities
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise NotWellFormed(f"the body is not XML: {error}") from error
    return root


class XmlReaders:
    """Compiles shapes of one service to readers of XML elements. Not for several threads at once."""

    def __init__(self) -> None:
        self._structures: dict[str, Reader] = {}

    def reader(self, shape: Shape) -> Reader:
        """The reader of an element of `shape`."""
        if shape.type_name == "structure":
            return self.structure(shape)
        if shape.type_name == "list":
            item = self.reader(shape.member)
            return lambda element: [item(child) for child in element]
        if shape.type_name == "map":
            entry = self._entry(shape)
            return lambda element: dict(entry(child) for child in element)
        read_text = text_reader(shape)
        return lambda element: read_text(element.text or "")

    def structure(self, shape: StructureShape) -> Reader:
        """The reader of a structure's element; members that stand elsewhere in the request are not its concern."""
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: dict[str, Callable[[dict[str, Any], Element], None]] = {}
        attributes: dict[str, tuple[str, Reader]] = {}

        def read(element: Element) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for name, value in element.attrib.items() if attributes else ():
                member = attributes.get(name.rpartition("}")[2])
                if member is not None:
                    found[member[0]] = member[1](value)
            for child in element:
                take = table.get(child.tag)
                if take is not None:
                    take(found, child)
            return found

        # Known before its members are, since a structure may hold itself.
        self._structures[shape.name] = read
        for name, member in shape.members.items():
            traits = member.serialization
            if traits.get("xmlAttribute"):
                attributes[traits["name"].rpartition(":")[2]] = name, text_reader(member)
            elif "location" not in traits:
                table[traits.get("name", name)] = self._taker(name, member)
        for name, member in shape.members.items():
            # Some write the items of a flattened list under the name of the item.
            if member.type_name == "list" and member.serialization.get("flattened"):
                own = member.serialization.get("name", name)
                table.setdefault(member.member.serialization.get("name", own), table[own])
        return read

    def _taker(self, name: str, member: Shape) -> Callable[[dict[str, Any], Element], None]:
        """Puts a child element where it belongs in the structure; flattened ones come one by one."""
        if member.type_name == "list" and member.serialization.get("flattened"):
            return self._item_taker(name, member)
        if member.type_name == "map" and member.serialization.get("flattened"):
            entry = self._entry(member)

            def take_entry(found: dict[str, Any], child: Element) -> None:
                key, value = entry(child)
                found.setdefault(name, {})[key] = value

            return take_entry
        reader = self.reader(member)

        def take(found: dict[str, Any], child: Element) -> None:
            found[name] = reader(child)

        return take

    def _item_taker(self, name: str, shape: ListShape) -> Callable[[dict[str, Any], Element], None]:
        item = self.reader(shape.member)

        def take(found: dict[str, Any], child: Element) -> None:
            found.setdefault(name, []).append(item(child))

        return take

    def _entry(self, shape: MapShape) -> Callable[[Element], tuple[Any, Any]]:
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        read_key, read_value = self.reader(shape.key), self.reader(shape.value)

        def read(element: Element) -> tuple[Any, Any]:
            key, value = element.find(key_name), element.find(value_name)
            if key is None or value is None:
                raise Malformed("an entry of a map has no key or no value")
            return read_key(key), read_value(value)

        return read
