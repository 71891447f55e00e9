"""Alarms as the worker has them: their loops, and the topics and functions that they tell, wherever those are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudwatch.alarms.actions import ActionFailed, ActionRunner
from cairn.cloudwatch.alarms.data import AlarmData
from cairn.cloudwatch.alarms.evaluator import AlarmEvaluator
from cairn.cloudwatch.alarms.history import Trimmer
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.sns.policies import Source, service_may
from cairn.cloudwatch.sns.topics import TopicError, Topics
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import Unreachable
from cairn.core.folder import DataFolder, Runtime
from cairn.core.loops import Step
from cairn.core.state import State
from cairn.service.elsewhere import Clients, elsewhere
from cairn.service.embedded_clients import EmbeddedClients

TOPICS_AS = "cloudwatch.amazonaws.com"
FUNCTIONS_AS = "lambda.alarms.cloudwatch.amazonaws.com"
"""Whom policies of topics and of functions have to let in."""

_MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP status of what is worth trying again."""


def alarm_steps(
    state: State, metrics: MetricStore, topics: Topics | None, folder: DataFolder, settings: Settings, clock: Clock
) -> list[Step]:
    """What the worker does for alarms.

    Args:
        topics: Cairn's own; None: they are elsewhere.
    """
    does = AlarmActions(topics, folder.runtime(), settings)
    return [
        AlarmEvaluator(state, AlarmData(metrics), clock),
        ActionRunner(state, does, clock, functions=False),
        ActionRunner(state, does, clock, functions=True),
        Trimmer(state, clock),
    ]


class AlarmActions:
    """`cloudwatch.alarms.actions.Actions`. What the policies of Cairn's topics and of the embedded account's functions
    say is asked; elsewhere whoever answers says so, as whom the URL or boto3 makes us."""

    def __init__(self, topics: Topics | None, runtime: Runtime, settings: Settings) -> None:
        self._topics = topics
        self._other_topics = _clients_elsewhere("sns", settings)
        self._questions = MotoQuestions(runtime.moto_url, runtime.moto_secret)
        self._asks = settings.auth.mode == "verify"
        self._functions = EmbeddedClients("lambda", runtime)
        self._other_functions = _clients_elsewhere("lambda", settings)

    def publish(self, topic: str, message: str, *, subject: str, email: str, alarm: str, once: str) -> None:
        if self._topics is None:
            assert self._other_topics is not None
            sns = self._other_topics.of(topic)
            _call(topic, lambda: sns.publish(TopicArn=topic, Message=message, Subject=subject))
            return
        try:
            bodies = {"email": email}
            self._topics.publish(
                topic, message, source=_source(TOPICS_AS, alarm), subject=subject, bodies=bodies, once=once
            )
        except TopicError as error:
            raise ActionFailed(error.message, final=error.code != "") from error

    def invoke(self, function: str, event: str, *, alarm: str, once: str) -> None:
        if self._other_functions is not None:
            client = self._other_functions.of(function)
        else:
            self._ask(function, alarm)
            client = self._functions.of(function.split(":")[4], function.split(":")[3])
        _call(function, lambda: client.invoke(FunctionName=function, InvocationType="Event", Payload=event))

    def _ask(self, function: str, alarm: str) -> None:
        """Raise unless the policy of a function of the embedded account lets an alarm invoke it."""
        try:
            policy = self._questions.resource_policy(function)
        except NotFound as error:
            raise ActionFailed(f"There is no function {function}.", final=True) from error
        except Unreachable as error:
            raise ActionFailed(error.message, final=False) from error
        source = _source(FUNCTIONS_AS, alarm)
        if self._asks and not service_may(policy, "lambda:InvokeFunction", function, source):
            raise ActionFailed(f"The policy of {function} does not let {FUNCTIONS_AS} invoke it.", final=True)


def _source(service: str, alarm: str) -> Source:
    return Source(service=service, arn=alarm, account=alarm.split(":")[4])


def _clients_elsewhere(service: str, settings: Settings) -> Clients | None:
    endpoint = elsewhere(settings, service)
    return Clients(service, endpoint) if endpoint is not None else None


def _call(resource: str, call: Callable[[], Any]) -> None:
    try:
        call()
    except ClientError as error:
        detail, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        text = f"{resource}: {detail['Code']}: {detail.get('Message', '')}"
        raise ActionFailed(text, final=status not in _MAY_PASS) from error
    except BotoCoreError as error:
        raise ActionFailed(f"{resource}: {error}", final=False) from error
