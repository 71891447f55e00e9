"""What is one's own, by clicks: passwords, MFA devices, access keys, preferences; roles, and the organization."""

from __future__ import annotations

import json
import re
import time

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.clicking import ACCOUNT, PASSWORD, make_user, picture, sign_in, signed_in
from tests.running import Cairn

pytestmark = pytest.mark.engine

NEW_PASSWORD = "Another-horse-8-staple"
STEP_S = 30


def dashboard(page: Page) -> Locator:
    return page.get_by_role("heading", name="Dashboard")


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="Account").first.click()


def test_a_password_that_must_be_changed_is_changed_at_sign_in(cairn: Cairn, page: Page) -> None:
    make_user(cairn, "newcomer", PasswordResetRequired=True)
    sign_in(page, cairn, user="newcomer")
    page.locator("input[name=newPassword]").fill(NEW_PASSWORD)
    page.locator("input[name=repeated]").fill("something else")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Passwords differ")).to_be_visible()
    page.locator("input[name=repeated]").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(dashboard(page)).to_be_visible()
    page.context.clear_cookies()
    sign_in(page, cairn, NEW_PASSWORD, user="newcomer")
    expect(dashboard(page)).to_be_visible()


def test_the_own_password_is_changed(cairn: Cairn, page: Page) -> None:
    make_user(cairn, "changer")
    signed_in(page, cairn, "settings", user="changer")
    expect(page.get_by_text(f"arn:aws:iam::{ACCOUNT}:user/changer").first).to_be_visible()
    page.locator("input[name=oldPassword]").fill("wrong")
    page.locator("input[name=newPassword]").fill(NEW_PASSWORD)
    page.locator("input[name=againPassword]").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("main [role=alert], main [class*=alert]").first).to_be_visible()
    page.locator("input[name=oldPassword]").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("The password was changed.")).to_be_visible()
    page.context.clear_cookies()
    sign_in(page, cairn, NEW_PASSWORD, user="changer")
    expect(dashboard(page)).to_be_visible()


def test_an_mfa_device_is_set_up_and_its_code_asked_for(cairn: Cairn, page: Page) -> None:
    make_user(cairn, "careful")
    signed_in(page, cairn, "settings", user="careful")
    page.get_by_role("button", name="Set up device").click()
    dialog = page.get_by_role("dialog", name="Set up a virtual MFA device")
    expect(dialog.get_by_role("img", name="QR code of the secret")).to_be_visible()
    secret = dialog.get_by_text(re.compile(r"^[A-Z2-7]{32,}$")).first.inner_text()
    otp = pyotp.TOTP(secret)
    page.screenshot(path="build/screenshots/mfa-setup.png")
    step = int(time.time()) // STEP_S
    dialog.locator("input[name=AuthenticationCode1]").fill("000000")
    dialog.locator("input[name=AuthenticationCode2]").fill("000000")
    dialog.get_by_role("button", name="Enable").click()
    expect(dialog.get_by_text("InvalidAuthenticationCode").first).to_be_visible()
    dialog.locator("input[name=AuthenticationCode1]").fill(otp.generate_otp(step - 1))
    dialog.locator("input[name=AuthenticationCode2]").fill(otp.generate_otp(step))
    dialog.get_by_role("button", name="Enable").click()
    expect(page.get_by_text(f"arn:aws:iam::{ACCOUNT}:mfa/careful")).to_be_visible()
    picture(page, "settings")
    page.context.clear_cookies()
    sign_in(page, cairn, user="careful")
    page.locator("input[name=mfa]").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Sign-in failed")).to_be_visible()
    page.locator("input[name=mfa]").fill(otp.now())
    page.get_by_role("button", name="Sign in").click()
    expect(dashboard(page)).to_be_visible()
    page.goto(f"{cairn.endpoint}/console/settings")
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("No device is asked for.")).to_be_visible()
    assert cairn.client("iam").list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_an_own_access_key_comes_and_goes(cairn: Cairn, page: Page) -> None:
    make_user(cairn, "coder")
    signed_in(page, cairn, "settings", user="coder")
    page.get_by_role("button", name="Create access key").click()
    dialog = page.get_by_role("dialog", name="Access key created")
    dialog.get_by_role("button", name="Show").click()
    text = dialog.inner_text()
    key = re.search(r"AKIA[A-Z2-7]{16}", text)
    secret = re.search(r"(?m)^[A-Za-z0-9/+]{40}$", text)
    assert key is not None
    assert secret is not None
    own = cairn.client("sts", aws_access_key_id=key[0], aws_secret_access_key=secret[0])
    assert own.get_caller_identity()["Arn"].endswith("user/coder")
    dialog.get_by_role("button", name="Done").click()
    page.get_by_role("button", name=f"Actions of {key[0]}").click()
    page.get_by_role("menuitem", name="Deactivate").click()
    expect(page.get_by_text("Inactive", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"Actions of {key[0]}").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("You have no access key.")).to_be_visible()
    assert cairn.client("iam").list_access_keys(UserName="coder")["AccessKeyMetadata"] == []


