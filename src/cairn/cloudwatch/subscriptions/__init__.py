"""Subscription filters: what of a log group goes on to a stream, a function or a queue, as soon as it comes in."""

from cairn.cloudwatch.subscriptions.delivery import Deliveries
from cairn.cloudwatch.subscriptions.destinations import Destination, DestinationError, Destinations
from cairn.cloudwatch.subscriptions.filters import Filters
from cairn.cloudwatch.subscriptions.operations import operations
from cairn.cloudwatch.subscriptions.sink import SubscriptionSink

__all__ = [
    "Deliveries",
    "Destination",
    "DestinationError",
    "Destinations",
    "Filters",
    "SubscriptionSink",
    "operations",
]
