"""Alarms over a real store of metrics, under a test clock."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudwatch.alarms.world import ACCOUNT, REGION, TOPIC, World

from cairn.cloudwatch.alarms.evaluator import AlarmEvaluator
from cairn.cloudwatch.alarms.tables import positions
from cairn.core.clock import TestClock

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"


def well(world: World, **more: Any) -> None:
    """An alarm that has been evaluated to OK, at the beginning of a minute."""
    world.put_alarm(TreatMissingData="notBreaching", **more)
    world.run(70)
    world.to_minute()
    world.recipients.sent.clear()


def test_a_new_alarm_says_so_until_it_is_evaluated(world: World) -> None:
    world.put_alarm()
    world.step()
    assert world.state() == "INSUFFICIENT_DATA"
    assert world.described()["StateReason"] == "Unchecked: Initial alarm creation"


def test_a_count_that_breaches_alarms_before_its_minute_ends(world: World) -> None:
    world.put_alarm()
    world.run(100)
    world.publish()
    world.step()
    assert world.state() == "ALARM"
    assert world.told() == [("a", "ALARM")]
    world.run(120)
    assert world.told() == [("a", "ALARM")]


def test_an_average_waits_for_the_end_of_its_minute(world: World) -> None:
    world.put_alarm(Statistic="Average", Threshold=10.0)
    world.to_minute()
    world.publish(20.0)
    world.run(50)
    assert world.state() == "INSUFFICIENT_DATA"
    world.publish(2.0)
    world.run(20)
    assert world.state() == "ALARM"
    assert "1 datapoint [11.0 (14/11/23 22:14:00)] was greater" in world.described()["StateReason"]


def test_an_alarm_that_ends_says_ok_once_its_range_has_no_breach(world: World) -> None:
    well(world)
    world.publish()
    world.run(200)
    assert world.told() == [("a", "ALARM")]
    world.run(120)
    assert world.told() == [("a", "ALARM"), ("a", "OK")]
    assert "treated as [NonBreaching]" in world.described()["StateReason"]


def test_an_alarm_without_data_is_insufficient(world: World) -> None:
    world.put_alarm(InsufficientDataActions=[TOPIC])
    world.publish()
    world.run(400)
    assert world.told() == [("a", "ALARM"), ("a", "INSUFFICIENT_DATA")]
    assert world.described()["StateReason"] == "Insufficient Data: 1 datapoint was unknown."


def test_breaching_missing_data_alarms_without_any_data(world: World) -> None:
    world.put_alarm(TreatMissingData="breaching")
    world.run(70)
    assert world.told() == [("a", "ALARM")]


def test_a_period_of_ten_seconds_is_evaluated_every_ten_seconds(world: World) -> None:
    world.put_alarm(Period=10, Statistic="Average", TreatMissingData="notBreaching")
    world.run(20)
    assert world.state() == "OK"
    world.publish(resolution=1)
    world.run(11)
    assert world.state() == "ALARM"
    world.run(40)
    assert world.state() == "OK"


def test_five_minutes_move_on_by_the_minute(world: World) -> None:
    """Three minutes with one error each are never three in a round five minutes, but in five minutes they are."""
    world.put_alarm(Period=300, Threshold=3.0, TreatMissingData="notBreaching")
    world.to_minute()
    world.run(270 - world.clock.now() % 300 + 300)  # half a minute before a round five minutes
    for _ in range(3):
        world.publish()
        world.run(60)
    assert world.told()[-1] == ("a", "ALARM")


def test_late_data_count_as_soon_as_they_arrive(world: World) -> None:
    world.put_alarm(Statistic="Average", TreatMissingData="notBreaching", OKActions=[])
    world.run(200)
    assert world.state() == "OK"
    world.publish(5.0, ago=60.0)
    world.run(3)
    assert world.state() == "ALARM"


def test_m_of_n(world: World) -> None:
    world.put_alarm(EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching", Threshold=5.0)
    world.to_minute()
    for value, state in ((9.0, "OK"), (1.0, "OK"), (9.0, "ALARM"), (1.0, "OK")):
        world.publish(value)
        world.run(59)
        world.run(1)
        assert world.state() == state, value
    assert "(minimum 2 datapoints for ALARM -> OK transition)" in world.described()["StateReason"]


def test_sums_that_may_shrink_are_not_final(world: World) -> None:
    well(world)
    world.publish(-5.0)
    world.publish(10.0)
    world.run(5)
    assert world.state() == "OK"
    world.publish(-10.0)
    world.run(70)
    assert world.told() == []


@pytest.mark.parametrize(
    ("statistic", "operator", "value", "early"),
    [
        ("Maximum", "GreaterThanThreshold", 9.0, True),
        ("SampleCount", "GreaterThanOrEqualToThreshold", 9.0, True),
        ("Minimum", "LessThanThreshold", 0.5, True),
        ("Minimum", "GreaterThanThreshold", 9.0, False),
        ("Maximum", "LessThanThreshold", 0.5, False),
        ("Sum", "LessThanThreshold", 0.5, False),
    ],
)
def test_which_statistics_are_final(world: World, statistic: str, operator: str, value: float, early: bool) -> None:
    world.put_alarm(Statistic=statistic, ComparisonOperator=operator, TreatMissingData="notBreaching")
    world.run(100)
    world.to_minute()
    world.publish(value)
    world.run(5)
    assert (world.state() == "ALARM") is early
    world.run(60)
    assert world.state() == "ALARM"


def test_percentiles_and_few_samples(world: World) -> None:
    world.put_alarm(
        Statistic=None, ExtendedStatistic="p90", Threshold=5.0, EvaluateLowSampleCountPercentile="ignore", OKActions=[]
    )
    world.to_minute()
    world.publish(9.0)
    world.run(61)
    assert world.state() == "INSUFFICIENT_DATA"
    for _ in range(100):
        world.publish(9.0)
    world.run(61)
    assert world.state() == "ALARM"
    assert '"statistic":"p90"' in world.described()["StateReasonData"]


def test_an_expression(world: World) -> None:
    queries: list[dict[str, Any]] = [
        {"Id": "rate", "Expression": "errors / calls * 100", "Label": "percent"},
        *(
            {
                "Id": name.lower(),
                "MetricStat": {
                    "Metric": {"Namespace": "App", "MetricName": name},
                    "Period": 60,
                    "Stat": "Sum",
                },
                "ReturnData": False,
            }
            for name in ("Errors", "Calls")
        ),
    ]
    world.call(
        "PutMetricAlarm",
        AlarmName="a",
        Metrics=queries,
        EvaluationPeriods=1,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[TOPIC],
    )
    world.to_minute()
    world.publish(1.0)
    world.publish(5.0, name="Calls")
    world.run(61)
    assert world.state() == "ALARM"
    assert "[20.0 (14/11/23 22:14:00)]" in world.described()["StateReason"]
    assert "statistic" not in json.loads(world.described()["StateReasonData"])
    trigger = world.recipients.sent[0].message["Trigger"]
    assert [query["Id"] for query in trigger["Metrics"]] == ["rate", "errors", "calls"]
    assert "MetricName" not in trigger


def test_a_band(world: World) -> None:
    for hour in range(48):
        for value in (9.0, 11.0):
            world.publish(value, ago=hour * 3600 + value * 60)
    stat = {"Metric": {"Namespace": "App", "MetricName": "Errors"}, "Period": 60, "Stat": "Average"}
    world.call(
        "PutMetricAlarm",
        AlarmName="a",
        Metrics=[{"Id": "m", "MetricStat": stat}, {"Id": "ad", "Expression": "ANOMALY_DETECTION_BAND(m, 2)"}],
        EvaluationPeriods=1,
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
        ThresholdMetricId="ad",
        AlarmActions=[TOPIC],
    )
    world.to_minute()
    world.publish(10.0)
    world.run(60)
    assert world.state() == "OK"
    world.publish(50.0)
    world.run(60)
    assert world.state() == "ALARM"
    assert "Thresholds Crossed: 1 datapoint [50.0 (" in world.described()["StateReason"]
    assert "greater than the upper thresholds [12.0]" in world.described()["StateReason"]
    assert world.recipients.sent[-1].message["Trigger"]["ThresholdMetricId"] == "ad"


def test_an_expression_that_cannot_be_computed_says_so_and_holds_up_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = {"Metric": {"Namespace": "App", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "x", "Expression": "m * 1"}, {"Id": "m", "MetricStat": stat, "ReturnData": False}]
    settings = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    world.call("PutMetricAlarm", AlarmName="a", Metrics=queries, **settings)
    world.put_alarm("b")
    monkeypatch.setattr("cairn.cloudwatch.metrics.data.POINTS_MAX", 0)
    world.publish()
    world.run(70)
    assert world.described()["EvaluationState"] == "EVALUATION_ERROR"
    assert world.state("b") == "ALARM"
    monkeypatch.undo()
    world.publish()
    world.run(70)
    assert "EvaluationState" not in world.described()
    assert world.state() == "ALARM"


def test_set_state_lasts_until_the_next_evaluation(world: World) -> None:
    well(world)
    world.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="testing")
    world.step()
    assert world.state() == "ALARM"
    assert world.told() == [("a", "ALARM")]
    world.run(61)
    assert world.told() == [("a", "ALARM"), ("a", "OK")]


def test_set_state_of_an_alarm_that_ignores_missing_data_stays(world: World) -> None:
    world.put_alarm(TreatMissingData="ignore")
    world.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="testing")
    world.run(300)
    assert world.state() == "ALARM"


def test_putting_an_alarm_again_keeps_its_state_and_evaluates_it_anew(world: World) -> None:
    world.put_alarm()
    world.publish()
    world.run(2)
    world.put_alarm(Threshold=5.0)
    assert world.state() == "ALARM"
    world.run(70)
    assert world.state() == "OK"


def test_no_turn_is_lost_or_doubled_over_a_restart(world: World) -> None:
    well(world, Statistic="Average")
    world.publish(5.0)
    world.clock.advance(600.0)  # nobody evaluates, and the breach is long over
    world.restart()
    world.run(1)
    assert world.told() == [("a", "ALARM"), ("a", "OK")]
    world.restart()
    world.run(70)
    assert world.told() == [("a", "ALARM"), ("a", "OK")]


def test_what_is_caught_up_is_limited(world: World) -> None:
    well(world, Statistic="Average")
    world.publish(5.0)
    world.clock.advance(7200.0)
    world.restart()
    world.run(1)
    assert world.told() == []


def test_how_far_a_grid_was_evaluated_is_saved(world: World) -> None:
    world.put_alarm()
    world.run(120)
    with world.alarms.read() as connection:
        (row,) = connection.execute(positions.select())
    assert (row.step, row.evaluated) == (60, 1_700_000_100.0)


def test_a_change_that_comes_between_reading_and_writing_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put_alarm()
    world.step()
    world.publish()
    look = AlarmEvaluator._look

    def meanwhile(self: AlarmEvaluator, *args: Any) -> Any:
        outcome = look(self, *args)
        monkeypatch.undo()
        world.put_alarm(Threshold=100.0)
        return outcome

    monkeypatch.setattr(AlarmEvaluator, "_look", meanwhile)
    world.evaluator.step()
    assert world.described()["Threshold"] == 100.0
    assert world.state() == "INSUFFICIENT_DATA"
    world.run(70)
    assert world.state() == "OK"


def test_a_deleted_alarm_is_not_evaluated(world: World) -> None:
    world.put_alarm()
    world.run(3)
    world.call("DeleteAlarms", AlarmNames=["a"])
    world.publish()
    world.run(100)
    assert world.told() == []


def test_history_tells_all(world: World) -> None:
    world.put_alarm()
    world.publish()
    world.run(1)
    assert world.history() == [
        'Alarm "a" created',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        f"Successfully executed action {TOPIC}",
    ]
    items = world.call("DescribeAlarmHistory", AlarmName="a", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    data = json.loads(items[0]["HistoryData"])
    assert data["oldState"] == {
        "stateValue": "INSUFFICIENT_DATA",
        "stateReason": "Unchecked: Initial alarm creation",
    }
    assert data["newState"]["stateReasonData"]["recentDatapoints"] == [1.0]


def test_dynamodb_ignores_missing_data(world: World) -> None:
    world.put_alarm(Namespace="AWS/DynamoDB", TreatMissingData="breaching")
    world.run(200)
    assert world.state() == "INSUFFICIENT_DATA"
    assert world.told() == []


@settings(max_examples=5, deadline=None)
@given(
    st.lists(st.integers(0, 400), max_size=8),
    st.sampled_from(["missing", "notBreaching", "ignore", "breaching"]),
    st.integers(1, 3),
    st.sampled_from([10, 60, 120]),
)
def test_looking_often_makes_turns_earlier_but_no_others(
    empty: Any, tmp_path_factory: pytest.TempPathFactory, when: list[int], treatment: str, periods: int, period: int
) -> None:
    turns = []
    for pause in (0.5, 10.0):
        folder = tmp_path_factory.mktemp("world")
        empty(folder)
        world = World(folder, TestClock(1_700_000_000.4))
        world.put_alarm(
            TreatMissingData=treatment,
            Period=period,
            EvaluationPeriods=periods,
            DatapointsToAlarm=1,
            OKActions=[TOPIC],
            InsufficientDataActions=[TOPIC],
        )
        last = 0
        for second in [*sorted(when), 900]:
            world.run(second - last, pause)
            world.publish(resolution=1)
            last = second
        turns.append(world.told())
        world.close()
    assert turns[0] == turns[1]


def test_an_alarm_that_breaks_the_evaluation_silences_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put_alarm("broken", MetricName="Other")
    world.put_alarm("well")
    world.step()
    (watch,) = (each for each in world.evaluator._watches.values() if each.alarm.id.name == "broken")

    def read(end: float, count: int) -> list[Any]:
        raise ZeroDivisionError("an error of ours")

    monkeypatch.setattr(watch.reader, "read", read)
    world.publish(name="Other")
    world.publish()
    world.run(70)
    assert ("well", "ALARM") in world.told()
    described = world.described("broken")
    assert (described["StateValue"], described["EvaluationState"]) == ("INSUFFICIENT_DATA", "EVALUATION_ERROR")
