"""The console as a gateway has it: joined with the key table, the account's IAM, and the gateway itself."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from cairn import __version__
from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudtrail.history import HistoryReader
from cairn.console.api import Api
from cairn.console.assets import Assets
from cairn.console.calls import Answer, Calls
from cairn.console.console import Console
from cairn.console.downloads import Downloads
from cairn.console.events import Events
from cairn.console.exchange import Visit
from cairn.console.files import Files
from cairn.console.guesses import Guesses
from cairn.console.keys import Key
from cairn.console.people import Device, User
from cairn.console.proof import Proofs
from cairn.console.questions import regions_of
from cairn.console.register import Register
from cairn.console.roles import Roles
from cairn.console.seal import Seal
from cairn.console.second_factor import SecondFactor
from cairn.console.sessions import Person, Sessions
from cairn.console.sign_in import SignIn
from cairn.console.tail import Tails
from cairn.console.verifications import Verifications
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import AwsError, Unreachable
from cairn.core.folder import DataFolder
from cairn.core.journal.journal import Journal
from cairn.core.password_policy import PasswordPolicy
from cairn.core.records.event import new_event_id
from cairn.core.records.identity import Identity, root
from cairn.core.state import State
from cairn.gateway.authenticate import NOBODYS_ACCOUNT
from cairn.gateway.authorize import CAIRN, Authorizer
from cairn.gateway.keys import AccessKey, KeyTable
from cairn.gateway.recording import Recorder
from cairn.gateway.replies import Outcome
from cairn.gateway.vpc_endpoints import VpcEndpoints
from cairn.wire.http import Call, Headers
from cairn.wire.neighbours import Neighbours
from cairn.wire.reply import Reply


class ConsoleOfGateway:
    """One a gateway process."""

    def __init__(
        self,
        folder: DataFolder,
        settings: Settings,
        clock: Clock,
        *,
        state: State,
        journal: Journal,
        history: HistoryReader,
        questions: MotoQuestions,
        keys: KeyTable,
        authorizer: Authorizer,
        vpc_endpoints: VpcEndpoints,
        recorder: Recorder,
        answer: Answer,
        answer_call: Answer,
        status: Callable[[], Mapping[str, Any]],
    ) -> None:
        region = settings.account.region
        seal = Seal(folder.keys)
        table = SessionKeys(keys, settings, clock)
        sessions = Sessions(state, seal, table, clock)
        register = Register(recorder.record, clock)
        self._sign_in = SignIn(
            AccountPeople(questions, folder, settings),
            table,
            sessions,
            Guesses(state, seal, clock),
            SecondFactor(state, seal, clock),
            register,
            clock,
            account=settings.account.id,
        )
        endpoint = folder.runtime().endpoint
        self._calls = Calls(answer_call, endpoint=endpoint)
        rights = PolicyRights(authorizer, vpc_endpoints, recorder)
        self._events = Events(history, rights, Proofs(state, self._calls, rights, region=region), clock)
        self._tails = Tails(journal, clock)
        self._downloads = Downloads(self._events.fitting, clock)
        self._verifications = Verifications(self._calls, answer, clock, endpoint=endpoint)
        api = Api(
            sessions=sessions,
            sign_in=self._sign_in,
            roles=Roles(self._calls, table, sessions, register, region=region),
            calls=self._calls,
            files=Files(self._calls, region=region),
            events=self._events,
            tails=self._tails,
            verifications=self._verifications,
            downloads=self._downloads,
            rights=rights,
            status=_in_thread(status),
            about={
                "version": __version__,
                "account": settings.account.id,
                "region": region,
                "authMode": settings.auth.mode,
                "authIam": settings.auth.iam,
            },
            region=region,
        )
        domains = tuple(settings.server.domains)
        neighbours = Neighbours(domains) if settings.auth.mode == "trust" else None
        self.pages = Console(api, self._events, Assets(), domains=domains, neighbours=neighbours)

    def close(self) -> None:
        loops = (self._verifications, self._sign_in, self._calls, self._events, self._tails, self._downloads)
        for each in loops:
            each.close()


class SessionKeys:
    """`console.Keys` over the key table."""

    def __init__(self, table: KeyTable, settings: Settings, clock: Clock) -> None:
        self._table = table
        self._trusts = settings.auth.mode == "trust"
        self._clock = clock

    async def find(self, key_id: str) -> Key | None:
        key = await self._table.find(key_id)
        if key is None or not key.active or (key.expires is not None and key.expires <= self._clock.now()):
            return None
        return _told(key)

    async def check(self, key_id: str, secret: str, token: str) -> Key | None:
        key = await self.find(key_id)
        if self._trusts and key is None and await self._table.find(key_id) is None:
            account = key_id if len(key_id) == 12 and key_id.isascii() and key_id.isdigit() else NOBODYS_ACCOUNT
            return Key(key_id, secret, root(account, key_id))
        if key is None or self._trusts:
            return key
        right = hmac.compare_digest(key.secret.encode(), secret.encode("utf-8", "surrogatepass"))
        right &= hmac.compare_digest(key.token.encode(), token.encode("utf-8", "surrogatepass"))
        return key if right else None

    async def issue(self, identity: Identity, expires: float, *, like: str = "") -> Key:
        known = await self._table.find(like) if like else None
        id = "ASIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
        issued = AccessKey(
            id,
            secrets.token_urlsafe(30),
            msgspec.structs.replace(identity, access_key_id=id),
            token=secrets.token_urlsafe(192),
            expires=expires,
            policies=known.policies if known is not None else None,
        )
        await asyncio.to_thread(self._table.put, issued)
        return _told(issued)

    async def mark(self, key_id: str, *, mfa: bool) -> Key | None:
        key = await self._table.find(key_id)
        if key is None or key.identity.session is None:
            return None
        session = msgspec.structs.replace(key.identity.session, from_console=True, mfa=mfa)
        identity = msgspec.structs.replace(key.identity, session=session)
        marked = AccessKey(key.id, key.secret, identity, key.token, key.active, key.expires, key.policies)
        await asyncio.to_thread(self._table.put, marked)
        return _told(marked)

    async def end(self, *key_ids: str) -> None:
        await asyncio.to_thread(self._table.remove, key_ids)


class AccountPeople:
    """`console.People` over the embedded account's IAM, and the administrator's key as the root's password."""

    def __init__(self, questions: MotoQuestions, folder: DataFolder, settings: Settings) -> None:
        self._questions = questions
        self._folder = folder
        self._account = settings.account.id

    def is_account(self, account: str) -> bool:
        return account == self._account or self._questions.has_people(account)

    def user(self, account: str, name: str) -> User | None:
        try:
            means = self._questions.sign_in(account, name)
        except NotFound:
            return None
        principal = means.principal
        identity = Identity(
            type="IAMUser", account=account, principal_id=principal.id, arn=principal.arn, user_name=principal.name
        )
        return User(
            identity,
            means.password,
            means.must_change,
            tuple(Device(each.serial, each.seed) for each in means.devices),
            PasswordPolicy(**msgspec.structs.asdict(means.policy)),
        )

    def set_password(self, account: str, name: str, password: str) -> None:
        self._questions.set_password(account, name, password)

    def roots_key(self, account: str) -> Key | None:
        if account != self._account:
            return None
        try:
            administrator = self._folder.administrator()
        except Unreachable:
            return None
        try:
            known = self._questions.access_key(administrator.access_key_id)
        except NotFound:
            return None
        return Key(administrator.access_key_id, known.secret_access_key, root(account)) if known.active else None


