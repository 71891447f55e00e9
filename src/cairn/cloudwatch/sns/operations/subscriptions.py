"""Operations on subscriptions."""

from __future__ import annotations

from typing import Any

from cairn.cloudwatch.sns import refusals, retries
from cairn.cloudwatch.sns.arns import check_subscription
from cairn.cloudwatch.sns.endpoints import check_endpoint
from cairn.cloudwatch.sns.operations.arguments import (
    Answer,
    Params,
    is_signed,
    read_token,
    topic_argument,
    write_token,
)
from cairn.cloudwatch.sns.subscription import ATTRIBUTES, Subscription
from cairn.cloudwatch.sns.subscription_attributes import check_new, with_attribute
from cairn.cloudwatch.sns.subscriptions import PAGE, Subscriptions
from cairn.cloudwatch.sns.topic import Topic
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.urls import with_password_hidden
from cairn.wire.operation import Context, Operation

PENDING = "PendingConfirmation"
STARS = "****"
"""In lists, in place of a password in a URL. GetSubscriptionAttributes has it."""
ROW_DIGITS_MAX = 18
"""Of a row's number, which databases keep in 64 bits."""


class SubscriptionOperations:
    def __init__(self, topics: Topics, subscriptions: Subscriptions, *, allow_private: bool) -> None:
        self._topics = topics
        self._subscriptions = subscriptions
        self._allow_private = allow_private

    def operations(self) -> dict[str, Operation]:
        return {
            "Subscribe": self.subscribe,
            "ConfirmSubscription": self.confirm_subscription,
            "Unsubscribe": self.unsubscribe,
            "ListSubscriptions": self.list_subscriptions,
            "ListSubscriptionsByTopic": self.list_subscriptions_by_topic,
            "GetSubscriptionAttributes": self.get_subscription_attributes,
            "SetSubscriptionAttributes": self.set_subscription_attributes,
        }

    def subscribe(self, context: Context, params: Params) -> Answer:
        topic = topic_argument(context, params)
        protocol, endpoint = params["Protocol"], params.get("Endpoint", "")
        self._topics.get(topic)
        check_endpoint(protocol, endpoint, topic, allow_private=self._allow_private)
        attributes = check_new(params.get("Attributes", {}), protocol, endpoint, topic.arn)
        principal = context.identity.arn
        made = self._subscriptions.subscribe(topic, context.account, principal, protocol, endpoint, attributes)
        shown = made.state == "confirmed" or params.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": made.arn if shown else "pending confirmation"}

    def confirm_subscription(self, context: Context, params: Params) -> Answer:
        topic = topic_argument(context, params)
        guard = params.get("AuthenticateOnUnsubscribe", "").lower() == "true"
        signed = is_signed(context)
        return {"SubscriptionArn": self._subscriptions.confirm(topic, params["Token"], signed=signed, guard=guard)}

    def unsubscribe(self, context: Context, params: Params) -> Answer:
        arn = params["SubscriptionArn"]
        check_subscription(arn)
        self._subscriptions.unsubscribe(arn, context.account if is_signed(context) else None)
        return {}

    def list_subscriptions(self, context: Context, params: Params) -> Answer:
        return _page(self._subscriptions.of_account(context.account, context.region, _after(params)))

    def list_subscriptions_by_topic(self, context: Context, params: Params) -> Answer:
        topic = self._topics.get(topic_argument(context, params))
        return _page(self._subscriptions.of_topic(topic.id, _after(params)))

    def get_subscription_attributes(self, context: Context, params: Params) -> Answer:
        found, topic = self._owned(context, params["SubscriptionArn"])
        return {"Attributes": _described(found, topic)}

    def set_subscription_attributes(self, context: Context, params: Params) -> Answer:
        arn, name, value = params["SubscriptionArn"], params["AttributeName"], params.get("AttributeValue", "")
        self._owned(context, arn)

        def change(now: Subscription) -> dict[str, str]:
            return with_attribute(now.attributes, name, value, now.protocol, now.endpoint, now.topic_arn)

        self._subscriptions.change(arn, change)
        return {}

    def _owned(self, context: Context, arn: str) -> tuple[Subscription, Topic]:
        """A subscription that the caller's account made, or whose topic is its."""
        check_subscription(arn)
        found, topic = self._subscriptions.get(arn)
        if context.account not in (found.owner, topic.topic.account):
            raise refusals.not_authorized(f"Only the owners of the topic and of the subscription may ask for {arn}")
        return found, topic


def _described(found: Subscription, topic: Topic) -> dict[str, str]:
    """As GetSubscriptionAttributes answers it."""
    answer = {
        "SubscriptionPrincipal": found.principal,
        "Owner": found.owner,
        "RawMessageDelivery": "false",
        "TopicArn": topic.arn,
        "Endpoint": found.endpoint,
        "Protocol": found.protocol,
        "PendingConfirmation": "true" if found.state == "pending" else "false",
        "ConfirmationWasAuthenticated": "true" if found.authenticated else "false",
        "SubscriptionArn": found.arn,
    }
    attributes = dict(found.attributes)
    scope = attributes.pop("FilterPolicyScope", ATTRIBUTES)
    if "FilterPolicy" in attributes:  # SNS tells the scope of a policy, and of none nothing
        answer["FilterPolicyScope"] = scope
    if found.protocol in ("http", "https"):
        of_topic = topic.attributes.get("DeliveryPolicy", "")
        own = attributes.get("DeliveryPolicy", "")
        answer["EffectiveDeliveryPolicy"] = retries.effective_subscription_policy(own, of_topic)
    return answer | attributes


def _after(params: Params) -> int:
    place = read_token(params.get("NextToken"))
    if not place:
        return 0
    if not place.isdecimal() or len(place) > ROW_DIGITS_MAX:
        raise refusals.invalid("NextToken")
    return int(place)


def _page(found: list[Subscription]) -> Answer:
    answer: dict[str, Any] = {"Subscriptions": [_listed(each) for each in found[:PAGE]]}
    return answer | ({"NextToken": write_token(str(found[PAGE - 1].id))} if len(found) > PAGE else {})


def _listed(found: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": found.arn if found.state == "confirmed" else PENDING,
        "Owner": found.owner,
        "Protocol": found.protocol,
        "Endpoint": with_password_hidden(found.endpoint, STARS),
        "TopicArn": found.topic_arn,
    }
