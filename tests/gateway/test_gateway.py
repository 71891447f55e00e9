"""The order that is the promise: intent, upstream, outcome, reply. Over the journal in memory, with its faults."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cairn.core.clock import TestClock
from cairn.core.config import Auth, Recording, Settings, VpcEndpoint
from cairn.core.journal.memory import Fault, MemoryAppender, MemoryJournal
from cairn.core.records.event import Event, Kind
from cairn.core.state import State, metadata
from cairn.gateway.admin import Admin
from cairn.gateway.authenticate import Authenticator
from cairn.gateway.authorize import Authorizer
from cairn.gateway.gateway import Gateway
from cairn.gateway.health import Health
from cairn.gateway.keys import KeyTable
from cairn.gateway.policies import KnownPolicies
from cairn.gateway.recording import Recorder
from cairn.gateway.routes import Routes
from cairn.gateway.vpc_endpoints import VpcEndpoints
from cairn.wire.http import Call, Headers, Request, Response, UpstreamUnavailable

ACCOUNT = "111122223333"
CREATE_USER = (
    b'<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><UserName>alice'
    b"</UserName><Path>/</Path><UserId>AIDAEXAMPLE</UserId><Arn>arn:aws:iam::111122223333:user/alice</Arn><CreateDate>"
    b"2026-01-01T00:00:00Z</CreateDate></User></CreateUserResult><ResponseMetadata><RequestId>r-1</RequestId>"
    b"</ResponseMetadata></CreateUserResponse>"
)


class FakeUpstream:
    """Answers what it is told to, and remembers what the journal held when it was asked."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.answer: Callable[[], Response] = lambda: Response(
            200, Headers([("content-type", "text/xml")]), CREATE_USER
        )
        self.asked: list[list[Kind]] = []

    async def send(self, call: Call) -> Response:
        if call.body is None:
            async for _ in call.request.body:
                pass
        self.asked.append([event.header.kind for event in self.rig.events()])
        return self.answer()


@dataclass
class Rig:
    """A gateway over memory."""

    settings: Settings
    state: State
    clock: TestClock
    journal: MemoryJournal = field(default_factory=lambda: MemoryJournal("gateway-0"))
    wants_data: bool = False
    wants_network: bool = False
    afterwards: dict[str, list[Kind]] = field(default_factory=dict)
    """What the journal held when the rest was done of a call, by the call's operation."""

    def __post_init__(self) -> None:
        self.upstream = FakeUpstream(self)
        keys = KeyTable(self.state, self.clock, directory=None)  # type: ignore[arg-type] # nothing here asks it
        self.gateway = Gateway(
            self.settings,
            authenticator=Authenticator(self.settings, keys, self.clock),
            authorizer=Authorizer(
                self.settings,
                KnownPolicies(None, self.clock),  # type: ignore[arg-type] # in trust mode nothing is decided
                keys,
                self.clock,
                own=(),
                is_embedded=lambda service: True,
                special={},
                federation=None,
            ),
            vpc_endpoints=VpcEndpoints(self.settings, self.clock, special={}),
            keys=keys,
            routes=Routes(operations={}, services={}, default=self.upstream),
            recorder=Recorder(
                MemoryAppender(self.journal),
                self.clock,
                self.settings.recording,
                wants_data=lambda call: self.wants_data,
                wants_network=lambda call: self.wants_network,
            ),
            **self.others(),
        )

    def others(self) -> dict[str, Any]:
        async def nothing() -> list[str]:
            return []

        async def nobody(call: Call) -> bool:
            return False

        async def note(call: Call) -> None:
            self.afterwards[call.operation] = [event.header.kind for event in self.events()]

        admin = Admin(answers={}, streams={}, authorize=nobody)
        return {"admin": admin, "health": Health(nothing, lambda: b""), "afterwards": {"iam": note}}

    def events(self) -> list[Event]:
        return [event for entry in self.journal.read_from(1) for event in entry.batch.events]

    def call(self, *, body: bytes = b"", method: str = "POST", path: str = "/", **headers: str) -> Response:
        return asyncio.run(self.answered(request(method, path, body, headers)))

    async def answered(self, asked: Request) -> Response:
        response = await self.gateway.answer(asked)
        if not isinstance(response.body, bytes):
            response.body = b"".join([part async for part in response.body])
        return response

    def create_user(self) -> Response:
        return self.call(
            body=b"Action=CreateUser&Version=2010-05-08&UserName=alice",
            **signed("iam"),
            content_type="application/x-www-form-urlencoded",
        )


