"""Log files and records that somebody else wrote."""

from __future__ import annotations

import gzip

from cairn.cloudtrail.imports.logfiles import DamagedFile, read_log_file
from cairn.cloudtrail.logfile import LogFileDamaged, unpack
from cairn.cloudtrail.logfile import read_log_file as read_own
from cairn.core.records.event import Event
from cairn.core.records.parse import DamagedRecord, event_from_record
from fuzz.recorded import take_in
from fuzz.target import Target

NAME = "AWSLogs/123456789012/CloudTrail/eu-west-1/2023/11/14/123456789012_CloudTrail_eu-west-1_20231114T2215Z_a.json.gz"


def log_file(data: bytes) -> None:
    for content in (data, gzip.compress(data, 1, mtime=0)):
        for event in read_log_file(NAME, content):
            if isinstance(event, Event):
                take_in(event)


def record(data: bytes) -> None:
    take_in(event_from_record(data, account="123456789012", region="us-east-1"))


def own_log_file(data: bytes) -> None:
    for content in (data, gzip.compress(data, 1, mtime=0)):
        try:
            read_own(content)
        except LogFileDamaged:
            continue
    unpack(data)


TARGETS = (
    Target(
        "log-file",
        "Files given to `cairn import`: events that every sink takes, or what is damaged.",
        log_file,
        (DamagedFile,),
    ),
    Target("record", "A single record likewise.", record, (DamagedRecord,)),
    Target("own-log-file", "Log files as they are read back from a bucket.", own_log_file, (LogFileDamaged,)),
)
