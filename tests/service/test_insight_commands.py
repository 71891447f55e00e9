"""What `cairn insights` is answered: calls of a history page by page, and metric data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cairn.cloudtrail.history import History
from cairn.cloudtrail.insights import metric_data
from cairn.cloudtrail.insights.counting import counts_of
from cairn.cloudtrail.insights.series import CALL_RATE, Call, SeriesKey
from cairn.cloudtrail.insights.tables import INSIGHTS
from cairn.core.clock import TestClock, iso_seconds
from cairn.core.config import History as HistorySettings
from cairn.core.errors import CairnError
from cairn.core.journal.memory import MemoryJournal
from cairn.core.records.event import Event
from cairn.core.records.parse import event_from_record
from cairn.core.state import State
from cairn.service import insight_commands
from cairn.service.commands import category_of
from cairn.service.insight_commands import InsightCommands

ACCOUNT = "111122223333"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.in_folder(tmp_path, INSIGHTS)
    state.migrate()
    yield state
    state.close()


@pytest.fixture
def events(clock: TestClock) -> list[Event]:
    start = int(clock.now()) - 3000
    return [
        event_from_record(
            {
                "eventVersion": "1.11",
                "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/{number % 3}"},
                "eventTime": iso_seconds(start + number * 7 % 2900),
                "eventSource": "iam.amazonaws.com",
                "eventName": ("CreateUser", "GetUser", "DeleteUser")[number % 3],
                "awsRegion": "us-east-1",
                "sourceIPAddress": "10.0.0.1",
                "userAgent": "aws-cli",
                "errorCode": "AccessDenied" if number % 5 == 0 else None,
                "eventID": f"00000000-0000-0000-0000-{number:012d}",
                "readOnly": number % 3 == 1,
                "eventType": "AwsApiCall",
                "recipientAccountId": ACCOUNT,
                "eventCategory": "Management",
            }
        )
        for number in range(600)
    ]


@pytest.fixture
def commands(tmp_path: Path, clock: TestClock, state: State, events: list[Event]) -> Iterator[InsightCommands]:
    history = History(tmp_path / "history", HistorySettings(), clock)
    journal = MemoryJournal(clock=clock)
    sink, reader = history.sink(journal), history.reader()
    journal.append(events, origin="import")
    while sink.behind:
        sink.step()
    yield InsightCommands(reader, state, clock)
    sink.close()
    reader.close()


def all_calls(commands: InsightCommands, **query: str) -> tuple[list[tuple[SeriesKey, int, Call, int]], list[int]]:
    """Calls as the command line gets them, and how many events each answer was of."""
    calls, sizes, token = [], [], ""
    while True:
        answer = msgspec.json.decode(msgspec.json.encode(commands.calls({**query, "next": token}, b"")))
        calls += [
            (SeriesKey(*answer["series"][place]), minute, Call(*call[:3], tuple(call[3])), times)
            for place, minute, call, times in answer["calls"]
        ]
        sizes.append(answer["events"])
        token = answer["next"]
        if not token:
            return calls, sizes


def counted(calls: list[tuple[SeriesKey, int, Call, int]]) -> Counter[tuple[SeriesKey, int, Call]]:
    found: Counter[tuple[SeriesKey, int, Call]] = Counter()
    for key, minute, call, times in calls:
        found[key, minute, call] += times
    return found


def test_the_answers_have_every_call_in_order(
    commands: InsightCommands, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight_commands, "LIMIT_MAX", 40)
    monkeypatch.setattr(insight_commands, "EVENTS_MAX", 100)
    naive = Counter(one for event in events for one in counts_of(event.header, event.record))
    calls, sizes = all_calls(commands)
    assert counted(calls) == naive
    assert sizes == [120] * 5
    minutes = [minute for _, minute, _, _ in calls]
    assert minutes == sorted(minutes)


def test_a_search_chooses_them(commands: InsightCommands, events: list[Event]) -> None:
    calls, sizes = all_calls(commands, query="name=CreateUser", since=iso_seconds(events[0].header.time + 600))
    assert {key.name for key, *_ in calls} == {"CreateUser"}
    assert 0 < sum(sizes) < 200
    assert min(minute for _, minute, _, _ in calls) >= (events[0].header.time + 600) // 60
    assert all_calls(commands, account="999999999999") == ([], [0])


def test_metric_data_is_that_of_any_account(commands: InsightCommands, state: State, clock: TestClock) -> None:
    key = SeriesKey("999999999999", "eu-west-1", "iam.amazonaws.com", "CreateUser", CALL_RATE)
    minute = int(clock.now()) // 60 - 5
    with state.write() as connection:
        metric_data.add(connection, "", [(key, minute, 4), (key, minute - 100, 1)])
    asked: dict[str, Any] = {"account": key.account, "region": key.region, "source": key.source, "name": key.name}
    asked |= {"type": key.insight_type, "since": "30m"}
    assert commands.metric_data(asked, b"") == {"points": [(minute * 60, 4)]}
    assert sum(calls for _, calls in commands.metric_data({**asked, "since": "", "period": "3600"}, b"")["points"]) == 5
    for period in ("61", "many"):
        with pytest.raises(CairnError, match="no period"):
            commands.metric_data({**asked, "period": period}, b"")


def test_a_category_is_one_that_there_is() -> None:
    assert category_of({}, "Management") == "Management"
    assert category_of({"category": "insight"}, "Management") == "Insight"
    with pytest.raises(CairnError, match="no category"):
        category_of({"category": "insights"}, "")
