"""CloudWatch Logs as the processes have it: what a gateway answers, what the worker does, and trails' log groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudwatch.exports import Exporter, Tasks
from cairn.cloudwatch.exports import operations as export_operations
from cairn.cloudwatch.logs import VALIDATION, Cleaner, Compactor, LogStore
from cairn.cloudwatch.logs import operations as log_operations
from cairn.cloudwatch.logs.records import pointer
from cairn.cloudwatch.metric_filters import MetricFilters, MetricFilterSink
from cairn.cloudwatch.metric_filters import operations as filter_operations
from cairn.cloudwatch.metric_filters.filters import with_regexes as metric_filters_with_regexes
from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.patterns import Message, compile_pattern
from cairn.cloudwatch.queries import Queries, Runner, cleaner
from cairn.cloudwatch.queries import operations as query_operations
from cairn.cloudwatch.subscriptions import Deliveries, Filters, SubscriptionSink
from cairn.cloudwatch.subscriptions import operations as subscription_operations
from cairn.cloudwatch.subscriptions.filters import with_regexes as subscriptions_with_regexes
from cairn.cloudwatch.tail import Sessions
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.lanes import Trouble
from cairn.core.loops import Step
from cairn.core.state import State
from cairn.service.elsewhere import elsewhere
from cairn.service.live_tail import LiveTail
from cairn.service.log_exports import export_buckets
from cairn.service.log_groups import OwnLogGroups, UnseenRoles
from cairn.service.log_keys import log_keys
from cairn.service.roles import cloudtrail_roles
from cairn.service.saved import open_state
from cairn.service.subscriptions import UpstreamDestinations
from cairn.wire.http import Upstream
from cairn.wire.operation import Operation


class CloudWatchLogs:
    """One a process."""

    def __init__(self, state: State, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        runtime = folder.runtime()
        self._questions = MotoQuestions(runtime.moto_url, runtime.moto_secret)
        self.store = LogStore(state, clock)
        self._compile = partial(compile_pattern, absent_differs=settings.cloudwatch.absent_differs == "yes")
        self._filters = MetricFilters(self.store, self._compile, others=subscriptions_with_regexes)
        self._queries = Queries(state, clock)
        self._runner = Runner(self._queries, self.store, pointer, clock)
        self._destinations = UpstreamDestinations(settings, runtime, self._questions)
        self._deliveries = Deliveries(self.store, self._destinations, clock)
        self._tasks = Tasks(state, clock)
        self._saved = open_state(folder, settings)
        self._buckets = export_buckets(folder, settings, self._saved, clock)

    def trail_log_groups(self) -> OwnLogGroups:
        """The log groups that trails send their events to."""
        is_ours = elsewhere(self._settings, "iam") is None
        return OwnLogGroups(self.store, cloudtrail_roles(self._questions) if is_ours else UnseenRoles(), self._clock)

    def operations(self) -> dict[str, Operation]:
        keys = log_keys(self._settings, self._questions)
        return {
            **log_operations(self.store, compile_pattern=self._matcher, keys=keys, filter_counts=self._filters.counts),
            **filter_operations(self._filters),
            **query_operations(self._queries, self._runner, self.store),
            **subscription_operations(
                self.store,
                Filters(self.store, others=metric_filters_with_regexes),
                self._destinations,
                self._matcher,
                lambda text: self._compile(text).regexes,
            ),
            **export_operations(self._tasks, self.store, self._buckets),
        }

    def live_tail(self, logs: Upstream) -> Upstream:
        """`logs`, and StartLiveTail besides, which answers no output but a stream."""
        return LiveTail(Sessions(self.store, self._matcher), self._clock, VALIDATION, logs)

    def steps(self, metrics: MetricStore | None) -> list[Step]:
        """What the worker does.

        Args:
            metrics: where metric filters write to; None: those are elsewhere, and metric filters make nothing.
        """
        subscriptions = SubscriptionSink(self.store, self._matcher)
        readers: list[Step] = [subscriptions]
        positions: list[Callable[[], int]] = [lambda: subscriptions.position]
        if metrics is not None:
            filters = MetricFilterSink(self.store, self._filters, metrics, self._clock)
            readers.append(filters)
            positions.append(filters.position)
        exports = self._folder.spool / "log-exports"
        return [
            *readers,
            self._deliveries,
            Compactor(self.store, positions),
            Cleaner(self.store, lambda: min(position() for position in positions), [Filters(self.store).needs]),
            cleaner(self._queries),
            Exporter(self._tasks, self.store, self._buckets, exports, self._clock),
        ]

    def troubles(self) -> Mapping[str, Trouble]:
        """Subscriptions whose destination refuses now."""
        return self._deliveries.troubles()

    def _matcher(self, text: str) -> Callable[[str], bool]:
        """`cloudwatch.logs.joints.CompilePattern`."""
        pattern = self._compile(text)
        return lambda message: pattern.matches(Message(message))

    def close(self) -> None:
        self._runner.close()
        self._deliveries.close()
        self._saved.close()
