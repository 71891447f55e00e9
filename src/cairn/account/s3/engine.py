"""Calls as the engine gets them: path style, signed with its own key, only headers it may see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote, unquote, urlsplit

from cairn.core.errors import AwsError
from cairn.wire.client import HttpClient
from cairn.wire.http import Headers, Response, UpstreamUnavailable
from cairn.wire.signing import UNSIGNED, Credentials, sign
from cairn.wire.sigv4_fields import UNSIGNED_CHUNKS_TRAILER
from cairn.wire.trailing import Trailing

REGION = "us-east-1"
WHOLE_BYTES_MAX = 64 << 10
"""A body up to here is read before it is sent, in one piece with the request's head; larger ones stream."""

_CHANGING = ("PUT", "POST", "DELETE")
_STANDARD = frozenset(
    (
        *("cache-control", "content-disposition", "content-encoding", "content-language", "content-md5"),
        *("content-type", "expires", "if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range"),
        *("origin", "access-control-request-headers", "access-control-request-method"),
    )
)
_OURS = frozenset(
    (
        *("x-amz-acl", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-trailer"),
        *("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner", "x-amz-request-payer"),
        *("x-amz-object-ownership", "x-amz-security-token"),
    )
)
_QUERY_AUTH = frozenset(
    (
        *("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders"),
        *("x-amz-signature", "x-amz-security-token", "awsaccesskeyid", "signature", "expires"),
    )
)


def passed_headers(headers: Headers) -> Headers:
    """Of a client's headers those that concern the engine."""
    return Headers(
        (name, _as_sent(value))
        for name, value in headers
        if name in _STANDARD
        or (name.startswith("x-amz-") and name not in _OURS and not name.startswith("x-amz-grant-"))
    )


def passed_query(pairs: list[tuple[str, str]]) -> str:
    """A query without the members of a presigned URL, encoded as signatures want it."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in pairs
        if name.lower() not in _QUERY_AUTH
    )


class Engine:
    """The S3 endpoint behind everything. It must be told in advance whatever it may store."""

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        client: Callable[[], HttpClient],
        make_durable: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._make_durable = make_durable
        self._endpoint = endpoint.rstrip("/")
        self._host = urlsplit(endpoint).netloc
        self._credentials = credentials
        self._client = client

    async def send(
        self,
        method: str,
        bucket: str,
        key: str,
        query: str,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None = None,
        *,
        length: int | None = None,
        checksum: str = "",
    ) -> Response:
        """The engine's reply.

        Args:
            key: percent-encoded in any way.
            headers: what `passed_headers` gave, to which the caller may have added.
            length: of a streamed body, which ends after so many bytes.
            checksum: algorithm of a checksum that is computed while a body streams, and that the engine compares
                and keeps: `crc32`.

        Raises:
            UpstreamUnavailable: it does not answer.
            AwsError: reading `body` raised it.
        """
        path = f"/{bucket}" + (f"/{quote(unquote(key), safe='/-_.~')}" if key else "")
        url = f"{self._endpoint}{path}" + (f"?{query}" if query else "")
        headers = headers.copy()
        headers.set("host", self._host)
        declared = UNSIGNED
        watched = _Watched(body) if body is not None and not isinstance(body, bytes) else None
        content: bytes | AsyncIterator[bytes] | None = watched.pieces() if watched is not None else body
        if content is not None and watched is not None and length is not None and checksum:
            declared = UNSIGNED_CHUNKS_TRAILER
            trailing = Trailing(length, checksum)
            trailing.declare(headers)
            content, length = trailing.around(watched.pieces()), trailing.size
        elif length is not None and watched is not None:
            headers.set("content-length", str(length))
        if content is not None and not isinstance(content, bytes) and length is not None and length <= WHOLE_BYTES_MAX:
            content = b"".join([piece async for piece in content])
        signed = sign(method, url, headers, self._credentials, service="s3", region=REGION, payload_hash=declared)
        try:
            reply = await self._client().send(method, url, signed, content)
        except UpstreamUnavailable:
            if watched is not None and watched.problem is not None:
                raise watched.problem from None
            raise
        if self._make_durable is not None and method in _CHANGING and reply.status < 300:
            await self._make_durable()
        return reply


class _Watched:
    """A body that remembers what was wrong with it, which the HTTP client turns into a broken connection."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self.problem: AwsError | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._body:
                yield piece
        except AwsError as problem:
            self.problem = problem
            raise


def _as_sent(value: str) -> str:
    """A header's value as text, so that its bytes go out as they came in."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
