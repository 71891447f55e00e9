"""Why a pattern does not match an event: which fields are not met, what they were to be, what the event has. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cairn.eventbridge.patterns.fields import Fields
from cairn.eventbridge.patterns.matcher import compile_rules
from cairn.eventbridge.patterns.pattern import Branch, EventPattern

FOUND_MAX = 20
"""Values of one field that are told."""


class Unmet(msgspec.Struct, frozen=True):
    """A field of which no alternative holds."""

    field: str
    """Its path, names joined with dots."""
    wanted: list[Any]
    """Its alternatives, as the pattern has them; where arms of `$or` name it, those of all."""
    found: list[Any]
    """The values that the event has there, the first `FOUND_MAX`; none where it has no such field."""


class Explanation(msgspec.Struct, frozen=True):
    """Whether an event is meant, and what is in the way."""

    matches: bool
    unmet: tuple[Unmet, ...] = ()
    """Of the combination of `$or`'s arms that lacks the fewest fields."""
    apart: bool = False
    """Whether every field is met, but not all in the same element of an array."""


def explain(pattern: EventPattern, event: Mapping[str, Any]) -> Explanation:
    """What keeps `pattern` from matching `event`, which is what JSON decodes to."""
    if compile_rules({"": pattern}).match(event):
        return Explanation(matches=True)
    fields = {field for branch in pattern.branches for field in branch}
    met = compile_rules({field: EventPattern("", ((field,),)) for field in fields}).match(event)
    unmet: list[Branch] = [tuple(field for field in branch if field not in met) for branch in pattern.branches]
    paths = [path for path, _ in min(unmet, key=len)]
    values = Fields(paths).of(event).values
    document = _document(pattern.text)
    return Explanation(
        matches=False,
        unmet=tuple(
            Unmet(path, list(_wanted(document, path)), [value for value, _ in values.get(path, ())][:FOUND_MAX])
            for path in paths
        ),
        apart=not paths,
    )


def _document(text: str) -> Any:
    """The pattern as JSON; what follows its closing brace is not part of it. Half of a surrogate pair, which no answer
    can carry, becomes a question mark."""
    document, _ = json.JSONDecoder().raw_decode(text.lstrip())
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _wanted(node: Any, path: str) -> Iterator[Any]:
    """The alternatives that stand at a path, in all arms of `$or`."""
    for name, inner in node.items() if isinstance(node, dict) else ():
        if name == "$or" and isinstance(inner, list):
            for arm in inner:
                yield from _wanted(arm, path)
        elif name == path and isinstance(inner, list):
            yield from inner
        elif path.startswith(f"{name}."):
            yield from _wanted(inner, path[len(name) + 1 :])
