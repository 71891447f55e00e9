"""Calling API destinations: a server that stands still, one that says no, and tokens of a real authorization."""

from __future__ import annotations

import json

import pytest
from tests.eventbridge.connections.rig import Rig, oauth
from tests.eventbridge.connections.server import Server

from cairn.core.clock import TestClock
from cairn.eventbridge.connections.pacing import Pace
from cairn.eventbridge.deliveries.endpoints import DeliveryError

EVENT = b'{"detail":{"a":1}}'


def failure(rig: Rig, arn: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        rig.sender.send(arn, EVENT, EVENT, {})
    return failed.value


def test_a_server_gets_the_payload_with_everything_that_is_added_to_it(rig: Rig, server: Server) -> None:
    http = {
        "HeaderParameters": [{"Key": "X-Of", "Value": "the connection"}],
        "QueryStringParameters": [{"Key": "q", "Value": "ä"}],
        "BodyParameters": [{"Key": "more", "Value": "m"}],
    }
    arn = rig.destination(f"{server.url}/users/*", rig.connect("BASIC", InvocationHttpParameters=http), "PUT")
    target = {"PathParameterValues": ["a/b"], "HeaderParameters": {"X-Target": "$.detail.a"}}
    rig.sender.send(arn, EVENT, b'{"detail":{"a":12.50}}', target)
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.query) == ("PUT", "/users/a%2Fb", {"q": ["ä"]})
    assert json.loads(seen.body) == {"detail": {"a": 1}, "more": "m"}
    assert seen.headers["x-of"] == "the connection"
    assert seen.headers["x-target"] == "12.50"
    assert seen.headers["authorization"].startswith("Basic ")
    assert seen.headers["content-length"] == str(len(seen.body))


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_every_method_can_be_used(rig: Rig, server: Server, method: str) -> None:
    rig.sender.send(rig.destination(server.url, rig.connect(), method), EVENT, EVENT, {})
    assert [seen.method for seen in server.seen] == [method]


