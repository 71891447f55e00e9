import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudwatch.metrics.math import Grid, Kind, MathError, TimeSeries, evaluate, kind_of, parse
from cairn.cloudwatch.metrics.math.parser import CHARACTERS_MAX

GRID = Grid(0, 300, 60)
_ = None
Column = list[float | None]


class Metrics:
    """A source whose metrics are those given."""

    def __init__(self, series: dict[str, TimeSeries]) -> None:
        self._series = series

    def metrics(self, text: str) -> list[TimeSeries]:
        return [each for id, each in self._series.items() if text in id]

    def search(self, search: str, statistic: str, period: int) -> list[TimeSeries]:
        raise AssertionError

    def spend(self, points: int) -> None:
        pass

    def band(self, id: str, deviations: float, times: range) -> list[TimeSeries]:
        raise AssertionError


def compute(expression: str, **metrics: Column) -> Any:
    """The values at 0, 60, ... of what an expression makes of metrics; a list of them for an array."""
    series = {
        id: TimeSeries({60 * n: v for n, v in enumerate(column) if v is not None}, 60) for id, column in metrics.items()
    }
    node = parse(expression)
    kind_of(node, dict.fromkeys(series, Kind.SERIES))
    value = evaluate(node, series, Metrics(series), GRID)
    if isinstance(value, list):
        return [column_of(each) for each in value]
    return column_of(value) if isinstance(value, TimeSeries) else value


def column_of(series: TimeSeries) -> Column:
    assert list(series.points) == sorted(series.points)
    return [series.points.get(time) for time in GRID.times]


