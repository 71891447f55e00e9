"""PutMetricData: what it refuses, and the data that it puts (spec 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cairn.cloudwatch.metrics import refusals
from cairn.cloudwatch.metrics.datum import NO_UNIT, RESOLUTIONS, Datum, StatisticSet
from cairn.cloudwatch.metrics.parameters import ERRORS_MAX
from cairn.cloudwatch.metrics.store import DAY_S, HOUR_S
from cairn.wire.operation import Context

Params = Mapping[str, Any]

DATA_MAX = 1_000
"""In one request."""
VALUES_MAX = 150
"""In one datum."""
ENTITIES_MAX = 2
PAST_S, FUTURE_S = 14 * DAY_S, 2 * HOUR_S
"""How far a timestamp may be from now."""
VALUE_MAX = 2.0**360

_ENTITY_KEYS = frozenset({"Type", "ResourceType", "Identifier", "Name", "Environment"})


def data_of(context: Context, input: Params, now: float) -> list[Datum]:
    """The data of a request whose shape was checked.

    Raises:
        AwsError: any of it is not valid; then nothing of it is put.
    """
    plain, entities = input.get("MetricData") or [], input.get("EntityMetricData") or []
    if not plain and not entities:
        raise refusals.missing("MetricData")
    if entities:
        _check_entities(entities, input.get("StrictEntityValidation"))
    given = [(f"MetricData.member.{number}", each) for number, each in enumerate(plain, 1)]
    for index, entity in enumerate(entities, 1):
        path = f"EntityMetricData.member.{index}.MetricData"
        given += [(f"{path}.member.{number}", each) for number, each in enumerate(entity.get("MetricData") or [], 1)]
    if len(given) > DATA_MAX:
        raise refusals.invalid([refusals.too_large("MetricData", DATA_MAX)])
    _check_text([("Namespace", input["Namespace"])])
    errors = [error for path, each in given for error in _errors(path, each, now)]
    if errors:
        raise refusals.invalid(errors[:ERRORS_MAX])
    return [_datum(context, input["Namespace"], each, now) for _, each in given]


def _check_entities(entities: Sequence[Params], strict: bool | None) -> None:
    """Raises AwsError for entities that are not valid, where that matters. They are not kept."""
    if strict is None:
        raise refusals.missing("StrictEntityValidation")
    if not strict:
        return
    if len(entities) > ENTITIES_MAX:
        raise refusals.invalid([refusals.too_large("EntityMetricData", ENTITIES_MAX)])
    for number, each in enumerate(entities, 1):
        keys = (each.get("Entity") or {}).get("KeyAttributes") or {}
        if "Type" not in keys or not 2 <= len(keys) <= 4 or not _ENTITY_KEYS.issuperset(keys):
            path = f"EntityMetricData.member.{number}.Entity.KeyAttributes"
            raise refusals.invalid([refusals.no_value(dict(keys), path)])


def _errors(path: str, given: Params, now: float) -> Iterator[str]:
    """What is wrong with a datum. Raises AwsError where members are missing or exclude each other."""
    kinds = [name for name in ("Value", "Values", "StatisticValues") if given.get(name) is not None]
    if not kinds:
        raise refusals.missing(f"{path}.Value")
    if len(kinds) > 1:
        raise refusals.exclusive(f"{path}.{kinds[0]}", f"{path}.{kinds[1]}")
    if given.get("Counts") is not None and kinds != ["Values"]:
        raise refusals.combination(f"The parameter {path}.Counts is allowed only with {path}.Values.")
    dimensions = given.get("Dimensions") or []
    texts = [(f"{path}.MetricName", given["MetricName"])]
    for number, each in enumerate(dimensions, 1):
        at = f"{path}.Dimensions.member.{number}"
        texts += [(f"{at}.Name", each["Name"]), (f"{at}.Value", each["Value"])]
        if each["Name"].startswith(":"):
            yield refusals.no_value(each["Name"], f"{at}.Name")
    _check_text(texts)
    if len({each["Name"] for each in dimensions}) < len(dimensions):
        yield refusals.same_dimension_twice()
    if given.get("StorageResolution") not in (None, *RESOLUTIONS):
        yield f"The parameter {path}.StorageResolution must be 1 or 60."
    time = given["Timestamp"].timestamp() if given.get("Timestamp") is not None else now
    if time < now - PAST_S:
        yield f"The parameter {path}.Timestamp must specify a time no more than two weeks in the past."
    if time > now + FUTURE_S:
        yield f"The parameter {path}.Timestamp must specify a time no more than two hours in the future."
    yield from {"Value": _of_value, "Values": _of_values, "StatisticValues": _of_statistics}[kinds[0]](path, given)


def _of_value(path: str, given: Params) -> Iterator[str]:
    if not _is_value(given["Value"]):
        yield refusals.no_value(given["Value"], f"{path}.Value")


def _of_values(path: str, given: Params) -> Iterator[str]:
    values, counts = given["Values"], given.get("Counts")
    if not values:
        raise refusals.missing(f"{path}.Values")
    if len(values) > VALUES_MAX:
        yield refusals.too_large(f"{path}.Values", VALUES_MAX)
    for number, value in enumerate(values, 1):
        if value is None or not _is_value(value):
            yield refusals.no_value(value, f"{path}.Values.member.{number}")
    if counts is None:
        return
    if len(counts) != len(values):
        yield f"The parameters {path}.Values and {path}.Counts must be of the same size."
    for number, count in enumerate(counts, 1):
        if count is None or not _is_value(count) or count < 0:
            yield refusals.no_value(count, f"{path}.Counts.member.{number}")


def _of_statistics(path: str, given: Params) -> Iterator[str]:
    found = given["StatisticValues"]
    wrong = [name for name in ("SampleCount", "Sum", "Minimum", "Maximum") if not _is_value(found[name])]
    yield from (refusals.no_value(found[name], f"{path}.StatisticValues.{name}") for name in wrong)
    if not wrong and found["SampleCount"] < 0:
        yield refusals.no_value(found["SampleCount"], f"{path}.StatisticValues.SampleCount")
    if not wrong and found["Minimum"] > found["Maximum"]:
        at = f"{path}.StatisticValues"
        yield f"The parameter {at}.Maximum must be greater than or equal to {at}.Minimum."


def _is_value(value: float) -> bool:
    return abs(value) <= VALUE_MAX  # which NaN is not, nor an integer that no float holds


def _check_text(texts: Sequence[tuple[str, str]]) -> None:
    for path, text in texts:
        if not text.strip():
            raise refusals.missing(path)
        if not text.isascii() or not text.isprintable():
            raise refusals.invalid([f"The value {text} for parameter {path} contains non-ASCII characters."])


def _datum(context: Context, namespace: str, given: Params, now: float) -> Datum:
    found = given.get("StatisticValues")
    return Datum(
        account=context.account,
        region=context.region,
        namespace=namespace,
        name=given["MetricName"],
        dimensions=tuple(sorted((each["Name"], each["Value"]) for each in given.get("Dimensions") or [])),
        time=given["Timestamp"].timestamp() if given.get("Timestamp") is not None else now,
        value=float(given["Value"]) if given.get("Value") is not None else None,
        values=tuple(map(float, given.get("Values") or ())),
        counts=tuple(map(float, given.get("Counts") or ())),
        statistics=StatisticSet(
            float(found["SampleCount"]), float(found["Sum"]), float(found["Minimum"]), float(found["Maximum"])
        )
        if found is not None
        else None,
        unit=given.get("Unit") or NO_UNIT,
        resolution=given.get("StorageResolution") or 60,
    )
