"""From the bytes of a log file to its events. Pure, and wary: the bytes may come from anyone.

Taken are CloudTrail's log files and the console's JSON download (`{"Records": [...]}`), what `aws cloudtrail
lookup-events` prints (`{"Events": [...]}`), a bare list of either, and JSON lines of either; gzipped or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import msgspec
from isal import igzip_lib, isal_zlib

from cairn.core.decoding import UNREADABLE
from cairn.core.errors import CairnError
from cairn.core.records.event import Event
from cairn.core.records.parse import DamagedRecord, event_from_record
from cairn.core.records.sizes import RECORD_DEPTH_MAX, is_deeper

FILE_BYTES_MAX = 256 << 20
"""Largest file, and largest content of a gzipped one. CloudTrail's are at most 50 MB."""
RECORD_BYTES_MAX = 1 << 20
"""Largest record. CloudTrail's are at most 256 KB, and 1 MB in a Lake store."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_NOT_GZIP = cast(type[Exception], igzip_lib.IsalError)  # its stub takes the class for an instance
_NAME = re.compile(r"(?:^|/)(?P<account>\d{12})_CloudTrail[^_/]*_(?P<region>[a-z0-9-]+)_\d{8}T")
_SPACE = b" \t\r\n"


class DamagedFile(CairnError):
    """The file as a whole cannot be read."""


class _File(msgspec.Struct):
    Records: list[msgspec.Raw] | None = None
    Events: list[msgspec.Raw] | None = None


class _LookedUp(msgspec.Struct):
    """What LookupEvents says of an event: the record is a text in it."""

    CloudTrailEvent: str


_file_decoder = msgspec.json.Decoder(_File)
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_looked_up_decoder = msgspec.json.Decoder(_LookedUp)
_any_decoder = msgspec.json.Decoder()


def read_log_file(name: str, content: bytes) -> Iterator[Event | DamagedRecord]:
    """The file's events in their order, and in the place of each record that cannot be read, why.

    `name` is its path or key: where a record does not say its account or region, the name of its file does.

    Raises:
        DamagedFile: it is no gzip, no JSON, too large, or not one of the forms taken. Nothing was yielded then.
    """
    if len(content) > FILE_BYTES_MAX:
        raise DamagedFile(f"it has {len(content)} bytes, and {FILE_BYTES_MAX} are the most that is read")
    if content.startswith(_GZIP):
        content = gunzip(content)
    raws = _records_of(content.removeprefix(_BOM).strip(_SPACE))
    told = _NAME.search(name)
    account, region = (told["account"], told["region"]) if told else ("", "")
    return (_event(raw, account, region) for raw in raws)


def gunzip(content: bytes, *, bytes_max: int = FILE_BYTES_MAX) -> bytes:
    """What is in a gzip file of one or more members.

    Raises:
        DamagedFile: it is cut, altered, or holds more than `bytes_max` bytes.
    """
    parts: list[bytes] = []
    left = bytes_max
    while content:
        member = isal_zlib.decompressobj(wbits=31)
        try:
            part = member.decompress(content, left + 1)
        except _NOT_GZIP as error:
            raise DamagedFile(f"it is no whole gzip file: {error}") from error
        left -= len(part)
        if left < 0:
            raise DamagedFile(f"it unpacks to more than {bytes_max} bytes")
        if not member.eof:
            raise DamagedFile("it is cut short")
        parts.append(part)
        content = member.unused_data.lstrip(b"\0")  # gzip pads with zeros
    return b"".join(parts)


def _records_of(content: bytes) -> list[bytes]:
    """The JSON of each record, or of each thing that stands where a record should."""
    if not content:
        raise DamagedFile("it is empty")
    try:
        if content.startswith(b"["):
            return [bytes(raw) for raw in _list_decoder.decode(content)]
        file = _file_decoder.decode(content)
    except UNREADABLE as error:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) > 1 and _is_object(lines[0]):
            return lines
        raise DamagedFile(f"it is no log file: {error}") from None
    raws = file.Records if file.Records is not None else file.Events
    if raws is not None:
        return [bytes(raw) for raw in raws]
    if _is_object(content) and (b'"eventVersion"' in content or b'"CloudTrailEvent"' in content):
        return [content]  # one record by itself
    raise DamagedFile("it has neither Records nor Events")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(_any_decoder.decode(line), dict)
    except UNREADABLE:
        return False


def _event(raw: bytes, account: str, region: str) -> Event | DamagedRecord:
    try:
        raw = _unwrapped(raw)
        if len(raw) > RECORD_BYTES_MAX:
            raise DamagedRecord("", f"the record has {len(raw)} bytes, and {RECORD_BYTES_MAX} are the most")
        event = event_from_record(raw, account=account, region=region)
        _check_depth(raw)
    except DamagedRecord as error:
        return error
    if b"\n" in raw or b"\r" in raw or raw[:1] in _SPACE:
        return event
    return Event(event.header, raw)  # on one line already: it stays byte for byte as CloudTrail wrote it


def _unwrapped(raw: bytes) -> bytes:
    """The record itself, where `raw` is what LookupEvents says of it."""
    if b'"CloudTrailEvent"' not in raw:
        return raw
    try:
        return _looked_up_decoder.decode(raw).CloudTrailEvent.encode()
    except UNREADABLE:
        return raw  # a record that only mentions the name


def _check_depth(raw: bytes) -> None:
    """Refuse a record nested so deeply that whoever walks it later could fall."""
    if raw.count(b"{") + raw.count(b"[") <= RECORD_DEPTH_MAX:
        return
    if is_deeper(_any_decoder.decode(raw), RECORD_DEPTH_MAX):
        raise DamagedRecord("", f"the record is nested more than {RECORD_DEPTH_MAX} deep")
