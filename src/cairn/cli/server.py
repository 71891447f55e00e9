"""A command's way to the server: signed calls to `/_cairn/...`, their answers or streams of JSON lines."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import urllib3

from cairn.cli.credentials import find_credentials, find_region
from cairn.cli.options import folder_of
from cairn.cloudtrail.verify.bucket import Bucket
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import Refused, Unreachable
from cairn.wire.http import Headers
from cairn.wire.signing import Credentials, sign

if TYPE_CHECKING:
    from cairn.core.s3_objects import S3ObjectStore

T = TypeVar("T")

CONNECT_S = 5.0
READ_S = 600.0


class Server:
    """A running Cairn, local by its data folder or elsewhere by its endpoint.

    Args:
        certificate: PEM file of the one that it answers with; empty: whatever this machine trusts.
    """

    def __init__(self, endpoint: str, credentials: Credentials, region: str, *, certificate: str = "") -> None:
        self.endpoint = endpoint.rstrip("/")
        self._credentials = credentials
        self._region = region
        self._certificate = certificate
        self._pool = self._new_pool()

    @classmethod
    def find(cls, data: Path | None, endpoint: str | None) -> Server:
        """The server that the shared options name.

        Raises:
            Unreachable: none runs on that folder, or there are no credentials for that endpoint.
        """
        if endpoint:
            return cls(endpoint, find_credentials()(), find_region())
        folder = folder_of(data)
        administrator = folder.administrator()
        credentials = Credentials(administrator.access_key_id, administrator.secret_access_key)
        runtime = folder.runtime()
        return cls(runtime.endpoint, credentials, administrator.region, certificate=runtime.certificate)

    def bucket(self, bucket: str, prefix: str) -> Bucket:
        """A bucket behind this server, to be read by many threads."""
        return Bucket(
            self.endpoint,
            bucket,
            prefix,
            credentials=lambda: self._credentials,
            region=self._region,
            trust=_trusting(self._certificate) if self._certificate else None,
        )

    def object_store(self) -> S3ObjectStore:
        """The buckets behind this server, with the credentials of this command."""
        from cairn.core.s3_objects import S3ObjectStore

        return S3ObjectStore(
            self.endpoint,
            access_key_id=self._credentials.access_key_id,
            secret_access_key=self._credentials.secret_access_key,
            session_token=self._credentials.session_token,
            region=self._region,
            certificate=self._certificate,
        )

    def s3_client(self) -> Any:
        """A boto3 client of S3 at this server."""
        return self.client("s3")

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client of a service at this server."""
        import boto3  # only here and above: it takes longer to load than most commands do
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            aws_access_key_id=self._credentials.access_key_id,
            aws_secret_access_key=self._credentials.secret_access_key,
            aws_session_token=self._credentials.session_token or None,
            region_name=region or self._region,
            verify=self._certificate or None,
            config=Config(s3={"addressing_style": "path"}),
        )

    def _new_pool(self) -> urllib3.PoolManager:
        timeout = urllib3.Timeout(connect=CONNECT_S, read=READ_S)
        if not self._certificate:
            return urllib3.PoolManager(timeout=timeout, retries=False)
        trust = _trusting(self._certificate)
        return urllib3.PoolManager(timeout=timeout, retries=False, ssl_context=trust, assert_hostname=False)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        return self._decoded(self._send("GET", path, query, None).data)

    def post(self, path: str, query: Mapping[str, str] | None = None, *, body: Any = None) -> Any:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self._decoded(self._send("POST", path, query, content).data)

    def stream(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """The answer's lines as they come, each decoded from JSON."""
        reply = self._send("GET", path, query, None, preload=False)
        pending = b""
        try:
            for chunk in reply.stream(65536):
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    if line:
                        yield self._decoded(line)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"the connection to {self.endpoint} broke: {error}") from error
        finally:
            reply.close()

    def cloudtrail(self, operation: str, members: Mapping[str, Any], region: str, type: type[T]) -> T:
        """What an operation of CloudTrail's answers there.

        Args:
            type: what is read of the answer.
        """
        body = msgspec.json.encode(members)
        headers = Headers(
            [
                ("host", urlsplit(self.endpoint).netloc),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", f"CloudTrail_20131101.{operation}"),
            ]
        )
        url = f"{self.endpoint}/"
        payload_hash = hashlib.sha256(body).hexdigest()
        signed = sign(
            "POST", url, headers, self._credentials, service="cloudtrail", region=region, payload_hash=payload_hash
        )
        found: T = self._decoded(self._answer("POST", url, signed, body).data, type)
        return found

    def _send(
        self, method: str, path: str, query: Mapping[str, str] | None, body: bytes | None, *, preload: bool = True
    ) -> urllib3.BaseHTTPResponse:
        url = f"{self.endpoint}/_cairn/{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        headers = Headers([("host", urlsplit(url).netloc)])
        signed = sign(method, url, headers, self._credentials, service="cairn", region=self._region)
        return self._answer(method, url, signed, body, preload=preload)

    def _answer(
        self, method: str, url: str, signed: Headers, body: bytes | None, *, preload: bool = True
    ) -> urllib3.BaseHTTPResponse:
        try:
            reply = self._pool.request(method, url, body=body, headers=dict(signed), preload_content=preload)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(
                f"nothing answers at {self.endpoint}: {error}", advice="Is the server running? `cairn up` starts one."
            ) from error
        if reply.status >= 400:
            raise _refused(reply)
        return reply

    def _decoded(self, answer: bytes, type: Any = Any) -> Any:
        try:
            return msgspec.json.decode(answer, type=type)
        except UNREADABLE as error:
            text = f"what answers at {self.endpoint} is no Cairn: {error}"
            raise Unreachable(text, advice="Does --endpoint name one, and is a proxy between?") from error


def _trusting(certificate: str) -> ssl.SSLContext:
    """Trust in the very certificate that our server's settings name, whoever issued it and whatever it calls itself:
    it was named on this machine."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _refused(reply: urllib3.BaseHTTPResponse) -> Refused:
    try:
        answer = msgspec.json.decode(reply.data)
        message, advice = str(answer.get("message") or answer), str(answer.get("advice") or "")
    except (*UNREADABLE, AttributeError):
        message, advice = reply.data[:300].decode("utf-8", "replace"), ""
    return Refused(f"the server answered {reply.status}: {message}", advice=advice)
