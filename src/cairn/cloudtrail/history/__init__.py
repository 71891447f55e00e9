"""Event history: every management event of the last 90 days, found again in milliseconds."""

from cairn.cloudtrail.history.history import History, HistoryReader
from cairn.cloudtrail.history.lookup import Found, Lookup
from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.cloudtrail.history.sink import HistorySink, request_rebuild

__all__ = ["Found", "History", "HistoryReader", "HistorySink", "Lookup", "StoredEvent", "request_rebuild"]
