"""The life of a request, as one ordered list of steps."""

from __future__ import annotations

import base64
import logging
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from sqlalchemy.exc import OperationalError

from cairn.core.config import Settings
from cairn.core.errors import AwsError
from cairn.core.failpoints import failpoint
from cairn.core.records.event import new_event_id
from cairn.core.records.identity import Identity
from cairn.gateway.admin import PREFIX, Admin, refusal
from cairn.gateway.authenticate import Authenticator
from cairn.gateway.authorize import CAIRN, Authorizer
from cairn.gateway.document import document_of
from cairn.gateway.health import Health
from cairn.gateway.issued import federated_caller
from cairn.gateway.keys import KeyTable
from cairn.gateway.posted import answer_form
from cairn.gateway.recording import Recorder
from cairn.gateway.replies import Outcome, read_outcome
from cairn.gateway.routes import Routes
from cairn.gateway.vpc_endpoints import VpcEndpoints
from cairn.wire import sigv2, sigv4
from cairn.wire.compression import inflated, is_gzip, may_be_compressed
from cairn.wire.http import Call, ClientDisconnected, Request, Response, UpstreamUnavailable
from cairn.wire.identify import identify
from cairn.wire.models import input_is_streamed
from cairn.wire.parse import parse_input
from cairn.wire.payload import plain_headers
from cairn.wire.protocols import FORM
from cairn.wire.respond import error_response, unidentified

log = logging.getLogger(__name__)

INTERNAL_HEADERS = ("x-moto-", "x-cairn-")
"""Beginnings of the headers by which engines are told things. What a client sends of them goes no further,
also where it has underscores: to a server behind WSGI they are the same."""


class Pages(Protocol):
    """What people see who follow links."""

    async def answer(self, request: Request) -> Response | None:
        """The page that is asked for; None where it is none."""

    def told(self, request: Request, reply: Response) -> Response:
        """The reply to a call, as a page where one asked for it so."""


