"""Operations on objects, passed to the engine: what must be added to a call, and changed in a reply."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from urllib.parse import quote, unquote

from cairn.account.s3 import acl
from cairn.account.s3.access import Access, acls_enabled, caller_account
from cairn.account.s3.buckets import Bucket, Buckets
from cairn.account.s3.configuration import check_grants, kept_acl
from cairn.account.s3.encryption import ENCRYPTING, Keys, apply_encryption, name_key
from cairn.account.s3.engine import Engine, passed_headers, passed_query
from cairn.account.s3.replies import (
    access_denied,
    canonical_id,
    document,
    error,
    failure,
    identify,
    no_such_bucket,
)
from cairn.account.s3.tenancy import Tenancy
from cairn.account.s3.xml import Element, element, parse, render, text_of
from cairn.core.errors import AwsError
from cairn.wire.checksums import ALGORITHMS, PREFIX
from cairn.wire.client import read_body
from cairn.wire.http import Call, Headers, Response
from cairn.wire.routes import query_names
from cairn.wire.s3_routes import POST_OBJECT

LIST_BYTES_MAX = 16 << 20
ERROR_BYTES_MAX = 1 << 20
DELETE_KEYS_MAX = 1000

STREAMED = frozenset(("PutObject", "PostObject", "UploadPart"))
_ENGINE_CHECKSUMS = frozenset(("crc32", "crc32c", "crc64nvme", "sha1", "sha256"))
_WITH_OWNERS = frozenset(("ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "ListParts"))
_OWNER = re.compile(rb"<(Owner|Initiator)>.*?</\1>", re.DOTALL)
_BARE_ETAG = re.compile(rb"<ETag>([0-9a-f-]+)</ETag>")
_LOCATION = re.compile(rb"<Location>[^<]*</Location>")
_ENGINE_HEADERS = ("server", "seaweed-x-amz-etag", "seaweed-x-amz-owner")


class Objects:
    """Passes them on."""

    def __init__(self, buckets: Buckets, tenancy: Tenancy, engine: Engine, access: Access, keys: Keys | None) -> None:
        self._buckets = buckets
        self._tenancy = tenancy
        self._engine = engine
        self._access = access
        self._keys = keys

    async def answer(self, call: Call, bucket: Bucket, key: str) -> Response:
        """The engine's reply in S3's words.

        Raises:
            AwsError: the call is refused before the engine sees it.
            UpstreamUnavailable: the engine does not answer.
        """
        request = call.request
        headers = passed_headers(request.headers)
        grants = self._grants(call, bucket)
        if call.operation in ENCRYPTING and apply_encryption(headers, bucket):
            await asyncio.to_thread(name_key, headers, bucket, caller_account(call), self._keys)
        if "x-amz-copy-source" in headers:
            source = await self._check_source(call, headers.get("x-amz-copy-source"))
            headers.set("x-amz-copy-source", source)
        query = passed_query(_pairs(call))
        if call.operation == "DeleteObjects":
            return await self._delete_objects(call, bucket, query, headers)
        body, length, checksum = _body(call, headers)
        reply = await self._engine.send(
            request.method, bucket.name, key, query, headers, body, length=length, checksum=checksum
        )
        if reply.status < 300 and call.operation in ENCRYPTING and acls_enabled(bucket):
            kept = kept_acl(bucket, grants or acl.private(bucket.account))
            await asyncio.to_thread(self._buckets.put_object_acl, bucket.name, unquote(key), kept)
        if reply.status >= 500 and call.operation == "GetObject":
            await self._check_key(call, bucket, key, query)
        return await _reply(call, bucket, reply)

    async def preflight(self, call: Call, bucket: str, key: str) -> Response:
        """A browser's OPTIONS, which the bucket's CORS configuration answers."""
        if await self._tenancy.bucket(bucket) is None:
            raise no_such_bucket(bucket)
        reply = await self._engine.send("OPTIONS", bucket, key, "", passed_headers(call.request.headers))
        identify(reply.headers, call)
        return reply

    async def must_exist(self, call: Call, bucket: Bucket, key: str) -> None:
        """Raises AwsError if the engine has no such object."""
        query = passed_query([pair for pair in call.request.query_pairs() if pair[0] == "versionId"])
        head = await self._engine.send("HEAD", bucket.name, key, query, Headers())
        await read_body(head, bytes_max=0)
        if head.status == 404:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=unquote(key))

    async def _check_key(self, call: Call, bucket: Bucket, key: str, query: str) -> None:
        """Raises AwsError if an object could not be read because its KMS key cannot be used."""
        head = await self._engine.send("HEAD", bucket.name, key, query, Headers())
        await read_body(head, bytes_max=0)
        arn = head.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
        if arn and self._keys is not None:
            await asyncio.to_thread(self._keys.arn, bucket.account, bucket.region, arn)

    def _grants(self, call: Call, bucket: Bucket) -> list[acl.Grant] | None:
        if call.operation not in ENCRYPTING:
            return None
        grants = acl.from_headers(call.request.headers, bucket.account)
        if grants is not None:
            check_grants(bucket, grants)
        return grants

    async def _check_source(self, call: Call, source: str) -> str:
        """The source of a copy as the engine is to see it, once the caller may read it."""
        path, _, version = source.partition("?versionId=")
        name, _, key = unquote(path).removeprefix("/").partition("/")
        if not key or name.startswith("arn:"):
            raise error("InvalidArgument", "Invalid copy source object key", ArgumentName="x-amz-copy-source")
        bucket = await self._tenancy.bucket(name)
        if bucket is None:
            raise no_such_bucket(name)
        wanted = call.request.headers.get("x-amz-source-expected-bucket-owner")
        if wanted and wanted != bucket.account:
            raise access_denied()
        own = await asyncio.to_thread(self._buckets.object_acl, name, key) if acls_enabled(bucket) else ""
        self._access.check(call, bucket, key, operation="GetObject", version=version, object_acl=own)
        return f"/{name}/{quote(key)}" + (f"?versionId={version}" if version else "")

    async def _delete_objects(self, call: Call, bucket: Bucket, query: str, headers: Headers) -> Response:
        """Each key needs its own permission; those without are left out, and answered with an error."""
        root = parse(call.body or b"", bytes_max=ERROR_BYTES_MAX * 4)
        objects = root.findall("Object")
        if root.tag != "Delete" or not 0 < len(objects) <= DELETE_KEYS_MAX:
            raise error(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema",
            )
        refused = [node for node in objects if not self._may_delete(call, bucket, node)]
        if not refused:
            body = call.body
        else:
            for node in refused:
                root.remove(node)
            body = render(root)
            for name, _ in list(headers):
                if name.startswith(PREFIX) or name == "content-md5":
                    headers.remove(name)
        if len(refused) == len(objects):
            return document(call, render(element("DeleteResult", *map(_refused, refused))))
        reply = await self._engine.send("POST", bucket.name, "", query, headers, body)
        if not refused or reply.status >= 300:
            return await _reply(call, bucket, reply)
        result = parse(await read_body(reply, bytes_max=LIST_BYTES_MAX), bytes_max=LIST_BYTES_MAX)
        result.extend(map(_refused, refused))
        return document(call, render(result))

    def _may_delete(self, call: Call, bucket: Bucket, node: Element) -> bool:
        action = "s3:DeleteObjectVersion" if text_of(node, "VersionId") else "s3:DeleteObject"
        return self._access.allows(call, bucket, node.findtext("Key") or "", action, is_object=True)


def _refused(node: Element) -> Element:
    version = text_of(node, "VersionId")
    return element(
        "Error",
        element("Key", node.findtext("Key") or ""),
        element("VersionId", version) if version else None,
        element("Code", "AccessDenied"),
        element("Message", "Access Denied"),
    )


def _pairs(call: Call) -> list[tuple[str, str]]:
    """The query, as far as the operation has it."""
    if call.operation == POST_OBJECT:
        return []
    names = query_names("s3", call.operation)
    return [pair for pair in call.request.query_pairs() if names is None or pair[0] in names]


def _body(call: Call, headers: Headers) -> tuple[bytes | AsyncIterator[bytes] | None, int | None, str]:
    """The body to send, its length if it is streamed, and the algorithm of the checksum to send along."""
    if call.operation not in STREAMED:
        return call.body or None, None, ""
    body = call.request.body if call.body is None else _once(call.body)
    text = call.request.headers.get("content-length") if call.body is None else str(len(call.body))
    if not text.isdecimal():
        raise error("MissingContentLength", "You must provide the Content-Length HTTP header.")
    if any(name.removeprefix(PREFIX) in ALGORITHMS for name, _ in headers):
        return body, int(text), ""
    algorithm = headers.get("x-amz-sdk-checksum-algorithm").strip().lower()
    if algorithm in _ENGINE_CHECKSUMS:
        return body, int(text), algorithm
    return body, int(text), "" if call.operation == "UploadPart" else "crc64nvme"


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _reply(call: Call, bucket: Bucket, reply: Response) -> Response:
    """The engine's reply with our names in it."""
    reply.headers.remove(*_ENGINE_HEADERS)
    if reply.status >= 400 and call.request.method != "HEAD":
        return failure(call, await _problem(reply))
    identify(reply.headers, call)
    rewrite = _rewriting(call, bucket)
    if rewrite is not None and reply.status == 200:
        content = rewrite(await read_body(reply, bytes_max=LIST_BYTES_MAX))
        reply.headers.set("content-length", str(len(content)))
        return Response(reply.status, reply.headers, content)
    return reply


