"""A role lasts an hour: what pages say once it is over, and the ways on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.clicking import ACCOUNT, USER, make_user, picture, signed_in
from tests.running import Cairn

from cairn.core.clock import AHEAD, set_ahead

pytestmark = pytest.mark.engine

ROLE_S = 3600
ROLE = "night-watch"


@pytest.fixture(scope="module")
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By which all clocks of the server are ahead."""
    file = tmp_path_factory.mktemp("clock") / "ahead"
    set_ahead(file, 0)
    return file


@pytest.fixture(scope="module")
def cairn(tmp_path_factory: pytest.TempPathFactory, ahead: Path) -> Iterator[Cairn]:
    wide = {"CAIRN_AUTH_SKEW": "1d"}  # the pages' own calls are signed by the machine's clock
    running = Cairn(tmp_path_factory.mktemp("expiring") / "data", {AHEAD: str(ahead)} | wide)
    running.start()
    make_user(running, USER)
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    roles = running.client("iam")
    roles.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)
    roles.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    yield running
    assert running.stop() == 0


def test_a_role_that_is_over_is_switched_to_again_or_left(cairn: Cairn, ahead: Path, page: Page) -> None:
    account, switch = page.get_by_role("button", name="Account").first, page.get_by_role("button", name="Switch role")
    over = page.get_by_text("The role's hour is over").first
    signed_in(page, cairn, f"switch-role?account={ACCOUNT}&roleName={ROLE}&color=green")
    switch.click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.get_by_role("link", name="Trails", exact=True).click()
    expect(page.get_by_role("heading", name="Trails")).to_be_visible()
    expect(over).to_have_count(0)

    set_ahead(ahead, ROLE_S + 60)
    page.get_by_role("button", name="Refresh").first.click()  # the page was there all the time
    expect(over).to_be_visible()
    expect(account).to_contain_text(ROLE)
    picture(page, "role-expired")
    set_ahead(ahead, 0)  # by which the account dates the next keys
    page.get_by_role("link", name="switch to it again").click()
    expect(page.locator("input[name=role]")).to_have_value(ROLE)
    switch.click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    expect(over).to_have_count(0)
    expect(account).to_contain_text(ROLE)

    set_ahead(ahead, ROLE_S + 60)
    page.reload()
    expect(over).to_be_visible()
    page.get_by_role("button", name="Go back", exact=True).click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    expect(account).to_contain_text(USER)
    expect(over).to_have_count(0)


def test_whoever_is_signed_out_elsewhere_is_asked_to_sign_in(cairn: Cairn, page: Page) -> None:
    """A page that is open when its session ends does not only say so."""
    signed_in(page, cairn, "trails")
    expect(page.get_by_role("heading", name="Trails")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("button", name="Refresh").first.click()
    expect(page.locator("input[name=password]")).to_be_visible()
    assert "then=" in page.url
