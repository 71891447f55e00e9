"""The live tail: events appear as they happen, and only are counted for whoever has scrolled down."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.clicking import picture, signed_in
from tests.running import Cairn

pytestmark = pytest.mark.engine


def test_events_appear_as_they_happen(cairn: Cairn, page: Page) -> None:
    queues = cairn.client("sqs")
    signed_in(page, cairn, "history?query=source%3Dsqs")
    page.get_by_text("Live", exact=True).click()
    expect(page.get_by_text("Waiting for the next event")).to_be_visible()
    page.wait_for_timeout(2000)  # the tail is asked for, and begins with what happens now
    for number in range(60):
        queues.create_queue(QueueName=f"live-{number}")
    rows = page.get_by_role("table", name="Live events").get_by_role("row")
    expect(rows).to_have_count(61)
    expect(rows.nth(1)).to_contain_text("live-59")
    chosen = [rows.nth(place).get_by_role("checkbox") for place in (1, 2)]
    for box in chosen:
        box.check()
    picture(page, "history-live")
    page.get_by_role("button", name="Compare").click()
    compared = page.get_by_role("dialog").get_by_role("row", name="requestParameters.queueName")
    expect(compared).to_contain_text("live-59")
    expect(compared).to_contain_text("live-58")
    page.keyboard.press("Escape")
    page.evaluate("window.scrollTo(0, 600)")
    page.wait_for_timeout(500)
    queues.create_queue(QueueName="while-reading")
    more = page.get_by_role("button", name="1 new events")
    expect(more).to_be_attached()
    expect(rows).to_have_count(61)
    more.evaluate("button => button.click()")
    expect(rows.nth(1)).to_contain_text("while-reading")
    rows.nth(1).get_by_role("link").click()
    expect(page.get_by_role("region", name="Record as JSON")).to_contain_text("while-reading")
