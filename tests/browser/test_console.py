"""CloudTrail's first tutorials, played by clicks in the console, in Debian's Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.clicking import PASSWORD, SCREENSHOTS, USER, sign_in
from tests.running import Cairn

pytestmark = pytest.mark.engine

PAGES = ("", "history?query=", "trails", "trails/new", "insights", "health")


def test_a_wrong_password_is_told_and_recorded_and_the_right_one_lets_in(cairn: Cairn, page: Page) -> None:
    sign_in(page, cairn, "wrong")
    expect(page.get_by_text("Sign-in failed")).to_be_visible()
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.get_by_role("link", name="Event history").click()
    search = page.get_by_placeholder("name=CreateUser")
    search.fill(f"name=ConsoleLogin user={USER}")
    search.press("Enter")
    expect(page.locator("table").get_by_role("link", name="ConsoleLogin")).to_have_count(2)
    search.fill(f"name=ConsoleLogin user={USER} error=*")
    search.press("Enter")
    expect(page.locator("table").get_by_role("link", name="ConsoleLogin")).to_have_count(1)
    page.locator("table").get_by_role("link", name="ConsoleLogin").click()
    expect(page.get_by_role("region", name="Record as JSON")).to_contain_text("Failed authentication")
    expect(page).to_have_url(re.compile("event="))


def test_a_trail_is_made_in_the_wizard_and_its_files_are_opened(cairn: Cairn, page: Page) -> None:
    sign_in(page, cairn)
    page.get_by_role("link", name="Trails", exact=True).click()
    page.get_by_role("button", name="Create trail").click()
    page.locator("input[name=name]").fill("clicked")
    page.locator("input[name=bucket]").fill("clicked-logs")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create trail").click()
    expect(page.get_by_role("heading", name="clicked", exact=True)).to_be_visible()
    expect(page.get_by_text("Logging", exact=True)).to_be_visible()
    trail = cairn.aws("cloudtrail", "get-trail", "--name", "clicked")["Trail"]
    assert (trail["IsMultiRegionTrail"], trail["LogFileValidationEnabled"]) == (True, True)
    cairn.client("iam").create_user(UserName="delivered")
    cairn.cairn("flush")
    page.reload()
    page.locator("table").get_by_role("link", name="CloudTrail_us-east-1").first.click()
    expect(page.get_by_role("region", name="Record as JSON")).to_contain_text("eventVersion")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stop logging").click()
    expect(page.get_by_text("Off", exact=True)).to_be_visible()


def test_nothing_in_an_event_runs(cairn: Cairn, page: Page) -> None:
    hostile = "<img src=x onerror=document.title='owned'>"
    cairn.client("sqs").create_queue(QueueName="queue", tags={"hostile": hostile})
    sign_in(page, cairn)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.goto(f"{cairn.endpoint}/console/history?query=name%3DCreateQueue")
    page.locator("table").get_by_role("link", name="CreateQueue").first.click()
    expect(page.get_by_role("region", name="Record as JSON")).to_contain_text("onerror")
    assert page.title() == "Cairn"


def test_a_page_in_a_bucket_is_nobody_to_the_console(cairn: Cairn, browser: Browser) -> None:
    """Objects have the console's own address where the path names their bucket."""
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket="foreign")
    script = b"""<script>const say = text => { document.title = text }
        fetch("/console/api/session")
            .then(r => r.json().then(j => say("told " + r.status + j.csrf)), e => say("kept out"))
        </script>"""
    s3.put_object(Bucket="foreign", Key="page.html", Body=script, ContentType="text/html")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "foreign", "Key": "page.html"})
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, cairn)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.goto(link)
    expect(page).to_have_title(re.compile("told|kept"))
    assert page.title() == "kept out"
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_at_both_widths(cairn: Cairn, browser: Browser, theme: str) -> None:
    """Pictures of every page, to be looked at; none of them scrolls sideways on a phone."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(color_scheme="dark" if theme == "dark" else "light")
    page = context.new_page()
    sign_in(page, cairn)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for name in PAGES:
            page.goto(f"{cairn.endpoint}/console/{name}")
            expect(page.locator("main h1:visible, main h2:visible").first).to_be_visible()
            page.wait_for_load_state("networkidle")
            page.screenshot(
                path=SCREENSHOTS / f"{name.partition('?')[0].replace('/', '-') or 'dashboard'}-{theme}-{width}.png"
            )
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    context.close()
