"""Addresses inside, asked for by those who may name a server: subscribers of topics, API destinations and their
authorization endpoints. A server of the test's listens on this machine and must not be met.

Also tried elsewhere: what is refused when it is put (tests/eventbridge/connections/test_destinations.py), servers that
go on answering (tests/cloudwatch/sns/test_http_endpoint.py), line breaks of events in headers and that statuses of
redirections are final (tests/eventbridge/connections/test_sending.py).
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.eventbridge.connections.rig import Rig, oauth
from tests.eventbridge.connections.server import Server, serving

from cairn.cloudwatch.sns.endpoints import EndpointError
from cairn.cloudwatch.sns.http_endpoint import HttpEndpoints
from cairn.core.clock import TestClock
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.wire.outgoing import REPLY_BYTES_MAX, Outgoing, OutgoingError, is_private

EVENT = b'{"detail":{"a":1}}'
REDIRECTIONS = (300, 301, 302, 303, 307, 308)

INSIDE = (
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "localhost",
    "user@127.0.0.1",
    "example.com@127.0.0.1",
    "example.com%40@127.0.0.1",
    "example.com\\@127.0.0.1",
    "[::1]",
    "[::]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::169.254.169.254]",
    "[fe80::1%lo]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[5f00::1]",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "172.31.0.1",
    "192.0.0.192",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    made = Rig(tmp_path, clock)
    yield made
    made.close()


def strict(whole_s: float = 5.0) -> Outgoing:
    return Outgoing(allow_private=False, setting="a.setting", whole_s=whole_s)


@pytest.mark.parametrize("host", INSIDE)
def test_no_spelling_of_an_inner_address_is_asked(server: Server, host: str) -> None:
    with pytest.raises(OutgoingError, match=r"is at a private address, which a\.setting allows") as refused:
        strict().request("GET", f"http://{host}:{urlsplit(server.url).port}/latest/meta-data/", {})
    assert refused.value.refused
    assert server.seen == []


@pytest.mark.parametrize("address", ["8.8.8.8", "192.1.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::"])
def test_outer_addresses_are_not_taken_for_inner_ones(address: str) -> None:
    assert not is_private(address)


def test_a_name_that_changes_its_mind_is_asked_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name stood for when it was looked at is what is called: an address of nobody, not the one it has next."""
    port = urlsplit(server.url).port
    answers = ["93.184.216.34", "127.0.0.1"]
    asked = []

    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(OutgoingError):
        strict(whole_s=0.3).request("GET", f"http://rebinds.example.com:{port}/", {})
    assert asked == ["rebinds.example.com"]
    assert server.seen == []


def test_of_a_name_with_both_only_outer_addresses_are_tried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    port = urlsplit(server.url).port
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(OutgoingError) as failed:
        strict(whole_s=0.3).request("GET", f"http://both.example.com:{port}/", {})
    assert not failed.value.refused
    assert server.seen == []


@pytest.mark.parametrize("status", REDIRECTIONS)
def test_nobody_is_sent_on_to_another_server(rig: Rig, server: Server, status: int) -> None:
    with serving() as inner:
        onward = {"location": f"{inner.url}/latest/meta-data/"}
        server.answers = [(status, onward), (status, onward)]
        with pytest.raises(DeliveryError, match=f"answered {status}") as failed:
            rig.sender.send(rig.destination(server.url, rig.connect()), EVENT, EVENT, {})
        assert failed.value.final
        with pytest.raises(EndpointError, match=f"answered {status}"):
            HttpEndpoints(allow_private=True).post(server.url, b"{}", {})
        assert len(server.seen) == 2
        assert inner.seen == []


def test_no_authorization_endpoint_sends_on(rig: Rig, server: Server) -> None:
    """The client's secret would go along."""
    with serving() as inner:
        given = oauth(server)
        given["OAuthParameters"]["AuthorizationEndpoint"] = f"{server.url}/elsewhere"
        server.answers = [(307, {"location": f"{inner.url}/token"})]
        arn = rig.destination(f"{server.url}/guarded", rig.connect("OAUTH_CLIENT_CREDENTIALS", **given))
        with pytest.raises(DeliveryError, match="the authorization endpoint answered 307"):
            rig.sender.send(arn, EVENT, EVENT, {})
        assert (inner.seen, inner.asked) == ([], [])


