"""The tutorial of CloudTrail's guide on alarms, by clicks: a metric filter on a trail's log group, an alarm on what it
counts, wrong sign-ins that set it off, and its history."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.clicking import ACCOUNT, USER, choose, picture, signed_in
from tests.contract.browsing import Browser as Client
from tests.contract.recipients import make_bucket, make_log_group, make_role
from tests.running import BIN, Cairn

pytestmark = pytest.mark.engine

GROUP = "CloudTrail/Clicked"
PATTERN = '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }'
REGION = "us-east-1"
LONG_MS = 60_000
"""For what the worker does meanwhile."""


@pytest.fixture(scope="module")
def logged(cairn: Cairn) -> Cairn:
    """A Cairn whose trail sends what happens to a log group."""
    group = make_log_group(cairn, GROUP, REGION)
    role = make_role(cairn, "CloudTrail_CloudWatchLogs_Role", group, REGION)
    make_bucket(cairn, "clicked-trail")
    trails = cairn.client("cloudtrail")
    trails.create_trail(Name="clicked", S3BucketName="clicked-trail", IsMultiRegionTrail=True)
    trails.update_trail(Name="clicked", CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=role)
    trails.start_logging(Name="clicked")
    return cairn


def sign_in_wrongly(cairn: Cairn) -> None:
    assert Client(cairn).sign_in(account=ACCOUNT, user=USER, password="wrong").status == 401


def until(page: Page, refreshed: Callable[[], None], shown: Callable[[], bool]) -> None:
    """Refresh until the page shows something, as a person would."""
    deadline = time.monotonic() + LONG_MS / 1000
    while not shown():
        assert time.monotonic() < deadline
        refreshed()
        page.wait_for_timeout(500)


def act(page: Page, action: str) -> None:
    """Something of a page's Actions."""
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def test_wrong_sign_ins_set_off_an_alarm(logged: Cairn, page: Page) -> None:
    sign_in_wrongly(logged)
    signed_in(page, logged)
    page.get_by_role("link", name="Log groups").click()
    page.get_by_role("link", name=GROUP).click()
    refresh = page.get_by_role("button", name="Search", exact=True)
    page.get_by_label("Filter pattern").fill(PATTERN)
    page.get_by_label("Filter pattern").press("Enter")
    expect(page).to_have_url(re.compile("pattern="))
    found = page.get_by_role("row", name=f"ConsoleLogin · {USER} · Failed authentication")
    until(page, refresh.click, lambda: found.count() == 1)
    expect(page.locator("tbody tr")).to_have_count(1)
    picture(page, "log-group")
    page.locator("table").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Record as JSON")).to_contain_text("Failed authentication")
    page.keyboard.press("Escape")

    page.get_by_role("tab", name="Metric filters").click()
    page.get_by_role("button", name="Create metric filter").click()
    page.locator("textarea[name=pattern]").fill("{ $.eventName = ")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("it must end with '}'").first).to_be_visible()
    page.locator("textarea[name=pattern]").fill(PATTERN)
    sign_in_wrongly(logged)
    take, given = (
        page.get_by_role("button", name="Take the group's last events"),
        page.locator("textarea[name=messages]"),
    )
    until(page, take.click, lambda: "Failed authentication" in given.input_value())
    page.get_by_role("button", name="Test pattern").click()
    expect(page.get_by_role("heading", name=re.compile(r"^[12] of \d+ events match"))).to_be_visible()
    expect(page.get_by_text("$.errorMessage = Failed authentication").first).to_be_visible()
    picture(page, "metric-filter")
    page.get_by_role("button", name="Next").click()
    page.locator("input[name=name]").fill("SignInFailures")
    page.locator("input[name=metric]").fill("SignInFailures")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create metric filter").click()

    page.get_by_role("button", name="Actions on SignInFailures").click()
    page.get_by_role("menuitem", name="Create alarm").click()
    expect(page.get_by_role("button", name=re.compile("^Metric CloudTrailMetrics SignInFailures"))).to_be_visible()
    choose(page, "Period", "1 minute")
    page.locator("input[name=threshold]").fill("2")
    page.get_by_role("button", name="Create topic").click()
    page.locator("input[name=topic]").fill("on-duty")
    page.locator("input[name=endpoint]").fill("you@example.org")
    page.get_by_role("dialog").get_by_role("button", name="Create topic").click()
    expect(page.get_by_role("button", name="Do not tell on-duty")).to_be_visible()
    page.locator("input[name=alarmName]").fill("too many/wrong sign-ins")
    picture(page, "alarm-form")
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_role("heading", name="too many/wrong sign-ins")).to_be_visible()
    alarm = logged.aws("cloudwatch", "describe-alarms")["MetricAlarms"][0]
    assert (alarm["Threshold"], alarm["Period"], alarm["TreatMissingData"]) == (2.0, 60, "notBreaching")
    subscriptions = logged.client("sns").list_subscriptions_by_topic(TopicArn=alarm["AlarmActions"][0])
    assert [each["Endpoint"] for each in subscriptions["Subscriptions"]] == ["you@example.org"]

    for _ in range(3):
        sign_in_wrongly(logged)
    refresh = page.get_by_role("button", name="Refresh", exact=True)
    until(page, refresh.click, page.get_by_text("In alarm", exact=True).first.is_visible)
    expect(page.get_by_text("Threshold Crossed").first).to_be_visible()
    history = page.get_by_role("table").last
    until(page, refresh.click, lambda: "Successfully executed action" in history.inner_text())
    expect(history.get_by_role("row", name="Alarm updated from").first).to_contain_text("to ALARM")
    expect(page.get_by_role("img", name="Sum of CloudTrailMetrics SignInFailures")).to_be_visible()
    picture(page, "alarm")
    act(page, "Disable actions")
    expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
    page.goto(f"{logged.endpoint}/console/alarms")
    choose(page, "State", "In alarm")
    expect(page).to_have_url(re.compile("state=ALARM"))
    expect(page.get_by_role("link", name="too many/wrong sign-ins")).to_be_visible()
    picture(page, "alarms")


