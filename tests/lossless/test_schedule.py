"""A seed tells a run."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from lossless.faults import FAULTS
from lossless.schedule import schedule

import cairn


def test_a_seed_tells_the_same_strikes_again_and_another_one_others() -> None:
    first, again, other = (list(islice(schedule(seed), 200)) for seed in (1, 1, 2))
    assert first == again
    assert [strike.fault for strike in first] != [strike.fault for strike in other]
    assert [strike.dice.random() for strike in first] == [strike.dice.random() for strike in again]


def test_every_fault_strikes_once_in_a_round() -> None:
    strikes = [strike.fault for strike in islice(schedule(1), 2 * len(FAULTS))]
    assert sorted(strikes[: len(FAULTS)]) == sorted(strikes[len(FAULTS) :]) == sorted(FAULTS)


def test_what_is_left_out_changes_nothing_for_the_others() -> None:
    whole = list(islice(schedule(1), len(FAULTS)))
    without = list(islice(schedule(1, {"disk full"}), len(FAULTS) - 1))
    assert without == [strike for strike in whole if strike.fault != "disk full"]
    assert list(schedule(1, FAULTS)) == []


def test_every_named_point_is_one_of_the_source() -> None:
    source = "".join(file.read_text() for file in Path(cairn.__path__[0]).rglob("*.py"))
    for name in FAULTS:
        if name.startswith("die at "):
            assert f'failpoint("{name.removeprefix("die at ")}")' in source
