"""What alarms do: topics of Cairn's own, functions of the embedded account, or wherever `[upstreams]` says they are."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudwatch.alarms.actions import ActionFailed
from cairn.cloudwatch.sns.policies import Source
from cairn.cloudwatch.sns.topics import TopicError, Topics
from cairn.core.config import Settings
from cairn.core.errors import Unreachable
from cairn.core.folder import Runtime
from cairn.core.policy import Kind, Principal, Request, evaluate
from cairn.service.as_cloudtrail import parsed_or_none
from cairn.service.embedded_clients import clients_of

TOPICS_AS = "cloudwatch.amazonaws.com"
FUNCTIONS_AS = "lambda.alarms.cloudwatch.amazonaws.com"
"""Who policies of topics and of functions have to let in."""

_TRANSIENT = frozenset({429, 500, 502, 503, 504})


class AlarmActions:
    """`cloudwatch.alarms.actions.Actions`. The embedded account lets us do anything, so that what its policies say is
    asked here; elsewhere whoever answers says so, as whom the URL or boto3 makes us.

    Args:
        topics: Cairn's own; None where they are elsewhere.
    """

    def __init__(self, settings: Settings, runtime: Runtime, questions: MotoQuestions, topics: Topics | None) -> None:
        self._questions = questions
        self._topics = topics
        self._topics_elsewhere = clients_of("sns", settings, runtime)[0] if topics is None else None
        self._functions, is_embedded = clients_of("lambda", settings, runtime)
        self._asks_functions = is_embedded and settings.auth.mode == "verify"

    def publish(self, topic: str, message: str, *, subject: str, email: str, alarm: str, once: str) -> None:
        bodies = {"email": email} if email else {}
        if self._topics is not None:
            source = Source(service=TOPICS_AS, arn=alarm, account=alarm.split(":")[4])
            try:
                self._topics.publish(topic, message, source=source, subject=subject, by_protocol=bodies, once=once)
            except TopicError as error:
                raise ActionFailed(f"{topic}: {error.message}", final=bool(error.code)) from error
            return
        assert self._topics_elsewhere is not None
        client = self._topics_elsewhere(topic)
        text = msgspec.json.encode({"default": message, **bodies}).decode()
        _call(topic, lambda: client.publish(TopicArn=topic, Message=text, MessageStructure="json", Subject=subject))

    def invoke(self, function: str, event: str, *, alarm: str, once: str) -> None:
        if self._asks_functions:
            self._ask(function, alarm)
        _call(
            function,
            lambda: self._functions(function).invoke(FunctionName=function, InvocationType="Event", Payload=event),
        )

    def _ask(self, function: str, alarm: str) -> None:
        """Raise unless a function's policy lets CloudWatch invoke it for an alarm."""
        action = "lambda:InvokeFunction"
        try:
            policy = self._questions.resource_policy(function)
        except NotFound as error:
            raise ActionFailed(f"There is no {function}.", final=True) from error
        except Unreachable as error:
            raise ActionFailed(error.message, final=False) from error
        if not alarm_may(policy, action, function, alarm, FUNCTIONS_AS):
            text = f"The policy of {function} does not let {FUNCTIONS_AS} do {action} for {alarm}."
            raise ActionFailed(text, final=True)


def alarm_may(policy: str | None, action: str, resource: str, alarm: str, service: str) -> bool:
    """Whether a resource's policy lets CloudWatch act for an alarm, whose ARN is `alarm`."""
    parsed = parsed_or_none(policy, Kind.RESOURCE)
    if parsed is None:
        return False
    account = alarm.split(":")[4]
    keys = {
        "aws:SourceArn": alarm,
        "aws:SourceAccount": account,
        "aws:SourceOwner": account,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": service,
        "aws:SecureTransport": "true",
    }
    request = Request(Principal(service=service), action, resource, keys)
    return evaluate(request, resource_policy=parsed).allowed


def _call(resource: str, call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError as error:
        detail, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        text = f"{resource}: {detail['Code']}: {detail.get('Message', '')}"
        raise ActionFailed(text, final=status not in _TRANSIENT) from error
    except (BotoCoreError, ValueError) as error:
        raise ActionFailed(f"{resource}: {error}", final=False) from error
