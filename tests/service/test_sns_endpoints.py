"""What becomes of a message whose queue, function or stream says no."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from cairn.account.moto.questions import NotFound, Policies, PolicyDocument, Principal
from cairn.cloudwatch.sns.endpoints import EndpointError, QueueMessage
from cairn.cloudwatch.sns.message import Attribute
from cairn.core.clock import TestClock
from cairn.core.errors import Unreachable
from cairn.service.sns_endpoints import PolicyAnswers, ServiceBackend

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


TOPIC = "arn:aws:sns:us-east-1:111122223333:told"
STREAM = "arn:aws:firehose:us-east-1:111122223333:deliverystream/s"
ROLE = "arn:aws:iam::111122223333:role/writer"


class Questions:
    """`MotoQuestions` with one role."""

    def __init__(self) -> None:
        self.trust: Any = {"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.may: Any = {"Action": "firehose:PutRecord", "Resource": STREAM}
        self.asked = 0
        self.hangs = False

    def policies(self, arn: str) -> Policies:
        self.asked += 1
        if self.hangs:
            raise Unreachable("the account does not answer")
        if arn != ROLE:
            raise NotFound(arn)
        who = Principal(kind="role", account="111122223333", id="AROA1", arn=ROLE, name="writer", path="/", created=0)
        own = PolicyDocument(name="p", arn=None, document=document(self.may), of="role")
        return Policies(principal=who, identity=[own], boundary=None, trust=document(self.trust))


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_a_stream_s_role_must_trust_sns_and_may_put(clock: TestClock) -> None:
    questions: Any = Questions()
    answers = PolicyAnswers(questions, clock)

    def check(role: str = ROLE) -> None:
        clock.advance(2)
        answers.check_role(role, "firehose:PutRecord", STREAM, TOPIC)

    check()
    asked = questions.asked
    answers.check_role(ROLE, "firehose:PutRecord", STREAM, TOPIC)
    assert questions.asked == asked, "believed for a moment"
    questions.may = {"Action": "firehose:PutRecord", "Resource": STREAM + "2"}
    with pytest.raises(EndpointError, match=r"may not do firehose:PutRecord on arn:aws:firehose") as refused:
        check()
    assert refused.value.final
    questions.may = {"Action": "firehose:*", "Resource": "*"}
    questions.trust |= {"Condition": {"ArnLike": {"aws:SourceArn": TOPIC}, "StringEquals": {"aws:SourceAccount": "9"}}}
    with pytest.raises(EndpointError, match=r"does not let sns\.amazonaws\.com assume it"):
        check()
    questions.trust["Condition"]["StringEquals"] = {"aws:SourceAccount": "111122223333"}
    check()
    with pytest.raises(EndpointError, match="does not let") as refused:
        check(ROLE + "2")
    assert refused.value.final
    questions.hangs = True
    with pytest.raises(EndpointError) as refused:
        check()
    assert refused.value.unreachable and not refused.value.final
