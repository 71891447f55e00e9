"""What stands behind targets, and how it says no. Joined in `service/event_targets`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cairn.eventbridge.deliveries.delivery import Address, Delivery

CONNECTION_FAILURE = "CONNECTION_FAILURE"
ERROR_FROM_TARGET = "ERROR_FROM_TARGET"
FAILED_TO_ASSUME_ROLE = "FAILED_TO_ASSUME_ROLE"
INTERNAL_ERROR = "INTERNAL_ERROR"
INVALID_PARAMETER = "INVALID_PARAMETER"
NO_PERMISSIONS = "NO_PERMISSIONS"
NO_RESOURCE = "NO_RESOURCE"
RESOURCE_EXISTS = "RESOURCE_ALREADY_EXISTS"
THROTTLING = "THROTTLING"
TIMEOUT = "TIMEOUT"
THIRD_ACCOUNT_HOP = "THIRD_ACCOUNT_HOP_DETECTED"
THIRD_REGION_HOP = "THIRD_REGION_HOP_DETECTED"


class DeliveryError(Exception):
    """An event did not reach its target.

    Args:
        code: one of EventBridge's error codes.
        final: whether trying again would change nothing before somebody changes something.
        unreachable: whether nobody answered at all, so that others to the same target need not be tried now.
        retry_after_s: the seconds that the target asks to be left alone for.
        tried: whether this was an attempt; not where it was put off before anybody was asked.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        final: bool = False,
        unreachable: bool = False,
        retry_after_s: float = 0.0,
        tried: bool = True,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.final = final
        self.unreachable = unreachable
        self.retry_after_s = retry_after_s
        self.tried = tried


Outcome = DeliveryError | None
"""None: it has arrived."""


class Endpoints(Protocol):
    """Targets of every kind, and dead-letter queues. Used by many threads."""

    def together(self, address: Address) -> int:
        """How many deliveries to this address are handed over, and forgotten, together: as many may be handed over
        again after a crash."""

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """Hand events over, in order; all go to this address. Returns what became of each.

        What raises anything else than that is an error of ours, and counts as one for all of them.
        """

    def bury(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """The same to the address's dead-letter queue: `dead_letters.message_of` says what is sent."""