M1: Column = [30, 20, 0, 0, _]
M2: Column = [20, _, 20, _, _]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # The guide's own examples.
        ("m1 < m2", [0, 0, 1, 0, _]),
        ("m1 >= 30", [1, 0, 0, 0, _]),
        ("m1 > 15 AND m2 > 15", [1, 0, 0, 0, _]),
        # Missing values count as 0, and division by zero leaves nothing.
        ("m1 + m2", [50, 20, 20, 0, _]),
        ("m2 / m1", [2 / 3, 0, _, _, _]),
        ("100 / [m1, m2]", [[10 / 3, 5, _, _, _], [5, _, 5, _, _]]),
        ("-m1 + 1", [-29, -19, 1, 1, _]),
        ("2 * m1 ^ 2 - 1", [1799, 799, -1, -1, _]),
        ("m1 - -5", [35, 25, 5, 5, _]),
        ("2 ^ 3 ^ 2 + m2 - m2", [512, _, 512, _, _]),
        ("-2 ^ 2 + m2", [16, _, 16, _, _]),
        ("m1 == 0 || m2 == 20 && m1 == 20", [0, 0, 1, 1, _]),
        # From all points of a series to a number, and from series to one.
        ("m1 - AVG(m1)", [17.5, 7.5, -12.5, -12.5, _]),
        ("m1 * 0 + SUM(m2)", [40, 40, 40, 40, _]),
        ("AVG([m1, m2])", [25, 10, 10, 0, _]),
        ("SUM(METRICS())", [50, 20, 20, 0, _]),
        ('MAX(METRICS("m2"))', [20, _, 20, _, _]),
        ("MIN([m1, m2])", [20, 20, 0, 0, _]),
        ("STDDEV([m1, m2])", [5, 0, 10, 0, _]),
        ("DATAPOINT_COUNT([m1, m2])", [2, 1, 2, 1, _]),
        ("m2 * METRIC_COUNT(METRICS())", [40, _, 40, _, _]),
        ("m2 + DATAPOINT_COUNT(m1)", [24, _, 24, _, _]),
        ("TIME_SERIES(MAX(m1) / 2)", [15, 15, 15, 15, 15]),
        ("m2 / PERIOD(m2)", [1 / 3, _, 1 / 3, _, _]),
        # From point to point.
        ("DIFF(m1)", [_, -10, -20, 0, _]),
        ("RATE(m2)", [_, _, 0, _, _]),
        ("DIFF_TIME(m2)", [_, _, 120, _, _]),
        ("RUNNING_SUM(m1)", [30, 50, 50, 50, _]),
        ("ABS(-m2)", [20, _, 20, _, _]),
        ("CEIL(m2 / 3)", [7, _, 7, _, _]),
        ("FLOOR([m2 / 3])", [[6, _, 6, _, _]]),
        ("LOG10(m1 - 20)", [1, _, _, _, _]),
        ("LOG(m2 - 19)", [0, _, 0, _, _]),
        # Filling.
        ("FILL(m2, 7)", [20, 7, 20, 7, 7]),
        ("FILL(m2, REPEAT)", [20, 20, 20, 20, 20]),
        ("FILL(DIFF(m1), REPEAT)", [_, -10, -20, 0, 0]),
        ("FILL(RUNNING_SUM(m2), LINEAR)", [20, 30, 40, _, _]),
        ("FILL(m2, m1)", [20, 20, 20, 0, _]),
        ("FILL([m2], MIN(m1))", [[20, 0, 20, 0, 0]]),
        # Choosing.
        ("IF(m1 > 15, m1)", [30, 20, _, _, _]),
        ("IF(m1, m2, 5)", [20, 0, 5, 5, _]),
        ("IF(m1, 5, m2)", [5, 5, 20, _, _]),
        ("IF(m1, 1, 0)", [1, 1, 0, 0, _]),
        ("IF(1, m1, m2)", M1),
        ("IF(0, m1)", [_, _, _, _, _]),
        ("IF(SUM(m2) > 100, m1, 3)", [3, 3, 3, 3, _]),
        # Arrays.
        ("FIRST(SORT(METRICS(), SUM, ASC))", M2),
        ("LAST(SORT([m1, m2], AVG, DESC))", M1),
        ("SORT([m2, m1, DIFF(m2 / 0)], MAX, DESC, 2)", [M1, M2]),
        ("SLICE(METRICS(), 1)", [M2]),
        ("SLICE([m1, m2, m1], 0, 2)", [M1, M2]),
        ("REMOVE_EMPTY([m1 / 0, m2])", [M2]),
        ("METRICS() * 2 - 1", [[59, 39, -1, -1, _], [39, _, 39, _, _]]),
        ("[m1, [m2, m1]]", [M1, M2, M1]),
        # Nothing comes of nothing.
        ("m1 + AVG(m1 / 0)", [_, _, _, _, _]),
        ("m1 > MAX(m1 / 0)", [_, _, _, _, _]),
        ("TIME_SERIES(1 / 0)", [_, _, _, _, _]),
        ("(m1 - 20) ^ 0.5 + m1 * 10 ^ 400", [10**0.5, 0, _, _, _]),
    ],
)
def test_values(expression: str, expected: Any) -> None:
    found = compute(expression, m1=M1, m2=M2)
    if expected and isinstance(expected[0], list):
        assert len(found) == len(expected)
        for one, wanted in zip(found, expected, strict=True):
            assert one == pytest.approx(wanted)
    else:
        assert found == pytest.approx(expected)


IF_EXAMPLES = [
    ("IF(a, b, c)", [1, 1, 0, 0, _], [30, _, 0, 0, 30], [0, 0, 20, _, 20], [30, 0, 20, _, _]),
    ("IF(a, 5, c)", [1, 1, 0, 0, _], [_] * 5, [0, 0, 20, _, 20], [5, 5, 20, _, _]),
    ("IF(a, b, 5)", [1, 1, 0, 0, _], [30, _, 0, 0, 30], [_] * 5, [30, 0, 5, 5, _]),
]


@pytest.mark.parametrize(("expression", "a", "b", "c", "expected"), IF_EXAMPLES)
def test_the_tables_of_the_guide(expression: str, a: Column, b: Column, c: Column, expected: Column) -> None:
    assert compute(expression, a=a, b=b, c=c) == expected


def test_parts_of_times_are_there_for_every_period() -> None:
    thursday = 1_700_092_800  # 2023-11-16 00:00:00 UTC
    series = {"m1": TimeSeries({}, 3600)}
    grid = Grid(thursday, thursday + 2 * 3_600, 3_600)
    names = ("MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH")
    found = [evaluate(parse(f"{name}(m1)"), series, Metrics(series), grid) for name in names]
    assert [list(each.points.values()) for each in found if isinstance(each, TimeSeries)] == [
        [0, 0],
        [0, 1],
        [4, 4],
        [16, 16],
        [11, 11],
        [2023, 2023],
        [thursday, thursday + 3_600],
    ]


