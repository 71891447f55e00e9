"""What a service counts becomes metrics once, wherever the mover dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.cloudwatch.sns.tables import SNS, tallies
from cairn.core import tallies as tallying
from cairn.core.clock import TestClock
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.state import State
from cairn.core.tallies import Tallies, Tally, TallyMover
from cairn.service.tallies import MetricTallies

ACCOUNT, REGION, NOW = "111122223333", "eu-west-2", 1_700_000_000
MINUTE = NOW // 60 * 60
DEATHS = ("tallies.gathered", "tallies.moved")


class Rig:
    def __init__(self, folder: Path) -> None:
        self.state, self.metrics_state = State.in_folder(folder, SNS), State.in_folder(folder, METRICS)
        self.state.migrate()
        self.metrics_state.migrate()
        self.metrics = MetricStore(self.metrics_state, TestClock(NOW))
        self.mover = self.new_mover()

    def new_mover(self) -> TallyMover:
        return TallyMover(self.state, tallies, MetricTallies(self.metrics), reader="r", namespace="AWS/Test")

    def add(self, *given: Tally, now: float = NOW) -> None:
        with self.state.write() as connection:
            Tallies(tallies).add(connection, given, now)

    def run(self) -> None:
        while self.mover.step() == 0.0:
            pass

    def points(self, name: str, **dimensions: str) -> dict[int, tuple[float, float]]:
        """Count and sum by period."""
        metric = Metric(ACCOUNT, REGION, "AWS/Test", name, tuple(sorted(dimensions.items())))
        with self.metrics_state.read() as connection:
            rows = self.metrics.rows(connection, metric, 0, NOW * 2)
        return {key.start: (summary.count, summary.sum) for key, summary in rows}

    def left(self) -> int:
        with self.state.read() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(tallies)) or 0)

    def close(self) -> None:
        self.state.close()
        self.metrics_state.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    arm("")
    rig.close()


def tally(name: str = "n", value: float = 1.0, times: int = 1, **dimensions: str) -> Tally:
    return Tally(ACCOUNT, REGION, name, tuple(sorted(dimensions.items())), value, times)


def test_what_was_counted_is_a_metric_with_its_values(rig: Rig) -> None:
    rig.add(tally(TopicName="a"), tally(TopicName="a"), tally(TopicName="b", times=3))
    rig.add(tally("size", value=10.0), tally("size", value=30.0))
    rig.add(tally(TopicName="a"), now=NOW + 60)
    rig.run()
    assert rig.points("n", TopicName="a") == {MINUTE: (2, 2), MINUTE + 60: (1, 1)}
    assert rig.points("n", TopicName="b") == {MINUTE: (3, 3)}
    assert rig.points("size") == {MINUTE: (2, 40)}
    assert rig.left() == 0


def test_what_is_undone_is_not_counted(rig: Rig) -> None:
    with pytest.raises(RuntimeError), rig.state.write() as connection:
        Tallies(tallies).add(connection, [tally()], NOW)
        raise RuntimeError
    with rig.state.write() as connection:
        Tallies(tallies, kept=False).add(connection, [tally()], NOW)
    rig.run()
    assert rig.points("n") == {}
    assert rig.left() == 0


def test_more_than_a_step_takes_is_moved_in_order(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallying, "ROWS_A_STEP", 3)
    for _ in range(8):
        rig.add(tally())
    assert rig.mover.step() == 0.0
    assert rig.points("n") == {MINUTE: (3, 3)}
    rig.run()
    assert rig.points("n") == {MINUTE: (8, 8)}


def test_nothing_is_read_while_nothing_changes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.add(tally())
    rig.run()
    rig.mover.step()
    monkeypatch.setattr(rig.state, "read", lambda: pytest.fail("it looked"))
    assert rig.mover.step() > 0


@pytest.mark.parametrize("death", DEATHS)
def test_a_mover_that_dies_counts_nothing_twice_and_loses_nothing(rig: Rig, death: str) -> None:
    rig.add(tally())
    arm(f"{death}=raise")
    with pytest.raises(FailpointReached):
        rig.mover.step()
    rig.add(tally())
    rig.mover = rig.new_mover()
    rig.run()
    assert rig.points("n") == {MINUTE: (2, 2)}
    assert rig.left() == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.integers(0, 1)),
            st.sampled_from(["step", *DEATHS]),
        ),
        max_size=15,
    )
)
def test_whatever_happens_in_whatever_order_every_tally_counts_once(
    tmp_path_factory: pytest.TempPathFactory, happens: list[tuple[str, int, int] | str]
) -> None:
    rig = Rig(tmp_path_factory.mktemp("tallies"))
    expected: Counter[tuple[str, int]] = Counter()
    for each in happens:
        if isinstance(each, tuple):
            name, times, minute = each
            expected[name, MINUTE + 60 * minute] += times
            rig.add(tally(name, times=times), now=NOW + 60 * minute)
            continue
        arm("" if each == "step" else f"{each}=raise")
        try:
            rig.mover.step()
        except FailpointReached:
            rig.mover = rig.new_mover()
        arm("")
    rig.run()
    found = {(name, start): count for name in "ab" for start, (count, _) in rig.points(name).items()}
    assert found == dict(expected)
    assert rig.left() == 0
    rig.close()
