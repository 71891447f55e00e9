"""HTTP as the rest of Cairn sees it: requests, replies, bodies, and the upstream that answers calls.

Nothing here knows a server or a client library; `gateway.server` and `wire.client` translate.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, unquote_plus

from cairn.core.records.identity import UNKNOWN, Identity


class Headers:
    """HTTP header fields: names in lower case, in order, repeats kept."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = [(name.lower(), value) for name, value in items]

    def get(self, name: str, default: str = "") -> str:
        """The first field called `name` (lower case), or `default`."""
        for key, value in self._items:
            if key == name:
                return value
        return default

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._items if key == name]

    def set(self, name: str, value: str) -> None:
        self.remove(name)
        self._items.append((name, value))

    def add(self, name: str, value: str) -> None:
        self._items.append((name, value))

    def remove(self, *names: str) -> None:
        self._items = [item for item in self._items if item[0] not in names]

    def copy(self) -> Headers:
        other = Headers.__new__(Headers)
        other._items = self._items.copy()
        return other

    def __contains__(self, name: str) -> bool:
        for key, _ in self._items:  # noqa: SIM110 - half the time of `any`, and each call asks some thirty times
            if key == name:
                return True
        return False

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"Headers({self._items!r})"


def split_query(query: str) -> list[tuple[str, str]]:
    """The pairs of a raw query string, decoded, blanks kept: `acl` is `("acl", "")`."""
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), unquote_plus(value)))
    return pairs


@dataclass(slots=True)
class Request:
    """A request as it arrived, its body not yet read."""

    method: str
    path: str
    """Raw: percent-encoded as the client sent it, since signatures cover these bytes."""
    query: str
    """Raw, without the question mark."""
    headers: Headers
    body: AsyncIterator[bytes]
    client: str = ""
    """Address of the peer, after trusted proxies were taken into account."""
    scheme: str = "http"
    http_version: str = "1.1"
    tls: dict[str, str] = field(default_factory=dict)
    """tlsDetails of the record, empty on plain HTTP."""

    @property
    def host(self) -> str:
        """The Host header, without its port, in lower case."""
        host = self.headers.get("host").lower()
        return host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host

    @property
    def decoded_path(self) -> str:
        return unquote(self.path)

    def query_pairs(self) -> list[tuple[str, str]]:
        return split_query(self.query)


@dataclass(slots=True)
class Response:
    """A reply. A body that is not bytes is streamed, and its length, if known, stands in content-length."""

    status: int
    headers: Headers
    body: bytes | AsyncIterator[bytes] = b""


@dataclass(slots=True)
class Call:
    """A request of which we know what it asks for."""

    request: Request
    service: str
    """botocore's service name: `s3`, `iam`, `cloudtrail`, `stepfunctions`; empty if it cannot be told."""
    operation: str
    """The operation's name in botocore's model, such as `PutObject`; empty if it cannot be told."""
    region: str
    account: str = ""
    """The account whose resources are addressed: the caller's."""
    identity: Identity = UNKNOWN
    request_id: str = ""
    body: bytes | None = None
    """The whole body, decoded of aws-chunked, where it is not streamed."""
    params: dict[str, object] | None = None
    """The operation's input in botocore's names, once parsed."""
    event_id: str = ""
    host_bucket: str = ""
    """The S3 bucket that the Host header names (virtual-host style); empty where the path names it."""
    document: dict[str, object] | None = None
    """Body of an S3 call in its original case: a parsed XML document under its root, or a parsed JSON one."""
    bytes_in: int = 0
    """Bytes of the body that were read, decoded of aws-chunked."""
    trailers: dict[str, str] = field(default_factory=dict)
    """Trailers of an aws-chunked body, filled once the body was read to its end."""
    signature_version: str = ""
    """`SigV4` or `SigV2`; empty for a call without a signature."""
    authentication_method: str = ""
    """`AuthHeader`, `QueryString` or `HtmlForm`; empty for a call without a signature."""
    form: dict[str, str] | None = None
    """The fields of a form upload to S3, by name in lower case. Its request was made a put of the form's file."""
    vpc_endpoint_id: str = ""
    """The VPC endpoint that the call came through; empty where it came through none."""
    vpc_endpoint_account: str = ""
    """Who owns that endpoint."""
    vpc_endpoint_denied: bool = False
    """Whether the endpoint's policy denied the call."""


class ClientDisconnected(Exception):
    """The client hung up before its request, or our reply, was whole."""


class UpstreamUnavailable(Exception):
    """Nothing answers where the call should go; the client gets 503."""


class Upstream(Protocol):
    """Something that answers calls: an engine of the embedded account, an AWS-shaped endpoint, Cairn itself."""

    async def send(self, call: Call) -> Response:
        """The reply to `call`. Where `call.body` is None the body is streamed from `call.request.body`, which is
        already verified and decoded as it is read.

        Raises:
            UpstreamUnavailable: nothing answers there.
        """
