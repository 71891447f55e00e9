"""What targets answer, as EventBridge's error codes say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    ParamValidationError,
    ReadTimeoutError,
)

from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome

TOGETHER = 10
"""Deliveries that are handed over at once where each is a call: as many may come again after a crash."""
MESSAGE_CHARACTERS_MAX = 500
"""Of what is told of an error."""

_BY_NAME = (
    (codes.NO_RESOURCE, re.compile("NonExistent|DoesNotExist|NotFound|NoSuch")),
    (codes.NO_PERMISSIONS, re.compile("AccessDenied|AccessForbidden|NotAuthorized|Unauthorized|OptInRequired")),
    (codes.RESOURCE_EXISTS, re.compile("AlreadyExists")),
    (codes.THROTTLING, re.compile("Throttl|TooManyRequests|ThroughputExceeded|LimitExceeded|SlowDown")),
)
_FINAL = frozenset({codes.NO_RESOURCE, codes.NO_PERMISSIONS, codes.RESOURCE_EXISTS, codes.INVALID_PARAMETER})


def refusal(code: str, message: str, status: int = 400) -> DeliveryError:
    """What a service's error means.

    Args:
        code: the service's own: `AWS.SimpleQueueService.NonExistentQueue`.
        status: of its answer.
    """
    found = next((ours for ours, names in _BY_NAME if names.search(code)), "")
    if not found:
        by_status = {403: codes.NO_PERMISSIONS, 404: codes.NO_RESOURCE, 429: codes.THROTTLING}
        found = by_status.get(status, codes.INVALID_PARAMETER if 400 <= status < 500 else codes.INTERNAL_ERROR)
    return DeliveryError(found, f"{code}: {message[:MESSAGE_CHARACTERS_MAX]}", final=found in _FINAL)


def called(call: Callable[[], Any]) -> Any:
    """What a call by boto3 returns. Raises `DeliveryError`."""
    try:
        return call()
    except ClientError as error:
        detail, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise refusal(detail["Code"], detail.get("Message", ""), status) from error
    except ParamValidationError as error:
        raise DeliveryError(codes.INVALID_PARAMETER, str(error), final=True) from error
    except (ReadTimeoutError, ConnectTimeoutError) as error:
        raise DeliveryError(codes.TIMEOUT, str(error), unreachable=True) from error
    except BotoCoreError as error:
        raise DeliveryError(codes.CONNECTION_FAILURE, str(error), unreachable=True) from error


def one_by_one(deliveries: Sequence[Delivery], send: Callable[[Delivery], object]) -> list[Outcome]:
    """Hand over each by itself; once nobody answers, the rest is not tried."""
    outcomes: list[Outcome] = []
    for number, delivery in enumerate(deliveries):
        try:
            send(delivery)
            outcomes.append(None)
        except DeliveryError as error:
            if error.unreachable:
                return outcomes + [error] * (len(deliveries) - number)
            outcomes.append(error)
    return outcomes


def of_batch(deliveries: Sequence[Delivery], results: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Outcomes of a call that answers for each record in order, with ErrorCode where it was not taken."""
    outcomes: list[Outcome] = []
    for _, result in zip(deliveries, results, strict=True):
        code = result.get("ErrorCode")
        outcomes.append(refusal(code, result.get("ErrorMessage", ""), 500) if code else None)
    return outcomes
