"""Pages of other origins in the browser of somebody who uses Cairn, and sessions that should be over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.contract.browsing import Browser
from tests.contract.looking import Journaled
from tests.running import Cairn
from tests.threats.raw import FORM, Answer, Forged

pytestmark = pytest.mark.engine

CREATE = "Action=CreateUser&Version=2010-05-08&UserName=rebound"
SCOPE = quote("000000000000/20260101/us-east-1/iam/aws4_request", safe="")
FOREIGN = [
    ("rebound.evil.example", ()),
    ("localhost.evil.example", ()),
    ("evil.example.", ()),
    ("127.0.0.1", [("origin", "https://evil.example")]),
    ("127.0.0.1", [("origin", "null")]),
    ("127.0.0.1", [("origin", "http://203.0.113.9")]),
    ("127.0.0.1", [("sec-fetch-site", "cross-site")]),
]
LOCAL = [
    ("127.0.0.1", ()),
    ("localhost", [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")]),
    ("bucket.s3.localhost.localstack.cloud", [("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "cross-site")]),
    ("s3.us-east-1.amazonaws.com", ()),
    ("[::1]", [("sec-fetch-site", "none")]),
]


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    folder: Path = tmp_path_factory.mktemp("trusting") / "data"
    running = Cairn(folder, {"CAIRN_AUTH_MODE": "trust"})
    running.start()
    yield running
    assert running.stop() == 0


def asked(cairn: Cairn, method: str, target: str, host: str, headers: object, body: bytes = b"") -> Answer:
    named = [("host", f"{host}:{cairn.port}"), *headers]  # type: ignore[misc]
    return Forged(cairn, method, target, named, body).send()


@pytest.mark.parametrize(("host", "headers"), FOREIGN)
def test_a_foreign_page_is_nobody_in_trust_mode(trusting: Cairn, host: str, headers: list[tuple[str, str]]) -> None:
    journal = Journaled(trusting)
    unsigned = asked(trusting, "POST", "/", host, [("content-type", FORM), *headers], CREATE.encode())
    link = asked(
        trusting, "GET", f"/?{CREATE}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE}", host, headers
    )
    for answer in (unsigned, link):
        assert (answer.status, answer.code) == (403, "AccessDenied")
        record = journal.of(answer.request_id)
        assert (record["eventName"], record["errorCode"]) == ("CreateUser", "AccessDenied")
    journal.close()
    assert "rebound" not in {user["UserName"] for user in trusting.client("iam").list_users()["Users"]}
    command = asked(trusting, "GET", "/_cairn/status", host, headers)
    page = asked(trusting, "GET", "/console/", host, headers)
    key = json.dumps({"accessKeyId": "000000000000", "secretAccessKey": "x"}).encode()
    sign_in = asked(
        trusting, "POST", "/console/api/session", host, [("content-type", "application/json"), *headers], key
    )
    assert [command.status, page.status, sign_in.status] == [403, 403, 403]
    assert "set-cookie" not in sign_in.headers


@pytest.mark.parametrize(("host", "headers"), LOCAL)
def test_programs_and_pages_of_this_machine_are_answered(
    trusting: Cairn, host: str, headers: list[tuple[str, str]]
) -> None:
    scope = "Credential=000000000000/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    answer = asked(trusting, "GET", "/", host, [("authorization", f"AWS4-HMAC-SHA256 {scope}"), *headers])
    assert answer.code != "AccessDenied"
    assert answer.status in (200, 404)  # where the host names a bucket that is not there


@pytest.mark.parametrize("way", ["Inactive", "deleted"])
def test_a_session_ends_with_the_access_key_that_opened_it(cairn: Cairn, way: str) -> None:
    iam, name = cairn.client("iam"), f"leaked-{way}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    browser = Browser(cairn)
    assert browser.sign_in(accessKeyId=key["AccessKeyId"], secretAccessKey=key["SecretAccessKey"]).status == 200
    assert browser.call("sts", "GetCallerIdentity").status == 200
    if way == "deleted":
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    else:
        iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status=way)
    assert browser.get("/session").code == "NotSignedIn"
    assert browser.call("sts", "GetCallerIdentity").code == "NotSignedIn"


def test_a_call_of_the_console_is_as_secure_as_the_way_to_it(watched: Cairn) -> None:
    """Behind a proxy that speaks TLS to people, and plain HTTP, or TLS of its own, to Cairn."""
    iam = watched.client("iam")
    iam.create_user(UserName="insecure")
    key = iam.create_access_key(UserName="insecure")["AccessKey"]
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="insecure", PolicyName="by-tls", PolicyDocument=document)
    for scheme, status in (("https", 200), ("http", 403)):
        browser = Browser(watched, headers={"x-forwarded-proto": scheme, "x-forwarded-for": "203.0.113.9"})
        assert browser.sign_in(accessKeyId=key["AccessKeyId"], secretAccessKey=key["SecretAccessKey"]).status == 200
        assert browser.call("iam", "ListUsers").status == status


@pytest.mark.parametrize("path", ["/events/tail", "/events/download?format=csv"])
def test_head_takes_no_place_of_a_tail_or_a_download(cairn: Cairn, path: str) -> None:
    browser = Browser(cairn).as_administrator()
    for _ in range(10):  # more than a session may have
        assert browser.ask("HEAD", f"/api{path}").status == 405
