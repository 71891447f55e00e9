"""The checkpoint logs as a running Cairn tells them at `/_cairn/...`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from cairn.cloudtrail.trail import TrailId, parse_arn
from cairn.cloudtrail.verify.bucket import Bucket
from cairn.cloudtrail.verify.log_reading import ServersLog
from cairn.cloudtrail.verify.places import ROOT, Place

Get = Callable[[str, Mapping[str, str]], Any]
"""The answer to a signed GET of a path behind `/_cairn/`, as JSON has it."""


def servers_logs(get: Get, trail: TrailId | None, place: Place | None = None) -> dict[TrailId, ServersLog]:
    """The logs.

    Args:
        trail: that one's alone.
        place: without those of trails that deliver to another bucket or prefix, if no trail is named.
    """
    query = {"trail": trail.arn} if trail is not None else {}
    return {
        parse_arn(found["trail"]): ServersLog(found["key"], found["checkpoint"], _Files(get, found))
        for found in get("checkpoint", query)["logs"]
        if trail is not None or not isinstance(place, Bucket) or _is_in(found["place"], place)
    }


def _is_in(published: str, place: Bucket) -> bool:
    """Whether a log was put into a bucket's folder; so was any of which that is not known now."""
    folder = "/".join(filter(None, (place.bucket, place.prefix.strip("/"), ROOT)))
    return not published or published.startswith(folder)


class _Files:
    """A log's files at the endpoint."""

    def __init__(self, get: Get, found: Mapping[str, str]) -> None:
        self._get = get
        self._found = found

    def __call__(self, path: str) -> bytes:
        if path == "checkpoint":
            return self._found["checkpoint"].encode()
        answer = self._get("checkpoint-file", {"trail": self._found["trail"], "path": path})
        return base64.b64decode(answer["content"])
