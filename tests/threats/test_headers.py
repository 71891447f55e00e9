"""Headers by which a client would be somebody else, elsewhere, or two requests."""

from __future__ import annotations

import pytest
from tests.contract.looking import Journaled
from tests.running import Cairn
from tests.threats.raw import Forged, exchange, form, json_call

pytestmark = pytest.mark.engine

CREATE = b"Action=CreateUser&Version=2010-05-08&UserName=steered"
STEERING = ("x-moto-account-id", "x_moto_account_id", "X-Moto_Account-Id")
CALLER = ("x-cairn-caller", "x_cairn_caller", "x-cairn_caller")


@pytest.mark.parametrize("name", STEERING)
def test_no_header_chooses_the_account(cairn: Cairn, name: str) -> None:
    answer = form(cairn, CREATE).put(name, "111111111111").send()
    assert answer.status == 200
    assert b"arn:aws:iam::000000000000:user/steered" in answer.body
    cairn.client("iam").delete_user(UserName="steered")


@pytest.mark.parametrize("name", CALLER)
def test_no_header_chooses_the_caller(cairn: Cairn, name: str) -> None:
    iam = cairn.client("iam")
    iam.create_user(UserName="victim")
    answer = form(cairn, b"Action=GetUser&Version=2010-05-08").put(name, "victim").send()
    iam.delete_user(UserName="victim")
    assert b"victim" not in answer.body


def test_who_is_no_proxy_names_no_other_address(cairn: Cairn, recorded: Journaled) -> None:
    call = json_call(cairn, "TrentService.ListKeys")
    for name in ("x-forwarded-for", "forwarded", "x-real-ip", "x_forwarded_for", "true-client-ip"):
        call.put(name, "for=203.0.113.9" if name == "forwarded" else "203.0.113.9")
    assert recorded.of(call.send().request_id)["sourceIPAddress"] == "127.0.0.1"


SMUGGLED = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        [("content-length", str(len(SMUGGLED))), ("transfer-encoding", "chunked")],
        [("content-length", "0"), ("content-length", str(len(SMUGGLED)))],
        [("transfer-encoding", "chunked"), ("transfer-encoding", "identity")],
        [("transfer-encoding", "xchunked")],
        [("transfer-encoding ", "chunked")],
        [("transfer-encoding", "\x0bchunked")],
        [("content-length", "+0")],
        [("content-length", "0x0")],
    ],
)
def test_a_request_is_as_long_for_everybody(cairn: Cairn, framing: list[tuple[str, str]]) -> None:
    call = form(cairn, b"")
    call.headers += framing
    answer = exchange(cairn, call.head + b"0\r\n\r\n" + SMUGGLED.encode())
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "line", ["host: other", "x-a: b\r\n folded", "x-a\x00: b", "x-a: b\x00c", "no colon", ": none"]
)
def test_a_header_that_others_could_read_otherwise(cairn: Cairn, line: str) -> None:
    call = json_call(cairn, "TrentService.ListKeys")
    sent = call.head.removesuffix(b"\r\n") + line.encode("latin-1") + b"\r\n\r\n"
    assert exchange(cairn, sent + call.body).status == 400


def test_a_trailer_is_no_header(cairn: Cairn, recorded: Journaled) -> None:
    call = json_call(cairn, "TrentService.ListKeys").put("transfer-encoding", "chunked")
    trailers = (
        b"x-forwarded-for: 203.0.113.9\r\nx-moto-account-id: 111111111111\r\nx-amz-target: TrentService.CreateKey\r\n"
    )
    answer = exchange(cairn, call.head + b"2\r\n{}\r\n0\r\n" + trailers + b"\r\n")
    assert answer.status == 200
    assert recorded.of(answer.request_id)["eventName"] == "ListKeys"


def test_headers_have_a_limit(cairn: Cairn) -> None:
    many = [(f"x-{number}", "y" * 100) for number in range(1000)]
    assert Forged(cairn, "GET", "/", [("host", "a"), *many]).send().status == 431
