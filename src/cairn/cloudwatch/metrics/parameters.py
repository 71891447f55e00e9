"""Checking the input of metric operations against its model, in the words that CloudWatch has for them.

They are older than those of `wire.validate`: `The parameter MetricData.member.1.Unit must be a value in the set [ ...
].` A member that is not there is told first, and alone; all others together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from cairn.cloudwatch.metrics import refusals
from cairn.core.errors import AwsError
from cairn.wire.models import operation_model

ERRORS_MAX = 20
"""More errors of one input are not listed."""

_NUMBERS = ("integer", "long", "float", "double")


def check(operation: str, input: Mapping[str, Any]) -> None:
    """Check required members, lengths, ranges, patterns and enumerations of one of `cloudwatch`'s operations.

    Raises:
        AwsError: something does not fit.
    """
    errors = _all(operation, input)
    for error in errors:
        if isinstance(error, AwsError):
            raise error
    if errors:
        raise refusals.invalid([str(error) for error in errors[:ERRORS_MAX]])


def check_together(operation: str, input: Mapping[str, Any]) -> None:
    """As `check`, for an operation that has one error, ValidationError, for all of this."""
    errors = [error.message if isinstance(error, AwsError) else error for error in _all(operation, input)]
    if errors:
        raise refusals.validation(errors[:ERRORS_MAX])


def _all(operation: str, input: Mapping[str, Any]) -> list[str | AwsError]:
    shape = operation_model("cloudwatch", operation).input_shape
    assert shape is not None
    return list(_structure(shape, input, ""))


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str | AwsError]:
    for name, member in shape.members.items():
        at = f"{path}.{name}" if path else name
        given = value.get(name)
        if given is None:
            if name in shape.required_members:
                yield refusals.missing(at)
        elif member.type_name == "structure":
            yield from _structure(member, given, at)
        elif member.type_name == "list":
            yield from _list(member, given, at)
        else:
            yield from _scalar(member, given, at)


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[str | AwsError]:
    most = shape.metadata.get("max")
    if most is not None and len(value) > most:
        yield refusals.too_large(path, most)
        return
    for number, item in enumerate(value, 1):
        at = f"{path}.member.{number}"
        if item is None:
            yield refusals.missing(at)
        elif shape.member.type_name == "structure":
            yield from _structure(shape.member, item, at)
        else:
            yield from _scalar(shape.member, item, at)


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[str | AwsError]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name in _NUMBERS:
        if least is not None and value < least:
            yield f"The parameter {path} must be greater than or equal to {least}."
        return
    if shape.type_name != "string":
        return
    if least and not value:
        yield refusals.missing(path)
    elif most is not None and len(value) > most:
        yield f"The parameter {path} must be shorter than {most + 1} characters."
    elif shape.enum and value not in shape.enum:
        yield f"The parameter {path} must be a value in the set [ {', '.join(shape.enum)} ]."
    elif "pattern" in shape.metadata and not re.fullmatch(shape.metadata["pattern"], value):
        yield refusals.no_value(value, path)
