"""Operations on archives and replays."""

from __future__ import annotations

import re
from typing import Any

from cairn.core.errors import AwsError
from cairn.eventbridge.archives import refusals
from cairn.eventbridge.archives.archive import ENABLED
from cairn.eventbridge.archives.archives import Archives
from cairn.eventbridge.archives.replays import Replays
from cairn.eventbridge.arns import resource_of
from cairn.eventbridge.event import BusId
from cairn.eventbridge.listing import Page, Place
from cairn.eventbridge.operations.arguments import Answer, Params, page
from cairn.eventbridge.patterns import InvalidEventPattern, parse_pattern
from cairn.eventbridge.refusals import bus_not_found, invalid_parameter
from cairn.wire.operation import Context, Operation

_ARCHIVE = re.compile(r"arn:aws[a-z-]*:events:([a-z0-9-]+):(\d{12}):archive/([.\-_A-Za-z0-9]+)")

_SETTINGS = {
    "Description": "description",
    "EventPattern": "pattern",
    "RetentionDays": "retention_days",
    "KmsKeyIdentifier": "kms_key",
}
"""Fields of an `Archive`, by the names that operations have for them."""


class ArchiveOperations:
    """What users do with archives and replays."""

    def __init__(self, archives: Archives, replays: Replays) -> None:
        self._archives = archives
        self._replays = replays

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
        return self._archives.create(bus, params["ArchiveName"], _settings(params)).made()

    def update_archive(self, context: Context, params: Params) -> Answer:
        return self._archives.change(Place.of(context), params["ArchiveName"], _settings(params)).made()

    def delete_archive(self, context: Context, params: Params) -> Answer:
        self._archives.delete(Place.of(context), params["ArchiveName"])
        return {}

    def describe_archive(self, context: Context, params: Params) -> Answer:
        return self._archives.describe(Place.of(context), params["ArchiveName"])

    def list_archives(self, context: Context, params: Params) -> Answer:
        _check_filters("ListArchives", params)
        source = params.get("EventSourceArn")
        bus = _bus_of(context, source, "EventSourceArn") if source else None
        if params.get("State", ENABLED) != ENABLED:
            return {"Archives": []}
        wanted = Page.of(params)
        found = self._archives.page(Place.of(context), wanted, bus)
        return page("Archives", found, [entry["ArchiveName"] for entry in found], wanted.limit)

    def start_replay(self, context: Context, params: Params) -> Answer:
        destination = params["Destination"]
        bus = _bus_of(context, destination["Arn"], "Destination.Arn")
        parts = _ARCHIVE.fullmatch(params["EventSourceArn"])
        name = parts[3] if parts else params["EventSourceArn"]
        if parts is None or parts[1] != context.region or parts[2] != context.account:
            raise invalid_parameter("EventSourceArn", f"Archive {name} does not exist.")
        settings = {
            "description": params.get("Description", ""),
            "rules": list(destination.get("FilterArns", [])),
            "event_start": params["EventStartTime"].timestamp(),
            "event_end": params["EventEndTime"].timestamp(),
        }
        made = self._replays.start(bus, name, params["ReplayName"], settings)
        return made.answered() | {"ReplayStartTime": made.started}

    def cancel_replay(self, context: Context, params: Params) -> Answer:
        return self._replays.cancel(Place.of(context), params["ReplayName"]).answered()

    def describe_replay(self, context: Context, params: Params) -> Answer:
        return self._replays.get(Place.of(context), params["ReplayName"]).described()

    def list_replays(self, context: Context, params: Params) -> Answer:
        _check_filters("ListReplays", params)
        of = {"state": params.get("State", ""), "archive_arn": params.get("EventSourceArn", "")}
        wanted = Page.of(params)
        found = self._replays.page(Place.of(context), wanted, **of)
        return page("Replays", [each.listed() for each in found], [each.name for each in found], wanted.limit)


def _bus_of(context: Context, arn: str, parameter: str) -> BusId:
    """The caller's bus of an ARN. Raises AwsError: it is no bus's ARN, or another account's or region's."""
    try:
        found = resource_of(arn)
    except AwsError:
        raise refusals.no_event_bus_arn(parameter) from None
    if not isinstance(found, BusId):
        raise refusals.no_event_bus_arn(parameter)
    if Place(found.account, found.region) != Place.of(context):
        raise bus_not_found(found.name)
    return found


def _check_filters(operation: str, params: Params) -> None:
    if sum(1 for name in ("State", "EventSourceArn", "NamePrefix") if params.get(name)) > 1:
        raise refusals.one_filter(operation)


def _settings(params: Params) -> dict[str, Any]:
    """Raises InvalidEventPatternException."""
    if params.get("EventPattern"):
        try:
            parse_pattern(params["EventPattern"])
        except InvalidEventPattern as error:
            raise AwsError("InvalidEventPatternException", error.message) from None
    return {field: params[name] for name, field in _SETTINGS.items() if name in params}
