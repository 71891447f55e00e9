"""CloudWatch: what a gateway answers of `logs`, `cloudwatch` and `sns`, and the loops that the worker runs for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudwatch.alarms import ALARMS
from cairn.cloudwatch.alarms.actions import ActionRunner
from cairn.cloudwatch.alarms.data import AlarmData
from cairn.cloudwatch.alarms.evaluator import AlarmEvaluator
from cairn.cloudwatch.alarms.history import Trimmer as AlarmHistoryTrimmer
from cairn.cloudwatch.alarms.operations import operations as alarm_operations
from cairn.cloudwatch.exports import Exporter, Tasks
from cairn.cloudwatch.exports import operations as export_operations
from cairn.cloudwatch.logs import LOGS, Cleaner, Compactor, LogStore
from cairn.cloudwatch.logs import VALIDATION as LOGS_VALIDATION
from cairn.cloudwatch.logs import operations as log_operations
from cairn.cloudwatch.logs.records import pointer
from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics.operations import UNCHECKED as UNCHECKED_METRICS
from cairn.cloudwatch.metrics.operations import operations as metric_operations
from cairn.cloudwatch.metrics.rollup import RollUp
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.cloudwatch.patterns import Message, compile_pattern
from cairn.cloudwatch.queries import Queries, Runner, cleaner
from cairn.cloudwatch.queries import operations as query_operations
from cairn.cloudwatch.subscriptions import Deliveries, Filters, SubscriptionSink
from cairn.cloudwatch.subscriptions import operations as subscription_operations
from cairn.cloudwatch.subscriptions.delivery import Trouble
from cairn.cloudwatch.tail import Sessions
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.loops import Step
from cairn.core.state import Schema, State
from cairn.service.alarm_actions import AlarmActions
from cairn.service.as_cloudtrail import AccountRoles
from cairn.service.elsewhere import elsewhere
from cairn.service.live_tail import LiveTail
from cairn.service.log_exports import ExportBuckets, export_buckets
from cairn.service.log_groups import LogGroupsElsewhere, OwnLogGroups, TrailLogGroups, UnseenRoles
from cairn.service.saved import open_state
from cairn.service.subscriptions import UpstreamDestinations
from cairn.wire.http import Upstream
from cairn.wire.operation import Operation
from cairn.wire.validate import Validation

SERVICES = ("logs", "cloudwatch", "sns")
"""By botocore's names."""

VALIDATIONS = {
    "logs": LOGS_VALIDATION,
    "cloudwatch": Validation(code="ValidationError", unchecked=UNCHECKED_METRICS),
}
"""How each answers to input that does not fit its model, where that is not as usual."""


class CloudWatch:
    """One a process. Where `[upstreams]` sends one of its services elsewhere, it answers nothing of that one and runs
    none of its loops."""

    def __init__(self, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._states: list[State] = []
        self._logs = LogStore(self._open(LOGS), clock)
        self._metrics = MetricStore(self._open(METRICS), clock)
        self._alarms = self._open(ALARMS)
        self._queries = Queries(self._logs.state, clock)
        self._runner = Runner(self._queries, self._logs, pointer, clock)
        runtime = folder.runtime()
        questions = MotoQuestions(runtime.moto_url, runtime.moto_secret)
        self._alarm_actions = AlarmActions(settings, runtime, questions)
        self._destinations = UpstreamDestinations(settings, runtime, questions)
        self._exports = Tasks(self._logs.state, clock)
        self._deliveries = Deliveries(self._logs, self._destinations, clock)

    def trail_log_groups(self, questions: MotoQuestions) -> TrailLogGroups:
        """The log groups that trails send their events to."""
        endpoint = elsewhere(self._settings, "logs")
        if endpoint is not None:
            return LogGroupsElsewhere(endpoint, self._clock)
        is_ours = elsewhere(self._settings, "iam") is None
        return OwnLogGroups(self._logs, AccountRoles(questions) if is_ours else UnseenRoles(), self._clock)

    def operations(self) -> dict[str, dict[str, Operation]]:
        """What Cairn answers itself, by service; whatever else a service has is the embedded account's."""
        answered: dict[str, dict[str, Operation]] = {
            "logs": log_operations(self._logs, compile_pattern=_matcher)
            | query_operations(self._queries, self._runner, self._logs)
            | subscription_operations(self._logs, Filters(self._logs), self._destinations, _matcher)
            | export_operations(self._exports, self._logs, self._export_buckets()),
            "cloudwatch": metric_operations(self._metrics) | alarm_operations(self._alarms, self._clock),
            "sns": {},
        }
        return {service: answers for service, answers in answered.items() if answers and self._is_own(service)}

    def live_tail(self, logs: Upstream) -> Upstream:
        """`logs`, and StartLiveTail besides, which answers no output but a stream."""
        return LiveTail(Sessions(self._logs, _matcher), self._clock, LOGS_VALIDATION, logs)

    def steps(self) -> list[Step]:
        """What the worker does for them."""
        return [*self._log_steps(), *self._metric_steps()]

    def troubles(self) -> Mapping[str, Trouble]:
        """Where events cannot be delivered to now."""
        return self._deliveries.troubles()

    def close(self) -> None:
        self._runner.close()
        self._deliveries.close()
        for state in self._states:
            state.close()

    def _log_steps(self) -> list[Step]:
        if not self._is_own("logs"):
            return []
        subscriptions = SubscriptionSink(self._logs, _matcher)
        return [
            Compactor(self._logs, [lambda: subscriptions.position]),
            Cleaner(self._logs, lambda: subscriptions.position),
            cleaner(self._queries),
            subscriptions,
            self._deliveries,
            Exporter(
                self._exports, self._logs, self._export_buckets(), self._folder.spool / "log-exports", self._clock
            ),
        ]

    def _export_buckets(self) -> ExportBuckets:
        saved = open_state(self._folder, self._settings)
        self._states.append(saved)
        return export_buckets(self._folder, self._settings, saved, self._clock)

    def _metric_steps(self) -> list[Step]:
        if not self._is_own("cloudwatch"):
            return []
        return [
            RollUp(self._metrics, self._clock),
            AlarmEvaluator(self._alarms, AlarmData(self._metrics), self._clock),
            ActionRunner(self._alarms, self._alarm_actions, self._clock, functions=False),
            ActionRunner(self._alarms, self._alarm_actions, self._clock, functions=True),
            AlarmHistoryTrimmer(self._alarms, self._clock),
        ]

    def _is_own(self, service: str) -> bool:
        return elsewhere(self._settings, service) is None

    def _open(self, schema: Schema) -> State:
        state = open_state(self._folder, self._settings, schema)
        self._states.append(state)
        return state


def _matcher(text: str) -> Callable[[str], bool]:
    """`cloudwatch.logs.joints.CompilePattern`."""
    pattern = compile_pattern(text)
    return lambda message: pattern.matches(Message(message))