class Gateway:
    """Answers requests: who is calling, may they, where the call goes, what it became.

    Args:
        pages: what is no AWS call, so no event; the first that knows a request answers it.
        afterwards: by botocore's service name: what is to be done between a call's record and its reply, where the
            call succeeded. Nothing may be raised there.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        authenticator: Authenticator,
        authorizer: Authorizer,
        vpc_endpoints: VpcEndpoints,
        keys: KeyTable,
        routes: Routes,
        recorder: Recorder,
        admin: Admin,
        health: Health,
        pages: Sequence[Pages] = (),
        afterwards: Mapping[str, Callable[[Call], Awaitable[None]]] | None = None,
    ) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._vpc_endpoints = vpc_endpoints
        self._keys = keys
        self._routes = routes
        self._recorder = recorder
        self._admin = admin
        self._health = health
        self._pages = pages
        self._afterwards = afterwards or {}

    async def answer(self, request: Request) -> Response:
        """The reply to `request`, released only once what happened is durable."""
        if self._health.is_asked(request):
            return await self._health.answer(request)
        if request.path.startswith(PREFIX):
            return await self._administer(request)
        for pages in self._pages:
            page = await pages.answer(request)
            if page is not None:
                return page
        reply = await self.answer_call(request)
        for pages in self._pages:
            reply = pages.told(request, reply)
        return reply

    async def answer_call(self, request: Request) -> Response:
        """The same for a request that can be nothing but a call to AWS, also where a path of ours names its bucket."""
        call = self._begin(request)
        try:
            response, outcome = await self._attempt(call)
        except AwsError as error:
            response, outcome = await self._refused(call, error)
        except ClientDisconnected:
            response, outcome = await self._refused(call, _HUNG_UP)
        except UpstreamUnavailable as error:
            log.warning("no upstream for %s %s: %s", call.service, call.operation, error)
            response, outcome = await self._refused(
                call, AwsError("ServiceUnavailable", f"The upstream does not answer: {error}", 503)
            )
        except OperationalError:
            log.exception("no saved state for %s %s (request %s)", call.service, call.operation, call.request_id)
            response, outcome = await self._refused(call, _STATE_AWAY)
        except Exception:
            log.exception("%s %s failed (request %s)", call.service, call.operation, call.request_id)
            response, outcome = await self._refused(call, _OUR_FAULT)
        reply = await self._recorder.conclude(call, response, outcome)
        if call.service in self._afterwards and reply.status < 400:
            await self._afterwards[call.service](call)
        return reply

    async def _attempt(self, call: Call) -> tuple[Response, Outcome | None]:
        """The steps, in order. Whatever stops one of them is raised, and becomes the reply."""
        await self._identify(call)
        self._vpc_endpoints.enter(call)
        await self._authenticate(call)
        self._strip(call)
        await self._read(call)
        self._parse(call)
        self._vpc_endpoints.check(call)
        await self._authorizer.authorize(call)
        upstream = self._routes.to(call)
        await self._recorder.intend(call)
        response = await upstream.send(call)
        failpoint("gateway.sent")
        outcome = await read_outcome(call, response)
        self._authorizer.saw(call)
        if outcome is not None and outcome.reply.output is not None:
            await self._keys.learn(call, outcome.reply.output)
            call.identity = federated_caller(call, outcome.reply.output) or call.identity
        if call.form is not None and response.status < 300:
            response = answer_form(call, response)
        return response, outcome

    async def _refused(self, call: Call, error: AwsError) -> tuple[Response, Outcome | None]:
        response = error_response(call, error)
        return response, await read_outcome(call, response)

    def _begin(self, request: Request) -> Call:
        """A call of which nothing is known yet, but where its record will go."""
        call = Call(request, "", "", self._settings.account.region, account=self._settings.account.id)
        call.event_id = new_event_id()
        return call

    async def _identify(self, call: Call) -> None:
        """Service, operation and region. The query protocols name theirs in a form."""
        body = None
        if call.request.method == "POST" and call.request.headers.get("content-type").lower().startswith(FORM):
            body = await self._read_whole(call.request.body)
            call.request.body = _once(body)
        found = identify(
            call.request,
            self._plain(call, body),
            domains=self._settings.server.domains,
            default_region=self._settings.account.region,
        )
        call.service, call.operation, call.region = found.service, found.operation, found.region
        call.host_bucket, call.body = found.host_bucket, body
        if call.service == "s3":
            call.request_id = base64.b32encode(secrets.token_bytes(10)).decode()
        else:
            call.request_id = str(uuid.uuid4())

    async def _authenticate(self, call: Call) -> None:
        """Who calls. The body is from here on what was signed, and decoded of aws-chunked."""
        try:
            caller = await self._authenticator.authenticate(call)
        except AwsError:
            await self._suspect(call)
            raise
        call.identity = caller.identity
        call.account = caller.account
        call.authentication_method = caller.method
        call.signature_version = caller.version
        call.trailers = caller.trailers
        call.body = caller.body
        call.request.body = _metered(call, caller.stream)
        if call.service == "s3":
            call.request.headers = plain_headers(call.request.headers, caller.length)
        if caller.body is not None:
            call.bytes_in = len(caller.body)

    async def _suspect(self, call: Call) -> None:
        """Of a caller who proved nothing: the key it named, and the account that the key would belong to."""
        form = call.form or {}
        key_id = sigv4.key_id_of(call.request) or sigv2.key_id_of(call.request)
        key_id = key_id or form.get("x-amz-credential", "").partition("/")[0] or form.get("awsaccesskeyid", "")
        key = await self._keys.find(key_id) if key_id else None
        if key is not None:
            call.account = key.identity.account
        call.identity = Identity(type="Unknown", account=key.identity.account if key else "", access_key_id=key_id)

    def _strip(self, call: Call) -> None:
        """Take away what clients must not say to engines. Only now, since the signature covers it."""
        names = {name for name, _ in call.request.headers if name.replace("_", "-").startswith(INTERNAL_HEADERS)}
        call.request.headers.remove(*names)

    async def _read(self, call: Call) -> None:
        """Read the whole body of an S3 call, unless it is an object's. Those of other services are read already, and
        plain from here on."""
        if call.body and is_gzip(call.request.headers) and may_be_compressed(call.service, call.operation):
            call.body = inflated(call.body, self._settings.server.body_bytes_max)
            call.request.headers.remove("content-encoding")
            call.request.headers.set("content-length", str(len(call.body)))
        if call.service == "s3" and not _is_streamed(call):
            call.body = await self._read_whole(call.request.body)
            call.document = document_of(call.body)

    def _plain(self, call: Call, body: bytes | None) -> bytes | None:
        """A form to look for its operation in; one that cannot be inflated has none."""
        if body is None or not is_gzip(call.request.headers):
            return body
        try:
            return inflated(body, self._settings.server.body_bytes_max)
        except AwsError:
            return body

    async def _read_whole(self, body: AsyncIterator[bytes]) -> bytes:
        parts = []
        size = 0
        async for part in body:
            size += len(part)
            if size > self._settings.server.body_bytes_max:
                raise AwsError("RequestEntityTooLargeException", "Request size exceeded the limit.", 413)
            parts.append(part)
        return b"".join(parts)

    def _parse(self, call: Call) -> None:
        if not call.operation:
            raise unidentified(call)
        call.params = parse_input(
            call.service, call.operation, call.request, call.body or b"", host_bucket=call.host_bucket
        )

    async def _administer(self, request: Request) -> Response:
        """A command of ours: signed like any other call, and no AWS call, so no event."""
        call = Call(request, CAIRN, "", self._settings.account.region, account=self._settings.account.id)
        try:
            await self._authenticate(call)
            return await self._admin.send(call)
        except AwsError as error:
            return refusal(error)


_OUR_FAULT = AwsError("InternalFailure", "The request failed because of an error of ours; our log tells more.", 500)
_STATE_AWAY = AwsError("ServiceUnavailable", "The saved state is busy, full or away; our log tells more.", 503)
_HUNG_UP = AwsError(
    "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header."
)


def _is_streamed(call: Call) -> bool:
    return call.operation == "PostObject" or input_is_streamed(call.service, call.operation)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _metered(call: Call, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for part in body:
        call.bytes_in += len(part)
        yield part
