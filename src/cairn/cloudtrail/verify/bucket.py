"""A bucket, read fast: signed GETs over kept connections, each answer with its metadata."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode, urlsplit

from cairn.cloudtrail.verify.connections import Connections, Get, NoReply, Reply, TooLong
from cairn.cloudtrail.verify.listing import read_page
from cairn.cloudtrail.verify.places import OBJECT_BYTES_MAX, Listed, NotThere, Stored
from cairn.core.errors import CairnError, Refused, Unreachable
from cairn.wire.http import Headers
from cairn.wire.signing import Credentials, sign

ATTEMPTS = 4
BACKOFF_S = 0.2
KEYS_FIRST = 1
"""Of a listing's first page: whoever asks which folders there are looks at no more of each."""
KEYS = 1000

_TRY_AGAIN = frozenset({500, 502, 503, 504})
_CODE = re.compile(rb"<Code>([A-Za-z0-9]+)</Code>")
_METADATA = "x-amz-meta-"
_GONE = frozenset({"NoSuchKey", "NoSuchBucket"})


class Bucket:
    """`Place` over an S3 endpoint.

    Args:
        endpoint: with the bucket in the path: `https://s3.eu-central-1.amazonaws.com`.
        trust: whom to believe on TLS; None: whomever this machine trusts.
        get: another way there than over the network.
    """

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        prefix: str,
        *,
        credentials: Callable[[], Credentials],
        region: str,
        trust: ssl.SSLContext | None = None,
        get: Get | None = None,
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        parts = urlsplit(endpoint)
        self._host = parts.netloc
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._base = parts.path.rstrip("/")
        self._credentials = credentials
        self._region = region
        self._send = get or Connections(self._origin, trust).get

    def list(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[Listed]:
        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        place = {"start-after": after} if after else {}
        keys = KEYS_FIRST
        while True:
            asked = urlencode(query | place | {"max-keys": str(keys)}, safe="", quote_via=quote)
            reply = self._get(f"/{quote(bucket)}?{asked}", f"{bucket} cannot be listed")
            if reply.status != 200:
                raise _refusal(reply, f"{bucket} cannot be listed")
            page = read_page(reply.content)
            yield from page.objects
            if not page.more:
                return
            place, keys = {"continuation-token": page.more}, KEYS

    def read(self, bucket: str, key: str) -> Stored:
        what = f"reading s3://{bucket}/{key}"
        reply = self._get(f"/{quote(bucket)}/{quote(key, safe='/-_.~')}", what)
        if reply.status == 200:
            named = reply.headers.items()
            return Stored(
                reply.content,
                {name.removeprefix(_METADATA): value for name, value in named if name.startswith(_METADATA)},
            )
        if _code(reply) in _GONE:
            raise NotThere(f"there is no s3://{bucket}/{key}")
        raise _refusal(reply, what)

    def _get(self, target: str, what: str) -> Reply:
        """An answer, asked for again where a later one may be another."""
        target = self._base + target
        attempt = 1
        while True:
            unsigned = Headers([("host", self._host)])
            url = self._origin + target
            headers = sign("GET", url, unsigned, self._credentials(), service="s3", region=self._region)
            try:
                reply = self._send(target, headers, bytes_max=OBJECT_BYTES_MAX)
                if reply.status not in _TRY_AGAIN or attempt == ATTEMPTS:
                    return reply
            except TooLong as error:
                raise CairnError(f"{what}: {error}") from error
            except NoReply as error:
                if attempt == ATTEMPTS:
                    raise Unreachable(f"{what}: {self._origin} does not answer: {error}") from error
            time.sleep(BACKOFF_S * 2 ** (attempt - 1))
            attempt += 1


def _refusal(reply: Reply, what: str) -> CairnError:
    code = _code(reply)
    if reply.status >= 500:
        return Unreachable(f"{what}: the S3 there answered {reply.status} {code}")
    region = reply.headers.get("x-amz-bucket-region", "")
    moved = 300 <= reply.status < 400 and region
    advice = f"The bucket is in {region}: set AWS_REGION, and give the endpoint there." if moved else ""
    return Refused(f"{what}: {code or reply.status}", advice=advice)


def _code(reply: Reply) -> str:
    told = _CODE.search(reply.content)
    return told[1].decode() if told is not None else ""
