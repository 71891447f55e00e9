"""When a delivery that failed is tried again: SNS's delivery policies, in their four phases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RETRIES_MAX = 100
DELAY_S_MAX = 3600
TOTAL_S_MAX = 3600
"""Of an HTTP endpoint's retries altogether."""
RECEIVES_MAX = 100_000

_FUNCTIONS = ("arithmetic", "exponential", "geometric", "linear")
_CONTENT_TYPES = (
    "application/atom+xml",
    "application/json",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
)
CONTENT_TYPE = "text/plain; charset=UTF-8"

_DEFAULT: dict[str, Any] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}


class BadPolicy(Exception):
    """A text is no delivery policy; the message is for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The phases one after the other, delays in seconds."""

    immediate: int
    early: int
    backoff: int
    late: int
    least: float
    most: float
    early_delay: float
    late_delay: float
    function: str = "linear"

    def delay(self, failures: int) -> float | None:
        """Seconds to wait after so many failures (1 or more); None: no more retries."""
        number = failures - 1
        for count, delay in ((self.immediate, 0.0), (self.early, self.early_delay)):
            if number < count:
                return delay
            number -= count
        if number < self.backoff:
            return self._backoff(number)
        return self.late_delay if number - self.backoff < self.late else None

    def total(self) -> float:
        """Seconds of all delays."""
        backoff = sum(self._backoff(number) for number in range(self.backoff))
        return self.early * self.early_delay + backoff + self.late * self.late_delay

    def _backoff(self, number: int) -> float:
        if self.backoff == 1 or self.least == self.most:
            return self.least
        last = self.backoff - 1
        if self.function == "exponential" and self.least > 0:
            return float(self.least * (self.most / self.least) ** (number / last))
        if self.function == "linear":
            share = number / last
        elif self.function == "arithmetic":
            share = number * (number + 1) / (last * (last + 1))
        else:
            share = (2.0**number - 1) / (2.0**last - 1)
        return self.least + (self.most - self.least) * share


AWS_ENDPOINTS = Retries(3, 2, 10, 100_000, 1, 20, 1, 20, "exponential")
"""Queues, functions and streams: 100,015 attempts in 23 days."""
MAIL = Retries(0, 2, 10, 38, 10, 600, 10, 600, "exponential")
"""50 attempts in 6 hours."""


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """What holds for an HTTP endpoint."""

    retries: Retries
    content_type: str
    receives_a_second: int
    """0: as many as there are."""


def check_topic_policy(text: str) -> None:
    """Raise BadPolicy unless `text` is a topic's DeliveryPolicy."""
    http = _object(_parse(text).get("http", {}), "http")
    _check_retries(http.get("defaultHealthyRetryPolicy"), "http.defaultHealthyRetryPolicy")
    _check_throttle(http.get("defaultThrottlePolicy"), "http.defaultThrottlePolicy")
    _check_request(http.get("defaultRequestPolicy"), "http.defaultRequestPolicy")


def check_subscription_policy(text: str) -> None:
    """Raise BadPolicy unless `text` is a subscription's DeliveryPolicy."""
    document = _parse(text)
    _check_retries(document.get("healthyRetryPolicy"), "healthyRetryPolicy")
    _check_throttle(document.get("throttlePolicy"), "throttlePolicy")
    _check_request(document.get("requestPolicy"), "requestPolicy")


def effective_topic_policy(text: str) -> str:
    """EffectiveDeliveryPolicy of a topic with that DeliveryPolicy, which may be empty."""
    http = _parse(text).get("http", {}) if text else {}
    request = http.get("defaultRequestPolicy") or {"headerContentType": CONTENT_TYPE}
    answer = {
        "defaultHealthyRetryPolicy": _whole(http.get("defaultHealthyRetryPolicy") or {}),
        "disableSubscriptionOverrides": bool(http.get("disableSubscriptionOverrides", False)),
    }
    if http.get("defaultThrottlePolicy"):
        answer["defaultThrottlePolicy"] = http["defaultThrottlePolicy"]
    return _text({"http": answer | {"defaultRequestPolicy": request}})