@pytest.mark.parametrize(
    ("status", "final"),
    [
        (302, True),
        (400, True),
        (403, True),
        (404, True),
        (413, True),
        (409, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_what_a_server_answers_says_whether_it_is_tried_again(
    rig: Rig, server: Server, status: int, final: bool
) -> None:
    arn = rig.destination(server.url, rig.connect())
    server.answers = [(status, {"location": "/elsewhere"})]
    failed = failure(rig, arn)
    assert failed.code == "ERROR_FROM_TARGET"
    assert failed.final is final
    assert rig.state_of() == "AUTHORIZED"
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("999999999", 86400.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0.0),
        ("soon", 0.0),
        ("-1", 0.0),
    ],
)
def test_a_server_may_ask_to_be_left_alone_for_a_while(rig: Rig, server: Server, header: str, seconds: float) -> None:
    arn = rig.destination(server.url, rig.connect())
    server.answers = [(503, {"retry-after": header})]
    assert failure(rig, arn).retry_after_s == seconds


def test_a_server_that_does_not_answer_in_time_is_tried_again(rig: Rig, server: Server) -> None:
    arn = rig.destination(server.url, rig.connect())
    rig.sender = rig.new_sender(whole_s=0.3)
    server.hold.clear()
    failed = failure(rig, arn)
    assert (failed.code, failed.final, failed.unreachable) == ("TIMEOUT", False, True)


def test_a_server_that_is_not_there_is_tried_again(rig: Rig) -> None:
    failed = failure(rig, rig.destination("http://127.0.0.1:1/", rig.connect()))
    assert (failed.code, failed.final, failed.unreachable) == ("CONNECTION_FAILURE", False, True)


def test_private_addresses_are_never_asked_unless_that_is_allowed(rig: Rig, server: Server) -> None:
    arn = rig.destination(server.url, rig.connect())
    rig.sender = rig.new_sender(allow_private=False)
    failed = failure(rig, arn)
    assert (failed.code, failed.final) == ("INVALID_PARAMETER", True)
    assert server.seen == []


def test_what_is_not_there_is_not_tried_again(rig: Rig, server: Server) -> None:
    arn = rig.destination(server.url, rig.connect())
    assert failure(rig, arn + "x").code == "NO_RESOURCE"
    rig.call("DeleteConnection", Name="c")
    failed = failure(rig, arn)
    assert (failed.code, failed.final) == ("NO_RESOURCE", True)


def test_a_password_that_is_refused_is_not_shown_around(rig: Rig, server: Server) -> None:
    arn = rig.destination(server.url, rig.connect("BASIC"))
    server.answers = [(401, {})]
    failed = failure(rig, arn)
    assert not failed.final
    assert rig.state_of() == "DEAUTHORIZED"
    failed = failure(rig, arn)
    assert (failed.code, failed.final) == ("NO_PERMISSIONS", False)
    assert len(server.seen) == 1
    rig.call("UpdateConnection", Name="c", AuthParameters={"BasicAuthParameters": {"Password": "another"}})
    rig.sender.send(arn, EVENT, EVENT, {})
    assert len(server.seen) == 2


def test_no_error_shows_a_secret(rig: Rig, server: Server) -> None:
    http = {"QueryStringParameters": [{"Key": "q", "Value": "secret"}]}
    odd = {"ApiKeyAuthParameters": {"ApiKeyName": "ä", "ApiKeyValue": "secret"}}
    arns = [
        rig.destination("http://127.0.0.1:1/", rig.connect(name="away", InvocationHttpParameters=http), name="away"),
        rig.destination(server.url, rig.connect(name="odd", **odd), name="odd"),
    ]
    for arn in arns:
        assert "secret" not in str(failure(rig, arn))
    arn = rig.destination(server.url, rig.connect(), name="lines")
    with pytest.raises(DeliveryError) as failed:
        rig.sender.send(arn, EVENT, b'{"a":"secret\\r\\nX-Other: mine"}', {"HeaderParameters": {"h": "$.a"}})
    assert (failed.value.code, failed.value.final) == ("INVALID_PARAMETER", True)
    assert "secret" not in str(failed.value)
    assert server.seen == []


def test_calls_keep_to_the_rate(rig: Rig, server: Server, clock: TestClock) -> None:
    arn = rig.destination(server.url, rig.connect(), InvocationRateLimitPerSecond=10)
    began = clock.monotonic()
    for _ in range(5):
        rig.sender.send(arn, EVENT, EVENT, {})
    assert clock.monotonic() - began == pytest.approx(0.4)


def test_a_call_whose_turn_is_far_off_is_put_off(clock: TestClock) -> None:
    pace = Pace(clock)
    assert [pace.wait_s(1, 1, 2.0) for _ in range(4)] == [(True, 0.0), (True, 1.0), (True, 2.0), (False, 3.0)]
    assert pace.wait_s(2, 1, 2.0) == (True, 0.0)
    clock.advance(3.0)
    assert pace.wait_s(1, 1, 2.0) == (True, 0.0)


def test_nobody_waits_for_a_turn_once_it_is_closed(rig: Rig, server: Server) -> None:
    arn = rig.destination(server.url, rig.connect(), InvocationRateLimitPerSecond=1)
    rig.sender.send(arn, EVENT, EVENT, {})
    rig.sender.close()
    failed = failure(rig, arn)
    assert (failed.code, failed.final) == ("THROTTLING", False)
    assert len(server.seen) == 1


class TestTokens:
    @pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
    def test_a_token_is_asked_for_once_and_used_until_it_expires(
        self, rig: Rig, server: Server, clock: TestClock, method: str
    ) -> None:
        arn = self.guarded(rig, server, method)
        for _ in range(3):
            rig.sender.send(arn, EVENT, EVENT, {})
        assert [each.method for each in server.asked] == [method]
        assert rig.state_of() == "AUTHORIZED"
        clock.advance(3600 - 60 + 1)
        rig.sender.send(arn, EVENT, EVENT, {})
        assert len(server.asked) == 2
        assert [each.headers["authorization"] for each in server.seen] == ["Bearer token-1"] * 3 + ["Bearer token-2"]

    def test_one_that_is_refused_is_replaced_once(self, rig: Rig, server: Server) -> None:
        arn = self.guarded(rig, server)
        rig.sender.send(arn, EVENT, EVENT, {})
        server.token = "another one"
        rig.sender.send(arn, EVENT, EVENT, {})
        assert len(server.asked) == 2
        server.answers = [(401, {}), (401, {})]
        failed = failure(rig, arn)
        assert (failed.code, failed.final) == ("ERROR_FROM_TARGET", False)
        assert len(server.asked) == 3
        assert rig.state_of() == "AUTHORIZED"

    def test_changed_credentials_need_another_token(self, rig: Rig, server: Server) -> None:
        arn = self.guarded(rig, server)
        rig.sender.send(arn, EVENT, EVENT, {})
        rig.call("UpdateConnection", Name="c", AuthParameters=oauth(server))
        rig.sender.send(arn, EVENT, EVENT, {})
        assert len(server.asked) == 2

    def test_credentials_that_are_denied_take_the_authorization_away_until_they_are_not(
        self, rig: Rig, server: Server
    ) -> None:
        arn = self.guarded(rig, server)
        server.token_status = 400
        failed = failure(rig, arn)
        assert (failed.code, failed.final) == ("NO_PERMISSIONS", False)
        assert rig.state_of() == "DEAUTHORIZED"
        server.token_status = 200
        rig.sender.send(arn, EVENT, EVENT, {})
        assert rig.state_of() == "AUTHORIZED"

    def test_a_server_of_tokens_that_is_away_takes_nothing_away(self, rig: Rig, server: Server) -> None:
        arn = self.guarded(rig, server)
        rig.authorizer.step()
        rig.sender = rig.new_sender()
        server.token_status = 500
        assert not failure(rig, arn).final
        assert rig.state_of() == "AUTHORIZED"

    def test_more_can_be_said_when_a_token_is_asked_for(self, rig: Rig, server: Server) -> None:
        http = {
            "HeaderParameters": [{"Key": "X-H", "Value": "h"}],
            "QueryStringParameters": [{"Key": "q", "Value": "v"}],
            "BodyParameters": [{"Key": "audience", "Value": "me & you"}],
        }
        arn = rig.destination(f"{server.url}/guarded", rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server, **http)))
        rig.sender.send(arn, EVENT, EVENT, {})
        (asked,) = server.asked
        assert asked.headers["x-h"] == "h"
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert asked.query == {"q": ["v"]}
        assert b"audience=me%20%26%20you" in asked.body

    def guarded(self, rig: Rig, server: Server, method: str = "POST") -> str:
        connection = rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server, method))
        return rig.destination(f"{server.url}/guarded", connection)
