"""What a metric filter is, and what it makes of a call: the checks of PutMetricFilter that need no database. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.metric_filters import refusals
from cairn.cloudwatch.metrics.put import VALUE_MAX
from cairn.cloudwatch.patterns import Pattern, parse_selector
from cairn.cloudwatch.patterns.values import number_of
from cairn.core.errors import AwsError

DIMENSIONS_MAX = 3
ACCOUNT, REGION = "@aws.account", "@aws.region"
"""The system fields that a filter may add as dimensions."""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A metric filter as it is put."""

    name: str
    pattern: str
    regexes: int
    """In the pattern."""
    namespace: str
    metric: str
    value: str
    """A number, a selector or a named field."""
    default: float | None = None
    """What minutes with events and without a match have; None: nothing."""
    dimensions: tuple[tuple[str, str], ...] = ()
    """Their names, and the selectors or named fields that have their values."""
    system_fields: tuple[str, ...] = ()
    """Further dimensions: `ACCOUNT`, `REGION`."""
    unit: str = ""
    """Empty: none."""


class MetricFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A metric filter as it stands."""

    row: int
    """Another one whenever it is put."""
    group: GroupId
    group_row: int
    definition: Definition
    created_ms: int
    since: int
    """The number of the first put of its group that it looks at."""


def definition_of(params: Mapping[str, Any], compile_pattern: Callable[[str], Pattern]) -> Definition:
    """What the input of a PutMetricFilter defines, whose shape was checked.

    Raises:
        AwsError: InvalidParameterException, UnsupportedOperation: something of it is not valid.
    """
    if params.get("applyOnTransformedLogs"):
        raise refusals.no_transformer()
    if params.get("fieldSelectionCriteria"):
        raise refusals.no_field_selection()
    pattern = compile_pattern(params["filterPattern"])
    given: Mapping[str, Any] = params["metricTransformations"][0]
    if not given["metricName"] or not given["metricNamespace"]:
        raise refusals.no_metric()
    value, default = given["metricValue"], given.get("defaultValue")
    if not _is_number(value) and not _is_found(pattern, value):
        raise refusals.not_a_metric_value(value)
    if default is not None and not _in_range(default):
        raise refusals.not_a_default()
    dimensions = tuple((given.get("dimensions") or {}).items())
    system_fields = tuple(dict.fromkeys(params.get("emitSystemFieldDimensions") or ()))
    if dimensions and default is not None:
        raise refusals.dimensions_and_default()
    _check_dimensions(pattern, dimensions, system_fields)
    return Definition(
        name=params["filterName"],
        pattern=params["filterPattern"],
        regexes=pattern.regexes,
        namespace=given["metricNamespace"],
        metric=given["metricName"],
        value=value,
        default=None if default is None else float(default),
        dimensions=dimensions,
        system_fields=system_fields,
        unit=given.get("unit") or "",
    )


def _check_dimensions(
    pattern: Pattern, dimensions: tuple[tuple[str, str], ...], system_fields: tuple[str, ...]
) -> None:
    if dimensions and pattern.kind not in ("json", "delimited"):
        raise refusals.no_dimensions_of_this_pattern()
    if len(dimensions) + len(system_fields) > DIMENSIONS_MAX:
        raise refusals.too_many_dimensions(DIMENSIONS_MAX)
    for name, selector in dimensions:
        if not name.strip() or not name.isascii() or not name.isprintable() or name.startswith(":"):
            raise refusals.not_a_dimension_name(name)
        if not _is_found(pattern, selector):
            raise refusals.dimension_is_no_selector()
    for field in system_fields:
        if field not in (ACCOUNT, REGION):
            raise refusals.not_a_system_field(field)


def _is_found(pattern: Pattern, text: str) -> bool:
    """Whether messages that match may have a value of this name."""
    if pattern.kind == "delimited":
        return text in pattern.selectors
    if pattern.kind != "json":
        return False
    try:
        parse_selector(text)
    except AwsError:
        return False
    return True


def _is_number(text: str) -> bool:
    number = number_of(text)
    return number is not None and _in_range(number)


def _in_range(number: float) -> bool:
    return math.isfinite(number) and abs(number) <= VALUE_MAX
