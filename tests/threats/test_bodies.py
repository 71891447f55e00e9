"""Bodies: a call is what was authorized and recorded, and an object is what was signed, or nothing happens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from tests.contract.looking import Journaled
from tests.running import Cairn
from tests.threats.raw import FORM, Forged, form, json_call, signed

pytestmark = pytest.mark.engine

V = "Version=2010-05-08"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nCreateUser\r\n'
    b'--x\r\nContent-Disposition: form-data; name="UserName"\r\n\r\ntwofaced\r\n--x--\r\n'
)


def two_faced(cairn: Cairn) -> dict[str, Forged]:
    """Calls that one reader takes for a list and another for what changes something, or for another resource."""
    multipart = [("content-type", "multipart/form-data; boundary=x")]
    return {
        "query and form": form(
            cairn, f"Action=CreateUser&{V}&UserName=twofaced".encode(), target=f"/?Action=ListUsers&{V}"
        ),
        "list first": form(cairn, f"Action=ListUsers&Action=CreateUser&{V}&UserName=twofaced".encode()),
        "list last": form(cairn, f"Action=CreateUser&Action=ListUsers&{V}&UserName=twofaced".encode()),
        "two names": form(cairn, f"Action=CreateUser&{V}&UserName=twofaced&UserName=other".encode()),
        "a name in each": form(cairn, f"Action=CreateUser&{V}&UserName=a".encode(), target="/?UserName=twofaced"),
        "multipart": signed(cairn, "POST", f"/?Action=ListUsers&{V}", MULTIPART, service="iam", headers=multipart),
        "target and form": signed(
            cairn,
            "POST",
            "/",
            f"Action=CreateUser&{V}&UserName=twofaced".encode(),
            service="iam",
            headers=[("content-type", FORM), ("x-amz-target", "TrentService.ListKeys")],
        ),
    }


TWO_FACED = ("query and form", "list first", "list last", "two names", "a name in each", "multipart", "target and form")


@pytest.mark.parametrize("way", TWO_FACED)
def test_a_call_has_one_meaning(cairn: Cairn, recorded: Journaled, way: str) -> None:
    answer = two_faced(cairn)[way].send()
    users = {user["UserName"] for user in cairn.client("iam").list_users()["Users"]}
    assert users.isdisjoint({"twofaced", "other", "a"})
    record = recorded.of(answer.request_id)
    assert (answer.status >= 400) == ("errorCode" in record)
    if answer.status == 200:
        assert (record["eventName"], answer.body[:18]) in (
            ("ListUsers", b"<ListUsersResponse"),
            ("ListKeys", b'{"Keys": [], "Next'),
        )


JSON_CALLS: dict[str, dict[str, Any]] = {
    "an action in the query": {"target": "/?Action=CreateKey&Description=twofaced"},
    "an action in the text": {"body": b'{"Marker": "&Action=CreateKey&Description=twofaced&"}'},
}


@pytest.mark.parametrize("way", JSON_CALLS)
def test_so_has_a_call_in_json(cairn: Cairn, recorded: Journaled, way: str) -> None:
    kms = cairn.client("kms")
    before = {key["KeyId"] for key in kms.list_keys()["Keys"]}
    answer = json_call(cairn, "TrentService.ListKeys", **JSON_CALLS[way]).send()
    assert recorded.of(answer.request_id)["eventName"] == "ListKeys"
    assert {key["KeyId"] for key in kms.list_keys()["Keys"]} == before


def test_parameters_of_a_json_call_stand_in_its_json(cairn: Cairn, recorded: Journaled) -> None:
    ssm = cairn.client("ssm")
    for name in ("recorded", "read"):
        ssm.put_parameter(Name=name, Value=f"value of {name}", Type="String")
    for target, body in (
        ("/?Name=read", b'{"Name": "recorded"}'),
        ("/", b'{"Name": "recorded", "Other": "&Name=read&"}'),
        ("/", b'{"Name": "read", "Name": "recorded"}'),
    ):
        answer = json_call(cairn, "AmazonSSM.GetParameter", body, target=target, service="ssm").send()
        assert b"value of recorded" in answer.body
        assert recorded.of(answer.request_id)["requestParameters"]["name"] == "recorded"


@pytest.mark.parametrize("query", ["Action=CreateGraphqlApi&name=twofaced", "name=twofaced&action=CreateGraphqlApi"])
def test_so_has_a_call_by_a_path(cairn: Cairn, recorded: Journaled, query: str) -> None:
    answer = signed(cairn, "GET", f"/v1/apis?{query}", service="appsync").send()
    assert answer.status == 200
    assert recorded.of(answer.request_id)["eventName"] == "ListGraphqlApis"
    assert cairn.client("appsync").list_graphql_apis()["graphqlApis"] == []


def test_a_member_that_a_path_has_is_not_taken_from_the_json(cairn: Cairn, recorded: Journaled) -> None:
    appsync = cairn.client("appsync")
    for name in ("first", "second"):
        appsync.create_graphql_api(name=name, authenticationType="API_KEY")
    ids = {api["name"]: api["apiId"] for api in appsync.list_graphql_apis()["graphqlApis"]}
    try:
        body = f'{{"name": "renamed", "authenticationType": "API_KEY", "apiId": "{ids["second"]}"}}'.encode()
        headers = [("content-type", "application/json")]
        answer = signed(cairn, "POST", f"/v1/apis/{ids['first']}", body, service="appsync", headers=headers).send()
        assert recorded.of(answer.request_id)["requestParameters"]["apiId"] == ids["first"]
        assert {api["name"]: api["apiId"] for api in appsync.list_graphql_apis()["graphqlApis"]} == {
            "renamed": ids["first"],
            "second": ids["second"],
        }
    finally:
        for id in ids.values():
            appsync.delete_graphql_api(apiId=id)


CHUNKS = (b"a" * 8192, b"b" * 8192, b"")


def chunked(cairn: Cairn, key: str) -> tuple[Forged, list[bytes]]:
    """A put of two signed chunks, and the chunks as they are sent."""
    headers = [
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", str(sum(map(len, CHUNKS)))),
        ("content-encoding", "aws-chunked"),
    ]
    call = signed(cairn, "PUT", f"/signed-bodies/{key}", service="s3", headers=headers)
    before = call.get("authorization").rpartition("Signature=")[2]
    stamp, secret = call.get("x-amz-date"), f"AWS4{cairn.folder.administrator().secret_access_key}".encode()
    scope = (stamp[:8], "us-east-1", "s3", "aws4_request")
    for part in scope:
        secret = hmac.digest(secret, part.encode(), "sha256")
    sent = []
    for chunk in CHUNKS:
        nothing, content = hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()
        told = ("AWS4-HMAC-SHA256-PAYLOAD", stamp, "/".join(scope), before, nothing, content)
        before = hmac.digest(secret, "\n".join(told).encode(), "sha256").hex()
        sent.append(f"{len(chunk):x};chunk-signature={before}\r\n".encode() + chunk + b"\r\n")
    call.without("content-length").put("content-length", str(sum(map(len, sent))))
    return call, sent


@pytest.fixture(scope="module")
def objects(cairn: Cairn) -> Callable[[], set[str]]:
    """The objects that are there."""
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket="signed-bodies")
    return lambda: {found["Key"] for found in s3.list_objects_v2(Bucket="signed-bodies").get("Contents", [])}


WAYS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "altered": lambda sent: [sent[0].replace(b"a" * 10, b"c" * 10, 1), *sent[1:]],
    "reordered": lambda sent: [sent[1], sent[0], sent[2]],
    "repeated": lambda sent: [sent[0], sent[0], sent[2]],
    "left out": lambda sent: [sent[0], sent[2]],
    "without an end": lambda sent: sent[:2],
    "cut": lambda sent: [sent[0], sent[1][:100]],
}


@pytest.mark.parametrize("way", WAYS)
def test_chunks_are_those_that_were_signed(
    cairn: Cairn, recorded: Journaled, objects: Callable[[], set[str]], way: str
) -> None:
    call, sent = chunked(cairn, "chunks")
    call.body = b"".join(WAYS[way](sent))
    call.put("content-length", str(len(call.body)))
    answer = call.send()
    assert answer.code in ("SignatureDoesNotMatch", "IncompleteBody")
    assert "chunks" not in objects()


def test_those_that_were_are_stored(cairn: Cairn, objects: Callable[[], set[str]]) -> None:
    call, sent = chunked(cairn, "good")
    call.body = b"".join(sent)
    assert call.send().status == 200
    assert "good" in objects()


@pytest.mark.parametrize("sent", [b"other content", b"", b"the content and more"])
def test_a_body_is_the_one_whose_hash_was_signed(cairn: Cairn, objects: Callable[[], set[str]], sent: bytes) -> None:
    call = signed(cairn, "PUT", "/signed-bodies/hashed", b"the content", service="s3")
    hashed = hashlib.sha256(b"the content").hexdigest()
    assert call.get("x-amz-content-sha256") in (hashed, "UNSIGNED-PAYLOAD")
    call = signed(
        cairn, "PUT", "/signed-bodies/hashed", b"the content", service="s3", headers=[("x-amz-content-sha256", hashed)]
    )
    call.body = sent
    answer = call.put("content-length", str(len(sent))).send()
    assert answer.code in ("XAmzContentSHA256Mismatch", "SignatureDoesNotMatch", "BadDigest")
    assert "hashed" not in objects()


def test_a_trailer_that_is_not_the_bodys_checksum(cairn: Cairn, objects: Callable[[], set[str]]) -> None:
    headers = [
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-decoded-content-length", "7"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("content-encoding", "aws-chunked"),
    ]
    call = signed(cairn, "PUT", "/signed-bodies/trailed", service="s3", headers=headers)
    call.body = b"7\r\ncontent\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    answer = call.put("content-length", str(len(call.body))).send()
    assert answer.code in ("BadDigest", "InvalidRequest")
    assert "trailed" not in objects()


def test_no_service_but_s3_takes_a_body_that_nobody_signed(cairn: Cairn) -> None:
    call = signed(
        cairn,
        "POST",
        "/",
        f"Action=ListUsers&{V}".encode(),
        service="iam",
        headers=[("content-type", FORM), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
    )
    call.body = f"Action=CreateUser&{V}&UserName=twofaced".encode()
    call.put("content-length", str(len(call.body))).send()
    assert "twofaced" not in {user["UserName"] for user in cairn.client("iam").list_users()["Users"]}
