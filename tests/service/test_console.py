"""The console's joints, where the account answers what it seldom does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cairn.account.moto.questions import NotFound
from cairn.console.exchange import Visit
from cairn.console.keys import Key
from cairn.console.sessions import Person
from cairn.core.clock import TestClock
from cairn.core.config import Settings, VpcEndpoint
from cairn.core.errors import AwsError
from cairn.core.folder import Administrator, DataFolder
from cairn.core.records.identity import root
from cairn.gateway.replies import Outcome
from cairn.gateway.vpc_endpoints import VpcEndpoints
from cairn.service.console import AccountPeople, PolicyRights
from cairn.wire.http import Call, Headers, Request

ACCOUNT = "000000000000"


class KeyIsGone:
    """An account whose administrator's key was deleted."""

    def access_key(self, access_key_id: str) -> Any:
        raise NotFound(f"no access key {access_key_id}")


def test_without_the_administrators_key_nobody_is_root(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    key = {"access_key_id": "AKIAGONE", "secret_access_key": "secret"}
    folder.save(Administrator(account=ACCOUNT, region="us-east-1", user_name="administrator", **key))
    people = AccountPeople(KeyIsGone(), folder, Settings())  # type: ignore[arg-type] # as much of it as is asked
    assert people.roots_key(ACCOUNT) is None


class EverybodyMay:
    async def authorize(self, call: Call) -> None:
        pass


class Recorded:
    """What was recorded: the endpoint that calls came through, and their errors."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    async def record_of(self, call: Call, outcome: Outcome) -> None:
        self.calls.append((call.vpc_endpoint_id, outcome.reply.error_code))


def test_a_vpc_endpoints_policy_is_asked_of_the_event_history_too(tmp_path: Path, clock: TestClock) -> None:
    policy = tmp_path / "policy.json"
    denied = {"Effect": "Deny", "Principal": "*", "Action": "cloudtrail:LookupEvents", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    settings = Settings(vpc_endpoints={"vpce-0a1b": VpcEndpoint(networks=["192.0.2.0/24"], policy=str(policy))})
    recorded = Recorded()
    endpoints = VpcEndpoints(settings, clock, special={})
    rights = PolicyRights(EverybodyMay(), endpoints, recorded)  # type: ignore[arg-type] # as much of them as is asked
    person = Person("", *[Key("ASIA", "", root(ACCOUNT, "ASIA"))] * 2, csrf="", created=0.0, expires=0.0)

    def look(address: str) -> None:
        visit = Visit(Request("GET", "/console/api/events", "", Headers(), None, address), "/events")  # type: ignore[arg-type]
        asyncio.run(rights.look_up(visit, person))

    look("198.51.100.1")
    with pytest.raises(AwsError, match="AccessDenied"):
        look("192.0.2.7")
    assert recorded.calls == [("", ""), ("vpce-0a1b", "AccessDeniedException")]