def test_preferences_are_kept(cairn: Cairn, page: Page) -> None:
    signed_in(page, cairn, "settings?tab=preferences")
    page.get_by_role("button", name="Local time").last.click()
    page.get_by_role("button", name=re.compile("Columns of the event history")).click()
    page.get_by_role("option", name="Request ID").click()
    page.keyboard.press("Escape")
    picture(page, "settings-preferences")
    page.goto(f"{cairn.endpoint}/console/history?query=")
    expect(page.get_by_role("columnheader", name="Request ID")).to_be_visible()
    page.goto(f"{cairn.endpoint}/console/settings?tab=server")
    expect(page.get_by_text("verify: signatures are checked")).to_be_visible()
    picture(page, "settings-server")


def test_a_role_is_switched_to_and_back(cairn: Cairn, page: Page) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    cairn.client("iam").create_role(RoleName="auditor", AssumeRolePolicyDocument=document)
    signed_in(page, cairn)
    open_menu(page)
    page.get_by_role("menuitem", name="Switch role").click()
    page.locator("input[name=role]").fill("no role")
    page.locator("input[name=displayName]").fill("Night watch")
    page.get_by_role("button", name="Colour").click()
    page.get_by_role("option", name="Red").click()
    page.get_by_role("button", name="Switch role").click()
    expect(page.get_by_text("ValidationException").first).to_be_visible()
    page.locator("input[name=role]").fill("auditor")
    page.get_by_role("button", name="Switch role").click()
    expect(dashboard(page)).to_be_visible()
    expect(page.get_by_role("button", name="Account").first).to_contain_text("Night watch")
    expect(page.locator(".cairn-bar")).to_have_css("border-bottom-color", "rgb(224, 56, 62)")
    page.goto(f"{cairn.endpoint}/console/settings")
    expect(page.get_by_text("assumed-role/auditor").first).to_be_visible()
    picture(page, "settings-role")
    open_menu(page)
    page.get_by_role("menuitem", name="Go back from the role").click()
    expect(page.get_by_role("button", name="Account").first).to_contain_text("mallory")
    open_menu(page)
    page.get_by_role("menuitem", name="Switch role").click()
    page.get_by_role("link", name="Night watch").click()
    expect(page.locator("input[name=role]")).to_have_value("auditor")
    picture(page, "switch-role")


def test_an_organization_is_seen_and_its_trails_delegated(cairn: Cairn, page: Page) -> None:
    signed_in(page, cairn, "organization")
    expect(page.get_by_text("aws organizations create-organization")).to_be_visible()
    picture(page, "organization-none")
    organizations = cairn.client("organizations")
    organizations.create_organization()
    organizations.create_account(AccountName="payments", Email="payments@example.com")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("CloudTrail may not log the organization yet")).to_be_visible()
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("payments@example.com")).to_be_visible()
    page.get_by_role("button", name="Register administrator").click()
    page.get_by_role("dialog").get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("button", name="Deregister")).to_be_visible()
    picture(page, "organization")
    page.get_by_role("link", name="Switch role").click()
    page.get_by_role("button", name="Switch role").click()
    expect(page.get_by_role("button", name="Account").first).to_contain_text("admin @ payments")
    page.goto(f"{cairn.endpoint}/console/organization")
    expect(page.get_by_text("o-").first).to_be_visible()
    picture(page, "organization-member")
    open_menu(page)
    page.get_by_role("menuitem", name="Go back from the role").click()
    expect(dashboard(page)).to_be_visible()
    page.goto(f"{cairn.endpoint}/console/organization")
    page.get_by_role("button", name="Deregister").click()
    page.get_by_role("dialog").get_by_role("button", name="Deregister").click()
    expect(page.get_by_text("The management account manages its trails alone.")).to_be_visible()
