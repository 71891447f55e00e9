"""What CloudWatch answers when it refuses what concerns metrics: each error's name and text, in one place.

Texts marked (ours) are not known from AWS; the names are always the service model's, or the query protocol's own.
"""

from __future__ import annotations

from collections.abc import Iterable

from cairn.core.errors import AwsError

_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def missing(path: str) -> AwsError:
    return AwsError("MissingRequiredParameterException", f"The parameter {path} is required.")


def invalid(texts: Iterable[str]) -> AwsError:
    return AwsError("InvalidParameterValueException", "\n".join(texts))


def combination(text: str) -> AwsError:
    return AwsError("InvalidParameterCombinationException", text)


def exclusive(first: str, second: str) -> AwsError:
    return combination(f"The parameters {first} and {second} are mutually exclusive and you have specified both.")


def validation(texts: Iterable[str]) -> AwsError:
    return AwsError("ValidationError", "\n".join(texts))


def too_large(path: str, limit: int) -> str:
    return f"The collection {path} must not have a size greater than {limit}."


def no_value(value: object, path: str) -> str:
    shown = _SPECIAL.get(str(value), value) if isinstance(value, float) else value
    return f"The value {shown} for parameter {path} is invalid."


def same_dimension_twice() -> str:
    return "No metric may specify the same dimension name twice."


def wrong_order() -> str:
    return "The parameter StartTime must be less than the parameter EndTime."


def no_statistic(name: str, path: str) -> str:
    return f"The value {name} for parameter {path} is not a valid statistic."


def no_period(path: str) -> str:  # (ours)
    return f"The parameter {path} must be 1, 5, 10, 20, 30, or a multiple of 60."


def too_many_points(points: int, limit: int) -> AwsError:
    text = (
        f"You have requested up to {points} datapoints, which exceeds the limit of {limit}. You may reduce the "
        "datapoints requested by increasing Period, or decreasing the time range."
    )
    return combination(text)


def too_much_to_compute(limit: int) -> AwsError:  # (ours)
    text = f"The expressions need more than {limit} data points. Increase the period, or decrease the time range."
    return validation([text])


def in_expression(id: str, text: str) -> str:
    return f"Error in expression '{id}': {text}"


def no_sql() -> str:  # (ours)
    return "Metrics Insights queries are not supported by this version of Cairn."


def invalid_token() -> AwsError:  # (ours)
    return AwsError("InvalidNextToken", "The token is not one that this operation gave for this request.")


def too_many_detectors(limit: int) -> AwsError:  # (ours)
    return AwsError("LimitExceededException", f"The account may have up to {limit} anomaly detectors in a Region.")


def no_detector() -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", "There is no such anomaly detector.", 404)


def no_math_detectors() -> AwsError:  # (ours)
    text = "Anomaly detectors of math expressions are not supported by this version of Cairn."
    return AwsError("InvalidParameterValueException", text)
