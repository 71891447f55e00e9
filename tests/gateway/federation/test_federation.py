"""Strangers who come with tokens wait for each other, and for nobody else."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.gateway.entered_roles import BY_SAML, Entry
from cairn.gateway.federation import Federation, federation
from cairn.wire.outgoing import Outgoing

ROLE, PROVIDER = "arn:aws:iam::000000000000:role/staff", "arn:aws:iam::000000000000:saml-provider/company"


class Slow:
    """An account that answers when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()

    def token_audiences(self, arn: str) -> list[str] | None:
        raise AssertionError("no token is sent")

    def assertion_metadata(self, arn: str) -> str | None:
        self.let.wait(30)
        return None


def test_more_than_a_number_of_them_are_told_to_come_again(clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(federation, "CHECKING_MAX", 3)
    slow = Slow()
    checked = Federation(slow, Outgoing(allow_private=False, setting=""), clock)
    entry = Entry(BY_SAML, ROLE, PROVIDER, token="AAAA")

    async def come() -> list[str]:
        waiting = [asyncio.create_task(checked.check(entry)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(AwsError, match="Throttling"):
            await checked.check(entry)
        slow.let.set()
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(AwsError, match="provider doesn't exist"):
            await checked.check(entry)
        return [str(error) for error in refused]

    assert asyncio.run(come()) == ["InvalidIdentityToken: Specified provider doesn't exist"] * 3


def test_cognito_gives_no_token(clock: TestClock) -> None:
    checked = Federation(Slow(), Outgoing(allow_private=False, setting=""), clock)
    asyncio.run(checked.check(Entry("sts:AssumeRoleWithWebIdentity", ROLE, "cognito-identity.amazonaws.com")))
    with pytest.raises(AwsError, match="not a valid JWT"):
        asyncio.run(checked.check(Entry("sts:AssumeRoleWithWebIdentity", ROLE, "accounts.google.com", token="")))
