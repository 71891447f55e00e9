from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cairn.cloudwatch.logs import LOGS, VALIDATION, GroupId, LogEvent, LogStore
from cairn.cloudwatch.logs.joints import Matches
from cairn.cloudwatch.tail import Session, Sessions
from cairn.cloudwatch.tail.session import UPDATE_EVENTS_MAX
from cairn.cloudwatch.tail.sessions import SESSIONS_MAX
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.state import State
from cairn.wire.operation import Context
from cairn.wire.validate import validate

ACCOUNT, REGION = "111122223333", "us-east-1"
HERE = Context(account=ACCOUNT, region=REGION)
APP, OTHER = GroupId(ACCOUNT, REGION, "app"), GroupId(ACCOUNT, REGION, "other")


def contains(pattern: str) -> Matches:
    return lambda message: pattern in message


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, LOGS)
        self.state.migrate()
        self.store = LogStore(self.state, clock)
        self.sessions = Sessions(self.store, contains)
        for group in (APP, OTHER):
            self.store.groups.create(group)
            for stream in ("web-1", "web-2", "db"):
                self.store.streams.create(group, stream)

    def put(self, *messages: str, group: GroupId = APP, stream: str = "web-1") -> None:
        now_ms = int(self.clock.now() * 1000)
        self.store.put(group, stream, [LogEvent(now_ms + at, message) for at, message in enumerate(messages)])

    def begin(self, context: Context = HERE, **params: Any) -> Session:
        given = {"logGroupIdentifiers": [APP.arn]} | params
        validate("logs", "StartLiveTail", given, VALIDATION)
        return self.sessions.begin(context, given)


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    rig = Rig(tmp_path, clock)
    yield rig
    rig.state.close()


def messages(session: Session) -> list[str]:
    return [event.message for event in session.update().events]


def test_a_session_shows_what_comes_in_once(rig: Rig) -> None:
    rig.put("before")
    session = rig.begin()
    assert messages(session) == []
    rig.put("one", "two")
    rig.put("elsewhere", group=OTHER)
    rig.put("three", stream="db")
    now_ms = int(rig.clock.now() * 1000)
    update = session.update()
    assert not update.sampled
    assert [event.message for event in update.events] == ["one", "two", "three"]
    first = update.events[0]
    assert (first.timestamp, first.ingestionTime) == (now_ms, now_ms)
    assert (first.logGroupIdentifier, first.logStreamName) == (APP.arn, "web-1")
    assert messages(session) == []


def test_a_session_shows_the_streams_and_events_that_it_is_about(rig: Rig) -> None:
    both = rig.begin(logGroupIdentifiers=[APP.arn, OTHER.arn], logEventFilterPattern="ERR")
    named = rig.begin(logStreamNames=["db"])
    prefixed = rig.begin(logStreamNamePrefixes=["web"])
    rig.put("ERR a", "ok b")
    rig.put("ERR c", group=OTHER)
    rig.put("d", stream="db")
    rig.put("e", stream="web-2")
    assert messages(both) == ["ERR a", "ERR c"]
    assert messages(named) == ["d"]
    assert messages(prefixed) == ["ERR a", "ok b", "e"]


def test_of_many_events_some_are_shown_in_order(rig: Rig) -> None:
    session = rig.begin()
    for part in range(4):
        rig.put(*(f"{part * 500 + number:05d}" for number in range(500)))
    update = session.update()
    shown = [event.message for event in update.events]
    assert update.sampled
    assert len(shown) == UPDATE_EVENTS_MAX
    assert shown == sorted(set(shown))
    assert min(shown) < "00500" < "01500" < max(shown)  # of two thousand, from the first part and the last
    rig.put("fresh")
    assert session.update().document()["sessionMetadata"] == {"sampled": False}


@pytest.mark.parametrize(
    ("params", "code", "said"),
    [
        ({"logGroupIdentifiers": [APP.arn + ":*"]}, "InvalidParameterException", "pattern"),
        ({"logGroupIdentifiers": [APP.arn + "x"]}, "ResourceNotFoundException", "does not exist"),
        ({"logStreamNames": ["a"], "logStreamNamePrefixes": ["b"]}, "InvalidParameterException", "Only one of"),
        (
            {"logGroupIdentifiers": [APP.arn, OTHER.arn], "logStreamNames": ["a"]},
            "InvalidParameterException",
            "one log group only",
        ),
        ({"logGroupIdentifiers": []}, "InvalidParameterException", "greater than or equal to 1"),
    ],
)
def test_what_is_refused(rig: Rig, params: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(AwsError, match=said) as refused:
        rig.begin(**params)
    assert refused.value.code == code


def test_another_account_sees_nothing(rig: Rig) -> None:
    with pytest.raises(AwsError, match="does not exist"):
        rig.begin(Context("999999999999", REGION))


def test_no_more_sessions_than_may_be_open(rig: Rig) -> None:
    opened = [rig.sessions.counted(HERE) for _ in range(SESSIONS_MAX)]
    for each in opened:
        each.__enter__()
    with pytest.raises(AwsError, match="at a time"), rig.sessions.counted(HERE):
        pass
    opened[0].__exit__(None, None, None)
    with rig.sessions.counted(HERE):
        pass
