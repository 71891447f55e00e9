"""Inputs of the query protocols: a form whose dotted names are a tree.

`Filter.1.Value.2=x` becomes `{"Filter": {"1": {"Value": {"2": "x"}}}}` in one pass, and compiled readers walk that.
EC2's dialect has other names and no `member` in its lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from cairn.wire.readers.scalars import Malformed, Reader, text_reader

DEPTH_MAX = 64
PARAMETERS_MAX = 100_000

_OWN = ""  # the value of a node that also has children


def form_tree(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The tree of a form's parameters; leaves are strings."""
    root: dict[str, Any] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= PARAMETERS_MAX:
            raise Malformed(f"more than {PARAMETERS_MAX} parameters")
        if "." not in name:
            _put(root, name, value)
            continue
        *path, last = name.split(".")
        if len(path) > DEPTH_MAX:
            raise Malformed("a parameter's name is nested too deep")
        node = root
        for part in path:
            child = node.get(part)
            if type(child) is not dict:
                child = {} if child is None else {_OWN: child}
                node[part] = child
            node = child
        _put(node, last, value)
    return root


class FormReaders:
    """Compiles shapes of one service to readers of form trees. Not for several threads at once."""

    def __init__(self, *, ec2: bool) -> None:
        self._ec2 = ec2
        self._structures: dict[str, Reader] = {}

    def reader(self, shape: Shape) -> Reader:
        """The reader of a node of `shape`."""
        if shape.type_name == "structure":
            return self._structure(shape)
        if shape.type_name == "list":
            return self._list(shape)
        if shape.type_name == "map":
            return self._map(shape)
        read_text = text_reader(shape)
        return lambda node: read_text(node if type(node) is str else _own(node))

    def _structure(self, shape: StructureShape) -> Reader:
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: dict[str, tuple[str, Reader]] = {}

        def read(node: Any) -> dict[str, Any]:
            found = {}
            if type(node) is dict:
                for key, child in node.items():
                    member = table.get(key)
                    if member is not None:
                        found[member[0]] = member[1](child)
            return found

        # Known before its members are, since a structure may hold itself.
        self._structures[shape.name] = read
        for name, member in shape.members.items():
            table[self._member_name(member, name)] = name, self.reader(member)
        return read

    def _member_name(self, member: Shape, name: str) -> str:
        if self._ec2:
            return _ec2_name(member, name)
        if member.type_name == "list" and member.serialization.get("flattened"):
            name_of_items = member.member.serialization.get("name")
            if name_of_items:  # stands in the place of the list's own name
                return str(name_of_items)
        return str(member.serialization.get("name", name))

    def _list(self, shape: ListShape) -> Reader:
        member = self.reader(shape.member)
        wrapper = None
        if not self._ec2 and not shape.serialization.get("flattened"):
            wrapper = shape.member.serialization.get("name", "member")

        def read(node: Any) -> list[Any]:
            if type(node) is dict and wrapper is not None:
                node = node.get(wrapper, "")
            return [member(child) for child in _numbered(node)]

        return read

    def _map(self, shape: MapShape) -> Reader:
        flattened = bool(shape.serialization.get("flattened"))
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        read_key, read_value = self.reader(shape.key), self.reader(shape.value)

        def read(node: Any) -> dict[str, Any]:
            if type(node) is dict and not flattened:
                node = node.get("entry", "")
            found = {}
            for entry in _numbered(node):
                if type(entry) is not dict or key_name not in entry:
                    raise Malformed("an entry of a map has no key")
                found[read_key(entry[key_name])] = read_value(entry.get(value_name, ""))
            return found

        return read


def _put(node: dict[str, Any], name: str, value: str) -> None:
    present = node.get(name)
    if type(present) is dict and _OWN not in present:
        present[_OWN] = value
    elif present is None:
        node[name] = value
    else:  # servers differ in which one they take
        raise Malformed(f"the parameter {name} is given more than once")


def _own(node: Any) -> str:
    """The text of a node where a scalar belongs."""
    text = node.get(_OWN) if type(node) is dict else None
    if type(text) is not str:
        raise Malformed("a single value was expected, and several were found")
    return text


def _numbered(node: Any) -> Iterator[Any]:
    """The children of a list's node in the order of their numbers. An empty list is sent as an empty text."""
    if type(node) is str:
        if node:
            raise Malformed("a list was expected, and a single value was found")
        return
    numbers = [name for name in node if name != _OWN]
    if not all(name.isascii() and name.isdigit() and len(name) < 10 for name in numbers):
        raise Malformed("the items of a list are not numbered")
    for name in sorted(numbers, key=int):
        yield node[name]


def _ec2_name(member: Shape, name: str) -> str:
    traits = member.serialization
    if "queryName" in traits:
        return str(traits["queryName"])
    given = str(traits.get("name", ""))
    return given[:1].upper() + given[1:] if given else name
