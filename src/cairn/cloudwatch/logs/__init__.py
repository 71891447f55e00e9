"""Log groups: their streams, their events, and AWS's operations on them.

What others do with log events they do through `LogStore`.
"""

from cairn.cloudwatch.logs.cleaning import Cleaner
from cairn.cloudwatch.logs.compaction import Compactor
from cairn.cloudwatch.logs.encryption import Keys, KeyStanding
from cairn.cloudwatch.logs.events import LogBatch, LogEvent, Place, StoredEvent
from cairn.cloudwatch.logs.groups import Group
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.operations import VALIDATION, operations
from cairn.cloudwatch.logs.policies import ResourcePolicies
from cairn.cloudwatch.logs.records import discovered, pointer
from cairn.cloudwatch.logs.store import Accepted, LogStore, Once
from cairn.cloudwatch.logs.tables import LOGS

__all__ = [
    "LOGS",
    "VALIDATION",
    "Accepted",
    "Cleaner",
    "Compactor",
    "Group",
    "GroupId",
    "KeyStanding",
    "Keys",
    "LogBatch",
    "LogEvent",
    "LogStore",
    "Once",
    "Place",
    "ResourcePolicies",
    "StoredEvent",
    "discovered",
    "operations",
    "pointer",
]