@pytest.mark.parametrize(
    ("expression", "message", "at"),
    [
        ("", "Unexpected end of the expression", 1),
        ("m1 +", "Unexpected end of the expression", 5),
        ("m1 m2", "Unexpected symbol 'm2'", 4),
        ("m1 $ 2", "Unexpected symbol '$'", 4),
        ("(m1", "Unexpected end of the expression, expected ')'", 4),
        ("AVG(m1]", "Unexpected symbol ']', expected ')'", 7),
        ("m1 < m2 < 3", "Unexpected symbol '<'", 9),
        ("'open", "Unexpected symbol '''", 1),
        ("NOPE(m1)", "Unknown function NOPE", 1),
        ("1 + avg(m1)", "Unknown function avg", 5),
        ("m3 * 2", "Undefined variable m3", 1),
        ("2 * DESC", "Unexpected keyword DESC", 5),
        ('m1 + "a"', "Unexpected String", 6),
        ("[m1] + [m2]", "Unsupported operand type(s) for +: 'Array[TimeSeries]' and 'Array[TimeSeries]'", 6),
        ("METRICS() > 5", "Unsupported operand type(s) for >: 'Array[TimeSeries]' and 'Scalar'", 11),
        ("AVG(5)", "Unsupported arguments for AVG: ['Scalar']", 1),
        ("RATE(m1, 2)", "Unsupported arguments for RATE: ['TimeSeries', 'Scalar']", 1),
        ("FILL(m1, DESC)", "Unsupported arguments for FILL: ['TimeSeries', 'Keyword']", 1),
        ("FIRST(m1)", "Unsupported arguments for FIRST: ['TimeSeries']", 1),
        ("IF(1, 2, 3) + m1", "IF takes at least one time series", 1),
        ("m1 / PERIOD(m1 + 1)", "PERIOD takes the id of a metric", 6),
        ("[m1, 2]", "An array takes time series, not scalars", 6),
        ('INSIGHT_RULE_METRIC("r", "Sum")', "The function INSIGHT_RULE_METRIC is not supported by", 1),
        ("m1 + SERVICE_QUOTA(m1)", "The function SERVICE_QUOTA is not supported by", 6),
    ],
)
def test_errors_tell_what_and_where(expression: str, message: str, at: int) -> None:
    with pytest.raises(MathError) as caught:
        kind_of(parse(expression), {"m1": Kind.SERIES, "m2": Kind.SERIES})
    assert (caught.value.message[: len(message)], caught.value.at) == (message, at)


def test_expressions_are_bounded() -> None:
    with pytest.raises(MathError, match="longer than"):
        parse("1" * (CHARACTERS_MAX + 1))
    for nested in ("(" * 900, "-" * 2_000, "[" * 900, "ABS(" * 500, "m^" * 900):
        with pytest.raises(MathError, match="deeper"):
            parse(nested)
    deep = "(1||1&&1==1+1*-1^" * 12 + "1" + ")" * 12
    assert compute(deep) is not None
    assert compute("+".join(["m1"] * 680), m1=[1, _, _, _, _]) == [680, _, _, _, _]


def test_the_kinds_of_results() -> None:
    ids = {"m1": Kind.SERIES, "e1": Kind.ARRAY}
    assert kind_of(parse("5 + 5"), ids) is Kind.SCALAR
    assert kind_of(parse("SUM(e1)"), ids) is Kind.SERIES
    assert kind_of(parse("e1 / m1"), ids) is Kind.ARRAY
    assert kind_of(parse("SEARCH('a', 'Sum', 60)"), ids) is Kind.ARRAY


# A second, naive implementation: columns of five values, and numbers.

Tree = Any
OPERATORS = ["+", "-", "*", "/", "==", "!=", "<", ">", "<=", ">=", "AND", "OR"]


def naive_operator(symbol: str, a: float, b: float) -> float | None:
    if symbol in ("AND", "OR"):
        return float((a != 0 and b != 0) if symbol == "AND" else (a != 0 or b != 0))
    if symbol == "/" and b == 0:
        return None
    result = float(eval(f"a {symbol} b"))
    return result if math.isfinite(result) else None


