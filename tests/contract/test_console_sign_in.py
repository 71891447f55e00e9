"""Signing in to a real Cairn: who is let in, who is not, and what is recorded of it before anybody is answered."""

from __future__ import annotations

import json
import time
from typing import Any

import pyotp
import pytest
from tests.contract.browsing import USER_AGENT, Browser
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

ACCOUNT = "000000000000"
PASSWORD = "Correct-horse-1"
ALLOW_ALL = "arn:aws:iam::aws:policy/AdministratorAccess"


def records(cairn: Cairn, name: str, user: str) -> list[dict[str, Any]]:
    """What the history has of a sign-in event of a user, newest first."""
    found = cairn.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": user}]
    )["Events"]
    return [json.loads(event["CloudTrailEvent"]) for event in found if event["EventName"] == name]


def recorded(cairn: Cairn, name: str, user: str, count: int = 1) -> list[dict[str, Any]]:
    wait_until(lambda: len(records(cairn, name, user)) >= count)
    return records(cairn, name, user)


def make_user(cairn: Cairn, name: str, **profile: Any) -> None:
    iam = cairn.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=ALLOW_ALL)
    iam.create_login_profile(UserName=name, Password=PASSWORD, **profile)


def with_device(cairn: Cairn, name: str) -> pyotp.TOTP:
    """A virtual MFA device of a user."""
    iam = cairn.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    otp = pyotp.TOTP(device["Base32StringSeed"].decode())
    now = int(time.time()) // 30
    with pytest.raises(iam.exceptions.ClientError, match="InvalidAuthenticationCode"):
        iam.enable_mfa_device(
            UserName=name,
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1=otp.generate_otp(now - 10),
            AuthenticationCode2=otp.generate_otp(now - 9),
        )
    iam.enable_mfa_device(
        UserName=name,
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=otp.generate_otp(now - 1),
        AuthenticationCode2=otp.generate_otp(now),
    )
    return otp


