"""What `cairn verify` stands on: the place, the public keys, the server if there is one, and the progress bar."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from cairn.cli.server import Server
from cairn.cloudtrail.checkpoints.note import BadNote, VerifierKey
from cairn.cloudtrail.trail import TrailId, parse_arn
from cairn.cloudtrail.verify.bucket import Bucket
from cairn.cloudtrail.verify.keys import Ask
from cairn.cloudtrail.verify.log_reading import ServersLog
from cairn.cloudtrail.verify.places import ROOT, Folder, Place
from cairn.cloudtrail.verify.reading import THREADS
from cairn.cloudtrail.verify.verification import DIGEST_THREADS
from cairn.core.errors import AwsError, Misuse, Refused, Unreachable
from cairn.core.s3_objects import S3ObjectStore
from cairn.wire.signing import Credentials

KEYS_SINCE = 1
"""ListPublicKeys is asked for all keys from this second on; 0 stands for no time at all in some clients."""
CONNECTIONS = THREADS + DIGEST_THREADS + 1


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
    return server.bucket(bucket, prefix, connections=CONNECTIONS)


def place_of_trail(server: Server, trail: TrailId) -> str:
    """`s3://bucket/prefix` of a trail, as its server tells it."""
    try:
        client = server.client("cloudtrail", trail.home_region)
        found = client.get_trail(Name=trail.arn)["Trail"]
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"the server does not tell where {trail.arn} delivers to: {error}") from error
    return f"s3://{found['S3BucketName']}/{found.get('S3KeyPrefix', '')}".rstrip("/")


def ask(server: Server) -> Ask:
    """The public keys of a region, as a server lists them."""

    def keys(region: str) -> Iterable[Mapping[str, Any]]:
        try:
            client = server.client("cloudtrail", region)
            listed: list[Mapping[str, Any]] = client.list_public_keys(StartTime=KEYS_SINCE)["PublicKeyList"]
        except (BotoCoreError, ClientError) as error:
            raise Refused(f"the server does not list its public keys: {error}", advice="Give --keys FILE.") from error
        return listed

    return keys


def servers_logs(server: Server, trail: TrailId | None) -> dict[TrailId, ServersLog]:
    """The checkpoint logs as a server tells them."""
    query = {"trail": trail.arn} if trail is not None else {}
    return {
        parse_arn(found["trail"]): ServersLog(found["key"], found["checkpoint"], _Files(server, found))
        for found in server.get("checkpoint", query)["logs"]
    }


class _Files:
    """A log's files at the endpoint."""

    def __init__(self, server: Server, found: Mapping[str, str]) -> None:
        self._server = server
        self._found = found

    def __call__(self, path: str) -> bytes:
        if path == "checkpoint":
            return self._found["checkpoint"].encode()
        answer = self._server.get("checkpoint-file", {"trail": self._found["trail"], "path": path})
        return base64.b64decode(answer["content"])


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        files = task.fields["logs"]
        elapsed = task.elapsed or 0.0
        return Text(f"{files} log files, {files / elapsed:,.0f}/s" if elapsed else f"{files} log files")


def progress_bar() -> Progress:
    """Shown on a terminal alone. What is printed meanwhile goes above it."""
    return Progress(
        TextColumn("verify"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("digests,"),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        redirect_stdout=sys.stdout.isatty(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _bucket_elsewhere(endpoint: str, bucket: str, prefix: str) -> Bucket:
    if not urlsplit(endpoint).netloc:
        raise Misuse(f"{endpoint!r} is no address", advice="Such as https://s3.eu-central-1.amazonaws.com.")
    session = Session()
    found = session.get_credentials()
    if found is None:
        raise Unreachable(
            "no AWS credentials are set", advice="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile."
        )

    def credentials() -> Credentials:
        frozen = found.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token or "")

    region = session.get_config_variable("region") or "us-east-1"
    return Bucket(
        endpoint,
        bucket,
        prefix,
        credentials=credentials,
        region=region,
        store=S3ObjectStore(endpoint, region=region),
        pool=urllib3.PoolManager(maxsize=CONNECTIONS, timeout=urllib3.Timeout(connect=5.0, read=60.0)),
    )
