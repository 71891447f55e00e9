"""Reading Insights with the stock CLI and with `cairn insights`, from a history that was imported."""

from __future__ import annotations

import json
import random
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import make_bucket, trail_arn
from tests.contract.waiting import wait_until
from tests.running import BIN, Cairn

from cairn.cloudtrail.insights import metric_data
from cairn.cloudtrail.insights.insight import Insight, Statistics
from cairn.cloudtrail.insights.insight import State as Phase
from cairn.cloudtrail.insights.records import compose
from cairn.cloudtrail.insights.series import CALL_RATE, DATA, SeriesKey
from cairn.cloudtrail.insights.tables import INSIGHTS
from cairn.core.clock import iso_seconds
from cairn.core.state import State

pytestmark = pytest.mark.engine

ACCOUNT, REGION = "000000000000", "us-east-1"
DAY_S = 86_400
NOT_FOUND = "11111111-2222-3333-4444-555555555555"
TRAIL = trail_arn("reads-insights", REGION)
PUT = SeriesKey(ACCOUNT, REGION, "s3.amazonaws.com", "PutObject", CALL_RATE, category=DATA)
POLICY = SeriesKey(ACCOUNT, REGION, "iam.amazonaws.com", "PutUserPolicy", CALL_RATE)


@dataclass
class Imported:
    """A Cairn with two days and a half of history, in which somebody put many policies."""

    cairn: Cairn
    begin: int
    burst: int
    end: int
    folder: Path
    events: int

    def replay(self, *more: str) -> list[dict[str, Any]]:
        times = iso_seconds(self.begin), iso_seconds(self.end)
        return rows(self.cairn.cairn("insights", "replay", *times, *more))

    def load(self, name: str, records: list[dict[str, Any]]) -> None:
        (self.folder / name).mkdir()
        (self.folder / name / "records.json").write_text(json.dumps({"Records": records}))
        self.cairn.cairn("import", str(self.folder / name))


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def calls(begin: int, burst: int, end: int) -> Iterator[tuple[int, str]]:
    dice = random.Random(3)
    for minute in range(begin, end, 60):
        yield minute, dice.choice(("alice", "bob"))
        if burst <= minute < burst + 600:
            yield from ((minute + second, "mallory") for second in range(60))


