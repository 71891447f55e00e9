"""Small requests that would be large work: deep, wide, compressed, or endless. Each is refused; the server goes on."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from tests.contract.looking import Journaled
from tests.running import Cairn
from tests.threats.raw import FORM, Answer, Forged, exchange, form, json_call, signed

pytestmark = pytest.mark.engine

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 20) for name in range(ord("b"), ord("k")))
    + b"]><Tagging><TagSet><Tag><Key>a</Key><Value>&j;</Value></Tag></TagSet></Tagging>"
)
FILE = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><Tagging>&x;</Tagging>'
DEEP = b"<a>" * 100_000


def still_answers(cairn: Cairn) -> None:
    began = time.monotonic()
    assert cairn.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert time.monotonic() - began < 60  # nothing that was sent before is still being worked on


def put_tags(cairn: Cairn, body: bytes) -> Answer:
    return signed(cairn, "PUT", "/bombed?tagging", body, service="s3").send()


@pytest.mark.parametrize("body", [LAUGHS, FILE, DEEP], ids=["laughs", "file", "deep"])
def test_xml_grows_no_larger_and_reads_no_file(cairn: Cairn, recorded: Journaled, body: bytes) -> None:
    cairn.client("s3").create_bucket(Bucket="bombed")
    answer = put_tags(cairn, body)
    assert answer.code == "MalformedXML"
    assert b"root:" not in answer.body
    assert recorded.of(answer.request_id)["errorCode"] == "MalformedXML"
    still_answers(cairn)


JSON_BOMBS = {
    "deep lists": b'{"Limit": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a huge number": b'{"Limit": ' + b"9" * 1_000_000 + b"}",
    "a huge exponent": b'{"Limit": 1e999999999}',
    "no number": b'{"Limit": NaN}',
    "no UTF-8": b'{"Marker": "\xff\xfe"}',
    "half a surrogate": b'{"Marker": "\\ud800"}',
    "cut": b'{"Marker": "',
    "another type": b'{"Limit": {"a": 1}}',
    "a byte order mark": b"\xef\xbb\xbf{}",
}


@pytest.mark.parametrize("way", JSON_BOMBS)
def test_json_that_is_a_bomb_is_refused(cairn: Cairn, recorded: Journaled, way: str) -> None:
    answer = json_call(cairn, "TrentService.ListKeys", JSON_BOMBS[way]).send()
    assert 400 <= answer.status < 500, answer.body[:300]
    assert recorded.of(answer.request_id)["eventName"] == "ListKeys"
    still_answers(cairn)


@pytest.mark.parametrize("operation", ["TrentService.ListKeys", "Logs_20140328.DescribeLogGroups"])
def test_a_hundred_thousand_members_are_passed_over(cairn: Cairn, operation: str) -> None:
    wide = json.dumps({f"member{number}": number for number in range(100_000)}).encode()
    service = "kms" if operation.startswith("Trent") else "logs"
    assert json_call(cairn, operation, wide, service=service).send().status == 200
    still_answers(cairn)


FORM_BOMBS = {
    "many": b"&".join(b"a%d=b" % number for number in range(150_000)),
    "deep": b"a" + b".a" * 100_000 + b"=b",
    "numbers": b"Tags.member.%s.Key=x" % (b"9" * 100_000),
    "percents": b"UserName=" + b"%" * 1_000_000,
}


@pytest.mark.parametrize("way", FORM_BOMBS)
def test_a_form_that_is_a_bomb_is_refused(cairn: Cairn, recorded: Journaled, way: str) -> None:
    answer = form(cairn, b"Action=TagUser&Version=2010-05-08&" + FORM_BOMBS[way]).send()
    assert 400 <= answer.status < 500
    assert recorded.of(answer.request_id)["errorCode"]
    still_answers(cairn)


def test_a_small_body_does_not_become_a_large_one(cairn: Cairn) -> None:
    bomb = gzip.compress(b'{"logGroupName":"' + bytes(64 << 20) + b'"}', 9)
    call = signed(
        cairn,
        "POST",
        "/",
        bomb,
        service="monitoring",
        headers=[("content-type", FORM), ("content-encoding", "gzip")],
    )
    assert 400 <= call.send().status < 500
    for operation, service in (("GraniteServiceVersion20100801.PutMetricData", "monitoring"),):
        headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", operation),
            ("content-encoding", "gzip"),
        ]
        answer = signed(cairn, "POST", "/", bomb, service=service, headers=headers).send()
        assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")
    still_answers(cairn)


CBOR_BOMBS = {
    "deep": b"\x81" * 200_000,
    "long text": b"\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
    "long list": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "long map": b"\xbb\x7f\xff\xff\xff\xff\xff\xff\xff",
    "without an end": b"\x9f" + b"\x00" * 100_000,
    "deep tags": b"\xc1" * 200_000,
    "nothing": b"\xff",
}


@pytest.mark.parametrize("way", CBOR_BOMBS)
def test_cbor_that_is_a_bomb_is_refused(cairn: Cairn, recorded: Journaled, way: str) -> None:
    path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms"
    headers = [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    answer = signed(cairn, "POST", path, CBOR_BOMBS[way], service="monitoring", headers=headers).send()
    assert 400 <= answer.status < 500
    assert recorded.of(answer.request_id)["eventName"] == "DescribeAlarms"
    still_answers(cairn)


def test_headers_without_an_end_are_hung_up_on(cairn: Cairn) -> None:
    for endless in (b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * (1 << 20), b"GET /" + b"a" * (1 << 20)):
        assert exchange(cairn, endless).status in (0, 400)
    still_answers(cairn)


def test_a_query_has_a_limit(cairn: Cairn) -> None:
    wide = "&".join(f"a{number}=b" for number in range(6000))
    answer = Forged(cairn, "GET", f"/bombed?{wide}", [("host", f"127.0.0.1:{cairn.port}")]).send()
    assert answer.status >= 400
    still_answers(cairn)
