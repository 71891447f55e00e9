"""The fields of an event that rules look at: their paths, their values, and in which elements of arrays these are.

Names are joined with dots, as AWS does, so `{"state.status": 1}` and `{"state": {"status": 1}}` are the same field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias


class Place:
    """An element of an array, which is an object or an array itself. One is the same as itself alone."""

    __slots__ = ("above", "end")

    def __init__(self, above: Place | None, end: str) -> None:
        self.above = above
        """The element that the array is in."""
        self.end = end
        """What sorts after every path in the array."""


Leaf: TypeAlias = tuple[object, Place | None]
"""A value and the innermost element that it is in. Values that stand in an array themselves are in none of it: one may
meet one condition and another the next."""


def still_in(held: Place | None, path: str) -> Place | None:
    """What is left of an element, and those around it, for `path` and all after it: arrays that it may be in."""
    while held is not None and path >= held.end:
        held = held.above
    return held


class _Inside:
    """The values of a field that are in an element, and the elements in it that have more of them."""

    __slots__ = ("leaves", "places")

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.places: list[Place] = []


class Leaves:
    """The values of one event by the paths of their fields. A path without a value is absent."""

    def __init__(self, values: dict[str, list[Leaf]], chained: bool) -> None:
        self.values = values
        self.chained = chained  # whether some of them are in elements of arrays
        self._trees: dict[str, dict[Place | None, _Inside]] = {}

    def within(self, path: str, place: Place | None) -> Sequence[Leaf]:
        """The values of a field that are in an element, or in others inside of it.

        Asking for each element costs no more than all values together.
        """
        if place is None:
            return self.values.get(path, ())
        tree = self._tree(path)
        found: list[Leaf] = []
        todo = [place] if place in tree else []
        while todo:
            inside = tree[todo.pop()]
            found += inside.leaves
            todo += inside.places
        return found

    def around(self, path: str, place: Place | None) -> list[Sequence[Leaf]]:
        """The values of a field that are beside the array that an element is in, which takes a name with dots: by what
        is around the element, the same list each time."""
        found: list[Sequence[Leaf]] = []
        tree = self._tree(path) if place is not None else {}
        while place is not None:
            place = place.above
            inside = tree.get(place)
            if inside is not None and inside.leaves:
                found.append(inside.leaves)
        return found

    def _tree(self, path: str) -> dict[Place | None, _Inside]:
        tree = self._trees.get(path)
        if tree is None:
            tree = self._trees[path] = _tree(self.values.get(path, ()))
        return tree


def _tree(leaves: Sequence[Leaf]) -> dict[Place | None, _Inside]:
    """Values by the elements that they are in, with all elements around these."""
    tree: dict[Place | None, _Inside] = {None: _Inside()}
    for leaf in leaves:
        place = leaf[1]
        made: list[Place] = []
        inner = place
        while inner is not None and inner not in tree:
            tree[inner] = _Inside()
            made.append(inner)
            inner = inner.above
        for each in made:
            tree[each.above].places.append(each)
        tree[place].leaves.append(leaf)
    return tree


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
        chained = False
        todo: list[tuple[_Node, Any, Place | None]] = [(self._root, event, None)]
        while todo:
            node, inner, place = todo.pop()
            if isinstance(inner, list):
                for element in inner:
                    if not isinstance(element, dict | list):
                        if node.path:
                            values.setdefault(node.path, []).append((element, place))
                    elif element:
                        todo.append((node, element, Place(place, node.end)))
                        chained = True
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
                    todo.append((child, value, place))
                elif child.path:
                    values.setdefault(child.path, []).append((value, place))
        return Leaves(values, chained)
