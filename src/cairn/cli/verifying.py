"""What `cairn verify` stands on: the place, the public keys, and the server if there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cairn.cli.credentials import find_credentials, find_region
from cairn.cli.server import Server
from cairn.cloudtrail.checkpoints.note import BadNote, VerifierKey
from cairn.cloudtrail.trail import TrailId, parse_arn
from cairn.cloudtrail.verify.bucket import Bucket
from cairn.cloudtrail.verify.keys import Ask
from cairn.cloudtrail.verify.places import ROOT, Folder, Place
from cairn.core.errors import AwsError, Misuse, Refused, Unreachable

KEYS_SINCE = 1
"""ListPublicKeys is asked for all keys from this second on; 0 stands for no time at all in some clients."""


class _Trail(msgspec.Struct):
    bucket: str = msgspec.field(name="S3BucketName")
    prefix: str = msgspec.field(name="S3KeyPrefix", default="")


class _GetTrail(msgspec.Struct):
    trail: _Trail = msgspec.field(name="Trail")


class _PublicKeys(msgspec.Struct):
    listed: list[dict[str, Any]] = msgspec.field(name="PublicKeyList")


def trail_id(arn: str) -> TrailId:
    """The trail of an ARN.

    Raises:
        Misuse: it is none.
    """
    try:
        return parse_arn(arn)
    except AwsError as error:
        raise Misuse(error.message, advice="`aws cloudtrail list-trails` prints the ARNs of trails.") from error


def log_key_of(text: str) -> VerifierKey:
    """The verifier key that a person gave.

    Raises:
        Misuse: it is none.
    """
    try:
        return VerifierKey.parse(text)
    except BadNote as error:
        raise Misuse(error.message, advice="`cairn verify --print-key --trail ARN` prints a trail's.") from error


def place_of(text: str, s3_endpoint: str | None, server: Server | None) -> Place:
    """The bucket or folder that a person named.

    Raises:
        Unreachable: a bucket, and neither a server nor an endpoint is known.
        Misuse: there is no such folder.
    """
    if not text.startswith("s3://"):
        path = Path(text).expanduser()
        if not path.is_dir():
            raise Misuse(f"there is no folder {path}", advice="Give a folder, or s3://BUCKET/PREFIX.")
        return Folder(path)
    bucket, _, prefix = text.removeprefix("s3://").partition("/")
    prefix = f"/{prefix}".partition(f"/{ROOT.rstrip('/')}")[0].strip("/")  # a trail's prefix ends before AWSLogs
    if s3_endpoint:
        return _bucket_elsewhere(s3_endpoint, bucket, prefix)
    if server is None:
        raise Unreachable(
            "no Cairn runs here that has this bucket",
            advice="Name one with --data or --endpoint, or another S3 with --s3-endpoint URL.",
        )
    return server.bucket(bucket, prefix)


def place_of_trail(server: Server, trail: TrailId) -> str:
    """`s3://bucket/prefix` of a trail, as its server tells it."""
    try:
        found = server.cloudtrail("GetTrail", {"Name": trail.arn}, trail.home_region, _GetTrail).trail
    except Refused as error:
        raise Refused(f"the server does not tell where {trail.arn} delivers to: {error}") from error
    return f"s3://{found.bucket}/{found.prefix}".rstrip("/")


def ask(server: Server) -> Ask:
    """The public keys of a region, as a server lists them."""

    def keys(region: str) -> Iterable[Mapping[str, Any]]:
        try:
            return server.cloudtrail("ListPublicKeys", {"StartTime": KEYS_SINCE}, region, _PublicKeys).listed
        except Refused as error:
            raise Refused(f"the server does not list its public keys: {error}", advice="Give --keys FILE.") from error

    return keys


def _bucket_elsewhere(endpoint: str, bucket: str, prefix: str) -> Bucket:
    if not urlsplit(endpoint).netloc:
        raise Misuse(f"{endpoint!r} is no address", advice="Such as https://s3.eu-central-1.amazonaws.com.")
    return Bucket(endpoint, bucket, prefix, credentials=find_credentials(), region=find_region())