def _rewriting(call: Call, bucket: Bucket) -> Callable[[bytes], bytes] | None:
    if call.operation in _WITH_OWNERS:
        owner = b"<ID>" + canonical_id(bucket.account).encode() + b"</ID>"
        end = b"</ListPartsResult>"  # where the engine names neither
        both = b"<Initiator>" + owner + b"</Initiator><Owner>" + owner + b"</Owner>" + end
        return lambda body: _OWNER.sub(rb"<\1>" + owner + rb"</\1>", body).replace(end, both)
    if call.operation in ("CopyObject", "UploadPartCopy"):
        return lambda body: _BARE_ETAG.sub(rb"<ETag>&quot;\1&quot;</ETag>", body)
    if call.operation == "CompleteMultipartUpload":
        request = call.request
        location = render(element("Location", f"{request.scheme}://{request.headers.get('host')}{request.path}"))
        text = location.partition(b">")[2].strip()
        return lambda body: _LOCATION.sub(lambda _: re.sub(rb' xmlns="[^"]*"', b"", text), body)
    return None


async def _problem(reply: Response) -> AwsError:
    body = await read_body(reply, bytes_max=ERROR_BYTES_MAX)
    try:
        root = parse(body)
    except AwsError:
        return AwsError("InternalError", "We encountered an internal error. Please try again.", reply.status)
    members = {
        node.tag: node.text or ""
        for node in root
        if node.tag not in ("Code", "Message", "RequestId", "HostId", "Resource")
    }
    return AwsError(text_of(root, "Code"), text_of(root, "Message"), reply.status, **members)
