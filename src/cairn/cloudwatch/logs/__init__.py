"""Log groups: their streams, their events, and AWS's operations on them.

What others do with log events they do through `LogStore`.
"""

from cairn.cloudwatch.logs.events import LogBatch, LogEvent, Place, StoredEvent
from cairn.cloudwatch.logs.groups import Group
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.store import Accepted, LogStore, Once
from cairn.cloudwatch.logs.tables import LOGS

__all__ = [
    "LOGS",
    "Accepted",
    "Group",
    "GroupId",
    "LogBatch",
    "LogEvent",
    "LogStore",
    "Once",
    "Place",
    "StoredEvent",
]
