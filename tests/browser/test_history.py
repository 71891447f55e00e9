"""The event history by clicks: dragging over the histogram, what would mislead, and the limits of a proof."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.browser.clicking import make_user, picture, signed_in
from tests.contract.recipients import make_bucket
from tests.running import Cairn

from cairn.core.clock import from_iso

pytestmark = pytest.mark.engine


def test_dragging_over_the_histogram_chooses_a_range(cairn: Cairn, page: Page) -> None:
    cairn.client("sqs").create_queue(QueueName="zoomed")
    signed_in(page, cairn, "history?query=name%3DCreateQueue&since=1h")
    bars = page.get_by_role("img", name=re.compile(r"bars of \d+ seconds"))
    expect(page.get_by_role("link", name="CreateQueue").first).to_be_visible()
    box = bars.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, middle)
    page.mouse.up()
    expect(page).to_have_url(re.compile("until="))
    asked = parse_qs(urlsplit(page.url).query)
    since, until = (from_iso(asked[name][0]) for name in ("since", "until"))
    assert since < until
    expect(page.get_by_role("link", name="CreateQueue").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Chosen range"))).to_be_visible()


def test_what_would_mislead_is_written_out(cairn: Cairn, page: Page) -> None:
    """A name that reads `exe.jpg` where it ends in `gpj.exe`."""
    cairn.client("sqs").create_queue(QueueName="misleading", tags={"picture": "a\u202egpj.exe"})
    signed_in(page, cairn, "history?query=name%3DCreateQueue%20resource%3D*misleading")
    page.get_by_role("link", name="CreateQueue").first.click()
    record = page.get_by_role("region", name="Record as JSON")
    expect(record).to_contain_text("a\\u202egpj.exe")
    assert "\u202e" not in record.inner_text()


def test_whoever_may_not_see_trails_is_told_so(cairn: Cairn, page: Page) -> None:
    bucket = make_bucket(cairn, "hidden-logs")
    trails = cairn.client("cloudtrail")
    trails.create_trail(Name="hidden", S3BucketName=bucket)
    trails.start_logging(Name="hidden")
    cairn.client("sqs").create_queue(QueueName="proven-by")
    cairn.cairn("flush")
    make_user(cairn, "looker")
    hidden = {"Effect": "Deny", "Action": "cloudtrail:DescribeTrails", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [hidden]})
    query = "history?query=name%3DCreateQueue%20resource%3D*proven-by"
    signed_in(page, cairn, query, user="looker")
    page.get_by_role("link", name="CreateQueue").first.click()
    expect(page.get_by_text("The log file is what was delivered")).to_be_visible()
    expect(page.get_by_text("of bucket hidden-logs")).to_be_visible()
    picture(page, "event-proven")
    cairn.client("iam").put_user_policy(UserName="looker", PolicyName="hides", PolicyDocument=policy)
    page.reload()
    expect(page.get_by_text("You may not see trails (cloudtrail:DescribeTrails)")).to_be_visible()
    expect(page.get_by_text("of bucket hidden-logs")).to_have_count(0)
    picture(page, "event-unproven")
    page.goto(f"{cairn.endpoint}/console/trails")
    expect(page.get_by_text("AccessDenied").first).to_be_visible()
    expect(page.get_by_text("They could not be listed.")).to_be_visible()
