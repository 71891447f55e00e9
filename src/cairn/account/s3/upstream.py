"""S3 as clients of many accounts see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import unquote

from cairn.account.s3.access import Access, Evaluate, acls_enabled, caller_account
from cairn.account.s3.buckets import Bucket, Buckets
from cairn.account.s3.configuration import Configuration
from cairn.account.s3.encryption import Keys
from cairn.account.s3.engine import Engine
from cairn.account.s3.objects import Objects
from cairn.account.s3.operations import OPERATIONS, Answer
from cairn.account.s3.published import is_published, published
from cairn.account.s3.replies import access_denied, error, failure, no_such_bucket, not_implemented
from cairn.account.s3.tenancy import Tenancy
from cairn.core.clock import Clock
from cairn.core.errors import AwsError
from cairn.core.state import State
from cairn.wire.client import HttpClient
from cairn.wire.hosts import parse_host
from cairn.wire.http import Call, Response
from cairn.wire.s3_routes import split_path
from cairn.wire.signing import Credentials

KEY_BYTES_MAX = 1024


class S3Upstream:
    """Answers S3's calls from an engine that knows one tenant, and from saved state.

    Args:
        endpoint, credentials: of the engine (`SeaweedFS.endpoint`, `.credentials`).
        client: gives the HTTP client of the running event loop.
        evaluate: asks a bucket policy.
        keys: names KMS keys; without it objects cannot be encrypted under one.
        make_durable: awaited after each change that the engine has answered, before the client hears of it
            (`NameSync`, where the engine's folder is on this machine).
        domains: names under which `bucket.s3.DOMAIN` and `bucket.DOMAIN` are virtual-host requests.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        *,
        client: Callable[[], HttpClient],
        state: State,
        clock: Clock,
        evaluate: Evaluate,
        keys: Keys | None = None,
        make_durable: Callable[[], Awaitable[None]] | None = None,
        domains: Sequence[str] = (),
    ) -> None:
        self._domains = tuple(domains)
        self._buckets = Buckets(state, clock)
        self._access = Access(evaluate)
        self._configuration = Configuration(self._buckets)
        engine = Engine(endpoint, credentials, client, make_durable)
        self._tenancy = Tenancy(self._buckets, engine, clock)
        self._objects = Objects(self._buckets, self._tenancy, engine, self._access, keys)

    async def recover(self, account: str, region: str) -> None:
        """Finish what a crash interrupted. Buckets that only the engine knows become `account`'s, in `region`."""
        await self._tenancy.recover(account, region)

    async def send(self, call: Call) -> Response:
        """The reply. Errors are replies too, in S3's XML.

        Raises:
            UpstreamUnavailable: the engine does not answer.
        """
        try:
            return await self._answer(call)
        except AwsError as problem:
            return failure(call, problem)

    async def _answer(self, call: Call) -> Response:
        name, key = self._addressed(call)
        if call.request.method == "OPTIONS" and name:
            return await self._objects.preflight(call, name, key)
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            raise error("MethodNotAllowed", "The specified method is not allowed against this resource.")
        if operation.answer is Answer.NONE:
            raise not_implemented(call.operation)
        if call.operation == "ListBuckets":
            return await self._tenancy.listed(call, caller_account(call))
        if is_published(name):
            return published(call, name, unquote(key))
        if call.operation == "CreateBucket":
            return await self._tenancy.create(call, caller_account(call), name)
        bucket = await self._bucket(call, name)
        await self._check(call, bucket, key)
        if operation.answer is Answer.ENGINE:
            return await self._objects.answer(call, bucket, key)
        if call.operation == "DeleteBucket":
            return await self._tenancy.delete(call, bucket)
        if call.operation in ("GetObjectAcl", "PutObjectAcl"):
            await self._objects.must_exist(call, bucket, key)
        return await asyncio.to_thread(self._configuration.answer, call, bucket, key)

    def _addressed(self, call: Call) -> tuple[str, str]:
        """Bucket, and key as it was sent."""
        request = call.request
        name, key = split_path(request.path, parse_host(request.host, self._domains).bucket)
        if len(unquote(key).encode()) > KEY_BYTES_MAX:
            raise error("KeyTooLongError", "Your key is too long", MaxSizeAllowed=KEY_BYTES_MAX)
        return unquote(name), key

    async def _bucket(self, call: Call, name: str) -> Bucket:
        bucket = await self._tenancy.bucket(name)
        if bucket is None:
            raise no_such_bucket(name)
        wanted = call.request.headers.get("x-amz-expected-bucket-owner")
        if wanted and wanted != bucket.account:
            raise access_denied()
        return bucket

    async def _check(self, call: Call, bucket: Bucket, key: str) -> None:
        if call.operation == "DeleteObjects":
            return  # each of its keys needs a permission of its own
        decoded = unquote(key)
        own = ""
        if key and caller_account(call) != bucket.account and acls_enabled(bucket):
            own = await asyncio.to_thread(self._buckets.object_acl, bucket.name, decoded)
        self._access.check(call, bucket, decoded, object_acl=own)
