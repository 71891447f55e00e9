"""Trails that write to Cairn's own log groups: as CloudTrail, by the role that the trail names, each event once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cairn.cloudtrail.log_groups import LogGroupError, TrailStream
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.store import LogStore
from cairn.cloudwatch.logs.tables import LOGS
from cairn.core.clock import TestClock
from cairn.core.state import State
from cairn.service.log_groups import ASKED_S, OwnLogGroups

GROUP = GroupId("111122223333", "us-east-1", "audit")
STREAM = "111122223333_CloudTrail_us-east-1"
ROLE = "arn:aws:iam::111122223333:role/writer"
SOURCE = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"


class Roles:
    """One role, and what it may."""

    def __init__(self) -> None:
        self.allowed = {"logs:CreateLogStream", "logs:PutLogEvents"}
        self.trusting = {SOURCE}

    def trusts(self, role: str, source: str) -> bool:
        return role == ROLE and source in self.trusting

    def may(self, role: str, action: str, resource: str) -> bool:
        return role == ROLE and action in self.allowed and resource == GROUP.stream_arn(STREAM)


@pytest.fixture
def roles() -> Roles:
    return Roles()


@pytest.fixture
def store(tmp_path: Path, clock: TestClock) -> Iterator[LogStore]:
    state = State.in_folder(tmp_path, LOGS)
    state.migrate()
    yield LogStore(state, clock)
    state.close()


@pytest.fixture
def ours(store: LogStore, roles: Roles, clock: TestClock) -> OwnLogGroups:
    return OwnLogGroups(store, roles, clock)


def put(ours: OwnLogGroups, *records: bytes, position: int) -> None:
    stream = TrailStream(group=GROUP.arn, name=STREAM, role=ROLE, source=SOURCE)
    ours.put(stream, records, reader="trail 1", position=position)


def messages(store: LogStore) -> list[str]:
    return [event.message for event in store.read(GROUP)]


def test_records_are_written_once_to_a_stream_that_is_made(ours: OwnLogGroups, store: LogStore) -> None:
    store.groups.create(GROUP)
    assert ours.exists(GROUP.arn)
    put(ours, b'{"a":1}', '{"b":"ü"}'.encode(), position=7)
    put(ours, b'{"a":1}', position=7)
    put(ours, b'{"c":3}', position=8)
    assert messages(store) == ['{"a":1}', '{"b":"ü"}', '{"c":3}']
    assert ours.position_of("trail 1") == 8
    assert {event.stream for event in store.read(GROUP)} == {STREAM}


def test_a_group_that_is_gone_is_told(ours: OwnLogGroups) -> None:
    assert not ours.exists(GROUP.arn)
    with pytest.raises(LogGroupError) as refused:
        put(ours, b"{}", position=1)
    assert refused.value.code == "ResourceNotFoundException"
    assert ours.position_of("trail 1") == 0


def test_the_role_is_asked_again_after_a_while(
    ours: OwnLogGroups, store: LogStore, roles: Roles, clock: TestClock
) -> None:
    store.groups.create(GROUP)
    put(ours, b"1", position=1)
    roles.allowed.discard("logs:PutLogEvents")
    put(ours, b"2", position=2)
    clock.advance(ASKED_S)
    with pytest.raises(LogGroupError) as refused:
        put(ours, b"3", position=3)
    assert refused.value.code == "AccessDeniedException"
    roles.allowed.add("logs:PutLogEvents")
    put(ours, b"3", position=3)
    assert messages(store) == ["1", "2", "3"]


def test_a_role_that_does_not_trust_the_trail_is_not_worn(ours: OwnLogGroups, store: LogStore, roles: Roles) -> None:
    store.groups.create(GROUP)
    roles.trusting.clear()
    with pytest.raises(LogGroupError) as refused:
        put(ours, b"1", position=1)
    assert refused.value.code == "AccessDenied"
    assert messages(store) == []
