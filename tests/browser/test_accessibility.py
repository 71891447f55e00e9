"""axe finds nothing serious on any page, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.clicking import choose, signed_in
from tests.contract.recipients import make_bucket
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
TRAIL = "accessible-logs"
BEYOND_NAVIGATION = (
    "history?query=name%3DCreateTrail",
    "trails/new",
    f"trails/us-east-1/{TRAIL}",
    "settings?tab=preferences",
    "settings?tab=server",
    "switch-role",
    "alarms/new-composite",
    "alarms/us-east-1/accessible/edit",
)
"""Pages that the navigation does not name."""


@pytest.fixture(scope="module")
def lived_in(cairn: Cairn) -> Cairn:
    """With a trail, an alarm, a rule and an organization, so that tables have rows."""
    make_bucket(cairn, TRAIL)
    trails = cairn.client("cloudtrail")
    trails.create_trail(Name=TRAIL, S3BucketName=TRAIL, EnableLogFileValidation=True)
    trails.start_logging(Name=TRAIL)
    cairn.client("organizations").create_organization()
    cairn.client("organizations").create_account(AccountName="payments", Email="payments@example.com")
    metric = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    condition = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    cairn.client("cloudwatch").put_metric_alarm(AlarmName="accessible", **metric, **condition)
    cairn.client("events").put_rule(Name="accessible", EventPattern='{"source": ["shop"]}')
    cairn.cairn("flush", "--digests")
    return cairn


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def grave(page: Page) -> list[str]:
    """What axe finds on a page, as rule and place."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def settled(page: Page) -> None:
    expect(page.locator("main h1:visible, main h2:visible").first).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_nothing_serious_is_found(lived_in: Cairn, themed: Page) -> None:
    root = f"{lived_in.endpoint}/console/"
    themed.goto(f"{root}sign-in")
    settled(themed)
    found = {"sign-in": grave(themed)}
    signed_in(themed, lived_in)
    links = themed.get_by_role("navigation").get_by_role("link")
    named = {str(link.get_attribute("href")).removeprefix("/console/") for link in links.all()}
    assert {"", "history", "settings"} <= named
    for path in (*sorted(named), *BEYOND_NAVIGATION):
        themed.goto(f"{root}{path}")
        settled(themed)
        found[path] = grave(themed)
    themed.goto(f"{root}history?query=name%3DCreateTrail")
    themed.get_by_role("link", name="CreateTrail").click()
    expect(themed.get_by_role("region", name="Record as JSON")).to_be_visible()
    found["an event"] = grave(themed)
    id = themed.url.rpartition("event=")[2]
    themed.goto(f"{root}events/{id}")
    found["an event without scripts"] = grave(themed)
    themed.goto(f"{root}history?query=name%3DCreateQueue")
    themed.get_by_text("Live", exact=True).click()
    live = themed.get_by_role("table", name="Live events")

    def happened() -> int:
        lived_in.client("sqs").create_queue(QueueName="accessible")
        return live.get_by_role("checkbox").count()

    wait_until(happened)
    found["live"] = grave(themed)
    themed.goto(f"{root}rules/us-east-1/default/accessible")
    themed.get_by_role("button", name="Add target").click()
    choose(themed, "Is sent", "A template")
    themed.get_by_text("The event that it is tried on").click()
    expect(themed.get_by_text("Would be sent")).to_be_visible()
    found["a target"] = grave(themed)
    themed.goto(f"{root}alarms/new-composite")
    themed.locator("textarea[name=rule]").fill("ALARM(accessible) and")
    expect(themed.locator("mark")).to_be_visible()
    found["a wrong rule"] = grave(themed)
    told = "\n\n".join(f"{path}: {fault}" for path, faults in found.items() for fault in faults)
    assert not told, told
