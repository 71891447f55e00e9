"""What a dead-letter queue gets: the event as it was, and why its target has not got it."""

from __future__ import annotations

from cairn.eventbridge.deliveries.delivery import Delivery

MESSAGE_CHARACTERS_MAX = 1000


def message_of(delivery: Delivery) -> tuple[str, dict[str, str]]:
    """The body and the message attributes, all of them strings, of a delivery that was given up."""
    failure = delivery.failure
    assert failure is not None
    attributes = {
        "RULE_ARN": delivery.address.rule_arn,
        "TARGET_ARN": delivery.address.arn,
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message[:MESSAGE_CHARACTERS_MAX] or failure.code,
        "RETRY_ATTEMPTS": str(failure.retries),
    }
    if failure.condition:
        attributes["EXHAUSTED_RETRY_CONDITION"] = failure.condition
    return delivery.event.envelope.decode("utf-8", "replace"), attributes
