"""The examples of AWS's guide, with its time units: the wait period is 2, the extension period 3."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudwatch.alarms.suppression import UNSUPPRESSED, Suppression, suppress


@dataclass
class Composite:
    """A composite alarm, and the times at which its actions were carried out."""

    wait: float = 2
    extension: float = 3
    suppressor: bool = False
    suppression: Suppression = UNSUPPRESSED

    def at(self, now: float, *, turned: bool = False, suppressor: bool | None = None) -> bool:
        if suppressor is not None:
            self.suppressor = suppressor
        self.suppression, act = suppress(
            self.suppression,
            now,
            turned=turned,
            suppressing=self.suppressor,
            wait_s=self.wait,
            extension_s=self.extension,
        )
        return act

    @property
    def by(self) -> str:
        return self.suppression.by


def test_actions_are_not_suppressed_after_the_wait_period() -> None:
    alarm = Composite()
    assert not alarm.at(2, turned=True)
    assert alarm.by == "WaitPeriod"
    assert not alarm.at(3)
    assert alarm.at(4)
    assert alarm.by == ""
    assert not alarm.at(5)


def test_actions_are_suppressed_by_the_alarm_before_the_wait_period_ends() -> None:
    alarm = Composite()
    alarm.at(2, turned=True)
    assert not alarm.at(3, suppressor=True)
    assert alarm.by == "Alarm"
    assert not alarm.at(9)


def test_a_turn_in_the_wait_period_starts_a_new_one() -> None:
    alarm = Composite()
    alarm.at(2, turned=True)
    assert not alarm.at(3, turned=True)
    assert not alarm.at(4)
    assert alarm.by == "WaitPeriod"
    assert alarm.at(5)


def test_a_turn_while_the_suppressor_is_in_alarm() -> None:
    alarm = Composite(suppressor=True)
    assert not alarm.at(2, turned=True)
    assert alarm.by == "Alarm"


def test_actions_are_not_suppressed_after_the_extension_period() -> None:
    alarm = Composite()
    alarm.at(2, turned=True)
    alarm.at(3, suppressor=True)
    assert not alarm.at(6, suppressor=False)
    assert alarm.by == "ExtensionPeriod"
    assert not alarm.at(8)
    assert alarm.at(9)


def test_a_turn_in_the_extension_period_starts_a_wait_period() -> None:
    alarm = Composite()
    alarm.at(2, turned=True)
    alarm.at(3, suppressor=True)
    alarm.at(6, suppressor=False)
    assert not alarm.at(7, turned=True)
    assert alarm.by == "WaitPeriod"
    assert alarm.at(9)


def test_periods_of_no_length_suppress_nothing() -> None:
    alarm = Composite(wait=0, extension=0)
    assert alarm.at(2, turned=True)
    assert not alarm.at(3, suppressor=True)
    assert not alarm.at(4, suppressor=False)  # nothing is owed: its actions were carried out
    assert alarm.by == ""


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=30))
def test_a_turn_is_acted_on_once_at_most_and_never_while_suppressed(events: list[tuple[int, bool, bool]]) -> None:
    alarm, now, turns, acts = Composite(), 0.0, 0, 0
    for pause, turned, suppressor in events:
        now += pause
        turns += turned
        acted = alarm.at(now, turned=turned, suppressor=suppressor)
        acts += acted
        assert not (acted and alarm.by)
        assert alarm.suppression.owed != (alarm.by == "") or not alarm.suppression.owed
    assert acts <= turns
    alarm.at(now + 10, suppressor=False)
    assert (alarm.at(now + 20) or not alarm.suppression.owed) and alarm.by == ""
