"""What SNS answers when it refuses: each error's name and text, in one place.

Texts marked (ours) are not known from AWS; the names are always the service model's.
"""

from __future__ import annotations

from cairn.core.errors import AwsError


def invalid(text: str) -> AwsError:
    return AwsError("InvalidParameter", f"Invalid parameter: {text}")


def invalid_value(text: str) -> AwsError:
    """Of a message attribute."""
    return AwsError("ParameterValueInvalid", text)


def invalid_token() -> AwsError:
    return AwsError("InvalidParameter", "Invalid token")


def topic_not_found() -> AwsError:
    return AwsError("NotFound", "Topic does not exist", 404)


def subscription_not_found() -> AwsError:
    return AwsError("NotFound", "Subscription does not exist", 404)


def resource_not_found() -> AwsError:
    return AwsError("ResourceNotFound", "Resource does not exist", 404)


def not_authorized(text: str) -> AwsError:
    return AwsError("AuthorizationError", text, 403)


def too_many_topics(limit: int) -> AwsError:  # (ours)
    return AwsError("TopicLimitExceeded", f"An account may have {limit} topics in a region.", 403)


def too_many_subscriptions(limit: int) -> AwsError:  # (ours)
    return AwsError("SubscriptionLimitExceeded", f"A topic may have {limit} subscriptions.", 403)


def too_many_filter_policies(limit: int) -> AwsError:  # (ours)
    return AwsError("FilterPolicyLimitExceeded", f"A topic may have {limit} filter policies.", 403)


def asked_too_often(address: str, most: int) -> AwsError:  # (ours)
    text = f"{address} was asked to confirm {most} subscriptions within an hour. Ask again later."
    return AwsError("Throttled", text, 429)


def too_many_tags() -> AwsError:
    return AwsError("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")


def unsupported(what: str) -> AwsError:  # (ours)
    return AwsError("UnsupportedOperation", f"Cairn does not have this: {what}.")
