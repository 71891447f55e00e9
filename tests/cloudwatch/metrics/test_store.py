import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudwatch.metrics.made import MINUTE, NOW, datum, metric, points, put

from cairn.cloudwatch.metrics import MetricStore, StatisticSet
from cairn.cloudwatch.metrics.distribution import BINS_MAX, EXACT_MAX, Distribution
from cairn.cloudwatch.metrics.summary import Summary
from cairn.core.state import State


def test_data_of_one_minute_are_one_point(store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0), datum(MINUTE + 59.9, 4.0))
    put(store, datum(MINUTE + 30, 7.0), datum(MINUTE + 60, 100.0))
    found = points(store)
    assert list(found) == [(MINUTE, 60, "None"), (MINUTE + 60, 60, "None")]
    first = found[MINUTE, 60, "None"]
    assert (first.count, first.sum, first.min, first.max) == (3, 12, 1, 7)
    assert first.values() == [(1, 1), (4, 1), (7, 1)]


def test_a_metric_of_high_resolution_has_a_point_a_second(store: MetricStore) -> None:
    put(
        store,
        datum(NOW + 0.2, 1.0, resolution=1),
        datum(NOW + 0.9, 2.0, resolution=1),
        datum(NOW + 1, 3.0, resolution=1),
    )
    assert {key: summary.sum for key, summary in points(store).items()} == {
        (int(NOW), 1, "None"): 3,
        (int(NOW) + 1, 1, "None"): 3,
    }


def test_values_with_counts_and_statistic_sets(store: MetricStore) -> None:
    put(store, datum(values=(2.0, 5.0, 9.0), counts=(3.0, 1.0, 0.0)), datum(values=(2.0, 7.0)))
    known = points(store)[MINUTE, 60, "None"]
    assert (known.count, known.sum, known.max, known.values()) == (6, 20, 7, [(2, 4), (5, 1), (7, 1)])
    put(store, datum(statistics=StatisticSet(10, 50, 1, 8)))
    mixed = points(store)[MINUTE, 60, "None"]
    assert (mixed.count, mixed.sum, mixed.min, mixed.max, mixed.values()) == (16, 70, 1, 8, None)


def test_a_statistic_set_of_equal_values_hides_nothing(store: MetricStore) -> None:
    put(store, datum(statistics=StatisticSet(3, 12, 4, 4)), datum(value=6.0))
    assert points(store)[MINUTE, 60, "None"].values() == [(4, 3), (6, 1)]


def test_what_never_occurred_makes_no_metric(store: MetricStore) -> None:
    put(store, datum(values=(1.0,), counts=(0.0,)))
    assert points(store) == {}
    with store.state.read() as connection:
        assert store.metrics(connection, "111122223333", "us-east-1", limit=10) == []


def test_units_and_dimensions_and_accounts_are_apart(store: MetricStore) -> None:
    put(store, datum(value=1.0, unit="Count"), datum(value=2.0), datum(value=4.0, dimensions=(("Shop", "a"),)))
    assert {key[2]: summary.sum for key, summary in points(store).items()} == {"Count": 1, "None": 2}
    assert [summary.sum for summary in points(store, metric("Orders", ("Shop", "a"))).values()] == [4]
    assert points(store, metric()._replace(account="444455556666")) == {}


def test_output_and_position_are_one_transaction(store: MetricStore) -> None:
    with store.write() as connection:
        store.add(connection, [datum(value=1.0)])
        store.move(connection, "filters", 7)
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        store.add(connection, [datum(value=1.0)])
        store.move(connection, "filters", 8)
        raise ZeroDivisionError
    with store.state.read() as connection:
        assert (store.position(connection, "filters"), store.position(connection, "others")) == (7, 0)
    assert points(store)[MINUTE, 60, "None"].count == 1


def test_many_metrics_at_once(store: MetricStore) -> None:
    data = [datum(value=float(number), name=f"m{number % 700}") for number in range(1400)]
    put(store, *data)
    put(store, *data)
    assert points(store, metric("m3"))[MINUTE, 60, "None"].sum == 2 * (3 + 703)


WRITER = """
import sys
from pathlib import Path
from cairn.cloudwatch.metrics import Datum, MetricStore
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.core.clock import TestClock
from cairn.core.state import State
store = MetricStore(State.in_folder(Path(sys.argv[1]), METRICS), TestClock())
for number in range(60):
    with store.write() as connection:
        store.add(connection, [
            Datum("111122223333", "us-east-1", "Shop", f"m{name}", (), 1_700_000_000.0, float(number))
            for name in range(5)
        ])
"""


