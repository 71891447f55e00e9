"""Sentences and data as AWS's alarms are quoted with."""

import json

import pytest

from cairn.cloudwatch.alarms import reasons
from cairn.cloudwatch.alarms.evaluation import Criterion, Judgement, Point, judge

AT = 1_698_338_520.0
"""26 October 2023, 16:42 UTC."""


def judgement(criterion: Criterion, *values: float | None, period: int = 60) -> Judgement:
    """Of values of which the last is that of `AT`."""
    first = AT - period * (len(values) - 1)
    starts = [first + period * place for place in range(len(values))]
    points = [Point(start, v, 2.0) if v is not None else None for start, v in zip(starts, values, strict=True)]
    return judge(criterion, points, starts)


def said(criterion: Criterion, *values: float | None, of: bool = False) -> str:
    return reasons.reason(criterion, judgement(criterion, *values), of=of)


def criterion(n: int = 1, m: int | None = None, treatment: str = "missing", threshold: float = 2.0) -> Criterion:
    return Criterion("GreaterThanThreshold", threshold, n, m or n, treatment)


def test_one_point() -> None:
    alarm = "Threshold Crossed: 1 datapoint [21.5 (26/10/23 16:42:00)] was greater than the threshold (2.0)."
    well = "Threshold Crossed: 1 datapoint [1.0 (26/10/23 16:42:00)] was not greater than the threshold (2.0)."
    assert said(criterion(), 21.5) == alarm
    assert said(criterion(), 1.0) == well


def test_several_points_the_newest_first() -> None:
    assert said(criterion(3), 3.0, 4.0, 5.0) == (
        "Threshold Crossed: 3 datapoints [5.0 (26/10/23 16:42:00), 4.0 (26/10/23 16:41:00), 3.0 (26/10/23 16:40:00)] "
        "were greater than the threshold (2.0)."
    )


def test_many_points_are_cut_to_the_newest_five() -> None:
    text = said(criterion(6), *[3.0] * 6)
    assert text.startswith("Threshold Crossed: 6 datapoints were greater than the threshold (2.0). ")
    assert text.endswith("16:40:00), 3.0 (26/10/23 16:39:00), 3.0 (26/10/23 16:38:00)].")
    assert "The most recent datapoints which crossed the threshold: [3.0 (26/10/23 16:42:00)" in text


def test_so_many_out_of_so_many() -> None:
    assert said(criterion(of := 1), 21.5, of=bool(of)) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [21.5 (26/10/23 16:42:00)] was greater than the threshold "
        "(2.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert said(criterion(5, 3), 1.0, 1.0, 3.0, 3.0, 1.0, of=True).endswith(
        "(minimum 3 datapoints for ALARM -> OK transition)."
    )


def test_missing_data() -> None:
    assert said(criterion(2), None, None) == "Insufficient Data: 2 datapoints were unknown."
    assert said(criterion(1), None) == "Insufficient Data: 1 datapoint was unknown."
    assert said(criterion(2, treatment="breaching"), None, None) == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
        "[Breaching]."
    )
    assert said(criterion(1, treatment="notBreaching"), None) == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )
    assert said(criterion(3, 2, "breaching"), None, None, 1.0) == (
        "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as "
        "[Breaching]."
    )
    assert said(criterion(3, 1, "notBreaching"), None, None, 613.0, of=True) == (
        "Threshold Crossed: 1 out of the last 3 datapoints [613.0 (26/10/23 16:42:00)] was greater than the threshold "
        "(2.0) and 2 missing datapoints were treated as [NonBreaching] "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )


