"""What alarms do: topics and functions of the embedded account, or wherever `[upstreams]` says they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudwatch.alarms.actions import ActionFailed
from cairn.core.config import Settings
from cairn.core.errors import Unreachable
from cairn.core.folder import Runtime
from cairn.core.policy import Kind, Principal, Request, evaluate
from cairn.service.as_cloudtrail import parsed_or_none
from cairn.service.elsewhere import Clients, elsewhere
from cairn.service.embedded_clients import EmbeddedClients

TOPICS_AS = "cloudwatch.amazonaws.com"
FUNCTIONS_AS = "lambda.alarms.cloudwatch.amazonaws.com"
"""Who policies of topics and of functions have to let in."""

_TRANSIENT = frozenset({429, 500, 502, 503, 504})


class AlarmActions:
    """`cloudwatch.alarms.actions.Actions`. The embedded account lets us do anything, so that what its policies say is
    asked here; elsewhere whoever answers says so, as whom the URL or boto3 makes us."""

    def __init__(self, settings: Settings, runtime: Runtime, questions: MotoQuestions) -> None:
        self._questions = questions
        self._topics, self._asks_topics = _clients("sns", settings, runtime)
        self._functions, self._asks_functions = _clients("lambda", settings, runtime)

    def publish(self, topic: str, message: str, *, subject: str, email: str, alarm: str, once: str) -> None:
        if self._asks_topics:
            self._ask(self._topic_policy, "sns:Publish", topic, alarm, TOPICS_AS)
        _call(topic, lambda: self._topics(topic).publish(TopicArn=topic, Message=message, Subject=subject))

    def invoke(self, function: str, event: str, *, alarm: str, once: str) -> None:
        if self._asks_functions:
            self._ask(self._questions.resource_policy, "lambda:InvokeFunction", function, alarm, FUNCTIONS_AS)
        _call(
            function,
            lambda: self._functions(function).invoke(FunctionName=function, InvocationType="Event", Payload=event),
        )

    def _topic_policy(self, topic: str) -> str | None:
        return self._questions.topic(topic).policy

    def _ask(
        self, policy_of: Callable[[str], str | None], action: str, resource: str, alarm: str, service: str
    ) -> None:
        """Raise unless a resource's policy lets CloudWatch act for an alarm."""
        try:
            policy = policy_of(resource)
        except NotFound as error:
            raise ActionFailed(f"There is no {resource}.", final=True) from error
        except Unreachable as error:
            raise ActionFailed(error.message, final=False) from error
        if not alarm_may(policy, action, resource, alarm, service):
            text = f"The policy of {resource} does not let {service} do {action} for {alarm}."
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


def _clients(service: str, settings: Settings, runtime: Runtime) -> tuple[Callable[[str], Any], bool]:
    """The client for an ARN, and whether policies are asked here."""
    endpoint = elsewhere(settings, service)
    if endpoint is not None:
        return Clients(service, endpoint).of, False
    clients = EmbeddedClients(service, runtime)
    return (lambda arn: clients.of(*_place(arn))), settings.auth.mode == "verify"


def _place(arn: str) -> tuple[str, str]:
    """Account and Region of an ARN."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return account, region


def _call(resource: str, call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError as error:
        detail, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        text = f"{resource}: {detail['Code']}: {detail.get('Message', '')}"
        raise ActionFailed(text, final=status not in _TRANSIENT) from error
    except (BotoCoreError, ValueError) as error:
        raise ActionFailed(f"{resource}: {error}", final=False) from error
