"""One gateway process: its objects, and the order in which they start and stop."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Collection, Mapping

from cairn.account.kms_keys import KmsKeys
from cairn.account.kms_relay import http_kms
from cairn.account.moto.questions import MotoQuestions
from cairn.account.moto.upstream import MotoUpstream
from cairn.account.moto.wire_names import SECRET
from cairn.account.s3.buckets import Buckets
from cairn.account.s3.name_sync import NameSync
from cairn.account.s3.upstream import S3Upstream
from cairn.cloudtrail import delegation
from cairn.cloudtrail.checkpoints.logs import CheckpointLogs
from cairn.cloudtrail.digests.operations import operations as key_operations
from cairn.cloudtrail.digests.putting import Putter
from cairn.cloudtrail.digests.requests import DigestRequests
from cairn.cloudtrail.digests.restore import Restoration
from cairn.cloudtrail.flush import Flushes
from cairn.cloudtrail.history import History
from cairn.cloudtrail.insights.data_operations import operations as insights_operations
from cairn.cloudtrail.insights.tables import INSIGHTS
from cairn.cloudtrail.membership import Membership
from cairn.cloudtrail.operations import VALIDATION as TRAIL_VALIDATION
from cairn.cloudtrail.operations import operations as trail_operations
from cairn.cloudtrail.organizations import Owners
from cairn.cloudtrail.redeliver import Redelivery
from cairn.cloudtrail.selectors.wanted import WantedEvents
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import SystemClock
from cairn.core.config import ANYTHING_ELSE, Settings
from cairn.core.durable import write_durably
from cairn.core.errors import CairnError
from cairn.core.folder import DataFolder
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.appender import NatsAppender
from cairn.core.journal.nats import NatsJournal
from cairn.core.loops import Loop, Step, every
from cairn.core.memory import GIVE_BACK_EVERY_S, give_back, share_pools
from cairn.core.metrics import WRITE_S, MetricsBoard
from cairn.core.status import StatusBoard
from cairn.eventbridge.operations import VALIDATION as EVENTS_VALIDATION
from cairn.gateway.addresses import TrustedProxies
from cairn.gateway.admin import Admin
from cairn.gateway.authenticate import Authenticator
from cairn.gateway.authorize import Authorizer
from cairn.gateway.federation import Federation
from cairn.gateway.forward import HttpUpstream
from cairn.gateway.gateway import Gateway
from cairn.gateway.health import Health
from cairn.gateway.keys import KeyTable
from cairn.gateway.own import caller_identity
from cairn.gateway.policies import KnownPolicies
from cairn.gateway.recording import Recorder
from cairn.gateway.routes import Routes
from cairn.gateway.serve import listen, serve
from cairn.gateway.server import Door
from cairn.gateway.vpc_endpoints import VpcEndpoints
from cairn.service.checkpoint_commands import CheckpointCommands
from cairn.service.cloudwatch import VALIDATIONS, CloudWatch
from cairn.service.commands import Commands
from cairn.service.console import ConsoleOfGateway
from cairn.service.digest_keys import digest_keys
from cairn.service.elsewhere import endpoints, s3_elsewhere
from cairn.service.event_permissions import event_permissions
from cairn.service.eventbridge import EventBridge
from cairn.service.insight_commands import InsightCommands
from cairn.service.joints import (
    AccountDirectory,
    AccountPolicies,
    AccountProviders,
    BucketPolicies,
    bucket_permissions,
    trail_buckets,
)
from cairn.service.logs import log_to_stderr
from cairn.service.organizations import Following, organizations
from cairn.service.saved import open_state
from cairn.service.selected_events import SelectedEvents
from cairn.service.sns import sns_permissions
from cairn.service.topics import preconditions
from cairn.wire.client import HttpClient
from cairn.wire.http import Upstream
from cairn.wire.local import LocalService
from cairn.wire.outgoing import Outgoing
from cairn.wire.signing import Credentials
from cairn.wire.validate import USUAL

log = logging.getLogger(__name__)

PROVIDER_S = 5.0
"""How long an identity provider may take to answer."""
_SPECIAL_PERMISSIONS = {"events": event_permissions, "s3": bucket_permissions, "sns": sns_permissions}
_VALIDATIONS = {**VALIDATIONS, "events": EVENTS_VALIDATION}


def run_gateway(folder: DataFolder, settings: Settings, *, name: str, socket_fd: int | None) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        socket_fd: a listening socket that `cairn up` handed over; None: listen on `server.host` and `server.port`.
    """
    share_pools()
    log_to_stderr(settings)
    gateway = GatewayProcess(folder, settings, name)
    listening = socket.socket(fileno=socket_fd) if socket_fd is not None else listen(settings)
    serve(gateway.door, settings, listening)


