"""Sessions and sign-ins under a test clock: how long they last, and that nobody is let in unrecorded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pyotp
import pytest

from cairn.console.exchange import Refusal, Visit
from cairn.console.guesses import CODES_MAX, SIGN_INS_MAX, Guesses
from cairn.console.keys import Key
from cairn.console.people import Device, User
from cairn.console.register import Register
from cairn.console.seal import Seal
from cairn.console.second_factor import SecondFactor
from cairn.console.sessions import SESSION_S, Role, Sessions
from cairn.console.sign_in import UNDER_WAY_MAX, SignIn, SignInRequest
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.passwords import hash_password
from cairn.core.records.event import Event
from cairn.core.records.identity import Identity
from cairn.core.state import State, metadata
from cairn.wire.http import Headers, Request

ACCOUNT = "111122223333"
ALICE = Identity(
    type="IAMUser",
    account=ACCOUNT,
    principal_id="AIDAALICE",
    arn=f"arn:aws:iam::{ACCOUNT}:user/alice",
    user_name="alice",
)


@dataclass
class MemoryKeys:
    """`Keys` without a table."""

    clock: TestClock
    keys: dict[str, Key] = field(default_factory=dict)

    async def find(self, key_id: str) -> Key | None:
        key = self.keys.get(key_id)
        return key if key is not None and (key.expires is None or key.expires > self.clock.now()) else None

    async def check(self, key_id: str, secret: str, token: str) -> Key | None:
        key = await self.find(key_id)
        return key if key is not None and key.secret == secret else None

    async def issue(self, identity: Identity, expires: float, *, like: str = "") -> Key:
        id = f"ASIA{len(self.keys)}"
        self.keys[id] = Key(id, "secret", msgspec.structs.replace(identity, access_key_id=id), "token", expires)
        return self.keys[id]

    async def mark(self, key_id: str, *, mfa: bool) -> Key | None:
        return self.keys.get(key_id)

    async def end(self, *key_ids: str) -> None:
        for key_id in key_ids:
            self.keys.pop(key_id, None)


class MemoryPeople:
    """An account with one user."""

    def __init__(self) -> None:
        self.alice = User(ALICE, hash_password("right"))
        self.wait: Callable[[], object] = lambda: None

    def is_account(self, account: str) -> bool:
        return account == ACCOUNT

    def user(self, account: str, name: str) -> User | None:
        self.wait()
        return self.alice if (account, name) == (ACCOUNT, "alice") else None

    def set_password(self, account: str, name: str, password: str) -> None:
        self.alice = replace(self.alice, password=password, must_change=False)

    def roots_key(self, account: str) -> Key | None:
        return None


@dataclass
class Rig:
    state: State
    folder: Path
    clock: TestClock
    events: list[Event] = field(default_factory=list)
    full: bool = False

    def __post_init__(self) -> None:
        seal = Seal(self.folder)
        self.keys = MemoryKeys(self.clock)
        self.people = MemoryPeople()
        self.sessions = Sessions(self.state, seal, self.keys, self.clock)
        self.sign_in = SignIn(
            self.people,
            self.keys,
            self.sessions,
            Guesses(self.state, seal, self.clock),
            SecondFactor(self.state, seal, self.clock),
            Register(self.record, self.clock),
            self.clock,
            account=ACCOUNT,
        )

    async def record(self, event: Event) -> None:
        if self.full:
            raise AwsError("ServiceUnavailable", "it cannot be recorded", 503)
        self.events.append(event)

    def enter(self, **asked: str) -> str:
        request = Request("POST", "/console/api/session", "", Headers([("host", "localhost")]), None, "192.0.2.7")  # type: ignore[arg-type] # nobody reads the body
        return asyncio.run(
            self.sign_in.enter(
                Visit(request, "/session"), msgspec.convert({"account": ACCOUNT, **asked}, SignInRequest)
            )
        )

    def refused(self, **asked: str) -> str:
        with pytest.raises(Refusal) as caught:
            self.enter(**asked)
        return caught.value.code


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    state = State.in_folder(tmp_path)
    metadata.create_all(state.engine)
    made = Rig(state, tmp_path, clock)
    yield made
    made.sign_in.close()
    state.close()


def test_a_session_lasts_twelve_hours(rig: Rig) -> None:
    token = rig.enter(user="alice", password="right")
    rig.clock.advance(SESSION_S - 1)
    person = asyncio.run(rig.sessions.find(token))
    assert person is not None
    assert person.key.identity.session is not None
    assert person.key.identity.session.from_console
    rig.clock.advance(1)
    assert asyncio.run(rig.sessions.find(token)) is None
    assert asyncio.run(rig.sessions.find("")) is None
    assert asyncio.run(rig.sessions.find("x" * 10_000)) is None


def test_nobody_is_let_in_unrecorded(rig: Rig) -> None:
    rig.full = True
    assert rig.refused(user="alice", password="right") == "ServiceUnavailable"
    assert rig.refused(user="alice", password="wrong") == "ServiceUnavailable"
    assert rig.keys.keys == {}
    rig.full = False
    assert rig.enter(user="alice", password="right")
    assert [event.header.name for event in rig.events] == ["ConsoleLogin"]


def test_a_device_that_nobody_can_check_lets_nobody_in(rig: Rig) -> None:
    rig.people.alice = replace(rig.people.alice, devices=(Device("arn:aws:iam::111122223333:u2f/key", ""),))
    assert rig.refused(user="alice", password="right") == "MfaRequired"
    assert rig.refused(user="alice", password="right", mfa="123456") == "SignInFailed"


def test_a_code_is_not_used_up_by_asking_for_a_new_password(rig: Rig) -> None:
    seed = pyotp.random_base32()
    rig.people.alice = replace(rig.people.alice, must_change=True, devices=(Device("arn:aws:iam::1:mfa/alice", seed),))
    code = pyotp.TOTP(seed).at(int(rig.clock.now()))
    assert rig.refused(user="alice", password="right") == "MfaRequired"  # the code comes before all that follows
    assert rig.refused(user="alice", password="right", newPassword="Another-horse-2", mfa="000000") == "SignInFailed"
    assert rig.refused(user="alice", password="right", mfa=code) == "PasswordResetRequired"
    assert rig.refused(user="alice", password="right", mfa=code, newPassword="short") == "PasswordPolicyViolation"
    assert rig.enter(user="alice", password="right", mfa=code, newPassword="Another-horse-2")
    assert rig.refused(user="alice", password="Another-horse-2", mfa=code) == "SignInFailed"


def test_wrong_codes_are_counted_for_an_hour(rig: Rig) -> None:
    seed = pyotp.random_base32()
    rig.clock.advance(3600 - rig.clock.now() % 3600)
    rig.people.alice = replace(rig.people.alice, devices=(Device("arn:aws:iam::1:mfa/alice", seed),))
    for _ in range(CODES_MAX):
        assert rig.refused(user="alice", password="right", mfa="000000") == "SignInFailed"
        rig.clock.advance(30)
    code = pyotp.TOTP(seed).at(int(rig.clock.now()))
    assert rig.refused(user="alice", password="right", mfa=code) == "TooManyAttempts"


def test_sign_ins_under_way_are_limited(rig: Rig) -> None:
    begun = threading.Event()
    rig.people.wait = begun.wait

    async def many() -> list[str]:
        async def one(number: int) -> str:
            request = Request("POST", "/", "", Headers(), None, f"192.0.2.{number}")  # type: ignore[arg-type]
            asked = SignInRequest(account=ACCOUNT, user=f"user-{number}", password="x")
            try:
                return await rig.sign_in.enter(Visit(request, "/session"), asked)
            except Refusal as refusal:
                return refusal.code

        waiting = [asyncio.create_task(one(number)) for number in range(UNDER_WAY_MAX + 1)]
        last = await waiting[-1]
        begun.set()
        return [last, *await asyncio.gather(*waiting[:-1])]

    assert asyncio.run(many()) == ["ServiceUnavailable", *["SignInFailed"] * UNDER_WAY_MAX]


def test_a_failure_at_an_account_that_is_none_is_the_installations(rig: Rig) -> None:
    request = SignInRequest(account="999999999999", user="alice", password="right")
    visit = Visit(Request("POST", "/", "", Headers(), None, "192.0.2.7"), "/")  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="SignInFailed"):
        asyncio.run(rig.sign_in.enter(visit, request))
    assert [event.header.account for event in rig.events] == [ACCOUNT]


def test_after_its_hour_a_role_is_nobody_and_not_the_person(rig: Rig) -> None:
    token = rig.enter(user="alice", password="right")
    person = asyncio.run(rig.sessions.find(token))
    assert person is not None
    issued = asyncio.run(rig.keys.issue(ALICE, rig.clock.now() + 3600))
    role = Role(key=issued.id, account=ACCOUNT, name="auditor", expires=rig.clock.now() + 3600)
    asyncio.run(rig.sessions.switch(person, role))
    acting = asyncio.run(rig.sessions.find(token))
    assert acting is not None and acting.key.id == issued.id
    rig.clock.advance(3600)
    over = asyncio.run(rig.sessions.find(token))
    assert over is not None and over.key.id == ""
    asyncio.run(rig.sessions.switch(over, None))
    back = asyncio.run(rig.sessions.find(token))
    assert back is not None and back.key.id == person.key.id
    asyncio.run(rig.sessions.end(back))
    assert rig.keys.keys == {}
    assert asyncio.run(rig.sessions.find(token)) is None


def test_one_user_alone_does_not_fill_the_sessions(rig: Rig) -> None:
    rig.clock.advance(3600 - rig.clock.now() % 3600)
    for _ in range(SIGN_INS_MAX):
        assert rig.enter(user="alice", password="right")
        rig.clock.advance(1)
    assert rig.refused(user="alice", password="right") == "TooManyAttempts"
    rig.clock.advance(3600)
    assert rig.enter(user="alice", password="right")


def test_a_session_that_cannot_begin_leaves_no_key(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.console.sessions.SESSIONS_MAX", 1)
    rig.enter(user="alice", password="right")
    before = set(rig.keys.keys)
    assert rig.refused(user="alice", password="right") == "ServiceUnavailable"
    assert set(rig.keys.keys) == before


def test_no_key_of_a_role_outlives_switches_and_a_sign_out_at_the_same_time(rig: Rig) -> None:
    token = rig.enter(user="alice", password="right")
    person = asyncio.run(rig.sessions.find(token))
    assert person is not None

    def switched() -> str:
        key = asyncio.run(rig.keys.issue(ALICE, rig.clock.now() + 3600))
        role = Role(key=key.id, account=ACCOUNT, name="auditor", expires=rig.clock.now() + 3600)
        asyncio.run(rig.sessions.switch(person, role))
        return key.id

    switched()
    second = switched()  # of a browser that had seen no role yet
    assert set(rig.keys.keys) == {person.base.id, second}
    asyncio.run(rig.sessions.end(person))
    assert rig.keys.keys == {}
    switched()
    assert rig.keys.keys == {}
