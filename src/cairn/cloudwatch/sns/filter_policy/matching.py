"""Matching messages: what was read of a policy, held against attributes or a body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cairn.cloudwatch.sns.filter_policy.conditions import Exists, Scalar, Test

Condition = Test | Exists


@dataclass(frozen=True, slots=True)
class Leaf:
    """Conditions under a key, of which one must hold for one of the values there."""

    conditions: tuple[Condition, ...]

    def holds(self, found: Any) -> bool:
        values = list(_scalars(found))
        for condition in self.conditions:
            if isinstance(condition, Exists):
                if condition.wanted is (bool(values) or found is PRESENT):
                    return True
            elif any(condition(value) for value in values):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Or:
    """Alternatives that look at the same object as the key they stand under."""

    trees: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """Keys of an object, each of which must hold."""

    nodes: Mapping[str, Node]

    def holds(self, found: Any) -> bool:
        """Of several objects in a list, one must meet all that is asked of it."""
        if isinstance(found, list) and found:
            return any(self.holds(each) for each in found)
        members = found if isinstance(found, dict) else {}
        for key, node in self.nodes.items():
            if isinstance(node, Or):
                if not any(tree.holds(members) for tree in node.trees):
                    return False
            elif not node.holds(members.get(key, ABSENT)):
                return False
        return True


Node = Leaf | Or | Tree

ABSENT: Any = object()
PRESENT: Any = object()
"""A value that is there and equals nothing: binary attributes."""


class FilterPolicy:
    """A whole policy."""

    def __init__(self, tree: Tree, *, body: bool) -> None:
        self._tree = tree
        self.of_body = body
        """Whether it looks at messages' bodies, not at their attributes."""

    def matches(self, found: Mapping[str, Any]) -> bool:
        """Whether a message is wanted.

        Args:
            found: the body's JSON object, or the attributes' values by name: a scalar, a list of them, or `PRESENT`.
        """
        return self._tree.holds(found)


def _scalars(found: Any) -> Iterator[Scalar]:
    if isinstance(found, list):
        for each in found:
            yield from _scalars(each)
    elif found is not ABSENT and found is not PRESENT and not isinstance(found, dict):
        yield found
