"""Who is calling: the signature, the key behind it, and the body that it covers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import AwsError
from cairn.core.records.identity import ANONYMOUS, UNKNOWN, Identity, root
from cairn.gateway.keys import AccessKey, KeyTable
from cairn.gateway.posted import become_put, posted_bucket, take_file
from cairn.wire import sigv2, sigv4
from cairn.wire.form_upload import read_form
from cairn.wire.http import Call, Request
from cairn.wire.identify import services_signed_for
from cairn.wire.models import index, operation_model
from cairn.wire.neighbours import Neighbours
from cairn.wire.payload import headers_in_query, open_payload
from cairn.wire.post_policy import FormClaim, PostPolicy, read_claim
from cairn.wire.protocols import protocol_of
from cairn.wire.refusals import Dialect, Reason, dialect_of, refusal
from cairn.wire.s3_routes import POST_OBJECT
from cairn.wire.sigv4_fields import UNSIGNED_PAYLOAD, declared_payload

NOBODYS_ACCOUNT = "000000000000"
"""Whose root an unknown key is in trust mode."""

Claim = sigv4.Claim | sigv2.Claim

_LINKS = frozenset({("sns", "ConfirmSubscription"), ("sns", "Unsubscribe")})
"""Operations that links in messages call: whoever has the message may."""


@dataclass(slots=True)
class Caller:
    """Who calls, and the call's body as it may be passed on."""

    identity: Identity
    account: str
    """12 digits: whose resources are addressed unless the call says otherwise."""
    stream: AsyncIterator[bytes]
    """The body, decoded. It raises `AwsError` before its last bytes where it is not what was signed."""
    length: int | None
    """Bytes that `stream` gives, if known."""
    body: bytes | None = None
    """The same, where it was read to verify it: every service's but S3's."""
    trailers: dict[str, str] = field(default_factory=dict)
    """Trailers of an aws-chunked body, once `stream` was read to its end."""
    method: Literal["AuthHeader", "QueryString", "HtmlForm", ""] = ""
    """AuthenticationMethod of S3's records; empty for anonymous callers."""
    version: Literal["SigV4", "SigV2", ""] = ""
    """SignatureVersion of S3's records."""


