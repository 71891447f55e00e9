"""All rules of a bus, asked at once which of them an event matches.

Rules are put together in a tree: an edge is a field with its alternatives, and a rule's fields, in the order of their
paths, are its way from the root. Rules that begin alike share their way. An event goes down every edge that it meets,
so its cost grows with the ways that it goes, not with how many rules there are: from one state, all edges of a field
are found with one look-up.

Two fields may not be met by different elements of the same array, so a way also remembers in which element it was met
(`Place`); it forgets an array once it is past all fields that may be in it. Since the fields come in the order of their
paths, what it remembers is always one element and those around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from cairn.eventbridge.patterns.conditions import Absent, Condition
from cairn.eventbridge.patterns.fields import Fields, Leaf, Leaves, Place, still_in
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
SEEN_MAX = 200_000
"""Ways through one event that are held in memory so that none is gone twice."""


class Matcher(Generic[Key]):
    """The patterns of many rules by their keys. Many threads may match at once, but not while one adds or removes."""

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
        walk: _Walk[Key] = _Walk(leaves)
        return walk.from_state(self._root)


class _Walk(Generic[Key]):
    """One event's way through the states."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves
        self._matched: set[Key] = set()
        self._todo: list[tuple[_State[Key], Place | None]] = []
        self._seen: set[tuple[_State[Key], str, Place | None]] = set()  # where there are arrays, many ways lead to one
        self._absent: dict[_State[Key], list[tuple[str, list[_State[Key]]]]] = {}  # what may still lead anywhere
        self._beside: dict[tuple[_Step[Key], int], set[_State[Key]]] = {}  # by the list of values

    def from_state(self, root: _State[Key]) -> set[Key]:
        """The keys of all rules that end on the way."""
        self._todo.append((root, None))
        while self._todo:
            state, held = self._todo.pop()
            self._matched |= state.keys
            self._by_values(state, held)
            if state.absent:
                self._by_absence(state, held)
        return self._matched

    def _by_values(self, state: _State[Key], held: Place | None) -> None:
        steps, values = state.steps, self._leaves.values
        for path in steps if len(steps) <= len(values) else values:
            step = steps.get(path)
            if step is None or path not in values:
                continue
            inside = still_in(held, path)
            if self._leaves.chained and not self._is_new(state, path, inside):
                continue
            found: set[_State[Key]] = set()
            for value, place in self._leaves.within(path, inside):
                if place is inside:
                    step.look_up(value, found)
                    continue
                reached: set[_State[Key]] = set()
                step.look_up(value, reached)
                self._todo += [(each, place) for each in reached]
            for beside in self._leaves.around(path, inside):
                found |= self._look_up_beside(step, beside)
            self._todo += [(each, inside) for each in found]

    def _by_absence(self, state: _State[Key], held: Place | None) -> None:
        wanted = self._absent.get(state)
        if wanted is None:
            wanted = self._absent[state] = list(state.absent.items())
        done = 0
        for path, states in wanted:
            useful = [each for each in states if each.steps or not each.keys <= self._matched]
            if not useful:
                done += 1
                continue
            inside = still_in(held, path)
            if not self._leaves.within(path, inside) and not self._leaves.around(path, inside):
                self._todo += [(each, inside) for each in useful]
        if done:
            self._absent[state] = [
                each for each in wanted if any(to.steps or not to.keys <= self._matched for to in each[1])
            ]

    def _is_new(self, state: _State[Key], path: str, inside: Place | None) -> bool:
        way = (state, path, inside)
        if way in self._seen:
            return False
        if len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        self._seen.add(way)
        return True

    def _look_up_beside(self, step: _Step[Key], leaves: Sequence[Leaf]) -> set[_State[Key]]:
        """Where values lead to that are around many elements, looked up once."""
        known = self._beside.get((step, id(leaves)))
        if known is None:
            known = self._beside[step, id(leaves)] = set()
            for value, _ in leaves:
                step.look_up(value, known)
        return known


def compile_rules(patterns: Mapping[Key, EventPattern]) -> Matcher[Key]:
    """A matcher of these rules; rules may be added to it and removed from it."""
    matcher: Matcher[Key] = Matcher()
    for key, pattern in patterns.items():
        matcher.add(key, pattern)
    return matcher
