"""EventBridge: what a gateway answers of `events`, and the loops that the worker runs for it."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudtrail.event_delivery import EventDelivery
from cairn.cloudwatch.logs.policies import ResourcePolicies
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import AwsError
from cairn.core.folder import DataFolder
from cairn.core.journal.journal import Journal
from cairn.core.loops import Step
from cairn.core.state import State
from cairn.core.tallies import Tallies, TallyMover
from cairn.eventbridge.alarm_changes import AlarmChanges
from cairn.eventbridge.archives.archives import Archives
from cairn.eventbridge.archives.keeping import Keeper
from cairn.eventbridge.archives.operations import ArchiveOperations
from cairn.eventbridge.archives.replaying import Replayer
from cairn.eventbridge.archives.replays import Replays
from cairn.eventbridge.archives.taking import Taker
from cairn.eventbridge.arns import RuleId, resource_of
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.counting import NAMESPACE, tallies
from cairn.eventbridge.deliveries.loop import Deliveries
from cairn.eventbridge.deliveries.outbox import owe
from cairn.eventbridge.event import BusEvent
from cairn.eventbridge.inputs import payload
from cairn.eventbridge.matched import MatchCounts
from cairn.eventbridge.operations import operations
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schedules.scheduler import Scheduler
from cairn.eventbridge.schema import EVENTS
from cairn.service.cloudwatch import CloudWatch
from cairn.service.elsewhere import elsewhere
from cairn.service.embedded_clients import clients_of
from cairn.service.event_connections import EventConnections
from cairn.service.event_sources import DefaultBuses
from cairn.service.event_targets.buses import Buses
from cairn.service.event_targets.joined import EventTargets, Family, HttpTargets, event_targets, permissions_of
from cairn.service.event_targets.log_groups import LogGroupsElsewhere, OwnLogGroups, group_allows
from cairn.service.event_targets.topics import OwnTopics, TopicsElsewhere
from cairn.service.saved import open_state
from cairn.service.tallies import MetricTallies
from cairn.service.troubles import Refused
from cairn.wire.operation import Operation

log = logging.getLogger(__name__)

SERVICE = "events"


class EventBridge:
    """One a process. Where `[upstreams]` sends `events` elsewhere, it answers nothing and runs nothing."""

    def __init__(self, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self.is_own = elsewhere(settings, SERVICE) is None
        self._state = open_state(folder, settings, EVENTS)
        self._deliveries: Deliveries | None = None
        self._endpoints: EventTargets | None = None
        self._counts = Tallies(tallies, kept=elsewhere(settings, "cloudwatch") is None)
        self._connections = EventConnections(self._state, folder, settings, clock)
        take, count = Taker(compile_patterns).take, MatchCounts(self._counts)
        self.router = Router(self._state, clock, compile_patterns, _owe, take, count)

    def operations(self) -> dict[str, dict[str, Operation]]:
        """What Cairn answers itself, by service; whatever else a service has is the embedded account's."""
        if not self.is_own:
            return {}
        trusts = self._settings.auth.mode == "trust"
        archives = ArchiveOperations(Archives(self._state, self._clock), Replays(self._state, self._clock))
        return {
            SERVICE: {
                **operations(self._state, self._clock, self.router, ask_policies=trusts),
                **archives.operations(),
                **self._connections.operations(),
            }
        }

    def policy(self, arn: str) -> str | None:
        """The policy of a bus, by its ARN or that of one of its rules; empty where it has none, None where there is no
        such bus."""
        try:
            found = resource_of(arn)
        except AwsError:
            return None
        with self._state.read() as connection:
            bus = buses.find(connection, found.bus if isinstance(found, RuleId) else found)
        return bus.policy if bus is not None else None

    def steps(self, cloudwatch: CloudWatch) -> list[Step]:
        """What the worker does for it.

        Args:
            cloudwatch: whose topics and log groups rules tell, and whose metrics count it.
        """
        if not self.is_own:
            return []
        self._endpoints = self._targets(cloudwatch)
        self._deliveries = Deliveries(self._state, self._endpoints, self._counts, self._clock)
        steps: list[Step] = [self._deliveries, Scheduler(self._state, self.router, self._clock)]
        steps += [Replayer(self._state, self.router, self._clock), Keeper(self._state, self._clock)]
        steps += self._connections.steps()
        if (alarms := cloudwatch.alarm_history()) is not None:
            steps.append(AlarmChanges(alarms, self.router, self._clock))
        if cloudwatch.metrics is not None:
            sink = MetricTallies(cloudwatch.metrics)
            steps.append(TallyMover(self._state, tallies, sink, reader="events tallies", namespace=NAMESPACE))
        return steps

    def trail_sinks(self, state: State, journal: Journal) -> list[EventDelivery]:
        """What gives trails' events to event buses: nothing where those are elsewhere, as nobody else is let put events
        of AWS's sources."""
        if not self.is_own:
            log.info("events of trails, alarms and schedules reach no event bus: [upstreams] sends events elsewhere")
            return []
        return [EventDelivery(state, journal, DefaultBuses(self._state, self.router), self._clock)]

    def troubles(self) -> dict[str, Refused]:
        """Targets that take nothing now, by rule and target."""
        return {**self._deliveries.troubles()} if self._deliveries is not None else {}

    def close(self) -> None:
        self._connections.api_destinations.close()
        if self._deliveries is not None:
            self._deliveries.close()
        if self._endpoints is not None:
            self._endpoints.close()
        self._state.close()

    def _targets(self, cloudwatch: CloudWatch) -> EventTargets:
        settings, runtime, clock = self._settings, self._folder.runtime(), self._clock
        questions = MotoQuestions(runtime.moto_url, runtime.moto_secret)
        asked = permissions_of(settings, questions, clock)
        own: dict[str, Family] = {"events:event-bus": Buses(self._state, self.router, asked)}
        if cloudwatch.sns is not None:
            own["sns"] = OwnTopics(cloudwatch.sns.topics)
        else:
            own["sns"] = TopicsElsewhere(clients_of("sns", settings, runtime)[0])
        if cloudwatch.logs is not None:
            store = cloudwatch.logs.store
            allows = group_allows(ResourcePolicies(store.state, clock)) if settings.auth.mode == "verify" else None
            own["logs"] = OwnLogGroups(store, allows, clock)
        else:
            own["logs"] = LogGroupsElsewhere(clients_of("logs", settings, runtime)[0], clock)
        own["events:api-destination"] = HttpTargets(self._connections.api_destinations, asked)
        return event_targets(settings, runtime, asked, own)


def _owe(connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
    """`eventbridge.routing.Owe`."""
    made = payload(target, event, rule_arn=rule.arn, rule_name=rule.name, ingested=now)
    owe(connection, rule, target, made, event, now)
