"""Carrying out what alarms owe."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cloudwatch.alarms.world import ACCOUNT, FUNCTION, REGION, TOPIC, Recipients, World

from cairn.cloudwatch.alarms.actions import ActionFailed
from cairn.cloudwatch.alarms.outbox import DATA_CHARACTERS_MAX
from cairn.core.clock import TestClock

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"


def alarm(world: World, **more: Any) -> None:
    world.put_alarm(AlarmDescription="too many", Dimensions=[{"Name": "Host", "Value": "x"}], **more)
    world.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="testing")


def test_what_a_topic_is_told(world: World) -> None:
    alarm(world, Unit="Count", DatapointsToAlarm=1)
    world.step()
    (sent,) = world.recipients.sent
    assert (sent.resource, sent.alarm) == (TOPIC, ARN)
    assert sent.subject == 'ALARM: "a" in US East (N. Virginia)'
    assert list(sent.message.items()) == [
        ("AlarmName", "a"),
        ("AlarmDescription", "too many"),
        ("AWSAccountId", ACCOUNT),
        ("AlarmConfigurationUpdatedTimestamp", "2023-11-14T22:13:20.000+0000"),
        ("NewStateValue", "ALARM"),
        ("NewStateReason", "testing"),
        ("StateChangeTime", "2023-11-14T22:13:20.000+0000"),
        ("Region", "US East (N. Virginia)"),
        ("AlarmArn", ARN),
        ("OldStateValue", "INSUFFICIENT_DATA"),
        ("OKActions", [TOPIC]),
        ("AlarmActions", [TOPIC]),
        ("InsufficientDataActions", []),
        (
            "Trigger",
            {
                "MetricName": "Errors",
                "Namespace": "App",
                "StatisticType": "Statistic",
                "Statistic": "SUM",
                "Unit": "Count",
                "Dimensions": [{"value": "x", "name": "Host"}],
                "Period": 60,
                "EvaluationPeriods": 1,
                "DatapointsToAlarm": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "Threshold": 1.0,
                "TreatMissingData": "",
                "EvaluateLowSampleCountPercentile": "",
            },
        ),
    ]
    assert "too many" in sent.email
    assert "INSUFFICIENT_DATA -> ALARM" in sent.email


def test_what_a_function_is_told(world: World) -> None:
    alarm(world, AlarmActions=[FUNCTION])
    world.step()
    (sent,) = world.recipients.sent
    event = sent.message
    (query,) = event["alarmData"]["configuration"]["metrics"]
    assert event == {
        "source": "aws.cloudwatch",
        "alarmArn": ARN,
        "accountId": ACCOUNT,
        "time": "2023-11-14T22:13:20.000+0000",
        "region": REGION,
        "alarmData": {
            "alarmName": "a",
            "state": {"value": "ALARM", "reason": "testing", "timestamp": "2023-11-14T22:13:20.000+0000"},
            "previousState": {
                "value": "INSUFFICIENT_DATA",
                "reason": "Unchecked: Initial alarm creation",
                "timestamp": "2023-11-14T22:13:20.000+0000",
            },
            "configuration": {"description": "too many", "metrics": [query]},
        },
    }
    assert query == {
        "id": query["id"],
        "metricStat": {
            "metric": {"namespace": "App", "name": "Errors", "dimensions": {"Host": "x"}},
            "period": 60,
            "stat": "Sum",
        },
        "returnData": True,
    }


def test_a_long_name_is_cut_in_the_subject(world: World) -> None:
    name = "n" * 200
    world.put_alarm(name)
    world.call("SetAlarmState", AlarmName=name, StateValue="ALARM", StateReason="testing")
    world.step()
    (sent,) = world.recipients.sent
    assert len(sent.subject) <= 100
    assert sent.subject.endswith('..." in US East (N. Virginia)')


def test_the_same_state_again_does_nothing(world: World) -> None:
    alarm(world)
    world.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="again")
    world.step()
    assert len(world.recipients.sent) == 1
    assert world.described()["StateReason"] == "again"


def test_disabled_actions_are_not_carried_out(world: World) -> None:
    world.put_alarm()
    world.call("DisableAlarmActions", AlarmNames=["a", "nobody"])
    world.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="testing")
    world.step()
    assert world.recipients.sent == []
    assert world.described()["ActionsEnabled"] is False
    world.call("EnableAlarmActions", AlarmNames=["a"])
    world.call("SetAlarmState", AlarmName="a", StateValue="OK", StateReason="testing")
    world.step()
    assert world.told() == [("a", "OK")]


def test_a_topic_that_refuses_is_tried_again_and_delays_nobody(world: World) -> None:
    other = f"{TOPIC}-2"
    world.recipients.failing[TOPIC] = ActionFailed("SNS does not answer", final=False)
    alarm(world, AlarmActions=[TOPIC, other])
    world.step()
    assert [sent.resource for sent in world.recipients.sent] == [other]
    world.run(300)
    assert 5 < world.recipients.attempts < 15
    world.recipients.failing.clear()
    world.run(61)
    assert [sent.resource for sent in world.recipients.sent] == [other, TOPIC]
    assert f"Successfully executed action {TOPIC}" in world.history("Action")


def test_a_topic_that_never_will_take_it_is_told_in_the_history(world: World) -> None:
    world.recipients.failing[TOPIC] = ActionFailed("there is no such topic", final=True)
    alarm(world)
    world.run(10)
    assert world.recipients.attempts == 1
    assert world.history("Action") == [f'Failed to execute action {TOPIC}. Received error: "there is no such topic"']
    items = world.call("DescribeAlarmHistory", AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    data = json.loads(items[0]["HistoryData"])
    assert (data["actionState"], data["error"]) == ("Failed", "there is no such topic")
    assert data["notificationResource"] == TOPIC
    assert json.loads(json.loads(data["publishedMessage"])["default"])["AlarmName"] == "a"


def test_what_cannot_be_carried_out_is_told_in_the_history(world: World) -> None:
    resource = f"arn:aws:automate:{REGION}:ec2:stop"
    alarm(world, AlarmActions=[resource])
    world.run(1)
    text = "Cairn does not carry out actions of automate."
    assert world.history("Action") == [f'Failed to execute action {resource}. Received error: "{text}"']


def test_history_data_fits_whatever_the_message_is(world: World) -> None:
    world.put_alarm(AlarmDescription='"' * 1000)
    world.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason='"' * 1023)
    world.step()
    items = world.call("DescribeAlarmHistory", AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    assert len(items[0]["HistoryData"]) <= DATA_CHARACTERS_MAX


def test_what_is_owed_is_what_the_alarm_was_when_it_turned(world: World) -> None:
    alarm(world)
    world.call("DeleteAlarms", AlarmNames=["a"])
    world.step()
    assert world.told() == [("a", "ALARM")]


_DIES = """
import sys
from pathlib import Path
from tests.cloudwatch.alarms.world import World
from cairn.core.clock import TestClock

