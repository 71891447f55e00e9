"""Metric data, against a dictionary that forgets nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.insights import metric_data
from cairn.cloudtrail.insights.metric_data import DAY_S, KEPT_S, add, expire, read
from cairn.cloudtrail.insights.series import CALL_RATE, ERROR_RATE, SeriesKey
from cairn.cloudtrail.insights.tables import INSIGHTS, counts, series
from cairn.core.state import State

NOW = 1_800_000_000
MINUTE = NOW // 60
PUT = SeriesKey("111111111111", "us-east-1", "iam.amazonaws.com", "PutUserPolicy", CALL_RATE)
DENIED = SeriesKey("111111111111", "us-east-1", "iam.amazonaws.com", "PutUserPolicy", ERROR_RATE, "AccessDenied")
AWAY = SeriesKey("222222222222", "eu-west-1", "iam.amazonaws.com", "PutUserPolicy", CALL_RATE)
TRAIL = "arn:aws:cloudtrail:us-east-1:111111111111:trail/t"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with _state(tmp_path) as opened:
        yield opened


class _state:
    def __init__(self, folder: Path) -> None:
        self._state = State.in_folder(folder, INSIGHTS)

    def __enter__(self) -> State:
        self._state.migrate()
        return self._state

    def __exit__(self, *_: object) -> None:
        self._state.close()


def _all(state: State, key: SeriesKey, trail: str = "", period: int = 60) -> list[tuple[int, int]]:
    with state.read() as connection:
        return read(connection, key, trail, period, 0, 1 << 40, limit=100_000)


_counted = st.lists(
    st.tuples(
        st.sampled_from([PUT, DENIED, AWAY]), st.integers(MINUTE - 130, MINUTE), st.integers(1, 1000), st.booleans()
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(batches=st.lists(_counted, max_size=4), start=st.integers(-8000, 100), length=st.integers(0, 8000))
def test_every_period_has_the_sums_of_its_minutes(
    batches: list[list[tuple[SeriesKey, int, int, bool]]], start: int, length: int
) -> None:
    naive: Counter[tuple[SeriesKey, str, int, int]] = Counter()
    with TemporaryDirectory() as folder, _state(Path(folder)) as state:
        for batch in batches:
            for trail in ("", TRAIL):
                mine = [counted[:3] for counted in batch if counted[3] == bool(trail)]
                with state.write() as connection:
                    add(connection, trail, mine)
                for key, minute, calls in mine:
                    for period in KEPT_S:
                        naive[key, trail, period, minute * 60 // period * period] += calls
        first, end = NOW + start, NOW + start + length
        for key in (PUT, DENIED, AWAY):
            for trail in ("", TRAIL):
                for period in KEPT_S:
                    with state.read() as connection:
                        found = read(connection, key, trail, period, first, end, limit=100_000)
                    expected = {
                        at: calls
                        for (of, where, step, at), calls in naive.items()
                        if (of, where, step) == (key, trail, period) and first <= at < end
                    }
                    assert found == sorted(expected.items())


def test_more_series_than_a_statement_names(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_data, "STATEMENT_KEYS", 3)
    keys = [PUT._replace(name=f"Put{number}") for number in range(10)]
    for _ in range(2):
        with state.write() as connection:
            add(connection, "", [(key, MINUTE, number + 1) for number, key in enumerate(keys)])
    assert [_all(state, key) for key in keys] == [[(MINUTE * 60, 2 * (number + 1))] for number in range(10)]


def test_texts_too_long_for_their_columns_are_cut_and_found_again(state: State) -> None:
    long = PUT._replace(source="s" * 300, name="n\0" * 300, error_code="e" * 300)
    with state.write() as connection:
        add(connection, "", [(long, MINUTE, 2), (long._replace(name="n" * 256), MINUTE, 3)])
        row = connection.execute(sa.select(series)).one()
    assert (len(row.source), row.name, len(row.error_code)) == (256, "n" * 256, 256)
    assert _all(state, long) == [(MINUTE * 60, 5)]


def test_points_go_when_their_period_is_kept_no_longer(state: State) -> None:
    days = [0, 14, 16, 62, 64, 89, 91]
    with state.write() as connection:
        add(connection, "", [(PUT, MINUTE - day * 1440, 1) for day in days])
        while expire(connection, NOW):
            pass
    kept = {period: [NOW - at for at, _ in _all(state, PUT, period=period)] for period in KEPT_S}
    assert {period: len(ages) for period, ages in kept.items()} == {60: 2, 300: 4, 3600: 6}
    assert all(age <= KEPT_S[period] for period, ages in kept.items() for age in ages)


def test_the_last_second_of_keeping_is_kept(state: State) -> None:
    with state.write() as connection:
        add(connection, "", [(PUT, MINUTE, 1)])
        expire(connection, MINUTE * 60 + 15 * DAY_S)
        assert connection.execute(sa.select(counts).where(counts.c.period == 60)).all()
        expire(connection, MINUTE * 60 + 15 * DAY_S + 1)
        assert not connection.execute(sa.select(counts).where(counts.c.period == 60)).all()


def test_it_expires_piece_by_piece_and_series_last(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_data, "EXPIRED_MAX", 4)
    with state.write() as connection:
        add(connection, "", [(PUT, MINUTE - hour * 60, 1) for hour in range(10)] + [(AWAY, MINUTE + 60, 1)])
        later = MINUTE * 60 + 60 + 90 * DAY_S
        pieces = 1
        while expire(connection, later):
            pieces += 1
        left = connection.execute(sa.select(series.c.account)).scalars().all()
        points = connection.execute(sa.select(sa.func.count()).select_from(counts)).scalar_one()
    assert pieces == 3
    assert (left, points) == ([AWAY.account], 1)
