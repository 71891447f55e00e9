"""Rules by clicks: a pattern is tried until it matches, a rule is made of it, a queue is told, and one that is gone is
not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.clicking import ACCOUNT, choose, picture, signed_in
from tests.contract.recipients import make_bucket
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

PATTERN = {"source": ["aws.iam"], "detail": {"eventName": ["CreateUser"], "requestParameters": {"path": ["/x/"]}}}
EVENTBRIDGE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
    ],
}


def make_queue(cairn: Cairn, name: str) -> str:
    """The URL of a queue that EventBridge may send to."""
    made = cairn.client("sqs").create_queue(QueueName=name, Attributes={"Policy": json.dumps(EVENTBRIDGE)})
    return str(made["QueueUrl"])


def messages(cairn: Cairn, queue: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cairn.client("sqs").receive_message(QueueUrl=queue).get("Messages", [])
    return found


def test_a_rule_is_tried_made_and_tells_a_queue(cairn: Cairn, page: Page) -> None:
    make_bucket(cairn, "ruled-logs")
    cairn.client("cloudtrail").create_trail(Name="ruled", S3BucketName="ruled-logs")
    cairn.client("cloudtrail").start_logging(Name="ruled")
    cairn.client("iam").create_user(UserName="picked", Path="/y/")
    queue = make_queue(cairn, "told")
    signed_in(page, cairn, "rules")
    expect(page.get_by_text("aws events put-rule")).to_be_visible()
    picture(page, "rules-empty")
    page.get_by_role("button", name="Create rule").click()
    page.locator("input[name=ruleName]").fill("clicked")
    page.locator("textarea[name=pattern]").fill(json.dumps(PATTERN))
    page.get_by_role("button", name="Pick from the event history").click()
    search = page.get_by_label("Search the event history")
    search.fill("name=CreateUser resource=picked")
    search.press("Enter")
    picked = page.get_by_role("dialog").get_by_role("button", name="CreateUser")
    expect(picked).to_have_count(1)
    picked.click()
    expect(page.locator("textarea[name=event]")).to_have_value(re.compile('"source": "aws.iam"'))
    page.get_by_role("button", name="Test pattern").click()
    expect(page.get_by_text("The pattern does not match this event.")).to_be_visible()
    row = page.get_by_role("row", name="detail.requestParameters.path")
    expect(row).to_contain_text('"/x/"')
    expect(row).to_contain_text('"/y/"')
    picture(page, "rule-form")
    page.locator("textarea[name=pattern]").fill(json.dumps(PATTERN).replace('["/x/"]', '[{"prefx": "/"}]'))
    page.get_by_role("button", name="Test pattern").click()
    expect(page.get_by_text("Unrecognized match type prefx")).to_be_visible()
    page.locator("textarea[name=pattern]").fill(json.dumps(PATTERN).replace('["/x/"]', '[{"prefix": "/"}]'))
    page.get_by_role("button", name="Test pattern").click()
    expect(page.get_by_text("The pattern matches this event.")).to_be_visible()
    page.get_by_role("button", name="Create rule").click()
    expect(page.get_by_role("heading", name="clicked")).to_be_visible()

    page.get_by_role("button", name="Add target").click()
    page.locator("input[name=place]").fill("told")
    page.get_by_role("dialog").get_by_role("button", name="Add target").click()
    expect(page.get_by_role("row", name=f"arn:aws:sqs:us-east-1:{ACCOUNT}:told")).to_be_visible()
    picture(page, "rule")
    cairn.client("iam").create_user(UserName="told-of", Path="/z/")
    told: list[dict[str, Any]] = []
    wait_until(lambda: told.extend(messages(cairn, queue)) or bool(told))
    assert json.loads(told[0]["Body"])["detail"]["requestParameters"]["userName"] == "told-of"
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/console/rules"))
    expect(page.get_by_text("There is no rule on this bus.")).to_be_visible()


def test_what_a_target_refuses_is_told(cairn: Cairn, page: Page) -> None:
    make_queue(cairn, "undelivered")
    events = cairn.client("events")
    events.create_event_bus(Name="shop")
    events.put_rule(Name="orders", EventBusName="shop", EventPattern='{"source": ["shop"]}')
    signed_in(page, cairn, "rules?bus=shop")
    expect(page.get_by_role("button", name="Delete bus")).to_be_visible()
    picture(page, "rules")
    page.get_by_role("link", name="orders").click()
    page.get_by_role("button", name="Add target").click()
    page.locator("input[name=place]").fill("gone")
    page.locator("input[name=dead]").fill("undelivered")
    page.get_by_text("Its policy must let EventBridge in").click()
    expect(page.get_by_role("dialog").get_by_role("region", name="Record as JSON")).to_contain_text("sqs:SendMessage")
    picture(page, "target-rights")
    page.get_by_role("dialog").get_by_role("button", name="Add target").click()
    expect(page.get_by_role("row", name=f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone")).to_be_visible()
    entry = {"EventBusName": "shop", "Source": "shop", "DetailType": "order", "Detail": '{"total": 120}'}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    wait_until(lambda: "NO_RESOURCE" in cairn.cairn("status", code=None))
    failed = {"Namespace": "AWS/Events", "MetricName": "FailedInvocations"}
    wait_until(lambda: cairn.client("cloudwatch").list_metrics(**failed)["Metrics"])  # the page shows what is there
    page.get_by_role("tab", name="Delivery").click()
    expect(page.get_by_text("target did not take the last event")).to_be_visible()
    expect(page.get_by_text("NO_RESOURCE").first).to_be_visible()
    page.get_by_role("button", name="Look into the queue").click()
    expect(page.get_by_role("row", name="NO_RESOURCE")).to_contain_text('"total":120')
    expect(page.get_by_role("img", name="FailedInvocations EventBusName=shop RuleName=orders")).to_be_visible()
    picture(page, "rule-delivery")
    page.get_by_role("tab", name="Targets").click()
    page.get_by_role("button", name="Remove target").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("This rule has no target")).to_be_visible()


def test_what_a_target_is_sent_is_tried_and_changed(cairn: Cairn, page: Page) -> None:
    """By template, part and constant; with retries and a dead-letter queue; what the form does not ask for stays."""
    events = cairn.client("events")
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:ordered.fifo"
    events.put_rule(Name="sent", EventPattern='{"source": ["shop"]}')
    kept = {"SqsParameters": {"MessageGroupId": "orders"}}
    events.put_targets(Rule="sent", Targets=[{"Id": "kept", "Arn": queue, "Input": '{"a":1}'} | kept])

    def stored(id: str) -> dict[str, Any]:
        found = {target["Id"]: target for target in events.list_targets_by_rule(Rule="sent")["Targets"]}
        return dict(found[id])

    signed_in(page, cairn, "rules/us-east-1/default/sent")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Add target").click()
    page.locator("input[name=id]").fill("words")
    page.locator("input[name=place]").fill("told-in-words")
    choose(page, "Is sent", "A template")
    expect(dialog.get_by_text('"anna called CreateUser"', exact=True)).to_be_visible()
    page.locator("textarea[name=template]").fill('{"who": <user>, "what": <what>}')
    expect(dialog.get_by_text("contains invalid placeholder what.")).to_be_visible()
    page.locator("textarea[name=paths]").fill('{"what": "$.detail.eventName", "user": 1}')
    expect(dialog.get_by_text("This is no JSON object whose values are texts.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Add target")).to_be_disabled()
    paths = {"what": "$.detail.eventName", "user": "$.detail.nobody"}
    page.locator("textarea[name=paths]").fill(json.dumps(paths))
    expect(dialog.get_by_text('"who": ""')).to_be_visible()
    page.locator("input[name=attempts]").fill("3")
    page.locator("input[name=age]").fill("30")
    page.locator("input[name=dead]").fill("undelivered-words")
    dialog.get_by_role("button", name="Add target").click()
    expect(dialog.get_by_text("MaximumEventAgeInSeconds").first).to_be_visible()
    page.locator("input[name=age]").fill("300")
    picture(page, "target-form")
    dialog.get_by_role("button", name="Add target").click()
    expect(page.get_by_role("row", name="words")).to_contain_text("3 times, for 5 minutes")
    assert stored("words") == {
        "Id": "words",
        "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:told-in-words",
        "InputTransformer": {"InputPathsMap": paths, "InputTemplate": '{"who": <user>, "what": <what>}'},
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 300},
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:undelivered-words"},
    }
    picture(page, "rule-targets")

    page.get_by_role("button", name="Edit kept").click()
    expect(page.locator("textarea[name=constant]")).to_have_value('{"a":1}')
    expect(dialog.get_by_text("SqsParameters: kept")).to_be_visible()
    page.locator("textarea[name=constant]").fill('{"a": 1')
    expect(dialog.get_by_text("JSON syntax error in input for target kept")).to_be_visible()
    choose(page, "Is sent", "A part")
    page.locator("input[name=path]").fill("$.detail.requestParameters")
    expect(dialog.locator(".cairn-as-is")).to_have_text('{ "userName": "bob" }')
    dialog.get_by_role("button", name="Save target").click()
    expect(page.get_by_role("row", name="kept")).to_contain_text("$.detail.requestParameters")
    assert stored("kept") == {"Id": "kept", "Arn": queue, "InputPath": "$.detail.requestParameters"} | kept
    page.get_by_role("button", name="Edit kept").click()
    choose(page, "Is sent", "The event")
    dialog.get_by_role("button", name="Save target").click()
    expect(page.get_by_role("row", name="kept")).to_contain_text("the event")
    assert stored("kept") == {"Id": "kept", "Arn": queue} | kept


def test_a_schedule_on_a_bus_of_its_own_is_refused_in_aws_words(cairn: Cairn, page: Page) -> None:
    signed_in(page, cairn, "rules")
    page.get_by_role("button", name="Create bus").click()
    page.locator("input[name=busName]").fill("timed")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page).to_have_url(re.compile("bus=timed"))
    page.get_by_role("button", name="Create rule").click()
    page.locator("input[name=ruleName]").fill("hourly")
    page.get_by_text("A schedule", exact=True).click()
    page.locator("input[name=schedule]").fill("rate(1 hour)")
    page.get_by_role("button", name="Create rule").click()
    expect(page.get_by_text("ScheduleExpression is supported only on the default event bus")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Delete bus").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).not_to_have_url(re.compile("bus="))