class Authenticator:
    """Verifies calls, or trusts them, as `auth.mode` says."""

    def __init__(self, settings: Settings, keys: KeyTable, clock: Clock) -> None:
        self._verifies = settings.auth.mode == "verify"
        self._neighbours = Neighbours(settings.server.domains)
        self._skew = float(settings.auth.skew)
        self._account = settings.account.id
        self._body_bytes_max = int(settings.server.body_bytes_max)
        self._keys = keys
        self._clock = clock

    async def authenticate(self, call: Call) -> Caller:
        """Who makes `call`, of which service and operation are known as far as they can be told.

        Reads the body, if it is not S3's. Leaves the call as it is, but for the headers that a presigned URL to S3
        carries in its query: they join the others.

        Raises:
            AwsError: the caller is not who it claims to be, or the body not what it signed.
        """
        caller = await self._authenticate(call)
        if caller.method == "QueryString" and call.service == "s3":
            for name, value in headers_in_query(call.request):
                call.request.headers.add(name, value)
        return caller

    async def _authenticate(self, call: Call) -> Caller:
        dialect = dialect_of(call.service, protocol_of(call.request, call.service))
        if call.operation == POST_OBJECT:
            return await self._posted(call, dialect)
        if not self._verifies:
            return await self._trust(call, dialect)
        claim = self._claim(call, dialect)
        if claim is None:
            if not may_be_unsigned(call):
                raise refusal(Reason.UNSIGNED, dialect)
            return await self._unsigned(call, dialect)
        key = await self._keys.find(claim.key_id)
        self._check_key(key, claim, dialect)
        assert key is not None
        return await self._verified(call, claim, key, dialect)

    def _claim(self, call: Call, dialect: Dialect) -> Claim | None:
        now = self._clock.now()
        claim: Claim | None = sigv4.read(call.request, dialect, now=now, skew=self._skew)
        if claim is None and dialect is Dialect.S3:
            claim = sigv2.read(call.request, now=now, skew=self._skew, host_bucket=call.host_bucket)
        return claim

    async def _posted(self, call: Call, dialect: Dialect) -> Caller:
        """Whoever signed the policy of a form upload. `call` becomes the put that the form stands for."""
        form = await read_form(call.request.body, call.request.headers.get("content-type"))
        bucket = posted_bucket(call)
        become_put(call, form)
        claim, policy, identity = read_claim(form), None, ANONYMOUS
        if claim is not None:
            key = await self._keys.find(claim.key_id)
            if self._verifies:
                self._check_key(key, claim, dialect)
                assert key is not None
                claim.verify(key.secret)
                identity = key.identity
            else:
                self._neighbours.check(call.request)
                identity = self._trusted(key, claim.key_id, dialect)
            policy = PostPolicy(claim.policy)
            policy.check(form, bucket, now=self._clock.now())
        content, size = await take_file(form, policy)
        call.request.body = content
        call.request.headers.set("content-length", str(size))
        caller = await self._unsigned(call, dialect, identity)
        if claim is not None:
            caller.method, caller.version = "HtmlForm", claim.version
        return caller

    def _check_key(self, key: AccessKey | None, claim: Claim | FormClaim, dialect: Dialect) -> None:
        """Raises AwsError unless `key` may be used, with the claim's token, now."""
        if key is None or not key.active or (key.token and not claim.token):
            raise refusal(Reason.UNKNOWN_KEY, dialect, AWSAccessKeyId=claim.key_id)
        if not hmac.compare_digest(key.token.encode(), claim.token.encode()):
            raise refusal(Reason.BAD_TOKEN, dialect)
        if key.expires is not None and key.expires <= self._clock.now():
            raise refusal(Reason.EXPIRED_TOKEN, dialect)

    async def _verified(self, call: Call, claim: Claim, key: AccessKey, dialect: Dialect) -> Caller:
        request = call.request
        if dialect is Dialect.S3:
            proof = claim.verify(request, key.secret)
            payload = await open_payload(request, claim.payload, proof)
            caller = Caller(key.identity, key.identity.account, payload.body, payload.length, None, payload.trailers)
        else:
            body = await self._read(request)
            digest = hashlib.sha256(body).hexdigest()
            if claim.payload == UNSIGNED_PAYLOAD and not _body_may_be_unsigned(call):
                claim = replace(claim, payload="")
            claim.verify(request, key.secret, digest)
            _check_service(call, claim, dialect)
            if claim.payload not in ("", UNSIGNED_PAYLOAD) and claim.payload.lower() != digest:
                raise refusal(Reason.MISMATCH, dialect)
            caller = Caller(key.identity, key.identity.account, _once(body), len(body), body)
        caller.method, caller.version = claim.method, claim.version
        return caller

    async def _unsigned(self, call: Call, dialect: Dialect, identity: Identity | None = None) -> Caller:
        """The body without a signature over it, and by default the caller whom nobody knows."""
        if identity is None:
            identity = ANONYMOUS if dialect is Dialect.S3 else UNKNOWN
        account = identity.account if identity.account.isdigit() else self._account
        if dialect is Dialect.S3:
            payload = await open_payload(call.request, declared_payload(call.request), None)
            return Caller(identity, account, payload.body, payload.length, None, payload.trailers)
        body = await self._read(call.request)
        return Caller(identity, account, _once(body), len(body), body)

    async def _trust(self, call: Call, dialect: Dialect) -> Caller:
        key_id = sigv4.key_id_of(call.request) or (sigv2.key_id_of(call.request) if dialect is Dialect.S3 else "")
        key = await self._keys.find(key_id) if key_id else None
        if not key_id and may_be_unsigned(call):
            return await self._unsigned(call, dialect)
        self._neighbours.check(call.request)
        identity = self._trusted(key, key_id, dialect)
        caller = await self._unsigned(call, dialect, identity)
        if key_id:
            caller.method = "QueryString" if not call.request.headers.get("authorization") else "AuthHeader"
            caller.version = "SigV4" if sigv4.key_id_of(call.request) else "SigV2"
        return caller

    def _trusted(self, key: AccessKey | None, key_id: str, dialect: Dialect) -> Identity:
        """Who uses `key_id`, in trust mode: an unknown key is the root of the account that it looks like."""
        if key is None:
            return root(key_id if _is_account(key_id) else NOBODYS_ACCOUNT, key_id)
        if not key.active:
            raise refusal(Reason.UNKNOWN_KEY, dialect, AWSAccessKeyId=key_id)
        if key.expires is not None and key.expires <= self._clock.now():
            raise refusal(Reason.EXPIRED_TOKEN, dialect)
        return key.identity

    async def _read(self, request: Request) -> bytes:
        parts = []
        size = 0
        async for part in request.body:
            size += len(part)
            if size > self._body_bytes_max:
                raise AwsError("RequestEntityTooLargeException", "Request size exceeded the limit.", 413)
            parts.append(part)
        return b"".join(parts)


def may_be_unsigned(call: Call) -> bool:
    """Whether a call without a signature goes on: to S3, whose bucket policies decide, and to operations that take a
    token of another kind."""
    if call.service == "s3" or (call.service, call.operation) in _LINKS:
        return True
    return bool(call.operation) and _takes_no_signature(call.service, call.operation)


@lru_cache(4096)
def _takes_no_signature(service: str, operation: str) -> bool:
    try:
        return bool(operation_model(service, operation).auth_type == "none")
    except KeyError:
        return False


def _body_may_be_unsigned(call: Call) -> bool:
    """Outside S3 a few operations say so, and so do Cairn's own commands."""
    if call.service not in index().services:
        return True
    if not call.operation:
        return False
    model = operation_model(call.service, call.operation)
    return model.auth_type == "v4-unsigned-body" or bool(model.unsigned_payload)


def _check_service(call: Call, claim: Claim, dialect: Dialect) -> None:
    """Raises AwsError where the claim is for another service than the one that is called."""
    known = index().services.get(call.service)
    if not isinstance(claim, sigv4.Claim) or known is None:
        return
    if call.service not in services_signed_for(claim.service):
        text = f"Credential should be scoped to correct service: '{known.signing_name}'. "
        raise refusal(Reason.MISMATCH, dialect, text)


def _is_account(key_id: str) -> bool:
    return len(key_id) == 12 and key_id.isascii() and key_id.isdigit()


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body