def request(method: str, path: str, body: bytes, headers: dict[str, str]) -> Request:
    async def parts() -> AsyncIterator[bytes]:
        if body:
            yield body

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw, _, query = path.partition("?")
    return Request(method, raw, query, Headers(({"host": "localhost"} | named).items()), parts(), client="192.0.2.7")


def signed(service: str) -> dict[str, str]:
    scope = f"{ACCOUNT}/20260101/us-east-1/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Rig:
    return make(tmp_path, clock)


def make(
    folder: Path, clock: TestClock, *, vpc_endpoints: dict[str, VpcEndpoint] | None = None, **recording: Any
) -> Rig:
    state = State.in_folder(folder)
    metadata.create_all(state.engine)
    settings = Settings(auth=Auth(mode="trust"), recording=Recording(**recording), vpc_endpoints=vpc_endpoints or {})
    return Rig(settings, state, clock)


def test_a_write_is_intended_before_it_is_sent_and_recorded_before_it_is_answered(rig: Rig) -> None:
    response = rig.create_user()
    assert response.status == 200
    assert rig.upstream.asked == [[Kind.INTENT]]
    intent, event = rig.events()
    assert (intent.header.kind, event.header.kind) == (Kind.INTENT, Kind.EVENT)
    assert intent.header.id == event.header.id
    assert intent.parse()["errorCode"] == "OutcomeUnknown"
    record = event.parse()
    assert record["eventName"] == "CreateUser"
    assert record["requestParameters"] == {"userName": "alice"}
    assert record["responseElements"]["user"]["userName"] == "alice"
    assert record["requestID"] == "r-1"
    assert record["sourceIPAddress"] == "192.0.2.7"
    assert record["userIdentity"]["type"] == "Root"
    assert record["recipientAccountId"] == ACCOUNT


def test_what_is_to_be_done_afterwards_is_done_once_the_record_is_durable(rig: Rig) -> None:
    rig.upstream.answer = lambda: Response(403, Headers(), b"")
    assert rig.create_user().status == 403
    assert rig.afterwards == {}
    rig.upstream.answer = lambda: Response(200, Headers([("content-type", "text/xml")]), CREATE_USER)
    assert rig.create_user().status == 200
    assert rig.afterwards == {"CreateUser": [Kind.INTENT, Kind.EVENT] * 2}


def test_a_read_needs_no_intent(rig: Rig) -> None:
    rig.call(
        body=b"Action=ListUsers&Version=2010-05-08",
        **signed("iam"),
        content_type="application/x-www-form-urlencoded",
    )
    assert rig.upstream.asked == [[]]
    assert [event.header.name for event in rig.events()] == ["ListUsers"]


@pytest.mark.parametrize("fault", [Fault.FULL, Fault.UNAVAILABLE, Fault.BUSY])
def test_a_write_that_cannot_be_intended_is_refused_and_never_sent(rig: Rig, fault: Fault) -> None:
    rig.journal.fault = fault
    response = rig.create_user()
    assert response.status == 503
    assert b"cannot be recorded" in (response.body if isinstance(response.body, bytes) else b"")
    assert rig.upstream.asked == []
    rig.journal.fault = None
    assert rig.create_user().status == 200


def test_a_write_whose_outcome_cannot_be_recorded_is_not_answered_as_done(rig: Rig) -> None:
    def then_the_journal_fails() -> Response:
        rig.journal.fault = Fault.FULL
        return Response(200, Headers([("content-type", "text/xml")]), CREATE_USER)

    rig.upstream.answer = then_the_journal_fails
    assert rig.create_user().status == 503
    rig.journal.fault = None
    assert [event.header.kind for event in rig.events()] == [Kind.INTENT]  # which the resolver will make an event


def test_where_failure_is_allowed_the_call_goes_on(tmp_path: Path, clock: TestClock) -> None:
    rig = make(tmp_path, clock, on_failure="allow")
    rig.journal.fault = Fault.FULL
    assert rig.create_user().status == 200
    assert len(rig.upstream.asked) == 1
    rig.journal.fault = None
    assert rig.events() == []


def test_data_events_are_recorded_only_where_somebody_selects_them(rig: Rig) -> None:
    rig.call(method="PUT", path="/bucket/key", body=b"x", **signed("s3"))
    assert rig.events() == []
    rig.wants_data = True
    rig.call(method="PUT", path="/bucket/key", body=b"xyz", **signed("s3"))
    (event,) = rig.events()
    assert (event.header.category, event.header.kind) == ("Data", Kind.EVENT)
    assert event.parse()["requestParameters"] == {"bucketName": "bucket", "Host": "localhost", "key": "key"}
    assert event.parse()["additionalEventData"]["bytesTransferredIn"] == 3


