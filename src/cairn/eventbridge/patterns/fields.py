"""The fields of an event that rules look at: their paths, their values, and in which elements of arrays these are.

Names are joined with dots, as AWS does, so `{"state.status": 1}` and `{"state": {"status": 1}}` are the same field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

Element: TypeAlias = tuple[int, int, str]
"""An element of an array: the array's number, the element's, and what sorts after every path in the array. An array in
another's element has the higher number."""
Chain: TypeAlias = tuple[Element, ...]
"""Elements of different arrays."""
Leaf: TypeAlias = tuple[object, Chain]
"""A value and the elements that it is in, outermost first. Values that stand in an array themselves are in none of it:
one may meet one condition and another the next."""


def join(held: Chain, chain: Chain) -> Chain | None:
    """The elements of both in one order, or nothing where they are different elements of the same array."""
    joined = dict.fromkeys(held)
    arrays = {array: element for array, element, _ in held}
    for each in chain:
        if arrays.get(each[0], each[1]) != each[1]:
            return None
        joined[each] = None
    return tuple(sorted(joined))


class Leaves:
    """The values of one event by the paths of their fields. A path without a value is absent."""

    def __init__(self, values: dict[str, list[Leaf]], chained: bool) -> None:
        self.values = values
        self.chained = chained  # whether some of them are in elements of arrays
        self._splits: dict[tuple[str, int], dict[int | None, list[Leaf]]] = {}

    def consistent(self, path: str, held: Chain) -> Sequence[Leaf]:
        """The values of a field that are in no other elements of arrays than `held` says.

        A long array is not run through for each of its elements: its values are sorted by these once.
        """
        values = self.values.get(path, ())
        if not held:
            return values
        array, element, _ = held[-1]
        split = self._splits.get((path, array))
        if split is None:
            split = self._splits[path, array] = {}
            for leaf in values:
                at = next((each[1] for each in leaf[1] if each[0] == array), None)
                split.setdefault(at, []).append(leaf)
        found = [*split.get(element, ()), *split.get(None, ())]
        return found if len(held) == 1 else [leaf for leaf in found if join(held, leaf[1]) is not None]


class _Node:
    """A beginning of a path."""

    __slots__ = ("after", "end", "path")

    def __init__(self, path: str) -> None:
        self.after: dict[str, _Node] = {}
        self.end = path + "/"  # the character after the dot
        self.path = ""  # of the field that ends here, if one does

    def descend(self, name: str) -> _Node | None:
        """Where a name that has dots in it leads to."""
        node: _Node | None = self
        for part in name.split("."):
            node = node.after.get(part) if node is not None else None
        return node


class Fields:
    """Takes from events the fields that some rule looks at, and does not enter what none does."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._root = _Node("")
        for path in paths:
            node, begin = self._root, ""
            for part in path.split("."):
                begin = f"{begin}.{part}" if node is not self._root else part
                node = node.after.setdefault(part, _Node(begin))
            node.path = path

    def of(self, event: Mapping[str, Any]) -> Leaves:
        """The values of an event, which is what JSON decodes to."""
        values: dict[str, list[Leaf]] = {}
        arrays, chained = 0, False
        todo: list[tuple[_Node, Any, Chain]] = [(self._root, event, ())]
        while todo:
            node, inner, chain = todo.pop()
            if isinstance(inner, list):
                arrays += 1
                for number, element in enumerate(inner):
                    if isinstance(element, dict | list):
                        todo.append((node, element, (*chain, (arrays, number, node.end))))
                        chained = True
                    elif node.path:
                        values.setdefault(node.path, []).append((element, chain))
                continue
            after = node.after
            for name, value in inner.items():
                child = after.get(name)
                if child is None:
                    if "." not in name:
                        continue
                    child = node.descend(name)
                    if child is None:
                        continue
                if isinstance(value, dict | list):
                    todo.append((child, value, chain))
                elif child.path:
                    values.setdefault(child.path, []).append((value, chain))
        return Leaves(values, chained)