def test_writers_in_several_processes_lose_nothing(store: MetricStore, state: State) -> None:
    folder = Path(state.url.removeprefix("sqlite:///")).parent
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder)]) for _ in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    for name in range(5):
        point = points(store, metric(f"m{name}"))[MINUTE, 60, "None"]
        assert (point.count, point.sum) == (180, 3 * sum(range(60)))
        assert point.values() == [(float(number), 3.0) for number in range(60)]


counted = st.lists(
    st.tuples(st.floats(0, 1e12, allow_subnormal=False), st.integers(1, 50).map(float)), min_size=1, max_size=40
)


@given(st.lists(counted, min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_merging_knows_what_all_values_at_once_know(parts: list[list[tuple[float, float]]]) -> None:
    merged = Summary(0, 0, 0, 0)
    for part in parts:
        merged.merge(Summary.of_values(part))
    naive = Counter[float]()
    for part in parts:
        for value, count in part:
            naive[value] += count
    assert merged.count == sum(naive.values())
    assert merged.sum == pytest.approx(sum(value * count for value, count in naive.items()))
    assert (merged.min, merged.max) == (min(naive), max(naive))
    known = merged.values()
    assert known is not None
    assert sum(count for _, count in known) == merged.count
    if len(naive) <= EXACT_MAX:
        assert known == sorted(naive.items())


@given(st.lists(st.floats(1e-6, 1e9), min_size=EXACT_MAX + 1, max_size=600, unique=True), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_bins_err_as_much_as_they_say(values: list[float], parts: int) -> None:
    merged = Distribution()
    for number in range(parts):
        merged.merge(Distribution.decode(Distribution.of((value, 1.0) for value in values[number::parts]).encode()))
    read = [value for value, count in merged.values() for _ in range(int(count))]
    assert len(read) == len(values)
    assert len(merged.bins) <= BINS_MAX
    for exact, found in zip(sorted(values), read, strict=True):
        assert abs(found - exact) <= exact * merged.error * 1.0001


def test_bins_are_joined_where_values_lie_far_apart() -> None:
    wide = Distribution.of((2.0**power, 1.0) for power in range(-360, 361))
    for power in range(-360, 361):
        wide.merge(Distribution.of([(1.5 * 2.0**power, 1.0), (0.0, 1.0)]))
    assert len(wide.bins) <= BINS_MAX
    assert sum(count for _, count in wide.values()) == 3 * 721
    fine = Distribution.of((float(number), 1.0) for number in range(1, 400))
    assert fine.level == 0
    wide.level += 2  # coarser than the other
    fine.merge(wide)
    assert fine.level == wide.level


COUNTER = """
import sys
from pathlib import Path
from cairn.cloudwatch.metrics import Datum, MetricStore
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.core.clock import TestClock
from cairn.core.state import State
store = MetricStore(State.in_folder(Path(sys.argv[1]), METRICS), TestClock())
for number in range(1, 100_000):
    with store.write() as connection:
        store.add(connection, [Datum("111122223333", "us-east-1", "Shop", "Orders", (), 1_700_000_000.0, 1.0)])
        store.move(connection, "counter", number)
    print(number, flush=True)
"""


def test_what_was_added_survives_kill_9_with_the_position_beside_it(store: MetricStore, state: State) -> None:
    folder = Path(state.url.removeprefix("sqlite:///")).parent
    counter = subprocess.Popen([sys.executable, "-c", COUNTER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert counter.stdout is not None
    for line in counter.stdout:
        if int(line) == 25:
            counter.kill()
            break
    told = [25, *(int(line) for line in counter.stdout)][-1]
    counter.wait()
    counter.stdout.close()
    with state.read() as connection:
        position = store.position(connection, "counter")
    assert told <= position <= told + 1
    assert points(store)[MINUTE, 60, "None"].count == position


def test_which_metrics_have_points_in_a_range(store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0, name="minute"), datum(MINUTE + 59, 1.0, name="second", resolution=1))
    put(store, datum(MINUTE + 60, 1.0, name="later"))
    asked = [metric(name) for name in ("minute", "second", "later", "never")]
    with store.state.read() as connection:
        assert store.having(connection, asked, MINUTE, MINUTE + 60) == {metric("minute"), metric("second")}
        assert store.having(connection, [], MINUTE, MINUTE + 60) == set()