def call(at: int, user: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:user/{user}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": arn, "accountId": ACCOUNT, "userName": user},
        "eventTime": iso_seconds(at),
        "eventSource": POLICY.source,
        "eventName": POLICY.name,
        "awsRegion": REGION,
        "sourceIPAddress": "10.0.0.1",
        "userAgent": "aws-cli",
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("insights")
    running = Cairn(folder / "data")
    running.start()
    end = int(time.time()) // 60 * 60 - 3600
    begin, burst = end - 2 * DAY_S - DAY_S // 2, end - 7200
    records = [call(*one) for one in calls(begin, burst, end)]
    made = Imported(running, begin, burst, end, folder, len(records))
    made.load("calls", records)
    wait_until(lambda: total(running) == len(records))
    yield made
    assert running.stop() == 0


def total(cairn: Cairn) -> int:
    return sum(row["events"] for row in rows(cairn.cairn("search", f"name={POLICY.name}", "--count", "user")))


@pytest.fixture(scope="module")
def kept(imported: Imported) -> Imported:
    """The insight that a replay finds is in the history, as is one of a trail's data events."""
    make_bucket(imported.cairn, "reads-insights", REGION)
    imported.cairn.client("cloudtrail").create_trail(Name="reads-insights", S3BucketName="reads-insights")
    minute = imported.burst // 60
    data = compose(Insight(PUT, Phase.START, minute, minute, Statistics(1, 50, 1, 10_080), ()), TRAIL)
    imported.load("insights", [*imported.replay("--record"), data])
    looked_up = ("cloudtrail", "lookup-events", "--event-category", "insight")
    wait_until(lambda: len(imported.cairn.aws(*looked_up)["Events"]) == 2)
    return imported


def test_a_replay_tells_what_would_have_been_found(imported: Imported) -> None:
    (found,) = imported.replay()
    assert (found["time"], found["name"], found["minutes"]) == (iso_seconds(imported.burst), POLICY.name, 10)
    assert found["insight"] == pytest.approx(61, abs=0.5)
    assert imported.replay() == [found]
    assert imported.replay("--account", "999999999999") == []
    assert imported.replay("--query", "-user=mallory") == []


def test_a_replay_says_what_it_looked_at(imported: Imported) -> None:
    arguments = ["replay", iso_seconds(imported.begin), iso_seconds(imported.end), "--data"]
    done = subprocess.run(
        [str(BIN / "cairn"), "insights", *arguments, str(imported.cairn.folder.path)], capture_output=True, text=True
    )
    assert f"{imported.events:,} events" in done.stderr
    assert f"1 insight in 1.5 days from {iso_seconds(imported.begin + DAY_S)}" in done.stderr
    assert "in 1 series" in done.stderr
    short = ["replay", iso_seconds(imported.end - 3600), iso_seconds(imported.end), "--data"]
    done = subprocess.run(
        [str(BIN / "cairn"), "insights", *short, str(imported.cairn.folder.path)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "Nothing was judged" in done.stderr


def test_insights_of_management_events_are_looked_up(kept: Imported) -> None:
    end, start = kept.cairn.aws("cloudtrail", "lookup-events", "--event-category", "insight")["Events"]
    assert (start["EventName"], start["EventSource"]) == (POLICY.name, POLICY.source)
    assert {"ReadOnly", "Username", "AccessKeyId"}.isdisjoint(start)
    record = json.loads(start["CloudTrailEvent"])
    assert record["insightDetails"]["state"] == "Start"
    assert record["sharedEventID"] == json.loads(end["CloudTrailEvent"])["sharedEventID"]
    by_name = ("--lookup-attributes", "AttributeKey=EventName,AttributeValue=PutUserPolicy")
    found = kept.cairn.aws("cloudtrail", "lookup-events", "--event-category", "insight", *by_name)["Events"]
    assert [event["EventId"] for event in found] == [end["EventId"], start["EventId"]]


def test_insights_of_data_events_are_listed_by_their_trail(kept: Imported) -> None:
    listed = ("cloudtrail", "list-insights-data", "--data-type", "InsightsEvents", "--insight-source")
    (event,) = kept.cairn.aws(*listed, TRAIL)["Events"]
    assert event["EventName"] == "PutObject"
    assert kept.cairn.aws(*listed, TRAIL, "--dimensions", "EventName=GetObject")["Events"] == []
    assert "InvalidParameterException" in kept.cairn.aws(*listed, trail_arn("none", REGION), fails=True)


def test_metric_data_is_listed(kept: Imported) -> None:
    state = State.in_folder(kept.cairn.folder.path, INSIGHTS)
    minute = kept.burst // 60
    with state.write() as connection:
        metric_data.add(connection, "", [(POLICY, minute, 61), (POLICY, minute + 2, 60)])
    state.close()
    listed = ("cloudtrail", "list-insights-metric-data", "--event-source", POLICY.source, "--event-name", POLICY.name)
    within = ("--start-time", iso_seconds(minute * 60), "--end-time", iso_seconds((minute + 3) * 60))
    asked = (*listed, "--insight-type", CALL_RATE, "--period", "60", *within)
    assert kept.cairn.aws(*asked)["Values"] == [61.0, 60.0]
    filled = (*asked, "--data-type", "FillWithZeros")
    first = kept.cairn.aws(*filled, "--max-results", "2")
    last = kept.cairn.aws(*filled, "--next-token", first["NextToken"])
    assert first["Values"] + last["Values"] == [61.0, 0.0, 60.0]
    assert [int(at) // 60 - minute for at in first["Timestamps"] + last["Timestamps"]] == [0, 1, 2]
    missing = kept.cairn.aws(*listed, "--insight-type", "ApiErrorRateInsight", fails=True)
    assert "InvalidParameterException" in missing
    (told,) = rows(kept.cairn.cairn("insights", "explain", event_id(kept)))
    assert [point["calls"] for point in told["calls_a_minute"]] == [61, 60]


def event_id(kept: Imported) -> str:
    events = kept.cairn.aws("cloudtrail", "lookup-events", "--event-category", "insight")["Events"]
    return str(events[0]["EventId"])


def test_insights_are_listed_and_explained(kept: Imported) -> None:
    listed = rows(kept.cairn.cairn("insights", "list"))
    assert sorted(row["name"] for row in listed) == ["PutObject", "PutUserPolicy"]
    (insight,) = [row for row in listed if row["name"] == POLICY.name]
    assert len(rows(kept.cairn.cairn("insights", "list", "--limit", "1"))) == 1
    kept.cairn.cairn("insights", "list", "--region", "eu-west-1", code=1)
    for ident in (event_id(kept), insight["id"]):
        (told,) = rows(kept.cairn.cairn("insights", "explain", ident))
        assert (told["id"], told["going_on"]) == (insight["id"], False)
    text = kept.cairn.cairn("insights", "explain", insight["id"], "--output", "table")
    assert "user/mallory: 60 a minute (98%), new" in text
    kept.cairn.cairn("insights", "explain", NOT_FOUND, code=1)
    kept.cairn.cairn("insights", "explain", "no-id", code=2)


def test_search_shows_insights_where_they_are_asked_for(kept: Imported) -> None:
    found = rows(kept.cairn.cairn("search", "--category", "insight", "insightDetails.state=End"))
    assert [record["insightDetails"]["eventName"] for record in found] == [POLICY.name]
    assert not [record for record in rows(kept.cairn.cairn("search")) if "insightDetails" in record]


def test_tail_shows_insights_where_they_are_asked_for(kept: Imported) -> None:
    command = [str(BIN / "cairn"), "tail", "--data", str(kept.cairn.folder.path), "--category", "insight", "-n", "1"]
    tail = subprocess.Popen([*command, "--output", "table"], stdout=subprocess.PIPE, text=True)
    number = 0
    deadline = time.monotonic() + 30
    while tail.poll() is None:  # insights until the tail has connected and sees one
        assert time.monotonic() < deadline
        number += 1
        minute = kept.burst // 60 - 10 * number
        key = PUT._replace(name=f"PutObject{number}")
        told = compose(Insight(key, Phase.START, minute, minute, Statistics(1, 50, 1, 10_080), ()), TRAIL)
        kept.load(f"tailed-{number}", [told])
        time.sleep(0.3)
    printed, _ = tail.communicate()
    assert "ApiCallRateInsight Start  s3:PutObject" in printed