def test_a_user_signs_in_and_calls_as_themselves_until_they_sign_out(cairn: Cairn) -> None:
    make_user(cairn, "anaya")
    browser = Browser(cairn)
    reply = browser.sign_in(account=ACCOUNT, user="anaya", password=PASSWORD)
    assert reply.status == 200, reply.body
    assert {k: reply.json[k] for k in ("account", "arn", "name", "type", "role")} == {
        "account": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/anaya",
        "name": "anaya",
        "type": "IAMUser",
        "role": None,
    }
    assert "HttpOnly" in browser.set_cookie
    assert "SameSite=Strict" in browser.set_cookie
    assert "Path=/console" in browser.set_cookie
    assert browser.get("/session").json["name"] == "anaya"
    made = browser.call("sqs", "CreateQueue", QueueName="by-console")
    assert made.status == 200, made.body
    assert made.json["QueueUrl"].endswith("/by-console"), made.body
    login = recorded(cairn, "ConsoleLogin", "anaya")[0]
    assert login["userIdentity"] == {
        "type": "IAMUser",
        "principalId": login["userIdentity"]["principalId"],
        "arn": f"arn:aws:iam::{ACCOUNT}:user/anaya",
        "accountId": ACCOUNT,
        "userName": "anaya",
    }
    assert login["userIdentity"]["principalId"].startswith("AIDA")
    assert (login["eventType"], login["awsRegion"], login["readOnly"]) == ("AwsConsoleSignIn", "us-east-1", False)
    assert login["responseElements"] == {"ConsoleLogin": "Success"}
    assert login["additionalEventData"] == {
        "LoginTo": f"{cairn.endpoint}/console/",
        "MobileVersion": "No",
        "MFAUsed": "No",
    }
    assert (login["sourceIPAddress"], login["userAgent"]) == ("127.0.0.1", USER_AGENT)
    assert "errorMessage" not in login
    call = recorded(cairn, "CreateQueue", "anaya")[0]
    assert call["sessionCredentialFromConsole"] == "true"
    assert call["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert call["userIdentity"]["accessKeyId"].startswith("ASIA")
    assert (call["sourceIPAddress"], call["userAgent"]) == ("127.0.0.1", "AWS Internal")
    kept = browser.cookie
    assert browser.ask("DELETE", "/api/session").status == 200
    assert Browser(cairn, cookie=kept).get("/session").code == "NotSignedIn"


def test_a_wrong_password_is_refused_and_recorded_before_it_is_answered(cairn: Cairn) -> None:
    make_user(cairn, "bela")
    cairn.client("iam").create_user(UserName="no-password")
    browser = Browser(cairn)
    for user in ("bela", "no-password"):
        reply = browser.sign_in(account=ACCOUNT, user=user, password="wrong")
        assert (reply.status, reply.code, browser.cookie) == (401, "SignInFailed", "")
        failure = recorded(cairn, "ConsoleLogin", user)[0]
        assert failure["errorMessage"] == "Failed authentication"
        assert "errorCode" not in failure
        assert failure["responseElements"] == {"ConsoleLogin": "Failure"}
        assert failure["userIdentity"]["accessKeyId"] == ""
        assert "arn" not in failure["userIdentity"]
    unknown = browser.sign_in(account=ACCOUNT, user="hunter2", password="x")
    assert unknown.json == reply.json
    hidden = recorded(cairn, "ConsoleLogin", "HIDDEN_DUE_TO_SECURITY_REASONS")[0]
    assert hidden["errorMessage"] == "No username found in supplied account"
    assert "hunter2" not in json.dumps(hidden)


def test_guesses_are_limited_a_minute(cairn: Cairn) -> None:
    make_user(cairn, "guessed")
    browser = Browser(cairn)
    for _ in range(3):  # the minute may end in between
        codes = [browser.sign_in(account=ACCOUNT, user="guessed", password="no").code for _ in range(12)]
        if "TooManyAttempts" in codes:
            break
    assert codes[-1] == "TooManyAttempts"
    assert browser.sign_in(account=ACCOUNT, user="guessed", password=PASSWORD).status == 429


def test_a_code_of_the_device_is_asked_for_and_good_once(cairn: Cairn) -> None:
    make_user(cairn, "carla")
    otp = with_device(cairn, "carla")
    browser = Browser(cairn)
    who = {"account": ACCOUNT, "user": "carla", "password": PASSWORD}
    assert browser.sign_in(**who).code == "MfaRequired"
    check = recorded(cairn, "CheckMfa", "carla")[0]
    assert check["responseElements"] == {"CheckMfa": "Success"}
    assert check["additionalEventData"] == {"MfaType": "Virtual MFA"}
    assert browser.sign_in(**who, mfa="000000").code == "SignInFailed"
    code = otp.now()
    assert browser.sign_in(**who, mfa=code).status == 200
    again = Browser(cairn).sign_in(**who, mfa=code)
    assert again.code == "SignInFailed"
    logins = recorded(cairn, "ConsoleLogin", "carla", 3)
    success = next(each for each in logins if each["responseElements"] == {"ConsoleLogin": "Success"})
    assert success["additionalEventData"]["MFAUsed"] == "Yes"
    assert success["additionalEventData"]["MFAIdentifier"] == f"arn:aws:iam::{ACCOUNT}:mfa/carla"
    failure = next(each for each in logins if each["responseElements"] == {"ConsoleLogin": "Failure"})
    assert failure["additionalEventData"]["MFAUsed"] == "Yes"
    browser.call("sqs", "CreateQueue", QueueName="with-mfa")
    call = recorded(cairn, "CreateQueue", "carla")[0]
    assert call["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"


def test_a_password_that_must_be_changed_is(cairn: Cairn) -> None:
    make_user(cairn, "dora", PasswordResetRequired=True)
    iam = cairn.client("iam")
    assert iam.get_login_profile(UserName="dora")["LoginProfile"]["PasswordResetRequired"] is True
    browser = Browser(cairn)
    who = {"account": ACCOUNT, "user": "dora", "password": PASSWORD}
    assert browser.sign_in(**who).code == "PasswordResetRequired"
    assert browser.sign_in(**who, newPassword="short").code == "PasswordPolicyViolation"
    assert browser.sign_in(**who, newPassword="Another-horse-2").status == 200
    assert browser.sign_in(**who).code == "SignInFailed"
    assert browser.sign_in(account=ACCOUNT, user="dora", password="Another-horse-2").status == 200
    assert recorded(cairn, "PasswordUpdated", "dora")[0]["responseElements"] == {"PasswordUpdated": "Success"}
    stored = b"".join(path.read_bytes() for path in cairn.folder.account.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in stored


def test_a_user_changes_the_own_password(cairn: Cairn) -> None:
    make_user(cairn, "dario")
    key = cairn.client("iam").create_access_key(UserName="dario")["AccessKey"]
    own = cairn.client("iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    for old, new, code in (("no", "Another-horse-2", "AccessDenied"), (PASSWORD, "short", "PasswordPolicyViolation")):
        with pytest.raises(own.exceptions.ClientError, match=code):
            own.change_password(OldPassword=old, NewPassword=new)
    own.change_password(OldPassword=PASSWORD, NewPassword="Another-horse-2")
    browser = Browser(cairn)
    assert browser.sign_in(account=ACCOUNT, user="dario", password="Another-horse-2").status == 200
    session = browser.call("iam", "ChangePassword", OldPassword="Another-horse-2", NewPassword="Third-horse-3")
    assert session.status == 200  # signed with a key of the session's, which the account does not know
    assert Browser(cairn).sign_in(account=ACCOUNT, user="dario", password="Third-horse-3").status == 200
    by_root = Browser(cairn).as_root().call("iam", "ChangePassword", OldPassword="x", NewPassword="Third-horse-3")
    assert by_root.code == "InvalidUserType"
    record = recorded(cairn, "ChangePassword", "dario")[0]
    assert "horse" not in json.dumps(record)


def test_root_signs_in_with_what_cairn_up_printed(cairn: Cairn) -> None:
    refused = Browser(cairn).sign_in(root=True, account=ACCOUNT, password="guess")
    assert refused.code == "SignInFailed"
    browser = Browser(cairn).as_root()
    assert browser.get("/session").json["type"] == "Root"
    assert browser.call("sts", "GetCallerIdentity").json["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    logins = recorded(cairn, "ConsoleLogin", "root", 2)
    assert {each["responseElements"]["ConsoleLogin"] for each in logins} == {"Success", "Failure"}
    assert all(each["userIdentity"]["type"] == "Root" for each in logins)
    other = Browser(cairn).sign_in(root=True, account="111122223333", password="guess")
    assert other.code == "SignInFailed"


def test_an_access_key_signs_in_as_its_user(cairn: Cairn) -> None:
    iam = cairn.client("iam")
    iam.create_user(UserName="keyed")
    key = iam.create_access_key(UserName="keyed")["AccessKey"]
    wrong = Browser(cairn).sign_in(accessKeyId=key["AccessKeyId"], secretAccessKey="wrong")
    assert wrong.code == "SignInFailed"
    browser = Browser(cairn)
    assert browser.sign_in(accessKeyId=key["AccessKeyId"], secretAccessKey=key["SecretAccessKey"]).status == 200
    assert browser.get("/session").json["name"] == "keyed"
    assert browser.get("/events").status == 403  # who may not look events up
    iam.delete_access_key(UserName="keyed", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="keyed")
    assert browser.get("/session").code == "NotSignedIn"


def test_a_role_is_switched_to_and_left(cairn: Cairn) -> None:
    make_user(cairn, "eva")
    iam = cairn.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps(trust))
    browser = Browser(cairn)
    browser.sign_in(account=ACCOUNT, user="eva", password=PASSWORD)
    missing = browser.ask("POST", "/api/session/role", {"account": ACCOUNT, "role": "no role"})
    assert missing.status == 400
    switched = browser.ask("POST", "/api/session/role", {"account": ACCOUNT, "role": "auditor", "displayName": "Audit"})
    assert switched.status == 200, switched.body
    assert switched.json["role"]["displayName"] == "Audit"
    assert switched.json["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/eva"
    browser.call("sqs", "CreateQueue", QueueName="as-auditor")
    call = next(each for each in recorded(cairn, "CreateQueue", "eva"))
    assert call["userIdentity"]["type"] == "AssumedRole"
    assert call["sessionCredentialFromConsole"] == "true"
    assert browser.get("/events").status == 403  # the role may not what the user may
    switch = recorded(cairn, "SwitchRole", "eva")[0]
    assert switch["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/eva"
    assert switch["additionalEventData"] == {
        "SwitchFrom": f"arn:aws:iam::{ACCOUNT}:user/eva",
        "RedirectTo": f"{cairn.endpoint}/console/",
    }
    back = browser.ask("DELETE", "/api/session/role")
    assert (back.status, back.json["role"], back.json["name"]) == (200, None, "eva")
    assert recorded(cairn, "ExitRole", "eva")[0]["responseElements"] == {"ExitRole": "Success"}
    assert browser.ask("POST", "/api/session/role", {"account": ACCOUNT, "role": "auditor"}).status == 200
    iam.delete_role(RoleName="auditor")
    assert browser.get("/events/x").code == "RoleExpired"
    page = browser.ask("GET", "/events/x")  # of nobody then, and not of who has switched
    assert (page.status, b"hour is over" in page.body) == (401, True)
    assert browser.ask("DELETE", "/api/session/role").json["name"] == "eva"
    root = Browser(cairn).as_root()
    assert root.ask("POST", "/api/session/role", {"account": ACCOUNT, "role": "auditor"}).status == 403


def test_other_sites_can_do_nothing_with_the_cookie(cairn: Cairn) -> None:
    browser = Browser(cairn).as_administrator()
    csrf, browser.csrf = browser.csrf, ""
    assert browser.call("sts", "GetCallerIdentity").status == 403
    browser.csrf = "0" * 64
    assert browser.call("sts", "GetCallerIdentity").status == 403
    browser.csrf = csrf
    assert browser.call("sts", "GetCallerIdentity").status == 200
    for name, value in (("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")):
        browser.headers = {name: value}
        assert browser.call("sts", "GetCallerIdentity").code == "Forbidden", name
        assert browser.get("/session").code == "Forbidden"
    form = Browser(cairn, headers={"content-type": "text/plain"})
    assert form.sign_in(account=ACCOUNT, user="x", password="y").status == 415
    assert browser.cookie.encode() not in (cairn.folder.path / "state.db").read_bytes()


def test_over_tls_and_a_proxy_where_every_call_needs_a_permission(watched: Cairn) -> None:
    make_user(watched, "tessa")
    browser = Browser(watched, headers={"x-forwarded-for": "203.0.113.9"})
    assert browser.sign_in(account=ACCOUNT, user="tessa", password=PASSWORD).status == 200
    assert "; Secure" in browser.set_cookie
    assert browser.call("sqs", "CreateQueue", QueueName="over-tls").status == 200
    login = recorded(watched, "ConsoleLogin", "tessa")[0]
    assert login["sourceIPAddress"] == "203.0.113.9"
    assert login["tlsDetails"]["tlsVersion"] == "TLSv1.3"
    assert login["tlsDetails"]["clientProvidedHostHeader"] == f"127.0.0.1:{watched.port}"
    call = recorded(watched, "CreateQueue", "tessa")[0]
    assert call["sourceIPAddress"] == "203.0.113.9"
    assert "tlsDetails" not in call
    watched.client("iam").detach_user_policy(UserName="tessa", PolicyArn=ALLOW_ALL)
    wait_until(lambda: browser.call("sqs", "CreateQueue", QueueName="denied").status == 403)
    assert browser.get("/events").status == 403


def test_a_code_is_not_used_up_before_the_new_password_will_do(watched: Cairn) -> None:
    make_user(watched, "dilan", PasswordResetRequired=True)
    otp = with_device(watched, "dilan")
    who = {"account": ACCOUNT, "user": "dilan", "password": PASSWORD}
    browser = Browser(watched, headers={"x-forwarded-for": "198.51.100.7"})  # whose guesses are counted apart
    assert browser.sign_in(**who, newPassword="Another-horse-2").code == "MfaRequired"
    code = otp.now()
    assert browser.sign_in(**who, mfa=code).code == "PasswordResetRequired"
    assert browser.sign_in(**who, mfa=code, newPassword="short").code == "PasswordPolicyViolation"
    assert browser.sign_in(**who, mfa="000000", newPassword="Another-horse-2").code == "SignInFailed"
    assert browser.sign_in(**who, mfa=code, newPassword="Another-horse-2").status == 200
