"""Handing one message to one subscriber, by whatever protocol it has."""

from __future__ import annotations

from cairn.cloudwatch.sns import retries
from cairn.cloudwatch.sns.arns import FIFO
from cairn.cloudwatch.sns.endpoints import AwsEndpoints, QueueMessage
from cairn.cloudwatch.sns.envelope import Envelopes, as_text
from cairn.cloudwatch.sns.http_endpoint import HttpEndpoints
from cairn.cloudwatch.sns.mail import Mailer, as_mail
from cairn.cloudwatch.sns.message import Message
from cairn.cloudwatch.sns.retries import AWS_ENDPOINTS, MAIL, HttpPolicy, Retries
from cairn.cloudwatch.sns.subscription import Subscription
from cairn.cloudwatch.sns.topic import Topic


class Sender:
    """Hands messages over. Used by many threads."""

    def __init__(
        self, envelopes: Envelopes, http: HttpEndpoints, aws: AwsEndpoints, mailer: Mailer, mail_from: str
    ) -> None:
        self._envelopes = envelopes
        self._http = http
        self._aws = aws
        self._mailer = mailer
        self._mail_from = mail_from

    def send(self, message: Message, to: Subscription, topic: Topic) -> None:
        """Return once the subscriber has it. Raises `EndpointError`."""
        match to.protocol:
            case "http" | "https":
                self._post(message, to, topic)
            case "email" | "email-json":
                self._mailer.send(as_mail(message, to, topic, self._envelopes, self._mail_from), to.endpoint)
            case "sqs":
                self._aws.send(to.endpoint, topic.arn, self._for_queue(message, to, topic, to.endpoint))
            case "lambda":
                self._aws.invoke(to.endpoint, topic.arn, self._envelopes.event(message, to, topic))
            case "firehose":
                role = to.attributes.get("SubscriptionRoleArn", "")
                data = self._text(message, to, topic).encode() + b"\n"
                self._aws.put(to.endpoint, topic.arn, role, data)

    def bury(self, message: Message, to: Subscription, topic: Topic) -> None:
        """Return once the subscriber's dead-letter queue has the message. Raises `EndpointError`."""
        queue = to.dead_letter_queue
        self._aws.send(queue, topic.arn, self._for_queue(message, to, topic, queue))

    def _post(self, message: Message, to: Subscription, topic: Topic) -> None:
        headers = {
            "x-amz-sns-message-type": message.kind,
            "x-amz-sns-message-id": message.id,
            "x-amz-sns-topic-arn": topic.arn,
            "content-type": policy_of(to, topic).content_type,
        }
        if message.kind != "SubscriptionConfirmation":
            headers["x-amz-sns-subscription-arn"] = to.arn
        if to.is_raw and message.kind == "Notification":
            headers["x-amz-sns-rawdelivery"] = "true"
        self._http.post(to.endpoint, self._text(message, to, topic).encode("utf-8", "replace"), headers)

    def _for_queue(self, message: Message, to: Subscription, topic: Topic, queue: str) -> QueueMessage:
        raw = to.is_raw and message.kind == "Notification"
        return QueueMessage(
            body=self._text(message, to, topic),
            attributes=message.attributes if raw else {},
            group=message.group,
            deduplication=message.deduplication if queue.endswith(FIFO) else "",
        )

    def _text(self, message: Message, to: Subscription, topic: Topic) -> str:
        if to.is_raw and message.kind == "Notification":
            return message.body(to.protocol)
        return as_text(self._envelopes.envelope(message, to, topic))


def policy_of(to: Subscription, topic: Topic) -> HttpPolicy:
    """What holds for a subscriber by HTTP."""
    own, of_topic = to.attributes.get("DeliveryPolicy", ""), topic.attributes.get("DeliveryPolicy", "")
    return retries.http_policy(own, of_topic)


def retries_of(to: Subscription, topic: Topic) -> Retries:
    """How often, and when, what a subscriber did not take is tried again."""
    if to.protocol in ("http", "https"):
        return policy_of(to, topic).retries
    return MAIL if to.protocol in ("email", "email-json") else AWS_ENDPOINTS
