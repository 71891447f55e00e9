"""From PutEventSelectors' input to selectors, or to the error that CloudTrail answers (spec 5.1, 5.2)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from cairn.cloudtrail import refusals
from cairn.cloudtrail.selectors.grammar import CATEGORIES, FieldRule, full_arn
from cairn.cloudtrail.selectors.matching import WHOLE_TYPES
from cairn.cloudtrail.selectors.resource_types import RESOURCE_TYPES
from cairn.cloudtrail.selectors.selection import AdvancedSelector, DataResource, EventSelector, FieldSelector

BASIC_SELECTORS_MAX = 5
DATA_VALUES_MAX = 250
"""Over all basic selectors of a trail, those that stand for a whole type aside."""
ADVANCED_VALUES_MAX = 500
"""Over all advanced selectors of a trail."""
EXCLUDABLE_SOURCES = ("kms.amazonaws.com", "rdsdata.amazonaws.com")

OPERATORS = {
    "Equals": "equals",
    "StartsWith": "starts_with",
    "EndsWith": "ends_with",
    "NotEquals": "not_equals",
    "NotStartsWith": "not_starts_with",
    "NotEndsWith": "not_ends_with",
}
"""Operators by botocore's names, and the member of `FieldSelector` that has their values."""

_BASIC_VALUES = {
    "AWS::S3::Object": re.compile(r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]/[^*]*", re.DOTALL),
    "AWS::Lambda::Function": re.compile(
        r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?"
    ),
    "AWS::DynamoDB::Table": re.compile(r"arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table/[A-Za-z0-9._-]+"),
}
_READ_WRITES = ("All", "ReadOnly", "WriteOnly")

Params = dict[str, Any]


def selectors_from(params: Params) -> tuple[tuple[EventSelector, ...], tuple[AdvancedSelector, ...]]:
    """The basic or the advanced selectors of PutEventSelectors' input; those of the other kind are empty.

    Raises:
        AwsError: InvalidEventSelectorsException.
    """
    basic, advanced = _items(params, "EventSelectors"), _items(params, "AdvancedEventSelectors")
    if basic and advanced:
        raise refusals.both_kinds_of_selectors()
    return (basic_selectors(basic), ()) if not advanced else ((), advanced_selectors(advanced))


def _items(given: Params, member: str) -> list[Any]:
    """A list, empty where it is not given. JSON's null in it, which the model lets pass, is refused."""
    items = given.get(member, [])
    if None in items:
        raise refusals.invalid_selector_value("null", member)
    return list(items)


def basic_selectors(given: list[Params]) -> tuple[EventSelector, ...]:
    """Basic event selectors from botocore's names.

    Raises:
        AwsError: InvalidEventSelectorsException.
    """
    if not 1 <= len(given) <= BASIC_SELECTORS_MAX:
        raise refusals.wrong_number_of_selectors(BASIC_SELECTORS_MAX)
    selectors = tuple(map(_basic, given))
    values = sum(
        value not in WHOLE_TYPES[resource.type]
        for selector in selectors
        for resource in selector.data
        for value in resource.values
    )
    if values > DATA_VALUES_MAX:
        raise refusals.too_many_data_values(DATA_VALUES_MAX)
    return selectors


def _basic(given: Params) -> EventSelector:
    read_write = given.get("ReadWriteType", "All")
    if read_write not in _READ_WRITES:
        raise refusals.invalid_selector_value(read_write, "ReadWriteType")
    excluded = _items(given, "ExcludeManagementEventSources")
    for source in excluded:
        if source not in EXCLUDABLE_SOURCES:
            raise refusals.invalid_selector_value(source, "ExcludeManagementEventSources")
    data = tuple(map(_data_resource, _items(given, "DataResources")))
    management = given.get("IncludeManagementEvents", True)
    if not management and not data:
        raise refusals.selector_of_nothing()
    return EventSelector(
        read_write=read_write,
        management=management,
        excluded_sources=tuple(excluded),
        data=data,
    )


def _data_resource(given: Params) -> DataResource:
    kind = given.get("Type", "")
    if kind not in WHOLE_TYPES:
        raise refusals.invalid_selector_value(kind, "DataResources.Type")
    values = tuple(_items(given, "Values"))
    for value in values:
        if value not in WHOLE_TYPES[kind] and not _BASIC_VALUES[kind].fullmatch(value):
            raise refusals.invalid_selector_value(value, "DataResources.Values")
    return DataResource(type=kind, values=values)


def advanced_selectors(given: list[Params]) -> tuple[AdvancedSelector, ...]:
    """Advanced event selectors of a trail from botocore's names.

    Raises:
        AwsError: InvalidEventSelectorsException.
    """
    selectors = tuple(map(_advanced, given))
    values = sum(
        len(getattr(field, member))
        for selector in selectors
        for field in selector.fields
        for member in OPERATORS.values()
    )
    if values > ADVANCED_VALUES_MAX:
        raise refusals.too_many_selector_values(ADVANCED_VALUES_MAX)
    return selectors


def _advanced(given: Params) -> AdvancedSelector:
    selector = AdvancedSelector(name=given.get("Name"), fields=tuple(map(_field, _items(given, "FieldSelectors"))))
    category = _one(selector, "eventCategory", tuple(CATEGORIES))
    grammar = CATEGORIES[category]
    for name in grammar.required:
        _one(selector, name, RESOURCE_TYPES if name == "resources.type" else None)
    for field in selector.fields:
        if field.field not in grammar.fields:
            raise refusals.invalid_selector_field(field.field, category)
        _check(field, grammar.fields[field.field], selector)
    return selector


def _field(given: Params) -> FieldSelector:
    values = {member: tuple(_items(given, operator)) for operator, member in OPERATORS.items()}
    if not any(values.values()):
        raise refusals.invalid_advanced_selector(f"Field {given['Field']} has no operator.")
    return FieldSelector(field=given["Field"], **values)


def _one(selector: AdvancedSelector, name: str, allowed: Collection[str] | None) -> str:
    """The value of a field that must be there, once, with one value that it equals."""
    found = [field for field in selector.fields if field.field == name]
    if len(found) != 1 or len(found[0].equals) != 1 or found[0] != FieldSelector(field=name, equals=found[0].equals):
        raise refusals.invalid_advanced_selector(f"Field {name} is required, once, with one value for Equals.")
    (value,) = found[0].equals
    if allowed is not None and value not in allowed:
        raise refusals.invalid_selector_value(value, name)
    return value


def _check(field: FieldSelector, rule: FieldRule, selector: AdvancedSelector) -> None:
    """Raise unless a field's operators and values are among those that it can have."""
    for operator, member in OPERATORS.items():
        values = getattr(field, member)
        if values and operator not in rule.operators:
            raise refusals.invalid_selector_operator(operator, field.field)
        for value in values:
            if rule.values and value not in rule.values:
                raise refusals.invalid_selector_value(value, field.field)
            if (
                field.field == "resources.ARN"
                and operator in ("Equals", "NotEquals")
                and not full_arn(selector.only("resources.type"), value)
            ):
                raise refusals.invalid_selector_value(value, field.field)
