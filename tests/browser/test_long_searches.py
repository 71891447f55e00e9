"""A search that takes long shows what it has found, goes on by itself, and can be stopped and gone on with."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.clicking import signed_in
from tests.running import Cairn

pytestmark = pytest.mark.engine

QUEUES = 7


class SlowHistory:
    """The server, as it would answer with a history so large that each answer is cut short after two events."""

    def __init__(self) -> None:
        self.held: list[Route] = []
        self.asked: list[str] = []
        self.holding = False

    def handle(self, route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        self.asked.append(asked.get("within", [""])[0])
        if self.holding:
            self.held.append(route)
            return
        reply = route.fetch(url=route.request.url.replace("limit=50", "limit=2"))
        page = json.loads(reply.body())
        page["partial"] = "it took more than 2 seconds" if page["next"] else ""
        route.fulfill(response=reply, json=page)


@pytest.fixture(scope="module")
def queues(cairn: Cairn) -> None:
    for number in range(QUEUES):
        cairn.client("sqs").create_queue(QueueName=f"long-search-{number}")


def test_it_shows_what_it_has_found_and_goes_on(cairn: Cairn, page: Page, queues: None) -> None:
    slow = SlowHistory()
    signed_in(page, cairn)
    page.route("**/console/api/events?*", slow.handle)
    page.goto(f"{cairn.endpoint}/console/history?query=%22long-search%22&since=1h")
    found = page.locator("table").get_by_role("link", name="CreateQueue")
    expect(found).to_have_count(QUEUES)
    expect(page.get_by_text("so far")).to_have_count(0)
    assert slow.asked[0] == "150", "the first answer is a quick one"
    assert set(slow.asked[1:]) == {""}


def test_it_can_be_stopped_and_gone_on_with(cairn: Cairn, page: Page, queues: None) -> None:
    slow = SlowHistory()
    signed_in(page, cairn)
    page.route("**/console/api/events?*", lambda route: (slow.handle(route), setattr(slow, "holding", True)))
    page.goto(f"{cairn.endpoint}/console/history?query=%22long-search%22&since=1h")
    found = page.locator("table").get_by_role("link", name="CreateQueue")
    expect(page.get_by_text("Searching further back: 2 found among")).to_be_visible()
    expect(found).to_have_count(2)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Not everything was searched: 2 found among")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Search on").click()
    expect(found).to_have_count(QUEUES)
    expect(page.get_by_text("so far")).to_have_count(0)
