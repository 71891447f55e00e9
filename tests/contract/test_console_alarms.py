"""The CIS benchmark's alarms on sign-ins, set off by people who really sign in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.browsing import Browser
from tests.contract.test_cis import GROUP, TRAIL, Watched
from tests.contract.test_console_sign_in import ACCOUNT, PASSWORD, make_user
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

NAMES = ("SignInWithoutMfa", "SignInFailures", "RootUse")


@pytest.fixture
def cairn(tmp_path: Path) -> Iterator[Cairn]:
    """One of its own: the trail, bucket and role of `Watched` have names that are made once."""
    running = Cairn(tmp_path / "data")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def watched(cairn: Cairn) -> Iterator[Watched]:
    made = Watched(cairn)
    yield made
    made.trails.delete_trail(Name=TRAIL)
    made.alarms.delete_alarms(AlarmNames=[f"CIS {name}" for name in NAMES])
    made.logs.delete_log_group(logGroupName=GROUP)


def test_sign_ins_set_off_the_alarms_that_wait_for_them(cairn: Cairn, watched: Watched) -> None:
    for name in NAMES:
        watched.make_filter(name)
        watched.make_alarm(name)
    watched.trails.start_logging(Name=TRAIL)
    make_user(cairn, "watched")
    assert Browser(cairn).sign_in(account=ACCOUNT, user="watched", password="wrong").status == 401
    assert Browser(cairn).sign_in(account=ACCOUNT, user="watched", password=PASSWORD).status == 200
    Browser(cairn).as_root()

    def alarmed() -> set[str]:
        alarms = watched.alarms.describe_alarms(AlarmNamePrefix="CIS ", StateValue="ALARM")["MetricAlarms"]
        return {alarm["MetricName"] for alarm in alarms}

    wait_until(lambda: alarmed() == set(NAMES))
    assert {name: watched.counts()[name] for name in NAMES} == dict.fromkeys(NAMES, 1.0)