def effective_subscription_policy(text: str, topic: str) -> str:
    """EffectiveDeliveryPolicy of a subscription by HTTP."""
    own, http = _own(text, topic)
    return _text(
        {
            "healthyRetryPolicy": _whole(own.get("healthyRetryPolicy") or http.get("defaultHealthyRetryPolicy") or {}),
            "sicklyRetryPolicy": None,
            "throttlePolicy": own.get("throttlePolicy") or http.get("defaultThrottlePolicy"),
            "requestPolicy": own.get("requestPolicy")
            or http.get("defaultRequestPolicy")
            or {"headerContentType": CONTENT_TYPE},
            "guaranteed": False,
        }
    )


def http_policy(subscription: str, topic: str) -> HttpPolicy:
    """What the DeliveryPolicies of a subscription and of its topic say together; each may be empty."""
    effective = json.loads(effective_subscription_policy(subscription, topic))
    throttle = effective["throttlePolicy"] or {}
    return HttpPolicy(
        _retries(effective["healthyRetryPolicy"]),
        effective["requestPolicy"].get("headerContentType", CONTENT_TYPE),
        int(throttle.get("maxReceivesPerSecond") or 0),
    )


def _own(text: str, topic: str) -> tuple[dict[str, Any], dict[str, Any]]:
    http: dict[str, Any] = _parse(topic).get("http", {}) if topic else {}
    own = _parse(text) if text and not http.get("disableSubscriptionOverrides") else {}
    return own, http


def _whole(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A retry policy with what it leaves out."""
    whole = _DEFAULT | dict(policy)
    least = whole["minDelayTarget"]
    if "maxDelayTarget" not in policy and isinstance(least, int) and least > whole["maxDelayTarget"]:
        whole["maxDelayTarget"] = least
    return whole


def _retries(policy: Mapping[str, Any]) -> Retries:
    immediate, early = policy["numNoDelayRetries"], policy["numMinDelayRetries"]
    late, least, most = policy["numMaxDelayRetries"], policy["minDelayTarget"], policy["maxDelayTarget"]
    backoff = policy["numRetries"] - immediate - early - late
    return Retries(immediate, early, backoff, late, least, most, least, most, policy["backoffFunction"])


def _check_retries(policy: Any, name: str) -> None:
    if policy is None:
        return
    whole = _whole(_object(policy, name))
    for member in _DEFAULT:
        if member == "backoffFunction":
            continue
        least, most = (1, DELAY_S_MAX) if "Target" in member else (0, RETRIES_MAX)
        value = whole[member]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadPolicy(f"{name}.{member} must be a number from {least} to {most}")
    if whole["minDelayTarget"] > whole["maxDelayTarget"]:
        raise BadPolicy(f"{name}.minDelayTarget must be less than or equal to maxDelayTarget")
    if whole["backoffFunction"] not in _FUNCTIONS:
        raise BadPolicy(f"{name}.backoffFunction must be one of {', '.join(_FUNCTIONS)}")
    retries = _retries(whole)
    if retries.backoff < 0:
        raise BadPolicy(f"{name}.numRetries must be at least the sum of the retries of its phases")
    if retries.total() > TOTAL_S_MAX:
        raise BadPolicy(f"{name}: the total retry time must not exceed {TOTAL_S_MAX} seconds")


def _check_throttle(policy: Any, name: str) -> None:
    if policy is None:
        return
    most = _object(policy, name).get("maxReceivesPerSecond")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= RECEIVES_MAX):
        raise BadPolicy(f"{name}.maxReceivesPerSecond must be a number from 1 to {RECEIVES_MAX}")


def _check_request(policy: Any, name: str) -> None:
    if policy is None:
        return
    given = _object(policy, name).get("headerContentType", CONTENT_TYPE)
    if (
        not isinstance(given, str)
        or given.partition(";")[0].strip().lower() not in _CONTENT_TYPES
        or not given.isprintable()
    ):
        raise BadPolicy(f"{name}.headerContentType must be one of {', '.join(_CONTENT_TYPES)}")


def _parse(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPolicy(f"failed to parse JSON. {error}") from error
    return _object(document, "the policy")


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadPolicy(f"{name} must be an object")
    return value


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
