"""What a command makes of a server that says no, or nothing that Cairn would say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cairn.cli.server import Server
from cairn.cli.verifying import ask, place_of_trail
from cairn.cloudtrail.trail import TrailId
from cairn.core.errors import AwsError, CairnError, Refused, Unreachable
from cairn.gateway.admin import refusal, whole
from cairn.wire.signing import Credentials

REFUSAL = refusal(AwsError("ValidationException", "there is no field 'nmae'", 400, advice="Did you mean name?"))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/_cairn/search":
            self.send_response(302)
            self.end_headers()
            self.wfile.write(b"<html>\n")
            return
        self.send_response(REFUSAL.status)
        self.end_headers()
        assert isinstance(REFUSAL.body, bytes)
        self.wfile.write(REFUSAL.body)

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"Trail": {}, "PublicKeyList": [1]}')

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[Server]:
    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield Server(f"http://127.0.0.1:{http.server_port}", Credentials("AKIAIOSFODNN7EXAMPLE", "x"), "us-east-1")
        http.shutdown()
        thread.join()


def test_the_servers_advice_is_advice_here(refusing: Server) -> None:
    with pytest.raises(Refused) as caught:
        refusing.get("search")
    assert caught.value.message == "the server answered 400: there is no field 'nmae'"
    assert caught.value.advice == "Did you mean name?"


def test_what_is_no_cairn_is_said_to_be_none(refusing: Server) -> None:
    for asked in (lambda: refusing.get("status"), lambda: list(refusing.stream("tail"))):
        with pytest.raises(Unreachable, match="is no Cairn") as caught:
            asked()
        assert "--endpoint" in caught.value.advice


def test_an_answer_of_another_kind_is_none(refusing: Server) -> None:
    with pytest.raises(Unreachable, match="is no Cairn"):
        place_of_trail(refusing, TrailId("111122223333", "us-east-1", "audit"))
    with pytest.raises(Unreachable, match="is no Cairn"):
        ask(refusing)("us-east-1")


@pytest.mark.parametrize("number", ["", "-1", "²", "1" * 19, "9" * 5000])
def test_numbers_in_queries_have_an_end(number: str) -> None:
    assert whole("1" * 18, "events") == int("1" * 18)
    with pytest.raises(CairnError, match="is no number of events"):
        whole(number, "events")