def test_an_authorization_endpoint_inside_is_not_asked(rig: Rig, server: Server) -> None:
    arn = rig.destination(f"{server.url}/guarded", rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server)))
    rig.sender = rig.new_sender(allow_private=False)
    with pytest.raises(DeliveryError, match="private address"):
        rig.sender.send(arn, EVENT, EVENT, {})
    assert (server.asked, server.seen) == ([], [])
    rig.authorizer.step()  # the worker authorizes connections that are new
    assert server.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1"])
def test_what_names_an_inner_address_by_its_looks_is_refused_when_it_is_put(
    rig: Rig, server: Server, host: str
) -> None:
    given = oauth(server)
    given["OAuthParameters"]["AuthorizationEndpoint"] = f"https://{host}/token"
    refused = rig.strict().refusal(
        "CreateConnection", Name="inner", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=given
    )
    assert "private address" in refused
    made = rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server))
    settings = {"ConnectionArn": made, "HttpMethod": "POST", "InvocationEndpoint": f"https://{host}/"}
    assert "private address" in rig.strict().refusal("CreateApiDestination", Name="inner", **settings)
    rig.destination("https://example.com/", made)
    refused = rig.strict().refusal("UpdateApiDestination", Name="d", InvocationEndpoint=f"https://{host}/")
    assert "private address" in refused
    assert "private address" in rig.strict().refusal("UpdateConnection", Name="c", AuthParameters=given)


def test_no_event_chooses_the_host(rig: Rig, server: Server) -> None:
    """Values that an event gives stand in the path and the query, whatever they are."""
    arn = rig.destination(f"{server.url}/of/*", rig.connect())
    for value in ("/../../x", "@127.0.0.1:1/", "?a=b#c", "\r\nHost: inner\r\n\r\n", "//inner/", "\\inner", "%2e%2e%2f"):
        event = b'{"detail":' + f"{value!r}".replace("'", '"').encode() + b"}"
        target = {"PathParameterValues": ["$.detail"], "QueryStringParameters": {"q": "$.detail"}}
        rig.sender.send(arn, EVENT, event, target)
        seen = server.seen[-1]
        assert seen.headers["host"] == urlsplit(server.url).netloc
        assert seen.path.startswith("/of/")
        assert seen.path.count("/") == 2
    assert len(server.seen) == 7


@pytest.mark.parametrize("name", ["Host", "host", "HOST ", "X\r\nHost", "Host:", "Transfer-Encoding", "Content-Length"])
def test_no_header_speaks_to_another_server_or_of_another_body(rig: Rig, server: Server, name: str) -> None:
    arn = rig.destination(server.url, rig.connect())
    try:
        rig.sender.send(arn, EVENT, EVENT, {"HeaderParameters": {name: "inner\r\n\r\nGET /second HTTP/1.1"}})
    except DeliveryError as error:
        assert (error.code, error.final) == ("INVALID_PARAMETER", True)
    for seen in server.seen:
        assert seen.headers["host"] == urlsplit(server.url).netloc
        assert (seen.path, seen.body) in (("", EVENT), ("/", EVENT))
    assert len(server.seen) <= 1


@pytest.fixture
def flooding() -> Iterator[str]:
    """A server whose answer never ends."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1 << 16)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
                while True:
                    connection.sendall(b"x" * (1 << 20))
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    thread.join(10)
    assert not thread.is_alive()
    listening.close()


def test_of_an_answer_without_end_a_little_is_read(flooding: str) -> None:
    answer = Outgoing(allow_private=True, setting="a.setting").request("GET", flooding, {})
    assert len(answer.body) == REPLY_BYTES_MAX


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"x-%d: y\r\n" % number for number in range(10_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (1 << 20) + b"\r\n\r\n",
        b"HTTP/1.1 " + b"2" * (1 << 20) + b"\r\n\r\n",
        b"\x00" * 100_000,
    ],
)
def test_heads_that_are_too_large_are_no_answers(head: bytes) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1 << 16)
            with contextlib.suppress(OSError):
                connection.sendall(head)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    with pytest.raises(OutgoingError, match="no answer"):
        Outgoing(allow_private=True, setting="a.setting").request("GET", url, {})
    thread.join(10)
    listening.close()
