"""What CloudWatch Logs answers when it refuses a metric filter: each error's name and text, in one place.

Texts marked (ours) are not known from AWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cairn.core.errors import AwsError


def name_too_long() -> AwsError:
    return _invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")


def too_many_transformations(given: Sequence[Mapping[str, Any]]) -> AwsError:
    shown = ", ".join(map(_transformation, given))
    return _invalid(
        f"1 validation error detected: Value '[{shown}]' at 'metricTransformations' failed to satisfy constraint: "
        "Member must have length less than or equal to 1"
    )


def dimensions_and_default() -> AwsError:
    return _transforms_badly("dimensions and default value are mutually exclusive properties")


def dimension_is_no_selector() -> AwsError:
    return _transforms_badly("dimension value must be valid selector")


def no_dimensions_of_this_pattern() -> AwsError:
    return _invalid("The specified filter pattern does not support dimensions")


def too_many_dimensions(most: int) -> AwsError:  # (ours)
    return _transforms_badly(f"there can be at most {most} dimensions")


def not_a_dimension_name(name: str) -> AwsError:  # (ours)
    return _transforms_badly(f"dimension name '{name}' must be printable ASCII, and cannot begin with a colon")


def not_a_metric_value(value: str) -> AwsError:  # (ours)
    text = f"metric value '{value}' must be a number, or a selector that the filter pattern supports"
    return _transforms_badly(text)


def not_a_default() -> AwsError:  # (ours)
    return _transforms_badly("default value must be a number of at most 2^360")


def no_metric() -> AwsError:  # (ours)
    return _transforms_badly("metric name and metric namespace must not be empty")


def not_a_system_field(name: str) -> AwsError:  # (ours)
    return _invalid(f"'{name}' is not a system field: emitSystemFieldDimensions takes @aws.account and @aws.region.")


def no_transformer() -> AwsError:  # (ours)
    text = "The log group has no transformer, so that applyOnTransformedLogs cannot be true."
    return AwsError("InvalidOperationException", text)


def no_field_selection() -> AwsError:  # (ours)
    return AwsError("UnsupportedOperation", "Cairn does not support fieldSelectionCriteria.")


def not_of_class(log_class: str) -> AwsError:  # (ours)
    text = f"Metric filters are not supported for log groups of the class {log_class}."
    return AwsError("InvalidOperationException", text)


def filter_not_found() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified metric filter does not exist.")


def name_and_namespace() -> AwsError:  # (ours)
    return _invalid("metricName and metricNamespace must be given together.")


def _transforms_badly(why: str) -> AwsError:
    return _invalid(f"Invalid metric transformation: {why}")


def _invalid(text: str) -> AwsError:
    return AwsError("InvalidParameterException", text)


def _transformation(given: Mapping[str, Any]) -> str:
    names = ("metricName", "metricNamespace", "metricValue", "defaultValue", "unit", "dimensions")
    return f"MetricTransformation({', '.join(f'{name}={_shown(given.get(name))}' for name in names)})"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={item}" for key, item in value.items()) + "}"
    return str(value)
