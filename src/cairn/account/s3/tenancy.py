"""Making, listing and removing buckets of many accounts in an engine that knows one."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from datetime import datetime

from cairn.account.s3 import acl
from cairn.account.s3.buckets import RESERVED, Bucket, Buckets, check_name
from cairn.account.s3.engine import Engine
from cairn.account.s3.replies import access_denied, canonical_id, empty, error, xml
from cairn.account.s3.xml import Element, check, element, parse, render, text_of
from cairn.core.clock import Clock, utc
from cairn.core.errors import AwsError
from cairn.core.failpoints import failpoint
from cairn.wire.client import read_body
from cairn.wire.http import Call, Headers, Response, UpstreamUnavailable
from cairn.wire.models import operation_model

LIST_MAX = 10_000
REPLY_BYTES_MAX = 64 << 20
HOME = "us-east-1"
"""The region whose buckets have no LocationConstraint, and whose owner may make one again."""

log = logging.getLogger(__name__)


class Tenancy:
    """Buckets in the engine and their rows, kept in step."""

    def __init__(self, buckets: Buckets, engine: Engine, clock: Clock) -> None:
        self._buckets = buckets
        self._engine = engine
        self._clock = clock

    async def bucket(self, name: str) -> Bucket | None:
        """The bucket, if there is one now."""
        found = self._buckets.cached(name)
        if found is not None:
            return found
        found = await asyncio.to_thread(self._buckets.find, name)
        if found is not None and found.phase != "live":
            await self._finish(found)
            found = await asyncio.to_thread(self._buckets.find, name)
        return found

    async def create(self, call: Call, account: str, name: str) -> Response:
        """CreateBucket."""
        if not account:
            raise access_denied()
        check_name(name)
        root = parse(call.body) if call.body else None
        if root is not None:
            shape = operation_model("s3", "CreateBucket").input_shape.members["CreateBucketConfiguration"]
            check(root, "CreateBucketConfiguration", shape)
        region = _region(call.region, text_of(root, "LocationConstraint") if root is not None else "")
        headers = call.request.headers
        bucket = Bucket(
            name,
            account,
            region,
            self._clock.now(),
            "making",
            object_lock=headers.get("x-amz-bucket-object-lock-enabled").lower() == "true",
        )
        if await self.bucket(name) is None:  # which also finishes what a crash left of one
            holder = await asyncio.to_thread(self._buckets.begin, bucket, _documents(headers, account, root))
            if holder is None:
                failpoint("buckets.begun")
                await self._make(bucket)
                return _created(call, bucket)
        holder = await self.bucket(name)
        if holder is None or holder.account != account:
            raise error(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again.",
                BucketName=name,
            )
        if holder.region == HOME == call.region and region == HOME:
            return _created(call, holder)
        raise error(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            BucketName=name,
        )

    async def delete(self, call: Call, bucket: Bucket) -> Response:
        """DeleteBucket."""
        await asyncio.to_thread(self._buckets.settle, bucket.name, "leaving")
        failpoint("buckets.leaving")
        problem = await self._remove(bucket)
        if problem is not None:
            raise problem
        return empty(call, 204)

    async def recover(self, account: str, region: str) -> None:
        """Finish what a crash interrupted, and take in for `account` what only the engine knows."""
        for bucket in await asyncio.to_thread(self._buckets.unsettled):
            await self._finish(bucket)
        known = await asyncio.to_thread(self._buckets.names)
        for name, created in (await self._in_engine()).items():
            if name not in known and await asyncio.to_thread(self._buckets.adopt, name, account, region, created):
                log.warning("bucket %s was in the engine only; it is account %s's now", name, account)

    async def listed(self, call: Call, account: str) -> Response:
        """ListBuckets."""
        if not account:
            raise access_denied()
        query = dict(call.request.query_pairs())
        limit, after = _limit(query.get("max-buckets")), _decoded(query.get("continuation-token", ""))
        prefix, region = query.get("prefix", ""), query.get("bucket-region", "")
        found = await asyncio.to_thread(
            lambda: self._buckets.owned_by(account, prefix=prefix, region=region, after=after, limit=limit + 1)
        )
        paged = bool({"max-buckets", "continuation-token", "prefix", "bucket-region"} & set(query))
        root = element(
            "ListAllMyBucketsResult",
            element("Owner", element("ID", canonical_id(account))),
            element("Buckets", *(_listed(bucket, paged) for bucket in found[:limit])),
            element("Prefix", prefix) if prefix else None,
        )
        if len(found) > limit:
            token = base64.urlsafe_b64encode(found[limit - 1].name.encode()).decode()
            root.append(element("ContinuationToken", token))
        return xml(call, root)

    async def _finish(self, bucket: Bucket) -> None:
        if bucket.phase == "making":
            await self._make(bucket)
        elif bucket.phase == "leaving":
            await self._remove(bucket)

    async def _make(self, bucket: Bucket) -> None:
        headers = Headers([("x-amz-bucket-object-lock-enabled", "true")] if bucket.object_lock else [])
        reply = await self._engine.send("PUT", bucket.name, "", "", headers)
        body = await read_body(reply, bytes_max=REPLY_BYTES_MAX)
        if reply.status != 200 and b"BucketAlreadyOwnedByYou" not in body:
            await asyncio.to_thread(self._buckets.remove, bucket.name)
            raise _refusal(reply.status, body)
        failpoint("buckets.made")
        await asyncio.to_thread(self._buckets.settle, bucket.name, "live")

    async def _remove(self, bucket: Bucket) -> AwsError | None:
        reply = await self._engine.send("DELETE", bucket.name, "", "", Headers())
        body = await read_body(reply, bytes_max=REPLY_BYTES_MAX)
        if reply.status == 204 or b"NoSuchBucket" in body:
            failpoint("buckets.removed")
            await asyncio.to_thread(self._buckets.remove, bucket.name)
            return None
        await asyncio.to_thread(self._buckets.settle, bucket.name, "live")
        return _refusal(reply.status, body)

    async def _in_engine(self) -> dict[str, float]:
        reply = await self._engine.send("GET", "", "", "", Headers())
        body = await read_body(reply, bytes_max=REPLY_BYTES_MAX)
        if reply.status != 200:
            raise UpstreamUnavailable(f"the bucket engine does not list its buckets: {body[:200]!r}")
        root = parse(body, bytes_max=REPLY_BYTES_MAX)
        return {
            text_of(node, "Name"): datetime.fromisoformat(text_of(node, "CreationDate")).timestamp()
            for node in root.iter("Bucket")
            if not text_of(node, "Name").startswith(RESERVED)
        }


def iso_milliseconds(seconds: float) -> str:
    return utc(seconds).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(seconds * 1000) % 1000:03d}Z"


def _listed(bucket: Bucket, paged: bool) -> Element:
    return element(
        "Bucket",
        element("Name", bucket.name),
        element("CreationDate", iso_milliseconds(bucket.created)),
        element("BucketRegion", bucket.region) if paged else None,
    )


def _created(call: Call, bucket: Bucket) -> Response:
    location = f"/{bucket.name}" if bucket.region == HOME else f"http://{bucket.name}.s3.amazonaws.com/"
    return empty(call, 200, ("location", location))


def _region(endpoint: str, constraint: str) -> str:
    """The region of a new bucket.

    Raises:
        AwsError: there is no such region, or it is not the one that the call was sent to.
    """
    if not constraint:
        if endpoint != HOME:
            raise _incompatible("unspecified")
        return HOME
    shape = operation_model("s3", "CreateBucket").input_shape.members["CreateBucketConfiguration"]
    if constraint == HOME or constraint not in shape.members["LocationConstraint"].enum:
        raise error(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
            LocationConstraint=constraint,
        )
    region = "eu-west-1" if constraint == "EU" else constraint
    if endpoint not in (HOME, region):
        raise _incompatible(constraint)
    return region


def _incompatible(constraint: str) -> AwsError:
    return error(
        "IllegalLocationConstraintException",
        f"The {constraint} location constraint is incompatible for the region specific endpoint this request was "
        "sent to.",
    )


def _documents(headers: Headers, account: str, root: Element | None) -> dict[str, str]:
    """The documents that a CreateBucket brings: ownership, access control list, tags."""
    found = {}
    ownership = headers.get("x-amz-object-ownership")
    if ownership:
        if ownership not in ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"):
            raise error("InvalidArgument", "Invalid x-amz-object-ownership header: " + ownership)
        rule = element("Rule", element("ObjectOwnership", ownership))
        found["ownershipControls"] = render(element("OwnershipControls", rule)).decode()
    grants = acl.from_headers(headers, account)
    if grants is not None and grants != acl.private(account):
        if ownership in ("", "BucketOwnerEnforced"):
            raise error(
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            )
        if acl.is_public(grants):
            raise access_denied("Access Denied: the account's block public access settings prevent public ACLs")
        found["acl"] = render(acl.to_xml(account, grants)).decode()
    tags = root.find("Tags") if root is not None else None
    if tags is not None and len(tags):
        tag_set = element("TagSet", *tags)
        found["tagging"] = render(element("Tagging", tag_set)).decode()
    return found


def _limit(text: str | None) -> int:
    if text is None:
        return LIST_MAX
    if not text.isdecimal() or not 1 <= int(text) <= LIST_MAX:
        raise error("InvalidArgument", f"Argument max-buckets must be an integer between 1 and {LIST_MAX}")
    return int(text)


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise error("InvalidArgument", "The continuation token provided is incorrect") from None


def _refusal(status: int, body: bytes) -> AwsError:
    try:
        root = parse(body)
    except AwsError:
        return AwsError("InternalError", "We encountered an internal error. Please try again.", 500)
    return AwsError(text_of(root, "Code"), text_of(root, "Message"), status)
