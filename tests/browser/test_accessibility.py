"""axe finds nothing serious on any page, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.clicking import choose, signed_in
from tests.contract.recipients import make_bucket
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""All else is the same in both themes."""
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


def grave(page: Page) -> list[str]:
    """What axe finds on a page as it is, and what it finds of its colours in the other theme."""
    page.evaluate(AXE.read_text())
    found = _found(page, {})
    switched(page, "dark")
    found += _found(page, {"runOnly": OF_COLOURS})
    switched(page, "light")
    return found


def switched(page: Page, theme: str) -> None:
    """Whether the page asks the browser for its theme or has a button for it."""
    page.emulate_media(color_scheme=theme)
    button = page.locator(".cairn-bar [aria-label*='switch between light and dark']").first
    if button.count():
        button.evaluate("button => button.click()")  # a dialog may lie over it
        expect(button).to_have_attribute("aria-label", re.compile("^Light" if theme == "dark" else "^Dark"))
        page.wait_for_timeout(200)  # colours fade over


def _found(page: Page, options: dict[str, Any]) -> list[str]:
    """As rule and place."""
    found: dict[str, Any] = page.evaluate(
        "options => axe.run(document, options)", {"resultTypes": ["violations"]} | options
    )
    theme = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return [
        f"{violation['id']} on {theme}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def settled(page: Page) -> None:
    expect(page.locator("main h1:visible, main h2:visible").first).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_nothing_serious_is_found(lived_in: Cairn, page: Page) -> None:
    root = f"{lived_in.endpoint}/console/"
    found = {}
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{root}sign-in")
        settled(page)
        found[f"sign-in, {scheme}"] = grave(page)
    signed_in(page, lived_in)
    links = page.get_by_role("navigation").get_by_role("link")
    named = {str(link.get_attribute("href")).removeprefix("/console/") for link in links.all()}
    assert {"", "history", "settings"} <= named
    for path in (*sorted(named), *BEYOND_NAVIGATION):
        page.goto(f"{root}{path}")
        settled(page)
        found[path] = grave(page)
    page.goto(f"{root}history?query=name%3DCreateTrail")
    page.get_by_role("link", name="CreateTrail").click()
    expect(page.get_by_role("region", name="Record as JSON")).to_be_visible()
    found["an event"] = grave(page)
    id = page.url.rpartition("event=")[2]
    page.goto(f"{root}events/{id}")
    found["an event without scripts"] = grave(page)
    page.goto(f"{root}history?query=name%3DCreateQueue")
    page.get_by_text("Live", exact=True).click()
    live = page.get_by_role("table", name="Live events")

    def happened() -> int:
        lived_in.client("sqs").create_queue(QueueName="accessible")
        return live.get_by_role("checkbox").count()

    wait_until(happened)
    found["live"] = grave(page)
    page.goto(f"{root}rules/us-east-1/default/accessible")
    page.get_by_role("button", name="Add target").click()
    choose(page, "Is sent", "A template")
    page.get_by_text("The event that it is tried on").click()
    expect(page.get_by_text("Would be sent")).to_be_visible()
    found["a target"] = grave(page)
    page.goto(f"{root}alarms/new-composite")
    page.locator("textarea[name=rule]").fill("ALARM(accessible) and")
    expect(page.locator("mark")).to_be_visible()
    found["a wrong rule"] = grave(page)
    told = "\n\n".join(f"{path}: {fault}" for path, faults in found.items() for fault in faults)
    assert not told, told