class Out:
    def publish(self, topic, message, *, subject, email, alarm, once):
        with (Path(sys.argv[1]) / "sent").open("a") as sent:
            sent.write(once + "\\n")

world = World(Path(sys.argv[1]), TestClock(1_700_000_000.0))
world.recipients = Out()
world.restart()
if sys.argv[2] == "first":
    world.put_alarm()
    world.publish()
world.step()
"""


def test_kill_9_before_and_after_an_action_loses_no_message_and_says_which_is_the_same(
    empty: Any, tmp_path: Path
) -> None:
    empty(tmp_path)
    root = Path(__file__).parents[3]
    for turn, failpoint in (("first", "alarms.turned=kill"), ("then", "alarms.acted=kill"), ("last", "")):
        done = subprocess.run(
            [sys.executable, "-c", _DIES, str(tmp_path), turn], cwd=root, env={"FAILPOINTS": failpoint}, check=False
        )
        assert done.returncode == (-9 if failpoint else 0)
    sent = (tmp_path / "sent").read_text().splitlines()
    assert len(sent) == 2  # the second died after publishing and before noting it, so the third published again
    assert len(set(sent)) == 1  # under the same id, so that the topic takes it once
    world = World(tmp_path, TestClock(1_700_000_000.0))
    world.recipients = Recipients()
    world.restart()
    world.run(1)
    assert world.recipients.sent == []
    assert world.history("StateUpdate") == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert world.history("Action") == [f"Successfully executed action {TOPIC}"]
    world.close()


def test_an_action_that_cannot_be_tried_is_in_nobodys_way(world: World) -> None:
    other = f"{TOPIC}-other"
    world.recipients.failing[TOPIC] = ValueError("not enough values to unpack")  # type: ignore[assignment]
    alarm(world, AlarmActions=[TOPIC, other])
    world.step()
    assert [sent.resource for sent in world.recipients.sent] == [other]
    world.clock.advance(25 * 3600.0)
    world.step()
    history = world.call("DescribeAlarmHistory", HistoryItemType="Action")["AlarmHistoryItems"]
    assert any("An error of ours: ValueError" in item["HistorySummary"] for item in history)