def test_a_log_group_is_made_and_deleted(cairn: Cairn, page: Page) -> None:
    signed_in(page, cairn, "log-groups")
    page.get_by_role("button", name="Create log group").click()
    page.locator("input[name=logGroupName]").fill("/short lived")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text("InvalidParameterException")).to_be_visible()
    page.locator("input[name=logGroupName]").fill("/short/lived")
    choose(page, "Retention", "7 days")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name="/short/lived")).to_be_visible()
    expect(page.get_by_text("7 days")).to_be_visible()
    expect(page.get_by_text("aws logs put-log-events")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/console/log-groups$"))
    expect(page.get_by_role("link", name="/short/lived")).to_have_count(0)


def test_a_metric_filter_is_changed_and_deleted(cairn: Cairn, page: Page) -> None:
    logs = cairn.client("logs")
    logs.create_log_group(logGroupName="counted")
    made = {"metricName": "Words", "metricNamespace": "Shop", "metricValue": "$size", "dimensions": {"Who": "$who"}}
    words_now = "[who, size > 3]"
    words = {"logGroupName": "counted", "filterName": "words", "filterPattern": "[who, size]"}
    logs.put_metric_filter(**words, metricTransformations=[made])
    signed_in(page, cairn, "metric-filters")
    picture(page, "metric-filters")
    page.get_by_role("link", name="words", exact=True).click()
    page.locator("textarea[name=pattern]").fill(words_now)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as aws cli").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    command = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="Save metric filter").click()
    expect(page).to_have_url(re.compile("tab=filters"))
    expect(page.get_by_text(words_now)).to_be_visible()
    found = logs.describe_metric_filters(logGroupName="counted")["metricFilters"][0]
    assert (found["filterPattern"], found["metricTransformations"]) == (words_now, [made])
    page.get_by_role("button", name="Actions on words").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("There is no metric filter.")).to_be_visible()
    program = f"{BIN}:{os.environ['PATH']}"
    subprocess.run(["sh", "-c", command], env=cairn.environment(PATH=program), check=True, timeout=60)
    assert logs.describe_metric_filters(logGroupName="counted")["metricFilters"][0]["filterPattern"] == words_now


