"""One request to the console and what it may be answered: JSON in, JSON out, refusals of one form."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError, CairnError
from cairn.wire.http import Headers, Request, Response

BODY_BYTES_MAX = 1 << 20
HOST_CHARS_MAX = 262
"""Of a name and a port."""
JSON = "application/json"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the pages: nothing from elsewhere, nothing inline."""
_BARE = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The same of everything that is no page."""
_FOREIGN = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"
"""What is somebody else's, such as an object of a bucket: it may run, but not as if it came from here."""
_NOT_RUN = ("image/", "audio/", "video/", "application/pdf")
_RUN = ("image/svg",)

T = TypeVar("T")


class Refusal(Exception):
    """An answer that is an error: `{"error": {"code", "message", "advice"?}}`."""

    def __init__(self, code: str, message: str, status: int, *, advice: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.advice = advice

    @classmethod
    def of(cls, error: AwsError | CairnError) -> Refusal:
        """What AWS's error, or one of ours, is here."""
        if isinstance(error, AwsError):
            status = 403 if error.code.startswith("AccessDenied") else error.status  # which some services call 400
            return cls(error.code, error.message, status, advice=str(error.members.get("advice", "")))
        return cls("ValidationException", error.message, 400, advice=error.advice)

    def answer(self) -> Response:
        told = {"code": self.code, "message": self.message}
        if self.advice:
            told["advice"] = self.advice
        return answer({"error": told}, status=self.status)


class Peer(NamedTuple):
    """Where a person is, and how they came: what is called for them is called from there."""

    address: str
    scheme: str
    """`http` or `https`, as the person's browser speaks it, whatever a proxy in between does."""


@dataclass(slots=True)
class Visit:
    """A request, with what its path and its query say."""

    request: Request
    path: str
    """Behind `/console`, decoded."""
    query: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.request.client

    @property
    def peer(self) -> Peer:
        return Peer(self.request.client, self.request.scheme)

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:4590`, as the browser sees us."""
        return f"{self.request.scheme}://{self.request.headers.get('host')[:HOST_CHARS_MAX]}"

    def cookie(self, name: str) -> str:
        """The value of a cookie; empty where the browser sent none. Those of other servers on this host come along, and
        may hold anything."""
        for pair in ";".join(self.request.headers.all("cookie")).split(";"):
            found, _, value = pair.strip().partition("=")
            if found == name:
                return value
        return ""

    async def read(self, type: type[T]) -> T:
        """The body, a JSON document.

        Raises:
            Refusal: it is none, or too large, or not declared as JSON, which other sites' forms cannot do.
        """
        if self.request.headers.get("content-type").partition(";")[0].strip().lower() != JSON:
            raise Refusal("UnsupportedMediaType", f"The body must be {JSON}.", 415)
        body = bytearray()
        async for part in self.request.body:
            body += part
            if len(body) > BODY_BYTES_MAX:
                raise Refusal("RequestEntityTooLarge", f"The body is larger than {BODY_BYTES_MAX} bytes.", 413)
        try:
            return msgspec.json.decode(bytes(body), type=type)
        except UNREADABLE as error:
            raise Refusal("ValidationException", str(error), 400) from None


class Held:
    """A body that holds a place, which is free once it is closed, even if it was never begun."""

    def __init__(self, parts: AsyncGenerator[bytes, None], end: Callable[[], None]) -> None:
        self._parts = parts
        self._end: Callable[[], None] | None = end

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await self._parts.__anext__()

    async def aclose(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None
        await self._parts.aclose()


def answer(content: Any, *, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """`content` as JSON, which nobody keeps."""
    return bare(msgspec.json.encode(content), JSON, status=status, headers=headers)


def bare(
    body: bytes | AsyncIterator[bytes], content_type: str, *, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """A reply that is no page: even opened as one it runs and loads nothing."""
    named = [("content-type", content_type), ("cache-control", "no-store"), ("content-security-policy", _BARE)]
    return Response(status, Headers([*named, *headers]), body)


def page(body: bytes, *, status: int = 200, policy: str = POLICY) -> Response:
    """An HTML page, which nobody keeps."""
    named = [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store")]
    return Response(status, Headers([*named, ("content-security-policy", policy)]), body)


def foreign(response: Response) -> Response:
    """`response` to a link that leads to somebody else's content: a page among it shares our address, and would reach
    the console as whoever is signed in."""
    kind = response.headers.get("content-type").lower()
    if kind.startswith(_RUN) or not kind.startswith(_NOT_RUN):
        response.headers.add("content-security-policy", _FOREIGN)
    return response


def secured(response: Response) -> Response:
    """`response` with what every reply of the console says to browsers."""
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ):
        response.headers.set(name, value)
    return response
