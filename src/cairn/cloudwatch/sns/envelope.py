"""What subscribers get: the message in the form that each protocol has for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cairn.cloudwatch.sns.message import Attribute, Message
from cairn.cloudwatch.sns.publishing import sequence_number
from cairn.cloudwatch.sns.signing import Signer
from cairn.cloudwatch.sns.subscription import Subscription
from cairn.cloudwatch.sns.topic import Topic
from cairn.core.clock import utc

Envelope = dict[str, Any]


class Envelopes:
    """Makes them.

    Args:
        url: where subscribers find the gateway: `https://cairn.example.org`, no slash at its end. `{region}` in it
            becomes the region of the topic.
    """

    def __init__(self, signer: Signer, url: str) -> None:
        self._signer = signer
        self._url = url

    def envelope(self, message: Message, subscription: Subscription, topic: Topic) -> Envelope:
        """The JSON object of a message. FIFO topics' are not signed, as AWS's are not."""
        made: Envelope = {"Type": message.kind, "MessageId": message.id}
        notifies = message.kind == "Notification"
        if message.sequence:
            made["SequenceNumber"] = sequence_number(message)
        if not notifies:
            made["Token"] = subscription.token
        made["TopicArn"] = topic.arn
        if message.subject:
            made["Subject"] = message.subject
        made["Message"] = message.body(subscription.protocol)
        if not notifies:
            made["SubscribeURL"] = self.subscribe_url(subscription)
        made["Timestamp"] = timestamp(message.published)
        if not topic.is_fifo:
            made["SignatureVersion"] = topic.signature_version
            made["Signature"] = self._signer.sign(made, topic.signature_version)
            made["SigningCertURL"] = self._at(topic.arn) + self._signer.certificate_path
        if notifies:
            made["UnsubscribeURL"] = self.unsubscribe_url(subscription)
        if message.attributes:
            made["MessageAttributes"] = _attributes(message.attributes)
        return made

    def event(self, message: Message, subscription: Subscription, topic: Topic) -> bytes:
        """What a function is invoked with."""
        envelope = self.envelope(message, subscription, topic)
        sns = {
            "Type": envelope["Type"],
            "MessageId": envelope["MessageId"],
            "TopicArn": envelope["TopicArn"],
            "Subject": envelope.get("Subject"),
            "Message": envelope["Message"],
            "Timestamp": envelope["Timestamp"],
            "SignatureVersion": envelope.get("SignatureVersion"),
            "Signature": envelope.get("Signature"),
            "SigningCertUrl": envelope.get("SigningCertURL"),
            "UnsubscribeUrl": envelope.get("UnsubscribeURL"),
            "MessageAttributes": envelope.get("MessageAttributes", {}),
        }
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": sns,
        }
        return json.dumps({"Records": [record]}).encode()

    def subscribe_url(self, subscription: Subscription) -> str:
        arn, token = quote(subscription.topic_arn, safe=":"), subscription.token
        return f"{self._at(arn)}/?Action=ConfirmSubscription&TopicArn={arn}&Token={token}"

    def unsubscribe_url(self, subscription: Subscription) -> str:
        return f"{self._at(subscription.arn)}/?Action=Unsubscribe&SubscriptionArn={quote(subscription.arn, safe=':')}"

    def confirmation_page(self, subscription: Subscription) -> str:
        """For people: a page with a button, since programs that look at mail follow links too."""
        arn, token = quote(subscription.topic_arn, safe=":"), subscription.token
        endpoint = quote(subscription.endpoint)
        return f"{self._at(arn)}/confirmation.html?TopicArn={arn}&Token={token}&Endpoint={endpoint}"

    def unsubscribe_page(self, subscription: Subscription) -> str:
        arn, endpoint = quote(subscription.arn, safe=":"), quote(subscription.endpoint)
        return f"{self._at(arn)}/unsubscribe.html?SubscriptionArn={arn}&Endpoint={endpoint}"

    def _at(self, arn: str) -> str:
        """Where subscribers find the gateway, for a topic or a subscription by its ARN."""
        return self._url.replace("{region}", arn.split(":")[3])


def as_text(envelope: Envelope) -> str:
    """An envelope as SNS writes it."""
    return json.dumps(envelope, indent=2, separators=(",", " : "), ensure_ascii=False)


def timestamp(seconds: float) -> str:
    """`2012-05-02T00:54:06.655Z`."""
    moment = utc(seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _attributes(attributes: Mapping[str, Attribute]) -> dict[str, dict[str, str]]:
    return {name: {"Type": each.type, "Value": each.value} for name, each in attributes.items()}
