"""A bucket, read fast: signed GETs over kept connections, each answer with its metadata. Listings go by boto3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit

import urllib3

from cairn.cloudtrail.verify.places import OBJECT_BYTES_MAX, Listed, NotThere, Stored
from cairn.core.errors import CairnError, Refused, Unreachable
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.wire.http import Headers
from cairn.wire.signing import Credentials, sign

RETRIES = urllib3.Retry(
    total=3,
    backoff_factor=0.2,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
    redirect=False,
)

_CODE = re.compile(rb"<Code>([A-Za-z0-9]+)</Code>")
_METADATA = "x-amz-meta-"
_GONE = frozenset({"NoSuchKey", "NoSuchBucket"})


class Bucket:
    """`Place` over an S3 endpoint.

    Args:
        endpoint: with the bucket in the path: `https://s3.eu-central-1.amazonaws.com`.
        store: the same endpoint, for listings.
        pool: with room for as many connections as there are threads.
    """

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        prefix: str,
        *,
        credentials: Callable[[], Credentials],
        region: str,
        store: ObjectStore,
        pool: urllib3.PoolManager,
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        parts = urlsplit(endpoint)
        self._host = parts.netloc
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._base = parts.path.rstrip("/")
        self._credentials = credentials
        self._region = region
        self._store = store
        self._connections = pool.connection_from_url(endpoint)

    def list(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[Listed]:
        try:
            for info in self._store.list(bucket, prefix, after=after):
                yield Listed(info.key, info.modified)
        except ObjectStoreError as error:
            raise (Refused if error.code else Unreachable)(f"{bucket} cannot be listed: {error}") from error

    def read(self, bucket: str, key: str) -> Stored:
        path = f"{self._base}/{quote(bucket)}/{quote(key, safe='/-_.~')}"
        unsigned = Headers([("host", self._host)])
        headers = sign("GET", self._origin + path, unsigned, self._credentials(), service="s3", region=self._region)
        try:
            reply = self._connections.urlopen(
                "GET",
                path,
                headers=dict(headers),
                retries=RETRIES,
                decode_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"reading s3://{bucket}/{key}: {error}") from error
        if reply.status == 200:
            if len(reply.data) > OBJECT_BYTES_MAX:
                raise CairnError(f"s3://{bucket}/{key} has more than {OBJECT_BYTES_MAX} bytes")
            named = ((name.lower(), value) for name, value in reply.headers.items())
            metadata = {name.removeprefix(_METADATA): value for name, value in named if name.startswith(_METADATA)}
            return Stored(reply.data, metadata)
        told = _CODE.search(reply.data)
        code = told[1].decode() if told is not None else ""
        if code in _GONE:
            raise NotThere(f"there is no s3://{bucket}/{key}")
        if reply.status >= 500:
            raise Unreachable(f"reading s3://{bucket}/{key}: the S3 there answered {reply.status} {code}")
        raise Refused(f"reading s3://{bucket}/{key}: {code or reply.status}")
