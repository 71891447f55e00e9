"""The checkpoint logs as a running Cairn tells them at `/_cairn/...`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cairn.cloudtrail.trail import TrailId, parse_arn
from cairn.cloudtrail.verify.checkpoint_log import LogDamaged
from cairn.cloudtrail.verify.log_reading import ServersLog
from cairn.cloudtrail.verify.places import ROOT, Place
from cairn.core.errors import AwsError, Unreachable

Get = Callable[[str, Mapping[str, str]], Any]
"""The answer to a signed GET of a path behind `/_cairn/`, as JSON has it."""


class _Told(msgspec.Struct):
    """A log, as it is told."""

    trail: str
    key: str
    checkpoint: str
    place: str


class _Logs(msgspec.Struct):
    logs: list[_Told]


class _File(msgspec.Struct):
    content: str
    """Base64."""


def servers_logs(get: Get, trail: TrailId | None, place: Place | None = None) -> dict[TrailId, ServersLog]:
    """The logs.

    Args:
        trail: that one's alone.
        place: without those of trails that deliver to another bucket or prefix, if no trail is named. Of a folder
            without a digest nobody knows which bucket it is of: all are asked about.

    Raises:
        Unreachable: what is answered is no answer of Cairn's.
    """
    query = {"trail": trail.arn} if trail is not None else {}
    try:
        answered = msgspec.convert(get("checkpoint", query), _Logs).logs
        return {
            parse_arn(found.trail): ServersLog(found.key, found.checkpoint, _Files(get, found))
            for found in answered
            if trail is not None or place is None or not place.bucket or _is_in(found.place, place)
        }
    except (msgspec.ValidationError, AwsError) as error:
        raise Unreachable(f"what the server tells of its checkpoint logs cannot be read: {error}") from error


def _is_in(published: str, place: Place) -> bool:
    """Whether a log was put into a place; so was any of which that is not known now."""
    folder = "/".join(filter(None, (place.bucket, place.prefix.strip("/"), ROOT)))
    return not published or published.startswith(folder)


class _Files:
    """A log's files at the endpoint."""

    def __init__(self, get: Get, found: _Told) -> None:
        self._get = get
        self._found = found

    def __call__(self, path: str) -> bytes:
        if path == "checkpoint":
            return self._found.checkpoint.encode()
        answer = self._get("checkpoint-file", {"trail": self._found.trail, "path": path})
        try:
            return base64.b64decode(msgspec.convert(answer, _File).content, validate=True)
        except (msgspec.ValidationError, ValueError) as error:
            raise LogDamaged(f"what the server has at {path} cannot be read") from error
