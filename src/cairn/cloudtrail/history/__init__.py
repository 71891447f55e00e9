"""Event history: every management event of the last 90 days, found again in milliseconds."""

from cairn.cloudtrail.history.history import History, HistoryReader
from cairn.cloudtrail.history.lookup import Found, Lookup
from cairn.cloudtrail.history.pages import BadToken
from cairn.cloudtrail.history.query import Query, QueryError, parse_query
from cairn.cloudtrail.history.search import Hits, Search
from cairn.cloudtrail.history.segment_reader import SetAside, StoredEvent
from cairn.cloudtrail.history.segments import Damage
from cairn.cloudtrail.history.sink import HistorySink, Rebuilt, rebuilt, request_rebuild
from cairn.cloudtrail.history.summary import Bucket, Summary

__all__ = [
    "BadToken",
    "Bucket",
    "Damage",
    "Found",
    "History",
    "HistoryReader",
    "HistorySink",
    "Hits",
    "Lookup",
    "Query",
    "QueryError",
    "Rebuilt",
    "Search",
    "SetAside",
    "StoredEvent",
    "Summary",
    "parse_query",
    "rebuilt",
    "request_rebuild",
]