class PolicyRights:
    """`console.Rights`: the same decision as for a call of the AWS CLI's, and the same record."""

    def __init__(self, authorizer: Authorizer, vpc_endpoints: VpcEndpoints, recorder: Recorder) -> None:
        self._authorizer = authorizer
        self._vpc_endpoints = vpc_endpoints
        self._recorder = recorder

    async def look_up(self, visit: Visit, person: Person, *, recorded: bool = True) -> None:
        call = _call(visit, person, "cloudtrail", "LookupEvents")
        self._vpc_endpoints.enter(call)
        error = None
        try:
            self._vpc_endpoints.check(call)
            await self._authorizer.authorize(call)
        except AwsError as refused:
            error = refused
        if recorded:
            reply = Reply({}) if error is None else Reply(None, error.code, error.message)
            status = 200 if error is None else error.status
            await self._recorder.record_of(call, Outcome(status, Headers(), reply))
        if error is not None:
            raise error

    async def see_status(self, visit: Visit, person: Person) -> None:
        await self._authorizer.authorize(_call(visit, person, CAIRN, "Status"))

    async def see_trails(self, visit: Visit, person: Person, region: str) -> None:
        await self._authorizer.authorize(_call(visit, person, "cloudtrail", "DescribeTrails", region=region))


def _call(visit: Visit, person: Person, service: str, operation: str, *, region: str = "") -> Call:
    """What the person asks of us, as the call that it would be; in the Region of the query where none is given."""
    region = region or (*regions_of(visit.query), "us-east-1")[0]
    call = Call(visit.request, service, operation, region, account=person.account)
    call.identity = person.key.identity
    call.event_id = call.request_id = new_event_id()
    call.authentication_method = "AuthHeader"
    call.params = {}
    return call


def _told(key: AccessKey) -> Key:
    return Key(key.id, key.secret, key.identity, key.token, key.expires)


def _in_thread(status: Callable[[], Mapping[str, Any]]) -> Callable[[], Awaitable[Mapping[str, Any]]]:
    async def answered() -> Mapping[str, Any]:
        return await asyncio.to_thread(status)

    return answered
