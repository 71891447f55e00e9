"""Issuers are asked for their keys seldom, and only as far as they may be."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.gateway.federation.providers import TokenIssuer

from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.gateway.federation.issuers import ASK_AGAIN_S, KEEP_S, Issuers
from cairn.wire.outgoing import Answer, Outgoing, OutgoingError


class Network(Outgoing):
    """One issuer on it."""

    def __init__(self) -> None:
        self.issuer = TokenIssuer()
        self.asked: list[str] = []
        self.away = False
        self.status = 200
        self.changes: dict[str, object] = {}

    def request(self, method: str, url: str, headers: object, body: bytes | None = None) -> Answer:
        self.asked.append(url)
        if self.away:
            raise OutgoingError("no connection")
        path = "/" + url.removeprefix("https://").partition("/")[2]
        document = self.issuer.documents()[path]
        if "issuer" in document:
            document |= self.changes
        return Answer(self.status, {}, json.dumps(document).encode())


@pytest.fixture
def network() -> Network:
    return Network()


def keys(issuers: Issuers, network: Network, *, anew: bool = False) -> bytes:
    return asyncio.run(issuers.keys(network.issuer.address, anew=anew))


def test_keys_are_kept_for_a_while(network: Network, clock: TestClock) -> None:
    issuers = Issuers(network, clock)
    assert keys(issuers, network) == network.issuer.key_set() == keys(issuers, network)
    assert network.asked == [f"{network.issuer.url}/.well-known/openid-configuration", f"{network.issuer.url}/keys"]
    clock.advance(KEEP_S)
    keys(issuers, network)
    assert len(network.asked) == 4


def test_an_unknown_key_asks_again_but_not_for_every_token(network: Network, clock: TestClock) -> None:
    issuers = Issuers(network, clock)
    before = keys(issuers, network)
    network.issuer = TokenIssuer()
    assert keys(issuers, network, anew=True) == before, "it was asked just now"
    clock.advance(ASK_AGAIN_S)
    assert keys(issuers, network, anew=True) == network.issuer.key_set() == keys(issuers, network)


def test_many_at_once_ask_once(network: Network, clock: TestClock) -> None:
    issuers = Issuers(network, clock)

    async def many() -> list[bytes]:
        return await asyncio.gather(*(issuers.keys(network.issuer.address) for _ in range(20)))

    assert len(set(asyncio.run(many()))) == 1
    assert len(network.asked) == 2


def test_one_that_does_not_answer_is_asked_again_later(network: Network, clock: TestClock) -> None:
    issuers = Issuers(network, clock)
    network.away = True
    for _ in range(3):
        with pytest.raises(AwsError, match="IDPCommunicationError"):
            keys(issuers, network)
    assert len(network.asked) == 1
    network.away = False
    clock.advance(ASK_AGAIN_S)
    assert keys(issuers, network) == network.issuer.key_set()


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example.com"},
        {"jwks_uri": "http://token.example.com/id/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
)
def test_what_is_another_s_configuration_is_not_followed(
    network: Network, clock: TestClock, changes: dict[str, object]
) -> None:
    network.changes = changes
    with pytest.raises(AwsError, match="verification key"):
        keys(Issuers(network, clock), network)
    assert len(network.asked) == 1


def test_failures_and_redirections_are_no_keys(network: Network, clock: TestClock) -> None:
    for network.status in (302, 404, 500):
        with pytest.raises(AwsError, match="verification key"):
            keys(Issuers(network, clock), network)
