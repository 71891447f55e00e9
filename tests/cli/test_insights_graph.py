"""The graph of calls a minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cairn.cli.insights_graph import graph

START = 1_700_000_040


def test_bars_are_as_high_as_there_are_calls_and_none_is_left_out() -> None:
    points = [(START, 8), (START + 60, 80), (START + 180, 1)]
    bars, marks, span = graph(points, START + 60, START + 120)
    assert bars == "▁█ ▁  80 at the most"
    assert marks == " ▔  the insight"
    assert span == "2023-11-14T22:14:00Z to 2023-11-14T22:18:00Z"


def test_an_insight_that_goes_on_is_marked_to_the_end() -> None:
    _, marks, _ = graph([(START, 1), (START + 240, 9)], START + 120, None)
    assert marks == "  ▔▔▔  the insight"


def test_many_minutes_share_a_bar() -> None:
    points = [(START + minute * 60, 50 if minute == 100 else 1) for minute in range(144)]
    bars, _, _ = graph(points, START, START + 60, width=72)
    assert bars.endswith("50 at the most, the highest of 2 minutes a bar")
    assert bars.index("█") == 50


@given(
    points=st.dictionaries(st.integers(0, 2000), st.integers(1, 10**6), min_size=1),
    start=st.integers(0, 2000),
    minutes=st.none() | st.integers(1, 500),
    width=st.integers(10, 100),
)
def test_it_is_never_wider_than_asked_for_and_the_highest_is_full(
    points: dict[int, int], start: int, minutes: int | None, width: int
) -> None:
    at = [(START + minute * 60, calls) for minute, calls in sorted(points.items())]
    end = None if minutes is None else START + (start + minutes) * 60
    bars, marks, _ = graph(at, START + start * 60, end, width=width)
    drawn = bars[: bars.index("  " + f"{max(points.values()):,} at the most")]
    assert len(drawn) <= width
    assert "█" in drawn
    assert "▔" in marks
    assert len(marks.removesuffix("  the insight")) <= len(drawn)