class GatewayProcess:
    """Everything that one gateway holds."""

    def __init__(self, folder: DataFolder, settings: Settings, name: str) -> None:
        self._folder = folder
        self._settings = settings
        self._name = name
        self._clock = SystemClock()
        self._runtime = folder.runtime()
        self._state = open_state(folder, settings)
        self._insights_state = open_state(folder, settings, INSIGHTS)
        self._access = access = JournalAccess.load(folder.journal)
        self._appender = NatsAppender(access, writer=name, queue_events_max=settings.journal.queue_events_max)
        self._journal = NatsJournal(access, writer=f"{name}-operations")
        self._history = History(folder.history, settings.history, self._clock).reader()
        self._questions = MotoQuestions(self._runtime.moto_url, self._runtime.moto_secret)
        self._keys = KeyTable(self._state, self._clock, AccountDirectory(self._questions))
        self._wanted = WantedEvents(self._state, self._clock)
        self._client: HttpClient | None = None
        self._metrics = MetricsBoard(self._state, self._clock, name)
        steps: list[Step] = [
            self._wanted,
            every("metrics", WRITE_S, self._metrics.write),
            every("memory", GIVE_BACK_EVERY_S, give_back),
        ]
        self._loops = [Loop(step, clock=self._clock) for step in steps]
        self._elsewhere = endpoints(settings)
        self._upstreams = self._upstreams_elsewhere()
        moto = MotoUpstream(self._runtime.moto_url, self._runtime.moto_secret, client=self._http)
        self._default = self._upstreams.pop(ANYTHING_ELSE, moto)
        self._cloudwatch = CloudWatch(folder, settings, self._clock)
        self._eventbridge = EventBridge(folder, settings, self._clock)
        self._s3 = self._buckets_upstream() if s3_elsewhere(settings) is None else None
        self._trails = Trails(self._state, self._journal, self._clock)
        self._organizations = organizations(settings, self._questions, self._clock)
        self._trail_buckets, self._destinations = trail_buckets(folder, settings, self._state, self._clock)
        self._answering = self._gateway()
        self.door = Door(
            self._answering.answer,
            proxies=TrustedProxies(settings.server.trusted_proxies),
            start=self._start,
            stop=self._stop,
        )

    def _gateway(self) -> Gateway:
        selected = SelectedEvents(self._wanted, self._clock)
        recorder = Recorder(
            self._appender,
            self._clock,
            self._settings.recording,
            wants_data=selected.wants_data,
            wants_network=selected.wants_network,
        )
        own = self._own_services()
        authorizer = self._authorizer(own)
        vpc_endpoints = VpcEndpoints(self._settings, self._clock, special=_SPECIAL_PERMISSIONS)
        commands = self._commands()
        self._console = ConsoleOfGateway(
            self._folder,
            self._settings,
            self._clock,
            state=self._state,
            journal=self._journal,
            history=self._history,
            questions=self._questions,
            keys=self._keys,
            authorizer=authorizer,
            vpc_endpoints=vpc_endpoints,
            recorder=recorder,
            answer=lambda request: self._answering.answer(request),
            answer_call=lambda request: self._answering.answer_call(request),
            status=lambda: commands.status({}, b""),
        )
        sns = [self._cloudwatch.sns.pages] if self._cloudwatch.sns is not None else []
        return Gateway(
            self._settings,
            authenticator=Authenticator(self._settings, self._keys, self._clock),
            authorizer=authorizer,
            vpc_endpoints=vpc_endpoints,
            keys=self._keys,
            routes=self._routes(own),
            recorder=recorder,
            admin=self._admin(commands, authorizer),
            health=Health(self._problems, self._metrics.read),
            pages=[self._console.pages, *sns],
            afterwards={"organizations": Following(Membership(self._trails, self._organizations)).after},
        )

    def _authorizer(self, own: Collection[str]) -> Authorizer:
        elsewhere = self._elsewhere
        topics = self._cloudwatch.sns.policy if self._cloudwatch.sns is not None else None
        buses = self._eventbridge.policy if self._eventbridge.is_own else None
        source = AccountPolicies(self._questions, Buckets(self._state, self._clock), topics, buses)
        return Authorizer(
            self._settings,
            KnownPolicies(source, self._clock),
            self._keys,
            self._clock,
            own=own,
            is_embedded=lambda service: service not in elsewhere and ANYTHING_ELSE not in elsewhere,
            special=_SPECIAL_PERMISSIONS,
            federation=self._federation(),
        )

    def _federation(self) -> Federation | None:
        settings = self._settings
        if settings.auth.federation == "trust":
            return None
        private = settings.reaches_private(settings.auth.allow_private_providers)
        outgoing = Outgoing(allow_private=private, setting="auth.allow_private_providers", whole_s=PROVIDER_S)
        return Federation(AccountProviders(self._questions), outgoing, self._clock)

    def _own_services(self) -> dict[str, Upstream]:
        """What Cairn itself answers."""
        signing = digest_keys(self._folder, self._settings, self._state, self._questions, self._clock)
        log_groups = self._cloudwatch.trail_log_groups()
        topics = self._cloudwatch.trail_topics()
        checks = preconditions(self._settings, self._questions, self._destinations, topics, log_groups)
        owners = Owners(self._organizations)
        operations = self._cloudwatch.operations() | self._eventbridge.operations()
        beside: dict[str, Upstream] = {
            service: LocalService(
                service, answered, validation=_VALIDATIONS.get(service, USUAL), otherwise=self._default
            )
            for service, answered in operations.items()
        }
        if self._cloudwatch.logs is not None:
            beside["logs"] = self._cloudwatch.logs.live_tail(beside["logs"])
        return beside | {
            "cloudtrail": LocalService(
                "cloudtrail",
                trail_operations(self._trails, checks, owners)
                | delegation.operations(self._organizations)
                | self._history.operations()
                | insights_operations(self._history, self._insights_state, self._trails, owners, self._clock)
                | key_operations(signing, self._clock),
                validation=TRAIL_VALIDATION,
            )
        }

    def _routes(self, own: Mapping[str, Upstream]) -> Routes:
        """Cairn's own services first, then what `[upstreams]` names, then the embedded account."""
        embedded: dict[str, Upstream] = {"s3": self._s3} if self._s3 is not None else {}
        return Routes(
            operations={("sts", "GetCallerIdentity"): LocalService("sts", {"GetCallerIdentity": caller_identity})},
            services={**embedded, **self._upstreams, **own},
            default=self._default,
        )

    def _upstreams_elsewhere(self) -> dict[str, Upstream]:
        """What `[upstreams]` names."""
        return {
            service: HttpUpstream(endpoint, client=self._http, credentials_of=self._keys.credentials)
            for service, endpoint in self._elsewhere.items()
        }

    def _buckets_upstream(self) -> S3Upstream:
        runtime = self._runtime
        kms = http_kms(runtime.moto_url, {SECRET: runtime.moto_secret})
        return S3Upstream(
            runtime.s3_url,
            Credentials(runtime.s3_access_key_id, runtime.s3_secret_access_key),
            client=self._http,
            state=self._state,
            clock=self._clock,
            evaluate=BucketPolicies(self._clock),
            keys=KmsKeys(kms),
            make_durable=NameSync(self._folder.buckets),
            domains=self._settings.server.domains,
        )

    def _commands(self) -> Commands:
        return Commands(
            journal=self._journal,
            history=self._history,
            flushes=Flushes(self._state, self._journal, self._clock),
            redelivery=Redelivery(self._state, self._journal, self._trail_buckets, self._folder.spool, self._clock),
            digest_requests=DigestRequests(self._state, self._clock),
            restoration=self._restoration(),
            checkpoints=CheckpointLogs(self._state),
            board=StatusBoard(self._state, self._clock),
            clock=self._clock,
            problems=self._known_problems,
        )

    def _admin(self, commands: Commands, authorizer: Authorizer) -> Admin:
        insights = InsightCommands(self._history, self._insights_state, self._clock)
        checkpoints = CheckpointCommands(CheckpointLogs(self._state))
        answers = commands.answers() | checkpoints.answers() | insights.answers()
        return Admin(answers=answers, streams=commands.streams(), authorize=authorizer.authorize)

    def _restoration(self) -> Restoration:
        trails = Trails(self._state, self._journal, self._clock)
        putter = Putter(self._state, self._trail_buckets, self._clock)
        return Restoration(self._state, self._trail_buckets, trails, putter)

    async def _problems(self) -> list[str]:
        try:
            await asyncio.to_thread(self._journal.bounds)
        except CairnError as error:
            return [f"the journal does not answer: {error.message}"]
        return self._disk_problems()

    def _disk_problems(self) -> list[str]:
        if self._access.has_room():
            return []
        return [f"the disk of {self._access.folder} is full: calls that would be recorded are refused"]

    def _known_problems(self) -> list[str]:
        """A full disk, and what the embedded account says is not saved, or was not loaded."""
        try:
            troubles = [f"{trouble.what}: {trouble.why}" for trouble in self._questions.health().problems]
        except CairnError as error:
            troubles = [error.message]
        return self._disk_problems() + troubles

    def _http(self) -> HttpClient:
        assert self._client is not None, "the gateway has not started"
        return self._client

    async def _start(self) -> None:
        self._client = HttpClient()
        self._appender.start()
        for loop in self._loops:
            loop.start()
        await self._announce()
        if self._s3 is not None:
            await self._s3.recover(self._settings.account.id, self._settings.account.region)
        write_durably(self._folder.ready_file(self._name), str(os.getpid()).encode())

    async def _announce(self) -> None:
        """Begin our life in the journal now: what the life before left open can get no outcome any more, and is
        recorded without waiting for a call."""
        try:
            await self._appender.append(())
        except CairnError as error:
            log.warning("%s is not announced to the journal: %s", self._name, error.message)

    async def _stop(self) -> None:
        self._console.close()
        await self._appender.stop()
        await self._http().close()
        for loop in self._loops:
            loop.stop()
        self._journal.close()
        self._history.close()
        self._cloudwatch.close()
        self._eventbridge.close()
        self._insights_state.close()
        self._state.close()