def streamed(rig: Rig, parts: list[bytes], released: list[int]) -> Callable[[], Response]:
    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            released.append(len(rig.events()))
            yield part

    return lambda: Response(200, Headers([("content-length", str(sum(map(len, parts))))]), body())


def test_the_last_part_of_a_streamed_reply_waits_for_the_record(tmp_path: Path, clock: TestClock) -> None:
    rig = make(tmp_path, clock, data_events="all")
    rig.upstream.answer = streamed(rig, [b"one", b"two", b"three"], [])
    seen: list[tuple[bytes, int]] = []

    async def read() -> None:
        response = await rig.gateway.answer(request("GET", "/bucket/key", b"", signed("s3")))
        assert not isinstance(response.body, bytes)
        async for part in response.body:
            seen.append((part, len(rig.events())))

    asyncio.run(read())
    assert seen == [(b"one", 0), (b"two", 0), (b"three", 1)]
    assert rig.events()[0].parse()["additionalEventData"]["bytesTransferredOut"] == 11


def test_a_streamed_reply_that_cannot_be_recorded_breaks_off(tmp_path: Path, clock: TestClock) -> None:
    rig = make(tmp_path, clock, data_events="all")
    rig.upstream.answer = streamed(rig, [b"one", b"two"], [])
    rig.journal.fault = Fault.FULL
    seen = []

    async def read() -> None:
        response = await rig.gateway.answer(request("GET", "/bucket/key", b"", signed("s3")))
        assert not isinstance(response.body, bytes)
        async for part in response.body:
            seen.append(part)

    with pytest.raises(Exception, match="cannot be recorded"):
        asyncio.run(read())
    assert seen == [b"one"]


def test_an_upstream_that_is_away_is_503_and_recorded(rig: Rig) -> None:
    def away() -> Response:
        raise UpstreamUnavailable("http://127.0.0.1:9: refused")

    rig.upstream.answer = away
    assert rig.create_user().status == 503
    record = rig.events()[-1].parse()
    assert record["errorCode"] == "ServiceUnavailable"
    assert record["responseElements"] is None


def test_a_fault_of_ours_is_an_answer_and_a_record(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Response:
        raise RuntimeError("a bug")

    rig.upstream.answer = broken
    assert rig.create_user().status == 500
    assert rig.events()[-1].parse()["errorCode"] == "InternalFailure"
    assert "a bug" in caplog.text


def test_where_the_saved_state_is_away_a_call_may_be_tried_again(rig: Rig, tmp_path: Path) -> None:
    """A lock that somebody keeps, a full disk."""
    with sqlite3.connect(tmp_path / "held.db") as held:
        held.execute("BEGIN EXCLUSIVE")
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'held.db'}", connect_args={"timeout": 0})

        def locked() -> Response:
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT * FROM sqlite_schema"))
            raise AssertionError("it is held")

        rig.upstream.answer = locked
        assert rig.create_user().status == 503
    held.close()
    engine.dispose()
    assert rig.events()[-1].parse()["errorCode"] == "ServiceUnavailable"


def test_headers_that_steer_engines_go_no_further(rig: Rig) -> None:
    passed: list[Headers] = []

    async def send(call: Call) -> Response:
        passed.append(call.request.headers)
        return Response(200, Headers(), b"{}")

    rig.upstream.send = send  # type: ignore[method-assign] # to look at the call
    asked = request(
        "POST",
        "/",
        b"{}",
        signed("kms") | {"x_amz_target": "TrentService.ListKeys", "content_type": "application/x-amz-json-1.1"},
    )
    for name in ("x-moto-account-id", "X-Cairn-Secret", "x_moto_account_id", "x-cairn_question"):
        asked.headers.add(name.lower(), "guess")
    asyncio.run(rig.answered(asked))
    assert [value for _, value in passed[0] if value == "guess"] == []


def test_what_cannot_be_told_is_refused_and_recorded(rig: Rig) -> None:
    response = rig.call(
        body=b"{}",
        **signed("kms"),
        x_amz_target="TrentService.MakeCoffee",
        content_type="application/x-amz-json-1.1",
    )
    assert response.status == 400
    assert json.loads(response.body if isinstance(response.body, bytes) else b"")["__type"].endswith(
        "UnknownOperationException"
    )
    assert rig.upstream.asked == []
    assert rig.events()[-1].parse()["eventSource"] == "kms.amazonaws.com"
