"""How complex wildcards are, as AWS counts: by how many beginnings of them one value may match at once.

`*aa` counts 3, since "aa" matches `*`, `*a` and `*aa`. Values are strings in quotation marks, and so are wildcards. The
limit is not documented; AWS refuses `*:*:*:*:*:event-bus/*`, which counts 10, and takes what counts 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cairn.eventbridge.patterns.conditions import AnythingBut, Condition, Wildcard

COMPLEXITY_MAX = 9
"""How many beginnings of a field's wildcards one value may match at once."""
PLACES_MAX = 50_000
"""How many different sets of beginnings are looked at before a field counts as too complex."""


class _Place:
    """A beginning of one or more wildcards, and what may come next."""

    __slots__ = ("after", "anything", "repeats")

    def __init__(self, repeats: bool = False) -> None:
        self.after: dict[str, _Place] = {}
        self.anything: _Place | None = None
        self.repeats = repeats

    def grow(self, pieces: tuple[str, ...]) -> None:
        place = self
        for number, piece in enumerate(pieces):
            if number:
                place.anything = place.anything or _Place(repeats=True)
                place = place.anything
            for character in piece:
                place = place.after.setdefault(character, _Place())


def too_complex(conditions: Iterable[Condition]) -> bool:
    """Whether a field's conditions are more than AWS takes."""
    roots = []
    for wildcards in _wildcards(conditions):
        root = _Place()
        for pieces in wildcards:
            root.grow(('"' + pieces[0], *pieces[1:-1], pieces[-1] + '"') if len(pieces) > 1 else (f'"{pieces[0]}"',))
        roots.append(root)
    begin = frozenset(roots)
    seen, todo = {begin}, [begin]
    while todo:
        places = todo.pop()
        for following in _following(places):
            if len(following) > COMPLEXITY_MAX or len(seen) >= PLACES_MAX:
                return True
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return False


def _wildcards(conditions: Iterable[Condition]) -> Iterator[list[tuple[str, ...]]]:
    """The wildcards of each condition that has some; those of one condition share their beginnings."""
    for condition in conditions:
        if isinstance(condition, Wildcard):
            yield [condition.pieces]
        elif isinstance(condition, AnythingBut):
            yield [each.pieces for each in condition.excluded if isinstance(each, Wildcard)]


def _following(places: frozenset[_Place]) -> Iterator[frozenset[_Place]]:
    """Where one more character may lead to."""
    repeating = [place for place in places if place.repeats]
    for character in {character for place in places for character in place.after}:
        reached = [place.after[character] for place in places if character in place.after] + repeating
        yield frozenset(reached + [place.anything for place in reached if place.anything is not None])
