"""A service of ours from request to reply, its operations real functions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import pytest

from cairn.core.errors import AwsError
from cairn.core.records.identity import root
from cairn.wire.http import Call, Headers, Request, Response
from cairn.wire.local import LocalService
from cairn.wire.operation import Context


async def stream(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def call_for(operation: str, body: bytes, *, streamed: bool = False) -> Call:
    request = Request(
        "POST", "/", "", Headers([("X-Amz-Target", f"CloudTrail_20131101.{operation}")]), stream(body[:3], body[3:])
    )
    return Call(
        request, "cloudtrail", operation, "eu-west-1", account="123456789012", identity=root("123456789012"),
        request_id="trace-1", body=None if streamed else body,
    )  # fmt: skip


def get_trail(context: Context, input: dict[str, Any]) -> Mapping[str, Any]:
    if input["Name"] == "none":
        raise AwsError("TrailNotFoundException", "Unknown trail: none")
    if input["Name"] == "bug":
        raise RuntimeError("a secret detail")
    if input["Name"] == "wrong":
        return {"Trial": {}}
    arn = f"arn:aws:cloudtrail:{context.region}:{context.account}:trail/{input['Name']}"
    return {"Trail": {"Name": input["Name"], "TrailARN": arn}}


def answer(*calls: Call, **options: Any) -> list[Response]:
    async def run() -> list[Response]:
        service = LocalService("cloudtrail", {"GetTrail": get_trail, **options.pop("operations", {})}, **options)
        try:
            return await asyncio.gather(*(service.send(call) for call in calls))
        finally:
            service.close()

    return asyncio.run(run())


def body_of(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return msgspec.json.decode(response.body)


@pytest.mark.parametrize("streamed", [False, True])
def test_an_operation_is_run_and_answered(streamed: bool) -> None:
    call = call_for("GetTrail", b'{"Name": "t"}', streamed=streamed)
    (reply,) = answer(call)
    trail = {"Name": "t", "TrailARN": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/t"}
    assert (reply.status, body_of(reply)) == (200, {"Trail": trail})
    assert reply.headers.get("content-type") == "application/x-amz-json-1.1"
    assert reply.headers.get("x-amzn-requestid") == "trace-1"
    assert call.params == {"Name": "t"}


def test_typed_errors_are_answers() -> None:
    (reply,) = answer(call_for("GetTrail", b'{"Name": "none"}'))
    assert reply.status == 400
    assert body_of(reply) == {"__type": "TrailNotFoundException", "message": "Unknown trail: none"}


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("GetTrail", b"{", "SerializationException"),
        ("GetTrail", b"{}", "ValidationException"),
        ("DeleteTrail", b'{"Name": "t"}', "UnsupportedOperationException"),
        ("", b"{}", "UnknownOperationException"),
    ],
)
def test_what_cannot_be_run_says_why(operation: str, body: bytes, code: str) -> None:
    (reply,) = answer(call_for(operation, body))
    assert (reply.status, body_of(reply)["__type"]) == (400, code)


@pytest.mark.parametrize("name", ["bug", "wrong"])
def test_a_mistake_of_ours_is_logged_and_tells_nothing(name: str, caplog: pytest.LogCaptureFixture) -> None:
    (reply,) = answer(call_for("GetTrail", f'{{"Name": "{name}"}}'.encode()))
    assert (reply.status, body_of(reply)["__type"]) == (500, "InternalFailure")
    assert "trace-1" in body_of(reply)["message"]
    assert "secret" not in body_of(reply)["message"]
    assert "trace-1" in caplog.text


def test_no_more_calls_wait_than_may() -> None:
    # All are sent before the loop gets to run again, so the first holds the only place until the others were refused.
    release = threading.Event()

    def list_trails(context: Context, input: dict[str, Any]) -> Mapping[str, Any]:
        release.wait(10)
        return {"Trails": []}

    async def run() -> list[int]:
        service = LocalService("cloudtrail", {"ListTrails": list_trails}, threads=1, waiting_max=1)
        tasks = [asyncio.create_task(service.send(call_for("ListTrails", b"{}"))) for _ in range(5)]
        while sum(task.done() for task in tasks) < 3:
            await asyncio.sleep(0.01)
        release.set()
        statuses = [(await task).status for task in tasks]
        service.close()
        return statuses

    assert sorted(asyncio.run(run())) == [200, 200, 503, 503, 503]


def test_a_body_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.wire.local.BODY_BYTES_MAX", 10)
    (reply,) = answer(call_for("GetTrail", b'{"Name": "t"}', streamed=True))
    assert reply.status == 413


def test_only_operations_of_the_model_can_be_served() -> None:
    with pytest.raises(ValueError, match="GetTrial"):
        LocalService("cloudtrail", {"GetTrial": get_trail})


def test_an_operation_that_is_not_ours_is_answered_by_whoever_else_serves_the_service() -> None:
    class Other:
        async def send(self, call: Call) -> Response:
            return Response(200, Headers(), b'"' + call.operation.encode() + b'"')

    ours, theirs = answer(call_for("GetTrail", b'{"Name":"t"}'), call_for("ListChannels", b"{}"), otherwise=Other())
    assert body_of(ours)["Trail"]["Name"] == "t"
    assert body_of(theirs) == "ListChannels"


def test_what_nobody_serves_is_said_to_be_unsupported() -> None:
    class Other:
        async def send(self, call: Call) -> Response:
            raise AwsError("NotImplemented", "not here", 501)

    (reply,) = answer(call_for("ListChannels", b"{}"), otherwise=Other())
    assert reply.status == 400
    assert body_of(reply)["__type"].endswith("UnsupportedOperation")
    assert "ListChannels of cloudtrail" in body_of(reply)["message"]
