"""The worker process: every loop that reads the journal, and the board that tells how they do."""

from __future__ import annotations

import os
from typing import Protocol

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudtrail.checkpoints.delivered import SavedDigests
from cairn.cloudtrail.checkpoints.keeper import CheckpointKeeper
from cairn.cloudtrail.delivery import Delivery
from cairn.cloudtrail.digests.sink import Digests
from cairn.cloudtrail.history import History
from cairn.cloudtrail.insights.past import Past
from cairn.cloudtrail.insights.sink import InsightsSink
from cairn.cloudtrail.insights.store import InsightStore
from cairn.cloudtrail.insights.tables import INSIGHTS
from cairn.cloudtrail.log_delivery import LogDelivery
from cairn.cloudtrail.membership import Membership
from cairn.cloudtrail.notices import Notices
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import SystemClock
from cairn.core.config import Settings
from cairn.core.durable import write_durably
from cairn.core.folder import DataFolder
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.check import JOURNAL, JournalCheck, found, told
from cairn.core.journal.intents import Resolver
from cairn.core.journal.nats import NatsJournal
from cairn.core.journal.trimming import Trimmer
from cairn.core.loops import Loop, LoopStatus, Step, every
from cairn.core.memory import GIVE_BACK_EVERY_S, give_back, share_pools
from cairn.core.metrics import WRITE_S, MetricsBoard, show_sinks
from cairn.core.status import Standing, StatusBoard
from cairn.service.cloudwatch import CloudWatch
from cairn.service.digest_keys import digest_keys
from cairn.service.eventbridge import EventBridge
from cairn.service.joints import trail_buckets
from cairn.service.logs import log_to_stderr
from cairn.service.organizations import organizations
from cairn.service.saved import open_state
from cairn.service.troubles import Refused
from cairn.service.up import stop_signals

NAME = "worker"
BOARD_S = 2.0


def run_worker(folder: DataFolder, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    share_pools()
    log_to_stderr(settings)
    stop = stop_signals()
    worker = WorkerProcess(folder, settings)
    worker.start()
    write_durably(folder.ready_file(NAME), str(os.getpid()).encode())
    stop.wait()
    worker.stop()


class Sink(Step, Protocol):
    """A step that reads the journal."""

    @property
    def position(self) -> int:
        """The journal position before which it needs nothing."""


class WorkerProcess:
    """Everything that the worker holds."""

    def __init__(self, folder: DataFolder, settings: Settings) -> None:
        clock = SystemClock()
        access, runtime = JournalAccess.load(folder.journal), folder.runtime()
        self._state = open_state(folder, settings)
        self._journal = NatsJournal(access, writer=NAME)
        self._checked = NatsJournal(access, writer=f"{NAME}-check", recent_bytes=0)
        self._insights_journal = NatsJournal(access, writer="insights", recent_bytes=0)
        history = History(folder.history, settings.history, clock)
        self._history = history.sink(self._journal)
        self._history_reader = history.reader()
        store, _ = trail_buckets(folder, settings, self._state, clock)
        self._delivery = Delivery(self._state, self._journal, store, folder.spool, settings.delivery, clock)
        questions = MotoQuestions(runtime.moto_url, runtime.moto_secret)
        self._digests = Digests(
            self._state,
            store,
            digest_keys(folder, settings, self._state, questions, clock),
            clock,
            interval_s=settings.digest.interval,
            backfill_after_s=settings.digest.backfill_after,
            retry_for_s=settings.delivery.retry_for,
        )
        self._cloudwatch = CloudWatch(folder, settings, clock)
        self._eventbridge = EventBridge(folder, settings, clock)
        self._notices = Notices(self._state, self._cloudwatch.trail_topics(), settings.delivery, clock)
        log_groups = self._cloudwatch.trail_log_groups()
        self._log_delivery = LogDelivery(self._state, self._journal, log_groups, settings.delivery, clock)
        checkpoints = CheckpointKeeper(self._state, SavedDigests(self._state), store, folder.keys, clock)
        self._resolver = Resolver(self._journal, self._state, clock)
        self._insights_state = open_state(folder, settings, INSIGHTS)
        insights = InsightsSink(
            self._state,
            InsightStore(self._insights_state),
            self._journal,
            self._insights_journal,
            Past(self._history_reader, self._journal),
            clock,
        )
        self._board = StatusBoard(self._state, clock)
        to_buses = self._eventbridge.trail_sinks(self._state, self._journal)
        self._sinks: list[Sink] = [
            self._history,
            self._delivery,
            self._log_delivery,
            *to_buses,
            insights,
            self._resolver,
        ]
        membership = Membership(Trails(self._state, self._journal, clock), organizations(settings, questions, clock))
        trimmer = Trimmer(self._journal, self._positions, clock, keep_s=settings.journal.keep)
        board = every("board", BOARD_S, self._write_board)
        metrics = every("metrics", WRITE_S, MetricsBoard(self._state, clock, NAME).write)
        steps: list[Step] = [*self._sinks, self._digests, checkpoints, self._notices, membership]
        steps += [
            *self._cloudwatch.steps(),
            *self._eventbridge.steps(self._cloudwatch),
            trimmer,
            JournalCheck(self._checked),
            board,
            metrics,
            every("memory", GIVE_BACK_EVERY_S, give_back),
        ]
        self._loops = [Loop(step, clock=clock) for step in steps]

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """End every loop at the end of its step, and give back what they held."""
        for loop in reversed(self._loops):
            loop.stop()
        self._delivery.close()
        self._log_delivery.close()
        self._digests.close()
        self._history.close()
        self._history_reader.close()
        self._checked.close()
        self._insights_journal.close()
        self._journal.close()
        self._cloudwatch.close()
        self._eventbridge.close()
        self._insights_state.close()
        self._state.close()

    def _positions(self) -> list[int]:
        return [sink.position for sink in self._sinks]

    def _troubles(self) -> dict[str, Refused]:
        """Trails whose bucket, topic or log group refuses now, and subscriptions whose endpoint does."""
        unannounced = {f"{arn} (notices)": trouble for arn, trouble in self._notices.troubles().items()}
        unsent = {f"{arn} (log group)": trouble for arn, trouble in self._log_delivery.troubles().items()}
        trails = self._digests.troubles() | self._delivery.troubles() | unannounced | unsent
        return {**trails, **self._cloudwatch.troubles(), **self._eventbridge.troubles()}

    def _write_board(self) -> None:
        end = self._journal.bounds().next
        positions = dict(zip((sink.name for sink in self._sinks), self._positions(), strict=True))
        standings = [_standing(loop.status, positions.get(loop.status.name, 0), end) for loop in self._loops]
        show_sinks(standings)
        faults = found((self._journal.faults, self._checked.faults))
        whole = Standing(process=NAME, name=JOURNAL, failures=len(faults), last_error=told(faults))
        troubled = [
            Standing(process=NAME, name=arn, failures=trouble.failures, last_error=trouble.error)
            for arn, trouble in self._troubles().items()
        ]
        self._board.write(NAME, [*standings, whole, *troubled])


def _standing(status: LoopStatus, position: int, end: int) -> Standing:
    return Standing(
        process=NAME,
        name=status.name,
        position=position,
        behind=max(end - position, 0) if position else 0,
        last_success=status.last_success,
        failures=status.failures,
        last_error=status.last_error,
        last_error_time=status.last_error_time,
    )
