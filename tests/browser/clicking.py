"""What tests of the pages share: how to sign in, and pictures of pages."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from tests.running import Cairn

ACCOUNT = "000000000000"
USER, PASSWORD = "mallory", "Correct-horse-7-staple"
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SOON_MS = 60_000
"""What a busy machine needs for a page."""
expect.set_options(timeout=SOON_MS)


def make_user(cairn: Cairn, name: str, **profile: bool) -> None:
    """An administrator who can sign in."""
    users = cairn.client("iam")
    users.create_user(UserName=name)
    users.create_login_profile(UserName=name, Password=PASSWORD, **profile)
    users.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def sign_in(page: Page, cairn: Cairn, password: str = PASSWORD, *, user: str = USER) -> None:
    page.goto(f"{cairn.endpoint}/console/")
    page.locator("input[name=account]").fill(ACCOUNT)
    page.locator("input[name=user]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def signed_in(page: Page, cairn: Cairn, path: str = "", *, user: str = USER) -> None:
    """Sign in, and open a page."""
    sign_in(page, cairn, user=user)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    if path:
        page.goto(f"{cairn.endpoint}/console/{path}")


def choose(page: Page, label: str, option: str) -> None:
    """An option of a select, by the text that it begins with."""
    page.get_by_role("button", name=re.compile(f"^{label}\\b")).click()
    page.get_by_role("option", name=re.compile(f"^{re.escape(option)}")).click()


def picture(page: Page, name: str) -> None:
    """Pictures of a page as it is, or of its dialog, in both themes and at both widths; it never scrolls sideways."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    height = 1700 if page.get_by_role("dialog").count() else 900
    for theme in ("dark", "light"):
        theme_button = page.locator(".cairn-bar [aria-label*='switch between light and dark']").first
        theme_button.evaluate("button => button.click()")  # a dialog may lie over it
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(200)
            page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    if before:
        page.set_viewport_size(before)
