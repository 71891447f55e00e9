"""CloudWatch: what a gateway answers of `logs`, `cloudwatch` and `sns`, and the loops that the worker runs for them."""

from __future__ import annotations

from dataclasses import replace

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudtrail.topics import Topics
from cairn.cloudwatch.alarms import ALARMS
from cairn.cloudwatch.alarms.actions import ActionRunner
from cairn.cloudwatch.alarms.data import AlarmData
from cairn.cloudwatch.alarms.evaluator import AlarmEvaluator
from cairn.cloudwatch.alarms.history import Trimmer as AlarmHistoryTrimmer
from cairn.cloudwatch.alarms.operations import operations as alarm_operations
from cairn.cloudwatch.logs import LOGS
from cairn.cloudwatch.logs import VALIDATION as LOGS_VALIDATION
from cairn.cloudwatch.metric_filters import UNCHECKED as UNCHECKED_FILTERS
from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics.operations import UNCHECKED as UNCHECKED_METRICS
from cairn.cloudwatch.metrics.operations import operations as metric_operations
from cairn.cloudwatch.metrics.rollup import RollUp
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.cloudwatch.sns.delivery import Deliveries
from cairn.cloudwatch.sns.operations import VALIDATION as SNS_VALIDATION
from cairn.cloudwatch.sns.tables import SNS
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.loops import Step
from cairn.core.state import Schema, State
from cairn.service.alarm_actions import AlarmActions
from cairn.service.cloudwatch_logs import CloudWatchLogs
from cairn.service.elsewhere import TopicsElsewhere, elsewhere
from cairn.service.event_sources import AlarmHistory
from cairn.service.log_groups import LogGroupsElsewhere, TrailLogGroups
from cairn.service.saved import open_state
from cairn.service.sns import Sns, TrailTopics
from cairn.service.troubles import Refused
from cairn.wire.operation import Operation
from cairn.wire.validate import Validation

VALIDATIONS = {
    "logs": replace(LOGS_VALIDATION, unchecked=LOGS_VALIDATION.unchecked | UNCHECKED_FILTERS),
    "cloudwatch": Validation(code="ValidationError", unchecked=UNCHECKED_METRICS),
    "sns": SNS_VALIDATION,
}
"""How each answers to input that does not fit its model, by botocore's names."""


class CloudWatch:
    """One a process. Where `[upstreams]` sends one of its services elsewhere, it answers nothing of that one and runs
    none of its loops."""

    def __init__(self, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._states: list[State] = []
        self.logs = CloudWatchLogs(self._open(LOGS), folder, settings, clock) if self._is_own("logs") else None
        self.metrics = MetricStore(self._open(METRICS), clock) if self._is_own("cloudwatch") else None
        self._alarms = self._open(ALARMS)
        self.sns = Sns(self._open(SNS), folder, settings, clock) if self._is_own("sns") else None
        self._deliveries: list[Deliveries] = []

    def trail_log_groups(self) -> TrailLogGroups:
        """The log groups that trails send their events to."""
        if self.logs is not None:
            return self.logs.trail_log_groups()
        endpoint = elsewhere(self._settings, "logs")
        assert endpoint is not None
        return LogGroupsElsewhere(endpoint, self._clock)

    def trail_topics(self) -> Topics:
        """The topics that trails announce files on."""
        if self.sns is not None:
            return TrailTopics(self.sns.topics)
        endpoint = elsewhere(self._settings, "sns")
        assert endpoint is not None
        return TopicsElsewhere(endpoint)

    def alarm_history(self) -> AlarmHistory | None:
        """What event buses are told of alarms by; None where those are elsewhere."""
        return AlarmHistory(self._alarms) if self.metrics is not None else None

    def operations(self) -> dict[str, dict[str, Operation]]:
        """What Cairn answers itself, by service; whatever else a service has is the embedded account's."""
        answered: dict[str, dict[str, Operation]] = {}
        if self.logs is not None:
            answered["logs"] = self.logs.operations()
        if self.metrics is not None:
            answered["cloudwatch"] = metric_operations(self.metrics) | alarm_operations(self._alarms, self._clock)
        if self.sns is not None:
            answered["sns"] = self.sns.operations()
        return answered

    def steps(self) -> list[Step]:
        """What the worker does for them."""
        steps: list[Step] = []
        if self.logs is not None:
            steps += self.logs.steps(self.metrics)
        if self.metrics is not None:
            steps += [RollUp(self.metrics, self._clock), *self._alarm_steps(self.metrics)]
        if self.sns is not None:
            self._deliveries.append(self.sns.deliveries())
            steps += self._deliveries
            if self.metrics is not None:
                steps.append(self.sns.tally_mover(self.metrics))
        return steps

    def troubles(self) -> dict[str, Refused]:
        """What does not get through now, by its ARN."""
        troubles: dict[str, Refused] = {**self.logs.troubles()} if self.logs is not None else {}
        for deliveries in self._deliveries:
            troubles |= deliveries.troubles()
        return troubles

    def close(self) -> None:
        if self.logs is not None:
            self.logs.close()
        for deliveries in self._deliveries:
            deliveries.close()
        for state in self._states:
            state.close()

    def _alarm_steps(self, metrics: MetricStore) -> list[Step]:
        runtime = self._folder.runtime()
        questions = MotoQuestions(runtime.moto_url, runtime.moto_secret)
        topics = self.sns.topics if self.sns is not None else None
        actions = AlarmActions(self._settings, runtime, questions, topics)
        return [
            AlarmEvaluator(self._alarms, AlarmData(metrics), self._clock),
            ActionRunner(self._alarms, actions, self._clock, functions=False),
            ActionRunner(self._alarms, actions, self._clock, functions=True),
            AlarmHistoryTrimmer(self._alarms, self._clock),
        ]

    def _is_own(self, service: str) -> bool:
        return elsewhere(self._settings, service) is None

    def _open(self, schema: Schema) -> State:
        state = open_state(self._folder, self._settings, schema)
        self._states.append(state)
        return state