def test_bands() -> None:
    both = Criterion("LessThanLowerOrGreaterThanUpperThreshold", None, 1, 1)
    high = Criterion("GreaterThanUpperThreshold", None, 1, 1)
    out = judge(both, [Point(AT, 0.0, band=(0.5, 1.5))], [AT])
    well = judge(both, [Point(AT, 1.0, band=(0.5, 1.5))], [AT])
    assert reasons.reason(both, out, of=False) == (
        "Thresholds Crossed: 1 datapoint [0.0 (26/10/23 16:42:00)] was less than the lower thresholds [0.5] or greater "
        "than the upper thresholds [1.5]."
    )
    assert "was not less than the lower thresholds [0.5] or not greater than" in reasons.reason(both, well, of=False)
    assert reasons.reason(high, judge(high, [Point(AT, 2.0, band=(0.5, 1.5))], [AT]), of=False) == (
        "Thresholds Crossed: 1 datapoint [2.0 (26/10/23 16:42:00)] was greater than the upper thresholds [1.5]."
    )
    data = json.loads(reasons.data(both, out, AT, period=60))
    assert (data["recentLowerThresholds"], data["recentUpperThresholds"]) == ([0.5], [1.5])
    assert "threshold" not in data


def test_data() -> None:
    found = reasons.data(
        criterion(2), judgement(criterion(2), 3.0, 4.0), AT + 90.25, period=60, statistic="Average", unit="Seconds"
    )
    assert list(json.loads(found).items()) == [
        ("version", "1.0"),
        ("queryDate", "2023-10-26T16:43:30.250+0000"),
        ("startDate", "2023-10-26T16:41:00.000+0000"),
        ("unit", "Seconds"),
        ("statistic", "Average"),
        ("period", 60),
        ("recentDatapoints", [3.0, 4.0]),
        ("threshold", 2.0),
        (
            "evaluatedDatapoints",
            [
                {"timestamp": "2023-10-26T16:42:00.000+0000", "sampleCount": 2.0, "value": 4.0},
                {"timestamp": "2023-10-26T16:41:00.000+0000", "sampleCount": 2.0, "value": 3.0},
            ],
        ),
    ]


def test_data_without_points_has_no_start() -> None:
    found = json.loads(reasons.data(criterion(2), judgement(criterion(2), None, None), AT, period=60, statistic="Sum"))
    assert "startDate" not in found
    assert found["recentDatapoints"] == []
    assert found["evaluatedDatapoints"] == [
        {"timestamp": "2023-10-26T16:42:00.000+0000"},
        {"timestamp": "2023-10-26T16:41:00.000+0000"},
    ]


def test_data_of_many_points_fits_and_keeps_the_newest() -> None:
    many = judgement(criterion(400), *[float(value) for value in range(1000, 1400)])
    text = reasons.data(criterion(400), many, AT, period=60)
    assert len(text) <= 4000
    found = json.loads(text)
    assert found["evaluatedDatapoints"][0]["value"] == found["recentDatapoints"][-1] == 1399.0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (1.0, "1.0"),
        (-2.5, "-2.5"),
        (0.0666851903306472, "0.0666851903306472"),
        (0.001, "0.001"),
        (9999999.0, "9999999.0"),
        (1073741824.0, "1.073741824E9"),
        (1e7, "1.0E7"),
        (-1.5e8, "-1.5E8"),
        (1e-5, "1.0E-5"),
        (1.25e-4, "1.25E-4"),
        (1e22, "1.0E22"),
    ],
)
def test_numbers_as_java_writes_them(value: float, text: str) -> None:
    assert reasons.number(value) == text


def test_times() -> None:
    assert reasons.timestamp(1_699_999_999.9996) == "2023-11-14T22:13:20.000+0000"
    assert reasons.spoken(1_636_512_355.6) == "Wednesday 10 November, 2021 02:45:55 UTC"


def test_a_composite_alarm_names_who_turned_last() -> None:
    text, data = reasons.composite([("arn:a", "OK", AT - 1), ("arn:b", "ALARM", AT)])
    assert text == "arn:b transitioned to ALARM at Thursday 26 October, 2023 16:42:00 UTC"
    assert [each["arn"] for each in json.loads(data)["triggeringAlarms"]] == ["arn:a", "arn:b"]
