"""All targets behind one door: which family an ARN belongs to, and where that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cairn.account.moto.questions import MotoQuestions
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.folder import Runtime
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome
from cairn.service.elsewhere import elsewhere
from cairn.service.embedded_clients import ClientOf, clients_of
from cairn.service.event_targets import jobs
from cairn.service.event_targets.answers import TOGETHER, one_by_one
from cairn.service.event_targets.functions import Functions
from cairn.service.event_targets.permissions import Permissions
from cairn.service.event_targets.queues import Queues
from cairn.service.event_targets.streams import FirehoseStreams, KinesisStreams


class Family(Protocol):
    """Targets of one kind."""

    @property
    def together(self) -> int:
        """As many deliveries are handed over at once."""

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """As `eventbridge.deliveries.endpoints.Endpoints.deliver`."""


class ApiDestinations(Protocol):
    """Sends events to API destinations by HTTP."""

    def send(self, destination: str, payload: bytes, event: bytes, parameters: Mapping[str, Any]) -> None:
        """Return once the server has it. Raises `DeliveryError`.

        Args:
            destination: ARN.
            event: the envelope, which dynamic parameters are taken from.
            parameters: the target's HttpParameters.
        """


class HttpTargets:
    """API destinations, as a family."""

    together = TOGETHER

    def __init__(self, destinations: ApiDestinations, permissions: Permissions | None) -> None:
        self._destinations = destinations
        self._permissions = permissions

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        if self._permissions is not None:
            role = address.role or address.rule_role
            self._permissions.check_role(address, "events:InvokeApiDestination", address.arn, role)
        parameters = address.settings.get("HttpParameters") or {}

        def send(delivery: Delivery) -> None:
            self._destinations.send(address.arn, delivery.payload, delivery.event.envelope, parameters)

        return one_by_one(deliveries, send)


class EventTargets:
    """`eventbridge.deliveries.endpoints.Endpoints`.

    Args:
        families: by service, or by service and the first word of the resource: `events:event-bus`.
    """

    def __init__(self, families: Mapping[str, Family], queues: Queues) -> None:
        self._families = families
        self._queues = queues

    def together(self, address: Address) -> int:
        family = self._family(address)
        return family.together if family is not None else TOGETHER

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        family = self._family(address)
        if family is None:
            text = f"Cairn does not deliver to targets like {address.arn}."
            raise DeliveryError(codes.INVALID_PARAMETER, text, final=True)
        return family.deliver(address, deliveries)

    def bury(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        return self._queues.bury(address, deliveries)

    def close(self) -> None:
        self._queues.close()

    def _family(self, address: Address) -> Family | None:
        _, _, service, _, _, resource = address.arn.split(":", 5)
        return self._families.get(f"{service}:{resource.partition('/')[0]}") or self._families.get(service)


def event_targets(
    settings: Settings, runtime: Runtime, asked: Permissions | None, own: Mapping[str, Family]
) -> EventTargets:
    """Targets of every family, each where it is.

    Args:
        asked: who says whether EventBridge may use what is in the embedded account.
        own: families that Cairn has itself, as `EventTargets` names them.
    """

    def of(service: str) -> tuple[ClientOf, Permissions | None]:
        client_of, is_embedded = clients_of(service, settings, runtime)
        return client_of, asked if is_embedded else None

    queues = Queues(*of("sqs"))
    families: dict[str, Family] = {
        "sqs": queues,
        "lambda": Functions(*of("lambda")),
        "kinesis": KinesisStreams(*of("kinesis")),
        "firehose": FirehoseStreams(*of("firehose")),
        "states": jobs.Jobs(*of("stepfunctions"), "states:StartExecution", jobs.state_machine),
        "ecs": jobs.Jobs(*of("ecs"), "ecs:RunTask", jobs.task),
        "batch": jobs.Jobs(*of("batch"), "batch:SubmitJob", jobs.job),
        "codebuild": jobs.Jobs(*of("codebuild"), "codebuild:StartBuild", jobs.build),
        "codepipeline": jobs.Jobs(*of("codepipeline"), "codepipeline:StartPipelineExecution", jobs.pipeline),
        "ssm:document": jobs.Jobs(*of("ssm"), "ssm:SendCommand", jobs.command),
    }
    return EventTargets(families | dict(own), queues)


def permissions_of(settings: Settings, questions: MotoQuestions, clock: Clock) -> Permissions | None:
    """Who says whether EventBridge may use what is in the embedded account; None: nobody, since nothing is asked of
    anybody here."""
    if settings.auth.mode != "verify":
        return None
    return Permissions(questions, clock, roles=elsewhere(settings, "iam") is None)
