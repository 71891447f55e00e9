"""The tables of AWS's guide (spec 8.5), row by row, and the rules behind them against a second implementation."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.cloudwatch.alarms.evaluation import ALARM, INSUFFICIENT_DATA, OK, Criterion, Judgement, Point, judge

KEEP = None
ALL = ("missing", "ignore", "breaching", "notBreaching")

THREE_OF_THREE = [
    ("0-X-X", {"missing": OK, "ignore": OK, "breaching": OK, "notBreaching": OK}),
    ("0----", {"missing": OK, "ignore": OK, "breaching": OK, "notBreaching": OK}),
    ("-----", {"missing": INSUFFICIENT_DATA, "ignore": KEEP, "breaching": ALARM, "notBreaching": OK}),
    ("0XX-X", {"missing": ALARM, "ignore": ALARM, "breaching": ALARM, "notBreaching": ALARM}),
    ("--X--", {"missing": ALARM, "ignore": KEEP, "breaching": ALARM, "notBreaching": OK}),
]
TWO_OF_THREE = [
    ("0-X-X", {"missing": ALARM, "ignore": ALARM, "breaching": ALARM, "notBreaching": ALARM}),
    ("00X0X", {"missing": ALARM, "ignore": ALARM, "breaching": ALARM, "notBreaching": ALARM}),
    ("0-X--", {"missing": OK, "ignore": OK, "breaching": ALARM, "notBreaching": OK}),
    ("----0", {"missing": OK, "ignore": OK, "breaching": ALARM, "notBreaching": OK}),
    ("---X-", {"missing": ALARM, "ignore": KEEP, "breaching": ALARM, "notBreaching": OK}),
]


def judged(points: str, to_alarm: int, periods: int, treatment: str) -> Judgement:
    """Of `0` well, `X` breaching, `-` missing, the oldest first."""
    criterion = Criterion("GreaterThanThreshold", 5.0, periods, to_alarm, treatment)
    range = [None if each == "-" else Point(at, 9.0 if each == "X" else 1.0) for at, each in enumerate(points)]
    return judge(criterion, range, list(map(float, range_of(points))))


def range_of(points: Sequence[object]) -> range:
    return range(len(points))


@pytest.mark.parametrize("treatment", ALL)
@pytest.mark.parametrize(("points", "states"), THREE_OF_THREE)
def test_three_out_of_three(points: str, states: dict[str, str], treatment: str) -> None:
    assert judged(points, 3, 3, treatment).state == states[treatment]


@pytest.mark.parametrize("treatment", ALL)
@pytest.mark.parametrize(("points", "states"), TWO_OF_THREE)
def test_two_out_of_three(points: str, states: dict[str, str], treatment: str) -> None:
    assert judged(points, 2, 3, treatment).state == states[treatment]


@pytest.mark.parametrize("treatment", ALL)
def test_the_newest_points_decide_where_none_is_missing(treatment: str) -> None:
    assert judged("XX000", 3, 3, treatment).state == OK
    assert judged("00XXX", 3, 3, treatment).state == ALARM
    assert judged("000XX", 3, 3, treatment).state == OK


@pytest.mark.parametrize("treatment", ["missing", "ignore"])
def test_a_single_breaching_point_that_is_new_changes_nothing_yet(treatment: str) -> None:
    assert judged("----X", 2, 3, treatment).state is KEEP
    assert judged("X----", 2, 3, treatment).state is KEEP


def test_what_was_judged_is_told() -> None:
    judgement = judged("0-X--", 2, 3, "breaching")
    assert [point.start for point in judgement.used] == [0.0, 2.0]
    assert judgement.filled == 1
    assert judgement.missing == (4.0,)
    assert judged("0-X-X", 2, 3, "breaching").filled == 0


@pytest.mark.parametrize(
    ("operator", "breaching", "well"),
    [
        ("GreaterThanOrEqualToThreshold", [5.0, 6.0], [4.9]),
        ("GreaterThanThreshold", [5.1], [5.0, 4.0]),
        ("LessThanThreshold", [4.9], [5.0, 6.0]),
        ("LessThanOrEqualToThreshold", [5.0, 4.0], [5.1]),
    ],
)
def test_operators(operator: str, breaching: list[float], well: list[float]) -> None:
    criterion = Criterion(operator, 5.0, 1, 1)
    assert [judge(criterion, [Point(0, value)], [0]).state for value in breaching] == [ALARM] * len(breaching)
    assert [judge(criterion, [Point(0, value)], [0]).state for value in well] == [OK] * len(well)


@pytest.mark.parametrize(
    ("operator", "low", "inside", "high"),
    [
        ("LessThanLowerOrGreaterThanUpperThreshold", ALARM, OK, ALARM),
        ("LessThanLowerThreshold", ALARM, OK, OK),
        ("GreaterThanUpperThreshold", OK, OK, ALARM),
    ],
)
def test_bands(operator: str, low: str, inside: str, high: str) -> None:
    criterion = Criterion(operator, None, 1, 1)
    found = [judge(criterion, [Point(0, value, band=(1.0, 2.0))], [0]).state for value in (0.9, 1.0, 2.0, 2.1)]
    assert found == [low, inside, inside, high]


def test_a_percentile_of_few_samples_keeps_the_state_if_asked_to() -> None:
    criterion = Criterion("GreaterThanThreshold", 5.0, 1, 1, percent=99.0)
    assert judge(criterion, [Point(0, 9.0, samples=999)], [0]).state is KEEP
    assert judge(criterion, [Point(0, 9.0, samples=1000)], [0]).state == ALARM
    low = Criterion("LessThanThreshold", 5.0, 1, 1, percent=10.0)
    assert judge(low, [Point(0, 1.0, samples=99)], [0]).state is KEEP
    assert judge(low, [Point(0, 1.0, samples=100)], [0]).state == ALARM


def naive(points: str, to_alarm: int, periods: int, treatment: str) -> str | None:
    """The guide's rules once more, by counting characters."""
    real = points.replace("-", "")
    if len(real) >= periods:
        return ALARM if real[-periods:].count("X") >= to_alarm else OK
    fill = {"breaching": "X", "notBreaching": "0"}.get(treatment)
    if fill is not None:
        return ALARM if (real + fill * (periods - len(real))).count("X") >= to_alarm else OK
    if real.count("X") >= to_alarm:
        return ALARM
    if treatment == "missing":
        if not real:
            return INSUFFICIENT_DATA
        tail = points[-periods:]
        first = tail.find("X")
        if len(real) < to_alarm and first >= 0 and "0" not in tail[first:] and periods - first >= to_alarm:
            return ALARM
    return OK if "0" in real else KEEP


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, int, int, str]:
    periods = draw(st.integers(1, 6))
    points = draw(st.text("0X-", min_size=periods + 2, max_size=periods + 2))
    return points, draw(st.integers(1, periods)), periods, draw(st.sampled_from(ALL))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_as_a_second_implementation_has_it(case: tuple[str, int, int, str]) -> None:
    assert judged(*case).state == naive(*case)


@given(cases())
def test_worse_data_never_make_it_better(case: tuple[str, int, int, str]) -> None:
    points, to_alarm, periods, treatment = case
    worse = points.replace("0", "X")
    if judged(points, to_alarm, periods, treatment).state == ALARM:
        assert judged(worse, to_alarm, periods, treatment).state == ALARM


@given(cases())
def test_how_missing_data_is_treated_does_not_matter_while_there_is_enough(case: tuple[str, int, int, str]) -> None:
    points, to_alarm, periods, _ = case
    if len(points.replace("-", "")) >= periods:
        assert len({judged(points, to_alarm, periods, treatment).state for treatment in ALL}) == 1


@given(cases())
def test_an_alarm_is_insufficient_only_without_any_data(case: tuple[str, int, int, str]) -> None:
    points, _, _, treatment = case
    insufficient = judged(*case).state == INSUFFICIENT_DATA
    assert insufficient == (treatment == "missing" and set(points) == {"-"})
