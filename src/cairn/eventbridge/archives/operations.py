"""Operations on archives and replays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cairn.eventbridge.archives import refusals
from cairn.eventbridge.archives.archives import Archives
from cairn.eventbridge.archives.replays import Replays
from cairn.eventbridge.event import BusId
from cairn.eventbridge.listing import Page, Place
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]
Answer = Mapping[str, Any]

_BUS = re.compile(r"arn:aws[a-z-]*:events:([a-z0-9-]+):(\d{12}):event-bus/(.+)")
_ARCHIVE = re.compile(r"arn:aws[a-z-]*:events:([a-z0-9-]+):(\d{12}):archive/([.\-_A-Za-z0-9]+)")

_SETTINGS = {
    "Description": "description",
    "EventPattern": "pattern",
    "RetentionDays": "retention_days",
    "KmsKeyIdentifier": "kms_key",
}
"""Fields of an `Archive`, by the names that operations have for them."""


class ArchiveOperations:
    """What users do with archives and replays.

    Args:
        check_pattern: raises InvalidEventPatternException unless a text is an event pattern.
    """

    def __init__(self, archives: Archives, replays: Replays, check_pattern: Callable[[str], None]) -> None:
        self._archives = archives
        self._replays = replays
        self._check_pattern = check_pattern

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateArchive": self.create_archive,
            "UpdateArchive": self.update_archive,
            "DeleteArchive": self.delete_archive,
            "DescribeArchive": self.describe_archive,
            "ListArchives": self.list_archives,
            "StartReplay": self.start_replay,
            "CancelReplay": self.cancel_replay,
            "DescribeReplay": self.describe_replay,
            "ListReplays": self.list_replays,
        }

    def create_archive(self, context: Context, params: Params) -> Answer:
        bus = _bus_of(context, params["EventSourceArn"], "EventSourceArn")
        return self._archives.create(bus, params["ArchiveName"], self._settings(params)).made()

    def update_archive(self, context: Context, params: Params) -> Answer:
        return self._archives.change(_place(context), params["ArchiveName"], self._settings(params)).made()

    def delete_archive(self, context: Context, params: Params) -> Answer:
        self._archives.delete(_place(context), params["ArchiveName"])
        return {}

    def describe_archive(self, context: Context, params: Params) -> Answer:
        return self._archives.describe(_place(context), params["ArchiveName"])

    def list_archives(self, context: Context, params: Params) -> Answer:
        _check_filters("ListArchives", params)
        source = params.get("EventSourceArn")
        bus = _bus_of(context, source, "EventSourceArn") if source else None
        if params.get("State", "ENABLED") != "ENABLED":  # none is ever in another
            return {"Archives": []}
        found, token = self._archives.page(_place(context), Page.of(params), bus)
        return {"Archives": found, **token}

    def start_replay(self, context: Context, params: Params) -> Answer:
        destination = params["Destination"]
        bus = _bus_of(context, destination["Arn"], "Destination.Arn")
        parts = _ARCHIVE.fullmatch(params["EventSourceArn"])
        name = parts[3] if parts else params["EventSourceArn"]
        if parts is None or parts[1] != context.region or parts[2] != context.account:
            raise refusals.not_valid("EventSourceArn", f"Archive {name} does not exist.")
        settings = {
            "description": params.get("Description", ""),
            "rules": list(destination.get("FilterArns", [])),
            "event_start": params["EventStartTime"].timestamp(),
            "event_end": params["EventEndTime"].timestamp(),
        }
        made = self._replays.start(bus, name, params["ReplayName"], settings)
        return made.answered() | {"ReplayStartTime": made.started}

    def cancel_replay(self, context: Context, params: Params) -> Answer:
        return self._replays.cancel(_place(context), params["ReplayName"]).answered()

    def describe_replay(self, context: Context, params: Params) -> Answer:
        return self._replays.get(_place(context), params["ReplayName"]).described()

    def list_replays(self, context: Context, params: Params) -> Answer:
        _check_filters("ListReplays", params)
        of = {"state": params.get("State", ""), "archive_arn": params.get("EventSourceArn", "")}
        found, token = self._replays.page(_place(context), Page.of(params), **of)
        return {"Replays": [replay.listed() for replay in found], **token}

    def _settings(self, params: Params) -> dict[str, Any]:
        if params.get("EventPattern"):
            self._check_pattern(params["EventPattern"])
        return {field: params[name] for name, field in _SETTINGS.items() if name in params}


def _place(context: Context) -> Place:
    return Place(context.account, context.region)


def _bus_of(context: Context, arn: str, parameter: str) -> BusId:
    """The caller's bus of an ARN. Raises AwsError: it is no bus's ARN, or another account's or region's."""
    parts = _BUS.fullmatch(arn)
    if parts is None:
        raise refusals.no_event_bus_arn(parameter)
    found = BusId(parts[2], parts[1], parts[3])
    if (found.account, found.region) != msgspec.structs.astuple(_place(context)):
        raise refusals.bus_not_found(found.name)
    return found


def _check_filters(operation: str, params: Params) -> None:
    if sum(1 for name in ("State", "EventSourceArn", "NamePrefix") if params.get(name)) > 1:
        raise refusals.one_filter(operation)
