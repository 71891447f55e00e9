"""`/console/api/...`: every route of the JSON API, and who may use it."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from cairn.cloudtrail.history.search import LIMIT_MAX
from cairn.console.alarm_rules import CheckRequest, checked
from cairn.console.calls import Calls
from cairn.console.downloads import Downloads
from cairn.console.events import Events
from cairn.console.exchange import Refusal, Visit, answer
from cairn.console.files import Files
from cairn.console.openapi import document
from cairn.console.patterns import ExplainRequest, explained
from cairn.console.questions import chosen, region_of
from cairn.console.regions import REGIONS
from cairn.console.rights import Rights
from cairn.console.roles import RoleRequest, Roles
from cairn.console.sessions import Person, Sessions
from cairn.console.sign_in import SignIn, SignInRequest
from cairn.console.still import Still
from cairn.console.tail import Tails
from cairn.console.target_inputs import PreviewRequest, preview
from cairn.console.verifications import Verifications, VerifyRequest
from cairn.core.clock import iso_seconds
from cairn.core.errors import AwsError
from cairn.wire.http import Response

COOKIE = "cairn_session"
CSRF = "x-cairn-csrf"
Handler = Callable[..., Awaitable[Response]]
T = TypeVar("T")


class CallRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a call to AWS."""

    region: str = ""
    input: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    handler: Handler
    """Takes the visit, the person where one has to be signed in, and what stands for `{}` in the path."""
    signed_in: bool = True
    changes: bool = False
    """Whether the request has to show that it comes from our own pages."""
    goes_on: bool = False
    """Whether its reply takes a place until it has been read. HEAD is no reason to."""