def naive(tree: Tree, metrics: dict[str, Column]) -> Any:
    match tree:
        case float():
            return tree
        case str():
            return metrics[tree]
        case ("-", operand):
            return naive(("-", 0.0, operand), metrics)
        case ("AVG" | "SUM" | "MAX" as name, operand):
            present = [value for value in naive(operand, metrics) if value is not None]
            if not present:
                return 0.0 if name == "SUM" else None
            return {"AVG": sum(present) / len(present), "SUM": sum(present), "MAX": max(present)}[name]
        case ("FILL", operand, number):
            return [number if value is None else value for value in naive(operand, metrics)]
        case ("DIFF", operand):
            column, found, last = naive(operand, metrics), [], None
            for value in column:
                found.append(None if value is None or last is None else value - last)
                last = value if value is not None else last
            return found
        case ("IF", condition, yes, no):
            truth, one, other = (naive(each, metrics) for each in (condition, yes, no))
            return [
                None if t is None else ((one[n] if one[n] is not None else 0.0) if t != 0 else other[n])
                for n, t in enumerate(truth)
            ]
        case (symbol, left, right):
            a, b = naive(left, metrics), naive(right, metrics)
            if not isinstance(a, list) and not isinstance(b, list):
                return None if a is None or b is None else naive_operator(symbol, a, b)
            if a is None or b is None:
                return [None] * 5
            pairs = [(a[n] if isinstance(a, list) else a, b[n] if isinstance(b, list) else b) for n in range(5)]
            found = []
            for one, other in pairs:
                series = [v for v, whole in ((one, a), (other, b)) if isinstance(whole, list)]
                if all(v is None for v in series):
                    found.append(None)
                else:
                    found.append(naive_operator(symbol, one or 0.0, other or 0.0))
            return found
    raise AssertionError(tree)


def text(tree: Tree) -> str:
    match tree:
        case float():
            return repr(tree)
        case str():
            return tree
        case ("-", operand):
            return f"(-{text(operand)})"
        case (str(name), *operands) if name.isalpha() and name not in ("AND", "OR"):
            return f"{name}({', '.join(map(text, operands))})"
        case (symbol, left, right):
            return f"({text(left)} {symbol} {text(right)})"
    raise AssertionError(tree)


scalars = st.integers(-3, 9).map(float).filter(lambda value: value >= 0)
series = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["m1", "m2", "m3"]),
        st.tuples(st.sampled_from(OPERATORS), series, series),
        st.tuples(st.sampled_from(OPERATORS), series, numbers),
        st.tuples(st.sampled_from(OPERATORS), numbers, series),
        st.tuples(st.just("-"), series),
        st.tuples(st.just("FILL"), series, scalars),
        st.tuples(st.just("DIFF"), series),
        st.tuples(st.just("IF"), series, series, series),
    )
)
numbers = st.deferred(
    lambda: st.one_of(
        scalars,
        st.tuples(st.sampled_from(["AVG", "SUM", "MAX"]), series),
        st.tuples(st.sampled_from(["+", "-", "*", "/", "<"]), numbers, numbers),
    )
)
columns = st.lists(st.one_of(st.none(), st.integers(-4, 9).map(float)), min_size=5, max_size=5)


@given(series, columns, columns, columns)
@settings(max_examples=100, deadline=None)
def test_values_are_those_of_a_naive_evaluation(tree: Tree, m1: Column, m2: Column, m3: Column) -> None:
    expression = text(tree)
    if len(expression) > CHARACTERS_MAX:
        return
    assert compute(expression, m1=m1, m2=m2, m3=m3) == pytest.approx(naive(tree, {"m1": m1, "m2": m2, "m3": m3}))


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_whatever_is_written_is_parsed_or_refused(expression: str) -> None:
    try:
        kind_of(parse(expression), {})
    except MathError as error:
        assert 1 <= error.at <= len(expression) + 1


alphabet = st.sampled_from(
    ["m1", "m2", "1", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", "AVG", "IF", "AND", "<", "'a'", " "]
)


@given(st.lists(alphabet, max_size=25).map("".join))
@settings(max_examples=300)
def test_whatever_has_a_kind_has_a_value(expression: str) -> None:
    try:
        kind_of(parse(expression), {"m1": Kind.SERIES, "m2": Kind.SERIES})
    except MathError:
        return
    if expression.strip().startswith("'"):
        return
    compute(expression, m1=M1, m2=M2)
