"""All rules of a bus, asked at once which of them an event matches.

Rules are put together in a tree: an edge is a field with its alternatives, and a rule's fields, in the order of their
paths, are its way from the root. Rules that begin alike share their way. An event goes down every edge that it meets,
so its cost grows with the ways that it goes, not with how many rules there are: from one state, all edges of a field
are found with one look-up.

Two fields may not be met by different elements of the same array, so a way also remembers in which elements it was met
(`Chain`); it forgets an array once it is past all fields that may be in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from cairn.eventbridge.patterns.conditions import Absent, Condition
from cairn.eventbridge.patterns.fields import Chain, Fields, Leaf, Leaves, join
from cairn.eventbridge.patterns.pattern import Branch, EventPattern
from cairn.eventbridge.patterns.values import Values

Key = TypeVar("Key", bound=Hashable)


class _Step(Generic[Key]):
    """The edges of one field from one state. What finds them is made when it is first needed."""

    __slots__ = ("_found", "edges")

    def __init__(self) -> None:
        self.edges: dict[frozenset[Condition], _State[Key]] = {}
        self._found: Values[_State[Key]] | None = None

    def changed(self) -> None:
        self._found = None

    def look_up(self, value: object, found: set[_State[Key]]) -> None:
        """Add the states that `value` leads to."""
        if self._found is None:
            self._found = Values((each, state) for edge, state in self.edges.items() for each in edge)
        self._found.look_up(value, found)


class _State(Generic[Key]):
    """A place on the way of rules: which end here, and how the others go on."""

    __slots__ = ("absent", "keys", "steps")

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.steps: dict[str, _Step[Key]] = {}
        self.absent: dict[str, list[_State[Key]]] = {}  # where those go on that want a field to be absent

    def grow(self, path: str, alternatives: frozenset[Condition]) -> _State[Key]:
        """The state that an edge leads to, which is made where there is none yet."""
        step = self.steps.get(path)
        if step is None:
            step = self.steps[path] = _Step()
        state = step.edges.get(alternatives)
        if state is None:
            state = step.edges[alternatives] = _State()
            step.changed()
            if _ABSENT in alternatives:
                self.absent.setdefault(path, []).append(state)
        return state

    def prune(self, path: str, alternatives: frozenset[Condition]) -> None:
        """Forget an edge."""
        step = self.steps[path]
        state = step.edges.pop(alternatives)
        step.changed()
        if _ABSENT in alternatives:
            self.absent[path].remove(state)
            if not self.absent[path]:
                del self.absent[path]
        if not step.edges:
            del self.steps[path]


_ABSENT = Absent()


class Matcher(Generic[Key]):
    """The patterns of many rules by their keys. One thread at a time may use it."""

    def __init__(self) -> None:
        self._patterns: dict[Key, EventPattern] = {}
        self._root: _State[Key] = _State()
        self._paths: Counter[str] = Counter()
        self._fields: Fields | None = None  # made when it is first needed

    def __len__(self) -> int:
        return len(self._patterns)

    def add(self, key: Key, pattern: EventPattern) -> None:
        """Take in a rule; one with the same key is replaced."""
        if key in self._patterns:
            self.remove(key)
        self._patterns[key] = pattern
        for branch in pattern.branches:
            state = self._root
            for path, alternatives in branch:
                state = state.grow(path, alternatives)
                self._count(path, 1)
            state.keys.add(key)

    def remove(self, key: Key) -> None:
        """Forget a rule; nothing where there is none."""
        pattern = self._patterns.pop(key, None)
        for branch in pattern.branches if pattern is not None else ():
            self._remove(key, branch)

    def match(self, event: Mapping[str, Any]) -> set[Key]:
        """The keys of the rules that an event matches, which is what JSON decodes to."""
        if not self._patterns:
            return set()
        if self._fields is None:
            self._fields = Fields(self._paths)
        return self._walk(self._fields.of(event))

    def match_text(self, event: bytes | str) -> set[Key]:
        """The same of an event's JSON.

        Raises:
            msgspec.DecodeError: it is no JSON object.
        """
        return self.match(msgspec.json.decode(event, type=dict[str, Any]))

    def _count(self, path: str, change: int) -> None:
        """How many branches look at a path."""
        if not self._paths[path]:
            self._fields = None
        self._paths[path] += change
        if not self._paths[path]:
            del self._paths[path]
            self._fields = None

    def _remove(self, key: Key, branch: Branch) -> None:
        way = []
        state = self._root
        for path, alternatives in branch:
            way.append((state, path, alternatives))
            state = state.steps[path].edges[alternatives]
            self._count(path, -1)
        state.keys.discard(key)
        for before, path, alternatives in reversed(way):
            if state.keys or state.steps:
                break
            before.prune(path, alternatives)
            state = before

    def _walk(self, leaves: Leaves) -> set[Key]:
        matched: set[Key] = set()
        seen: set[tuple[_State[Key], str, Chain]] = set()  # where there are arrays, many ways may lead to the same
        todo: list[tuple[_State[Key], Chain]] = [(self._root, ())]
        while todo:
            state, held = todo.pop()
            matched |= state.keys
            steps, values = state.steps, leaves.values
            for path in steps if len(steps) <= len(values) else values:
                step = steps.get(path)
                if step is None or path not in values:
                    continue
                inside = _inside(held, path)
                if leaves.chained:
                    if (state, path, inside) in seen:
                        continue
                    seen.add((state, path, inside))
                _follow(step, leaves.consistent(path, inside), inside, todo)
            for path, states in state.absent.items():
                inside = _inside(held, path)
                if not leaves.consistent(path, inside):
                    todo += [(each, inside) for each in states]
        return matched


def _follow(step: _Step[Key], leaves: Sequence[Leaf], held: Chain, todo: list[tuple[_State[Key], Chain]]) -> None:
    """Go on with every value of a field."""
    found: set[_State[Key]] = set()
    for value, chain in leaves:
        if not chain:
            step.look_up(value, found)
            continue
        joined = join(held, chain)
        if joined is not None:
            reached: set[_State[Key]] = set()
            step.look_up(value, reached)
            todo += [(state, joined) for state in reached]
    todo += [(state, held) for state in found]


def _inside(held: Chain, path: str) -> Chain:
    """What is held of arrays that `path`, or one after it, may still be in."""
    return tuple(each for each in held if path < each[2]) if held else held


def compile_rules(patterns: Mapping[Key, EventPattern]) -> Matcher[Key]:
    """A matcher of these rules; rules may be added to it and removed from it."""
    matcher: Matcher[Key] = Matcher()
    for key, pattern in patterns.items():
        matcher.add(key, pattern)
    return matcher
