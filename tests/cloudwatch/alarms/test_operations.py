"""AWS's operations on alarms: what they refuse, and that they answer what was put."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.cloudwatch.alarms.world import ACCOUNT, REGION, TOPIC, World

from cairn.cloudwatch.alarms import alarms as limits
from cairn.cloudwatch.alarms.history import KEPT_S, Trimmer

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm"
STATE = {
    "AlarmArn",
    "AlarmConfigurationUpdatedTimestamp",
    "StateValue",
    "StateReason",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
}


def stat(id: str, **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "App", "MetricName": "Errors", "Dimensions": [{"Name": "Host", "Value": "x"}]}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False, **more}


FULL: dict[str, Any] = {
    "AlarmName": "a",
    "AlarmDescription": "",
    "ActionsEnabled": False,
    "OKActions": [TOPIC],
    "AlarmActions": [TOPIC, f"arn:aws:automate:{REGION}:ec2:stop"],
    "InsufficientDataActions": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"],
    "MetricName": "Errors",
    "Namespace": "App",
    "ExtendedStatistic": "p99.9",
    "Dimensions": [{"Name": "Z", "Value": "1"}, {"Name": "A", "Value": "2"}],
    "Period": 300,
    "Unit": "Count",
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 0.0,
    "ComparisonOperator": "LessThanThreshold",
    "TreatMissingData": "missing",
    "EvaluateLowSampleCountPercentile": "evaluate",
}
EXPRESSION: dict[str, Any] = {
    "AlarmName": "a",
    "Metrics": [
        {"Id": "e1", "Expression": "m1 / m2", "Label": "Rate", "ReturnData": True},
        stat("m1"),
        stat("m2", Label="calls"),
    ],
    "EvaluationPeriods": 1,
    "Threshold": 1.5,
    "ComparisonOperator": "GreaterThanThreshold",
}
BAND: dict[str, Any] = {
    "AlarmName": "a",
    "Metrics": [stat("m1", ReturnData=True), {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"}],
    "EvaluationPeriods": 2,
    "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
    "ThresholdMetricId": "ad1",
}


@pytest.mark.parametrize("put", [FULL, EXPRESSION, BAND], ids=["metric", "expression", "band"])
def test_what_is_put_is_described_and_nothing_else(world: World, put: dict[str, Any]) -> None:
    world.call("PutMetricAlarm", **put)
    found = world.described()
    empty = {"OKActions": [], "AlarmActions": [], "InsufficientDataActions": [], "Dimensions": []}
    assert {k: v for k, v in found.items() if k not in STATE} == empty | {"ActionsEnabled": True} | put
    assert found["AlarmArn"] == f"{ARN}:a"
    assert found["StateValue"] == "INSUFFICIENT_DATA"
    world.call("PutMetricAlarm", **put)
    assert {k: v for k, v in world.described().items() if k not in STATE} == empty | {"ActionsEnabled": True} | put


def test_a_composite_alarm_is_described_as_it_was_put(world: World) -> None:
    world.put_alarm("a")
    world.put_alarm("s")
    put: dict[str, Any] = {
        "AlarmName": "c",
        "AlarmDescription": "all",
        "AlarmRule": 'ALARM("a")  OR FALSE',
        "ActionsEnabled": False,
        "OKActions": [TOPIC],
        "ActionsSuppressor": f"{ARN}:s",
        "ActionsSuppressorWaitPeriod": 0,
        "ActionsSuppressorExtensionPeriod": 60,
    }
    world.call("PutCompositeAlarm", **put)
    found = {k: v for k, v in world.described("c").items() if k not in STATE}
    assert found == {"AlarmActions": [], "InsufficientDataActions": []} | put


METRIC: dict[str, Any] = {
    "AlarmName": "a",
    "MetricName": "Errors",
    "Namespace": "App",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"Period": 15}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 1}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 90}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"EvaluationPeriods": 1441}, "across more than a day (EvaluationPeriods * Period must be <= 86400)"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "across more than a week (EvaluationPeriods * Period must be <="),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods."),
        ({"ExtendedStatistic": "p90"}, "Statistic, ExtendedStatistic cannot be given together"),
        ({"Statistic": None}, "The parameter Statistic is required."),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, "p101"),
        ({"Statistic": None, "ExtendedStatistic": "Sum"}, "ExtendedStatistic"),
        ({"MetricName": None}, "The parameter MetricName is required."),
        ({"Namespace": None}, "The parameter Namespace is required."),
        ({"Period": None}, "The parameter Period is required."),
        ({"EvaluationPeriods": None}, "The parameter EvaluationPeriods is required."),
        ({"Threshold": None}, "The parameter Threshold is required."),
        ({"Threshold": float("nan")}, "Threshold must be a number."),
        ({"ComparisonOperator": None}, "The parameter ComparisonOperator is required."),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "The parameter ThresholdMetricId is required."),
        ({"ThresholdMetricId": "x"}, "ThresholdMetricId cannot be used with GreaterThanThreshold."),
        ({"TreatMissingData": "never"}, "The value never is not supported for TreatMissingData parameter."),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "can only be given with an ExtendedStatistic"),
        ({"AlarmActions": ["topic"]}, "Invalid arn syntax: topic"),
        ({"OKActions": ["arn:aws:sns:eu-west-1:111122223333:t"]}, "Only us-east-1 is supported."),
        ({"AlarmName": "a\x07"}, "control characters"),
        ({"Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "A", "Value": "2"}]}, "different names"),
        ({"Metrics": [stat("m1")]}, "Metrics, MetricName cannot be given together"),
        ({"EvaluationCriteria": {"PromQLCriteria": {"Query": "up"}}}, "not supported by Cairn"),
        ({"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 1}}, "not supported by Cairn"),
    ],
)
def test_what_is_no_metric_alarm(world: World, change: dict[str, Any], text: str) -> None:
    params = {name: value for name, value in (METRIC | change).items() if value is not None}
    code, message = world.refusal("PutMetricAlarm", **params)
    assert code == "ValidationError"
    assert text in message
    assert world.call("DescribeAlarms")["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"Metrics": []}, "between 1 and 20"),
        ({"Metrics": [stat("m1")]}, "Exactly one member of Metrics"),
        ({"Metrics": [stat("m1", ReturnData=True), stat("m2", ReturnData=True)]}, "Exactly one member of Metrics"),
        ({"Metrics": [stat("m1", ReturnData=True), stat("m1")]}, "not unique"),
        ({"Metrics": [stat("M1", ReturnData=True)]}, "M1"),
        ({"Metrics": [{"Id": "e", "Expression": "1 +"}, stat("m1")]}, "Error in expression 'e'"),
        ({"Metrics": [{"Id": "e", "Expression": "m3 + 1"}, stat("m1")]}, "Error in expression 'e'"),
        ({"Metrics": [{"Id": "e", "Expression": "METRICS()"}, stat("m1")]}, "single time series"),
        ({"Metrics": [{"Id": "e", "Expression": "TIME_SERIES(1)"}]}, "at least one MetricStat"),
        ({"Metrics": [stat("m1", ReturnData=True), stat("m2")], "ThresholdMetricId": "m2"}, "cannot be used with"),
        ({"Metrics": [stat("m1", ReturnData=True, AccountId="999988887777")]}, "not supported by Cairn"),
    ],
)
def test_what_is_no_alarm_on_an_expression(world: World, change: dict[str, Any], text: str) -> None:
    code, message = world.refusal("PutMetricAlarm", **(EXPRESSION | change))
    assert code == "ValidationError"
    assert text in message


def test_what_is_no_composite_alarm(world: World) -> None:
    world.put_alarm("a")

    def refused(**more: Any) -> str:
        code, text = world.refusal("PutCompositeAlarm", **({"AlarmName": "c", "AlarmRule": "ALARM(a)"} | more))
        assert code == "ValidationError"
        return text

    missing = "Could not save the composite alarm as alarms [x, y] in the alarm rule do not exist"
    assert refused(AlarmRule="ALARM(x) OR ALARM(a) OR OK(y)") == missing
    assert "leading or trailing whitespace" in refused(AlarmRule=" ALARM(a)")
    assert "Error in AlarmRule" in refused(AlarmRule="a")
    assert "would depend on itself" in refused(AlarmRule="ALARM(c)")
    periods = {"ActionsSuppressorWaitPeriod": 1, "ActionsSuppressorExtensionPeriod": 1}
    assert "suppressor x does not exist" in refused(ActionsSuppressor="x", **periods)
    assert "ActionsSuppressorWaitPeriod is required" in refused(ActionsSuppressor="a")
    assert "ActionsSuppressor is required" in refused(**periods)
    assert "cannot have the action" in refused(AlarmActions=[f"arn:aws:automate:{REGION}:ec2:stop"])


def test_cycles_are_refused(world: World) -> None:
    world.put_alarm("a")
    world.call("PutCompositeAlarm", AlarmName="c1", AlarmRule="ALARM(a)")
    world.call("PutCompositeAlarm", AlarmName="c2", AlarmRule="ALARM(c1)")
    world.call("PutCompositeAlarm", AlarmName="c3", AlarmRule="ALARM(c2)")
    _, text = world.refusal("PutCompositeAlarm", AlarmName="c1", AlarmRule="OK(c3)")
    assert "c1 would depend on itself" in text
    assert world.described("c1")["AlarmRule"] == "ALARM(a)"


def test_an_alarm_has_a_limited_number_of_parents(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PARENTS_MAX", 2)
    world.put_alarm("a")
    for name in ("c1", "c2"):
        world.call("PutCompositeAlarm", AlarmName=name, AlarmRule="ALARM(a)")
    world.call("PutCompositeAlarm", AlarmName="c2", AlarmRule="OK(a)")
    assert "depend on a already" in world.refusal("PutCompositeAlarm", AlarmName="c3", AlarmRule="OK(a)")[1]


def test_alarms_are_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ALARMS_MAX", 2)
    world.put_alarm("a")
    world.put_alarm("b")
    world.put_alarm("b")
    assert world.refusal("PutMetricAlarm", **(METRIC | {"AlarmName": "c"}))[0] == "LimitExceeded"


def test_an_alarm_that_somebody_makes_meanwhile_is_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put_alarm("a")
    find, asked = limits.rows.find, []

    def unseen(*args: Any, **more: Any) -> Any:
        asked.append(args)
        return None if len(asked) == 1 else find(*args, **more)

    monkeypatch.setattr(limits.rows, "find", unseen)
    world.put_alarm("a", Threshold=7.0)
    assert world.described("a")["Threshold"] == 7.0
    assert world.history() == ['Alarm "a" created', 'Alarm "a" updated']


def test_a_name_keeps_its_kind(world: World) -> None:
    world.put_alarm("a")
    world.put_alarm("b")
    assert "is a MetricAlarm" in world.refusal("PutCompositeAlarm", AlarmName="a", AlarmRule="ALARM(b)")[1]


def test_deleting(world: World) -> None:
    for name in "abd":
        world.put_alarm(name)
    world.call("PutCompositeAlarm", AlarmName="c", AlarmRule="ALARM(a) OR ALARM(b)")
    world.call("PutCompositeAlarm", AlarmName="e", AlarmRule="ALARM(d)")
    one = "Cannot delete a as there are composite alarm(s) depending on it."
    two = "Cannot delete a,b as there are composite alarm(s) depending on them."
    assert world.refusal("DeleteAlarms", AlarmNames=["a"]) == ("ValidationError", one)
    assert world.refusal("DeleteAlarms", AlarmNames=["a", "b"]) == ("ValidationError", two)
    assert world.refusal("DeleteAlarms", AlarmNames=["c", "e"])[0] == "ValidationError"
    assert world.refusal("DeleteAlarms", AlarmNames=["c", "d"])[0] == "ValidationError"
    assert world.refusal("DeleteAlarms", AlarmNames=["nobody"])[0] == "ResourceNotFound"
    world.call("DeleteAlarms", AlarmNames=["c"])
    world.call("DeleteAlarms", AlarmNames=["b", "a"])
    found = world.call("DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [alarm["AlarmName"] for alarm in found["MetricAlarms"]] == ["d"]
    assert world.history(name="a")[-1] == 'Alarm "a" deleted'


def test_a_suppressor_cannot_be_deleted(world: World) -> None:
    world.put_alarm("a")
    world.put_alarm("s")
    periods = {"ActionsSuppressorWaitPeriod": 1, "ActionsSuppressorExtensionPeriod": 1}
    world.call("PutCompositeAlarm", AlarmName="c", AlarmRule="ALARM(a)", ActionsSuppressor="s", **periods)
    assert "Cannot delete s" in world.refusal("DeleteAlarms", AlarmNames=["s"])[1]


def test_accounts_and_regions_do_not_see_each_other(world: World) -> None:
    world.put_alarm()
    assert world.call("DescribeAlarms", account="999988887777")["MetricAlarms"] == []
    assert world.call("DescribeAlarms", region="eu-west-1")["MetricAlarms"] == []
    assert world.call("DescribeAlarmHistory", account="999988887777")["AlarmHistoryItems"] == []
    with pytest.raises(AssertionError):
        world.refusal("DescribeAlarms")


def names(answer: Any) -> list[str]:
    return [alarm["AlarmName"] for alarm in [*answer["CompositeAlarms"], *answer["MetricAlarms"]]]


def test_describing(world: World) -> None:
    for name in ("web-1", "web-2", "db"):
        world.put_alarm(name, AlarmActions=[f"{TOPIC}-{name}"])
    world.call("PutCompositeAlarm", AlarmName="site", AlarmRule="ALARM(web-1) OR ALARM(db)")
    world.call("SetAlarmState", AlarmName="db", StateValue="OK", StateReason="testing")
    both = ["MetricAlarm", "CompositeAlarm"]
    assert names(world.call("DescribeAlarms")) == ["db", "web-1", "web-2"]
    assert names(world.call("DescribeAlarms", AlarmTypes=both)) == ["site", "db", "web-1", "web-2"]
    assert names(world.call("DescribeAlarms", AlarmTypes=["CompositeAlarm"])) == ["site"]
    assert names(world.call("DescribeAlarms", AlarmTypes=["LogAlarm"])) == []
    assert names(world.call("DescribeAlarms", AlarmNamePrefix="web")) == ["web-1", "web-2"]
    assert names(world.call("DescribeAlarms", AlarmNamePrefix="WEB")) == []
    assert names(world.call("DescribeAlarms", AlarmNames=["db", "nobody"])) == ["db"]
    assert names(world.call("DescribeAlarms", StateValue="OK")) == ["db"]
    assert names(world.call("DescribeAlarms", ActionPrefix=f"{TOPIC}-web")) == ["web-1", "web-2"]
    children = world.call("DescribeAlarms", ChildrenOfAlarmName="site")
    assert names(children) == ["db", "web-1"]
    assert set(children["MetricAlarms"][0]) == {"AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp"}
    parents = world.call("DescribeAlarms", ParentsOfAlarmName="db")
    assert parents["CompositeAlarms"] == [{"AlarmName": "site", "AlarmArn": f"{ARN}:site"}]
    assert world.refusal("DescribeAlarms", AlarmNames=["a"], AlarmNamePrefix="a")[0] == "ValidationError"
    assert world.refusal("DescribeAlarms", ParentsOfAlarmName="a", StateValue="OK")[0] == "ValidationError"


def test_pages_of_alarms(world: World) -> None:
    for number in range(7):
        world.put_alarm(f"m{number}")
    for number in range(4):
        world.call("PutCompositeAlarm", AlarmName=f"c{number}", AlarmRule="ALARM(m0)")
    found, token = [], {}
    for _ in range(20):
        answer = world.call("DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=3, **token)
        assert len(names(answer)) <= 3
        found += names(answer)
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert found == [f"c{number}" for number in range(4)] + [f"m{number}" for number in range(7)]
    assert world.refusal("DescribeAlarms", NextToken="nonsense")[0] == "InvalidNextToken"


def test_alarms_for_a_metric(world: World) -> None:
    world.put_alarm("plain")
    world.put_alarm("host", Dimensions=[{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}])
    world.put_alarm("other", MetricName="Other")

    def found(**more: Any) -> list[str]:
        answer = world.call("DescribeAlarmsForMetric", MetricName="Errors", Namespace="App", **more)
        return [alarm["AlarmName"] for alarm in answer["MetricAlarms"]]

    assert found() == ["plain"]
    assert found(Dimensions=[{"Name": "B", "Value": "2"}, {"Name": "A", "Value": "1"}]) == ["host"]
    assert found(Dimensions=[{"Name": "A", "Value": "1"}]) == []
    assert found(Statistic="Sum", Period=60) == ["plain"]
    assert found(Statistic="Average") == []
    assert found(Period=300) == []


def test_history(world: World) -> None:
    world.put_alarm("a")
    world.put_alarm("b")
    world.call("PutCompositeAlarm", AlarmName="c", AlarmRule="ALARM(a)")
    for value in ("ALARM", "OK", "ALARM"):
        world.clock.advance(10)
        world.call("SetAlarmState", AlarmName="a", StateValue=value, StateReason="testing")

    def found(**more: Any) -> list[tuple[str, str]]:
        items = world.call("DescribeAlarmHistory", **more)["AlarmHistoryItems"]
        return [(item["AlarmName"], item["HistorySummary"]) for item in items]

    created = [("b", 'Alarm "b" created'), ("a", 'Alarm "a" created')]
    turns = [f"Alarm updated from {old} to {new}" for old, new in (("OK", "ALARM"), ("ALARM", "OK"))]
    turns.append("Alarm updated from INSUFFICIENT_DATA to ALARM")
    assert found() == [*(("a", turn) for turn in turns), *created]
    assert found(ScanBy="TimestampAscending") == found()[::-1]
    assert found(AlarmTypes=["CompositeAlarm"]) == [("c", 'Alarm "c" created')]
    assert found(HistoryItemType="StateUpdate") == [("a", turn) for turn in turns]
    assert found(AlarmName="b") == created[:1]
    start = datetime.fromtimestamp(1_700_000_020, UTC)
    assert found(StartDate=start) == [("a", turn) for turn in turns[:2]]
    assert found(StartDate=start, EndDate=start) == [("a", turns[1])]
    pages, token = [], {}
    for _ in range(10):
        answer = world.call("DescribeAlarmHistory", MaxRecords=2, **token)
        pages += [(item["AlarmName"], item["HistorySummary"]) for item in answer["AlarmHistoryItems"]]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert pages == found()


def test_history_stays_for_thirty_days(world: World) -> None:
    world.put_alarm("a")
    world.clock.advance(KEPT_S - 1)
    world.put_alarm("b")
    Trimmer(world.alarms, world.clock).step()
    assert len(world.call("DescribeAlarmHistory")["AlarmHistoryItems"]) == 2
    world.clock.advance(2)
    Trimmer(world.alarms, world.clock).step()
    assert [item["AlarmName"] for item in world.call("DescribeAlarmHistory")["AlarmHistoryItems"]] == ["b"]


def test_setting_the_state(world: World) -> None:
    world.put_alarm()
    given = {"AlarmName": "a", "StateValue": "OK", "StateReason": "testing"}
    world.call("SetAlarmState", **given, StateReasonData='{"a": 1}')
    assert world.described()["StateReasonData"] == '{"a": 1}'
    assert world.refusal("SetAlarmState", **given, StateReasonData="{")[0] == "InvalidFormat"
    for depth in (890, 2000):  # whoever evaluates all alarms must be able to read it, however deep in calls
        assert world.refusal("SetAlarmState", **given, StateReasonData="[" * depth + "]" * depth)[0] == "InvalidFormat"
    code, _ = world.refusal("SetAlarmState", **(given | {"AlarmName": "nobody"}))
    assert code == "ResourceNotFound"


def test_log_alarms_and_mute_rules_are_refused(world: World) -> None:
    assert world.refusal("PutLogAlarm", AlarmName="a")[0] == "UnsupportedOperation"
    assert world.refusal("PutAlarmMuteRule", Name="a")[0] == "UnsupportedOperation"


def test_tags(world: World) -> None:
    world.put_alarm(Tags=[{"Key": "team", "Value": "red"}])
    world.put_alarm(Tags=[{"Key": "team", "Value": "blue"}])  # of an alarm that exists: passed over
    arn = f"{ARN}:a"

    def listed() -> dict[str, str]:
        answer = world.call("ListTagsForResource", ResourceARN=arn)
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    assert listed() == {"team": "red"}
    world.call("TagResource", ResourceARN=arn, Tags=[{"Key": "team", "Value": "x"}, {"Key": "b", "Value": ""}])
    assert listed() == {"team": "x", "b": ""}
    world.call("UntagResource", ResourceARN=arn, TagKeys=["team", "other"])
    assert listed() == {"b": ""}
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert world.refusal("TagResource", ResourceARN=arn, Tags=many)[0] == "InvalidParameterValue"
    assert world.refusal("TagResource", ResourceARN=arn, Tags=[{"Key": "aws:x", "Value": ""}])[0] == (
        "InvalidParameterValue"
    )
    for other in (
        f"{ARN}:nobody",
        f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:a",
        "arn:aws:cloudwatch::1:dashboard/d",
    ):
        assert world.refusal("ListTagsForResource", ResourceARN=other)[0] == "ResourceNotFoundException"


def test_configuration_changes_are_told_to_whoever_reads_the_history(world: World) -> None:
    world.put_alarm()
    world.put_alarm(Threshold=5.0)
    world.call("DeleteAlarms", AlarmNames=["a"])
    with world.alarms.read() as connection:
        details = connection.exec_driver_sql("SELECT detail FROM alarm_history ORDER BY id").scalars()
        assert [json.loads(detail)["operation"] for detail in details] == ["create", "update", "delete"]