def test_a_metric_is_found_and_drawn(cairn: Cairn, page: Page) -> None:
    for value in (3, 4):
        dimensions = [{"Name": "Site", "Value": "de"}]
        cairn.client("cloudwatch").put_metric_data(
            Namespace="Drawn", MetricData=[{"MetricName": "Orders", "Dimensions": dimensions, "Value": value}]
        )
    signed_in(page, cairn, "metrics")
    page.get_by_label("Find metrics").fill("drawn site=de")
    page.get_by_role("link", name="Orders").click()
    expect(page.get_by_role("img", name="Sum of Drawn Orders Site=de: ")).to_have_attribute(
        "aria-label", re.compile("at most 7$|at most 4$")
    )
    choose(page, "Statistic", "Maximum")
    expect(page.get_by_role("img", name="Maximum of Drawn Orders Site=de: ")).to_have_attribute(
        "aria-label", re.compile("at most 4$")
    )
    picture(page, "metrics")
    page.reload()
    expect(page.get_by_role("img", name="Maximum of Drawn Orders Site=de: ")).to_be_visible()


def test_an_alarm_is_changed_and_copied(cairn: Cairn, page: Page) -> None:
    alarms = cairn.client("cloudwatch")
    topic = cairn.client("sns").create_topic(Name="changed-told")["TopicArn"]
    before = {
        "MetricName": "Latency",
        "Namespace": "Shop",
        "Dimensions": [{"Name": "Site", "Value": "de"}],
        "ExtendedStatistic": "p97.5",
        "Unit": "Milliseconds",
        "EvaluateLowSampleCountPercentile": "ignore",
        "Period": 120,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "LessThanThreshold",
        "ActionsEnabled": False,
        "InsufficientDataActions": [topic],
        "Threshold": 20.5,
    }
    alarms.put_metric_alarm(AlarmName="slow", **before)
    signed_in(page, cairn, "alarms/us-east-1/slow")
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_text("Unit, EvaluateLowSampleCountPercentile: kept as they are.")).to_be_visible()
    page.locator("input[name=threshold]").fill("30")
    page.locator("input[name=description]").fill("Call the shop")
    choose(page, "Told when in alarm", "changed-told")
    page.keyboard.press("Escape")
    picture(page, "alarm-edit")
    page.get_by_role("button", name="Save alarm").click()
    expect(page.get_by_role("heading", name="slow")).to_be_visible()
    expect(page.get_by_text("Call the shop")).to_be_visible()
    wanted = before | {"Threshold": 30.0, "AlarmDescription": "Call the shop", "AlarmActions": [topic]}
    assert stored(cairn, "slow").items() >= (wanted | {"TreatMissingData": "missing"}).items()

    act(page, "Copy")
    page.locator("input[name=alarmName]").fill("slow")
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_text("There is an alarm slow already.").first).to_be_visible()
    page.locator("input[name=alarmName]").fill("slower")
    page.locator("input[name=threshold]").fill("40")
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_role("heading", name="slower")).to_be_visible()
    assert stored(cairn, "slower").items() >= (wanted | {"Threshold": 40.0}).items()
    assert stored(cairn, "slow")["Threshold"] == 30.0

    act(page, "Set state")
    page.locator("input[name=reason]").fill("only to try")
    page.get_by_role("dialog").get_by_role("button", name="Set state").click()
    expect(page.get_by_text("only to try").first).to_be_visible()
    states = alarms.describe_alarm_history(AlarmName="slower", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert "to ALARM" in states[-1]["HistorySummary"]


def test_an_alarm_on_a_band_is_changed(cairn: Cairn, page: Page) -> None:
    """Metrics, expressions and the band are the alarm's own: what the form does not ask for stays."""
    metric = {"Metric": {"Namespace": "Shop", "MetricName": "Carts"}, "Period": 300, "Stat": "Average"}
    queries = [
        {"Id": "m1", "MetricStat": metric, "ReturnData": True},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
    ]
    cairn.client("cloudwatch").put_metric_alarm(
        AlarmName="odd",
        Metrics=queries,
        ThresholdMetricId="ad1",
        EvaluationPeriods=1,
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
    )
    signed_in(page, cairn, "alarms/us-east-1/odd/edit")
    queried = page.locator("textarea[name=queries]")
    given = queried.input_value()
    queried.fill("m1 * 2")
    page.get_by_role("button", name="Save alarm").click()
    expect(page.get_by_text("no list in JSON").first).to_be_visible()
    queried.fill(given.replace("(m1, 2)", "(m1, 3)"))
    choose(page, "In alarm where it is", "above the band")
    picture(page, "alarm-band")
    page.get_by_role("button", name="Save alarm").click()
    expect(page.get_by_text("An expression above the band in 1 of 1 periods")).to_be_visible()
    found = stored(cairn, "odd")
    assert [query.get("Expression") for query in found["Metrics"]] == [None, "ANOMALY_DETECTION_BAND(m1, 3)"]
    assert (found["ThresholdMetricId"], found["ComparisonOperator"]) == ("ad1", "GreaterThanUpperThreshold")


def stored(cairn: Cairn, name: str) -> dict[str, Any]:
    found = cairn.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (alarm,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return dict(alarm)


def test_a_composite_alarm_is_made_and_changed(cairn: Cairn, page: Page) -> None:
    alarms = cairn.client("cloudwatch")
    metric = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    condition = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore"}
    for name in ("part", 'other "part"'):
        alarms.put_metric_alarm(AlarmName=name, **metric, **condition)
    alarms.set_alarm_state(AlarmName="part", StateValue="ALARM", StateReason="to try")
    signed_in(page, cairn, "alarms")
    page.get_by_role("button", name="Create composite alarm").click()
    rule = page.locator("textarea[name=rule]")
    rule.fill("ALARM(part) and OK(nobody)")
    expect(page.get_by_text("Unsupported token 'and' at char 12")).to_be_visible()
    expect(page.locator("mark")).to_have_text("and")
    picture(page, "alarm-composite-wrong")
    rule.fill("ALARM(part) AND OK(nobody)")
    expect(page.get_by_text("There is no alarm nobody")).to_be_visible()
    rule.fill("ALARM(part)")
    expect(page.get_by_text("As its alarms are now, it would be in alarm.")).to_be_visible()
    page.get_by_role("button", name="Add an alarm to the rule").click()
    page.get_by_role("option", name='other "part"').click()
    expect(rule).to_have_value('ALARM(part)\nOR ALARM("other \\"part\\"")')
    page.locator("input[name=alarmName]").fill("whole")
    picture(page, "alarm-composite")
    page.get_by_role("button", name="Create composite alarm").click()
    expect(page.get_by_role("heading", name="whole")).to_be_visible()
    assert stored(cairn, "whole")["AlarmRule"] == 'ALARM(part)\nOR ALARM("other \\"part\\"")'

    page.get_by_role("button", name="Edit").click()
    rule.fill("NOT ALARM(part)")
    expect(page.get_by_text("As its alarms are now, it would be OK.")).to_be_visible()
    page.locator("input[name=suppressor]").fill('other "part"')
    page.locator("input[name=wait]").fill("30")
    page.get_by_text("Actions are enabled").click()
    page.get_by_role("button", name="Save alarm").click()
    expect(page.get_by_text("NOT ALARM(part)").first).to_be_visible()
    changed = stored(cairn, "whole")
    assert (changed["AlarmRule"], changed["ActionsEnabled"]) == ("NOT ALARM(part)", False)
    suppression = [changed[f"ActionsSuppressor{part}"] for part in ("", "WaitPeriod", "ExtensionPeriod")]
    assert suppression == ['other "part"', 30, 60]
    act(page, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="part", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="whole")).to_have_count(0)
    assert alarms.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []
