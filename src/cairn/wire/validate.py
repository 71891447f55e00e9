"""Validation of inputs against botocore's model, in the words that AWS's services use.

`2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; Value '0' at
'limit' failed to satisfy constraint: Member must have value greater than or equal to 1`. A service with its own words
for a member (`InvalidMaxResultsException`) says so in its `Validation`, and its operation checks that member itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import Shape, StructureShape

from cairn.core.errors import AwsError
from cairn.wire.models import operation_model

ERRORS_MAX = 20
"""More errors of one input are not listed."""

_NOT_NULL = "Member must not be null"
_VALUE_CHARACTERS = 1536  # of a value that is shown; AWS shows those of at least 1,025 whole
_PATTERN_CHARACTERS = 8192  # a longer text is not matched with a pattern, some of which backtrack

Errors = list[str]
_Check = Callable[[Any, str, Errors], None]
_Constraint = tuple[Callable[[Any], bool], str]
"""What must hold, and how it is said where it does not."""


@dataclass(frozen=True, slots=True)
class Validation:
    """How a service answers to input that does not fit its model."""

    code: str = "ValidationException"
    status: int = 400
    unchecked: frozenset[str] = frozenset()
    """What operations check themselves, but for nulls in lists and maps, which none has: `LookupEvents` or
    `LookupEvents.MaxResults`, or `*.MaxResults` for all."""
    patterns_first: bool = False
    """Whether a value is said not to have its pattern before it is said not to have its length."""


USUAL = Validation()


def validate(service: str, operation: str, input: Mapping[str, Any], validation: Validation = USUAL) -> None:
    """Check an input: required members, lengths, ranges, patterns, enumerations.

    Raises:
        AwsError: it does not fit; the message names every member that does not.
    """
    errors: Errors = []
    for name, check in _operation_checks(service, operation, validation.patterns_first):
        if validation.unchecked.isdisjoint((operation, f"{operation}.{name}", f"*.{name}")):
            check(input.get(name), _camel(name), errors)
        else:
            _find_nulls(input.get(name), _camel(name), errors)
    if errors:
        count = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''} detected"
        raise AwsError(validation.code, f"{count}: {'; '.join(errors[:ERRORS_MAX])}", validation.status)


@cache
def _operation_checks(service: str, operation: str, patterns_first: bool) -> tuple[tuple[str, _Check], ...]:
    shape = operation_model(service, operation).input_shape
    return tuple(_Compiler(patterns_first).members(shape)) if shape is not None else ()


class _Compiler:
    """Compiles shapes to checks; what has nothing to check has none."""

    def __init__(self, patterns_first: bool) -> None:
        self._patterns_first = patterns_first
        self._structures: dict[str, list[tuple[str, _Check]]] = {}

    def members(self, shape: StructureShape) -> list[tuple[str, _Check]]:
        if shape.name not in self._structures:
            # Known before its members are, since a structure may hold itself.
            checks = self._structures[shape.name] = []
            for name, member in shape.members.items():
                check = self._check(member)
                if name in shape.required_members:
                    checks.append((name, _required(check)))
                elif check is not None:
                    checks.append((name, _optional(check)))
        return self._structures[shape.name]

    def _check(self, shape: Shape) -> _Check | None:
        match shape.type_name:
            case "structure" if not shape.is_document_type:
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
        return _own(self._constraints(shape), secret=_is_secret(shape))

    def _structure(self, shape: StructureShape) -> _Check:
        members = self.members(shape)

        def check(value: Any, path: str, errors: Errors) -> None:
            for name, check_member in members:
                check_member(value.get(name), f"{path}.{_camel(name)}", errors)

        return check

    def _list(self, shape: Shape) -> _Check:
        secret = _is_secret(shape)
        own = _both(_no_null_in(_numbered), _own(self._constraints(shape), secret=secret))
        if shape.member.type_name not in ("structure", "list", "map"):
            of_items = [_of_every_item(*constraint) for constraint in self._constraints(shape.member)]
            return _both(own, _own(of_items, secret=secret))
        item = self._check(shape.member)
        if item is None:
            return own

        def check(value: Any, path: str, errors: Errors) -> None:
            for number, part in enumerate(value, 1):
                if part is not None:
                    item(part, f"{path}.{number}.member", errors)

        return _both(own, check)

    def _map(self, shape: Shape) -> _Check:
        secret = _is_secret(shape)

        def of_all(what: str, inner: list[_Constraint], parts: Callable[[Any], Any]) -> _Check | None:
            said = ", ".join(text for _, text in inner)
            return _own(
                [
                    (
                        lambda value: all(part is None or holds(part) for part in parts(value) for holds, _ in inner),
                        f"Map {what} must satisfy constraint: [{said}]",
                    )
                ]
                if inner
                else [],
                secret=secret,
            )

        own = _both(
            _both(_no_null_in(dict.items), _own(self._constraints(shape), secret=secret)),
            of_all("keys", self._constraints(shape.key), lambda value: value.keys()),
        )
        if shape.value.type_name not in ("structure", "list", "map"):
            return _both(own, of_all("value", self._constraints(shape.value), lambda value: value.values()))
        entry = self._check(shape.value)
        if entry is None:
            return own

        def check(value: Any, path: str, errors: Errors) -> None:
            for key, part in value.items():
                if part is not None:
                    entry(part, f"{path}.{key}.member", errors)

        return _both(own, check)

    def _constraints(self, shape: Shape) -> list[_Constraint]:
        sizes, pattern, enumeration = _sizes(shape), _patterns(shape), _enumeration(shape)
        return [*pattern, *sizes, *enumeration] if self._patterns_first else [*sizes, *pattern, *enumeration]


def _sizes(shape: Shape) -> list[_Constraint]:
    """The length or the range that a value of `shape` must have."""
    found: list[_Constraint] = []
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    number = shape.type_name in ("integer", "long", "float", "double")
    size: Callable[[Any], Any] = (lambda value: value) if number else len
    what = "value" if number else "length"
    if least is not None:
        found.append(
            (lambda value: size(value) >= least, f"Member must have {what} greater than or equal to {least:g}")
        )
    if most is not None:
        found.append((lambda value: size(value) <= most, f"Member must have {what} less than or equal to {most:g}"))
    return found


def _patterns(shape: Shape) -> list[_Constraint]:
    pattern = _pattern(shape.metadata.get("pattern", ""))
    if pattern is None:
        return []
    said = f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}"
    return [(lambda value: len(value) > _PATTERN_CHARACTERS or pattern.search(value) is not None, said)]


def _enumeration(shape: Shape) -> list[_Constraint]:
    if shape.type_name != "string" or not shape.enum:
        return []
    allowed = frozenset(shape.enum)
    return [(lambda value: value in allowed, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")]


def _of_every_item(holds: Callable[[Any], bool], said: str) -> _Constraint:
    return (
        lambda value: all(item is None or holds(item) for item in value)
    ), f"Member must satisfy constraint: [{said}]"


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """A model's pattern, which the whole text must match. Those in Java's own dialect are passed over."""
    if not text:
        return None
    try:
        return re.compile(rf"\A(?:{text})\Z")
    except re.error:
        return None


def _is_secret(shape: Shape, above: tuple[str, ...] = ()) -> bool:
    """Whether a value of `shape` may hold a secret, which no message may show."""
    if shape.metadata.get("sensitive"):
        return True
    if shape.name in above:
        return False
    within: list[Shape] = []
    match shape.type_name:
        case "structure":
            within = list(shape.members.values())
        case "list":
            within = [shape.member]
        case "map":
            within = [shape.key, shape.value]
    return any(_is_secret(each, (*above, shape.name)) for each in within)


def _own(constraints: list[_Constraint], *, secret: bool) -> _Check | None:
    if not constraints:
        return None

    def check(value: Any, path: str, errors: Errors) -> None:
        for holds, said in constraints:
            if not holds(value):
                text = "Value" if secret else f"Value '{_shown(value)}'"
                errors.append(f"{text} at '{path}' failed to satisfy constraint: {said}")

    return check


def _find_nulls(value: Any, path: str, errors: Errors) -> None:
    """All nulls within lists and maps of a value that is not checked otherwise."""
    if not isinstance(value, list | dict):
        return
    for name, part in enumerate(value, 1) if isinstance(value, list) else value.items():
        if part is None or isinstance(part, list | dict):
            inner = f"{path}.{name}.member" if isinstance(value, list) else f"{path}.{_camel(str(name))}"
            if part is None:
                errors.append(f"Value null at '{inner}' failed to satisfy constraint: {_NOT_NULL}")
            _find_nulls(part, inner, errors)


def _no_null_in(named: Callable[[Any], Iterable[tuple[object, Any]]]) -> _Check:
    """That no part of a list or map is null, which JSON and CBOR can say.

    Args:
        named: the parts of a value, and what each is called.
    """

    def check(value: Any, path: str, errors: Errors) -> None:
        for name, part in named(value):
            if part is None:
                errors.append(f"Value null at '{path}.{name}.member' failed to satisfy constraint: {_NOT_NULL}")

    return check


def _numbered(value: list[Any]) -> Iterable[tuple[object, Any]]:
    return enumerate(value, 1)


def _both(first: _Check, second: _Check | None) -> _Check:
    if second is None:
        return first

    def check(value: Any, path: str, errors: Errors) -> None:
        first(value, path, errors)
        second(value, path, errors)

    return check


def _required(inner: _Check | None) -> _Check:
    def check(value: Any, path: str, errors: Errors) -> None:
        if value is None:
            errors.append(f"Value null at '{path}' failed to satisfy constraint: {_NOT_NULL}")
        elif inner is not None:
            inner(value, path, errors)

    return check


def _optional(inner: _Check) -> _Check:
    def check(value: Any, path: str, errors: Errors) -> None:
        if value is not None:
            inner(value, path, errors)

    return check


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        text = f"[{', '.join(map(str, value))}]"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key}={item}" for key, item in value.items()) + "}"
    else:
        text = str(value)
    return text if len(text) <= _VALUE_CHARACTERS else text[:_VALUE_CHARACTERS] + "..."