class Api:
    """Answers the routes.

    Args:
        status: how the installation is, as `cairn status` tells it.
        about: what everybody who is signed in may know of the server.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        sign_in: SignIn,
        roles: Roles,
        calls: Calls,
        files: Files,
        events: Events,
        tails: Tails,
        verifications: Verifications,
        downloads: Downloads,
        rights: Rights,
        status: Callable[[], Awaitable[Mapping[str, Any]]],
        about: Mapping[str, str],
        region: str,
    ) -> None:
        self._sessions = sessions
        self._sign_in = sign_in
        self._roles = roles
        self._calls = calls
        self._files = files
        self._events = events
        self._tails = tails
        self._verifications = verifications
        self._downloads = downloads
        self._rights = rights
        self._status = status
        self._about = about
        self._region = region
        self.routes: dict[tuple[str, str], Route] = {
            ("GET", "/openapi.json"): Route(self._openapi, signed_in=False),
            ("POST", "/session"): Route(self._enter, signed_in=False),
            ("GET", "/session"): Route(self._session),
            ("DELETE", "/session"): Route(self._leave, changes=True),
            ("POST", "/session/role"): Route(self._switch, changes=True),
            ("DELETE", "/session/role"): Route(self._back, changes=True),
            ("POST", "/aws/{service}/{operation}"): Route(self._call, changes=True),
            ("POST", "/event-patterns/explanation"): Route(_tried(ExplainRequest, explained), changes=True),
            ("POST", "/alarm-rules/check"): Route(_tried(CheckRequest, checked), changes=True),
            ("POST", "/target-inputs/preview"): Route(_tried(PreviewRequest, preview), changes=True),
            ("GET", "/files"): Route(self._file),
            ("POST", "/verify"): Route(self._verify, changes=True),
            ("GET", "/events"): Route(self._list),
            ("GET", "/events/summary"): Route(self._summary),
            ("GET", "/events/tail"): Route(self._tail, goes_on=True),
            ("GET", "/events/download"): Route(self._download, goes_on=True),
            ("GET", "/events/{id}"): Route(self._event),
            ("GET", "/health"): Route(self._health),
            ("GET", "/settings"): Route(self._settings),
        }

    async def answer(self, visit: Visit, path: str) -> Response:
        """The reply to a request for `path`, decoded, behind `/console/api`.

        Raises:
            Refusal: there is no such route, or the person may not.
        """
        route, parts = self._route(visit.request.method, path)
        if route.goes_on and visit.request.method == "HEAD":
            raise Refusal("MethodNotAllowed", f"There is no HEAD /console/api{path}.", 405)
        _check_origin(visit)
        if not route.signed_in:
            return await route.handler(visit)
        person = await self.person(visit)
        if route.changes and not hmac.compare_digest(visit.request.headers.get(CSRF).encode(), person.csrf.encode()):
            raise Refusal("Forbidden", f"The header {CSRF} is missing or is another session's.", 403)
        return await route.handler(visit, person, *parts)

    async def person(self, visit: Visit) -> Person:
        """Who is signed in.

        Raises:
            Refusal: nobody is.
        """
        person = await self._sessions.find(visit.cookie(COOKIE))
        if person is None:
            raise Refusal("NotSignedIn", "Sign in first, or again: sessions last 12 hours.", 401)
        return person

    def _route(self, method: str, path: str) -> tuple[Route, list[str]]:
        method = "GET" if method == "HEAD" else method
        fixed = self.routes.get((method, path))
        if fixed is not None and "{" not in path:
            return fixed, []
        asked = path.split("/")
        for (known, template), route in self.routes.items():
            names = template.split("/")
            if known == method and len(names) == len(asked) and "{" in template:
                pairs = list(zip(names, asked, strict=True))
                if all(name == part or (name.startswith("{") and part) for name, part in pairs):
                    return route, [part for name, part in pairs if name.startswith("{")]
        raise Refusal("NotFound", f"There is no {method} /console/api{path}.", 404)

    async def _openapi(self, visit: Visit) -> Response:
        return answer(document())

    async def _enter(self, visit: Visit) -> Response:
        token = await self._sign_in.enter(visit, await visit.read(SignInRequest))
        person = await self._sessions.find(token)
        if person is None:
            raise Refusal("ServiceUnavailable", "The session was over before it began. Sign in again.", 503)
        before = await self._sessions.find(visit.cookie(COOKIE))
        if before is not None:  # nobody can sign it out any more
            await self._sessions.end(before)
        return answer(self._told(person), headers=[("set-cookie", _cookie(visit, token))])

    async def _session(self, visit: Visit, person: Person) -> Response:
        return answer(self._told(person))

    async def _leave(self, visit: Visit, person: Person) -> Response:
        await self._sessions.end(person)
        return answer({}, headers=[("set-cookie", _cookie(visit, "", age=0))])

    async def _switch(self, visit: Visit, person: Person) -> Response:
        await self._roles.switch(visit, person, await visit.read(RoleRequest))
        return answer(self._told(await self.person(visit)))

    async def _back(self, visit: Visit, person: Person) -> Response:
        await self._roles.back(visit, person)
        return answer(self._told(await self.person(visit)))

    async def _call(self, visit: Visit, person: Person, service: str, operation: str) -> Response:
        asked = await visit.read(CallRequest)
        return answer(await self.call(visit, person, service, operation, asked))

    async def call(
        self, visit: Visit, person: Person, service: str, operation: str, asked: CallRequest
    ) -> dict[str, Any]:
        """The output of an operation of AWS's, called as the person."""
        region = region_of(asked.region or self._region)
        key = acting(person).key
        return await self._calls.call(key, service, operation, asked.input, region=region, peer=visit.peer)

    async def _file(self, visit: Visit, person: Person) -> Response:
        region_of(visit.query.get("region") or self._region)
        return await self._files.file(visit, acting(person))

    async def _verify(self, visit: Visit, person: Person) -> Response:
        return await self._verifications.begin(visit, acting(person), await visit.read(VerifyRequest))

    async def _list(self, visit: Visit, person: Person) -> Response:
        return answer(await self.events(visit, person))

    async def events(self, visit: Visit, person: Person) -> dict[str, Any]:
        """A page of the event history."""
        return await self._events.page(visit, acting(person))

    async def _summary(self, visit: Visit, person: Person) -> Response:
        return answer(await self._events.summary(visit, acting(person)))

    async def _event(self, visit: Visit, person: Person, id: str) -> Response:
        return answer(await self._events.one(visit, acting(person), id))

    async def _download(self, visit: Visit, person: Person) -> Response:
        form = chosen(visit.query, "format", ("csv", "json"))
        question = msgspec.structs.replace(self._events.question(visit, acting(person)), limit=LIMIT_MAX)
        await self._rights.look_up(visit, person)
        return self._downloads.begin(form, question, self._still(visit, person))

    async def _tail(self, visit: Visit, person: Person) -> Response:
        question = self._events.question(visit, acting(person))
        await self._rights.look_up(visit, person)
        return self._tails.begin(person, question, self._still(visit, person))

    def _still(self, visit: Visit, person: Person) -> Still:
        """Whether the person is still signed in, acts as then, and may look events up."""

        async def still() -> bool:
            now = await self._sessions.find(visit.cookie(COOKIE))
            if now is None or now.key.id != person.key.id:
                return False
            try:
                await self._rights.look_up(visit, now, recorded=False)
            except AwsError:
                return False
            return True

        return still

    async def _health(self, visit: Visit, person: Person) -> Response:
        return answer(await self.health(visit, person))

    async def health(self, visit: Visit, person: Person) -> Mapping[str, Any]:
        """How the installation is, for those who may know."""
        await self._rights.see_status(visit, acting(person))
        return await self._status()

    async def _settings(self, visit: Visit, person: Person) -> Response:
        return answer(self.settings(person))

    def settings(self, person: Person) -> dict[str, Any]:
        """Who is signed in, and where."""
        return {"session": self._told(person), "server": dict(self._about)}

    def _told(self, person: Person) -> dict[str, Any]:
        identity, role = person.key.identity, person.role
        told = None
        if role is not None:
            told = {
                "account": role.account,
                "name": role.name,
                "displayName": role.display,
                "expires": iso_seconds(role.expires),
                "expired": not person.key.id,
            }
        return {
            "account": role.account if role is not None else identity.account,
            "arn": identity.arn,
            "name": identity.user_name or identity.principal_id.partition(":")[2] or identity.type.lower(),
            "type": identity.type,
            "region": self._region,
            "regions": [self._region, *(region for region in REGIONS if region != self._region)],
            "csrf": person.csrf,
            "role": told,
            "expires": iso_seconds(person.expires),
        }


def _tried(asked: type[T], told: Callable[[T], Awaitable[dict[str, Any]]]) -> Handler:
    """Answers what a text would mean or do, which needs nothing but the text."""

    async def handler(visit: Visit, person: Person) -> Response:
        return answer(await told(await visit.read(asked)))

    return handler


def acting(person: Person) -> Person:
    """The person, where there is a key to act with."""
    if not person.key.id:
        raise Refusal("RoleExpired", "The role's hour is over. Switch to it again, or go back.", 401)
    return person


def _check_origin(visit: Visit) -> None:
    """Refuse what another site's page asks for, whatever cookies the browser sends along."""
    headers = visit.request.headers
    origin = headers.get("origin")
    foreign = bool(origin) and origin.lower().partition("://")[2] != headers.get("host").lower()
    if foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Refusal("Forbidden", "The request comes from another site.", 403)


def _cookie(visit: Visit, token: str, *, age: int = 12 * 3600) -> str:
    secure = "; Secure" if visit.request.scheme == "https" else ""
    return f"{COOKIE}={token}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={age}{secure}"
