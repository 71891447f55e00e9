"""Issuers are asked for their keys seldom, and only as far as they may be."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref

import pytest
from joserfc.jwk import KeySet
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


def keys(issuers: Issuers, network: Network, *, anew: bool = False) -> list[str | None]:
    """The ids of the issuer's keys."""
    return [key.kid for key in asyncio.run(issuers.keys(network.issuer.address, anew=anew)).keys]


def published(network: Network) -> list[str | None]:
    return [key.kid for key in network.issuer.keys]


def test_keys_are_kept_for_a_while(network: Network, clock: TestClock) -> None:
    issuers = Issuers(network, clock)
    assert keys(issuers, network) == published(network) == keys(issuers, network)
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
    assert keys(issuers, network, anew=True) == published(network) == keys(issuers, network)


def test_many_at_once_ask_once(network: Network, clock: TestClock) -> None:
    issuers = Issuers(network, clock)

    async def many() -> list[KeySet]:
        return await asyncio.gather(*(issuers.keys(network.issuer.address) for _ in range(20)))

    assert len(set(map(id, asyncio.run(many())))) == 1
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
    assert keys(issuers, network) == published(network)


def test_one_that_fails_when_it_is_asked_anew_is_believed_as_before(network: Network, clock: TestClock) -> None:
    """Strangers with unknown keys make it be asked."""
    issuers = Issuers(network, clock)
    before = keys(issuers, network)
    network.away = True
    clock.advance(ASK_AGAIN_S)
    assert keys(issuers, network, anew=True) == before == keys(issuers, network)
    clock.advance(KEEP_S)
    with pytest.raises(AwsError, match="IDPCommunicationError"):
        keys(issuers, network)


def test_a_failure_keeps_nothing_of_who_met_it(network: Network, clock: TestClock) -> None:
    class Body:
        pass

    issuers = Issuers(network, clock)
    network.away = True
    left: list[weakref.ref[Body]] = []

    async def call() -> None:
        body = Body()
        left.append(weakref.ref(body))
        await issuers.keys(network.issuer.address)

    for _ in range(3):
        with pytest.raises(AwsError):
            asyncio.run(call())
    gc.collect()
    assert [body for body in left if body() is not None] == []


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
