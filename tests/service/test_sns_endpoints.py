"""What becomes of a message whose queue, function or stream says no."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from cairn.cloudwatch.sns.endpoints import EndpointError, QueueMessage
from cairn.cloudwatch.sns.message import Attribute
from cairn.service.sns_endpoints import ServiceBackend

QUEUE = "arn:aws:sqs:us-east-1:111122223333:q"


class Queues:
    """A client of SQS that does as a test says."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[dict[str, Any]] = []

    def get_queue_url(self, **given: str) -> dict[str, str]:
        return {"QueueUrl": f"http://sqs/{given['QueueOwnerAWSAccountId']}/{given['QueueName']}"}

    def send_message(self, **given: Any) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(given)


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "SendMessage")


def test_a_queue_gets_a_message_with_its_attributes() -> None:
    queues = Queues()
    attributes = {"a": Attribute("String", "x"), "b": Attribute("Binary", "AP8=")}
    message = QueueMessage("text", attributes, group="g", deduplication="d")
    ServiceBackend(lambda arn: queues, is_embedded=True).send(QUEUE, message)
    assert queues.sent == [
        {
            "QueueUrl": "http://sqs/111122223333/q",
            "MessageBody": "text",
            "MessageAttributes": {
                "a": {"DataType": "String", "StringValue": "x"},
                "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
            },
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        }
    ]


@pytest.mark.parametrize(
    ("error", "embedded", "final", "unreachable"),
    [
        (refusal("InvalidMessageContents", 400), True, True, False),
        (refusal("InternalError", 500), True, False, False),
        (refusal("ThrottlingException", 400), False, False, False),
        (refusal("AWS.SimpleQueueService.NonExistentQueue", 400), False, True, False),
        (refusal("AccessDenied", 403), False, True, False),
        (EndpointConnectionError(endpoint_url="http://sqs"), True, False, True),
        (ParamValidationError(report="MessageBody"), True, True, False),
    ],
)
def test_which_refusals_are_final(error: Exception, embedded: bool, final: bool, unreachable: bool) -> None:
    backend = ServiceBackend(lambda arn: Queues(error), is_embedded=embedded)
    with pytest.raises(EndpointError) as refused:
        backend.send(QUEUE, QueueMessage("text", {}))
    assert (refused.value.final, refused.value.unreachable) == (final, unreachable)
