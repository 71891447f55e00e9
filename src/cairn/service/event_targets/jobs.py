"""What is started with an event: state machines, builds, pipelines, tasks, jobs, commands. All in the target's role."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome
from cairn.service.embedded_clients import ClientOf
from cairn.service.event_targets.answers import TOGETHER, called, one_by_one
from cairn.service.event_targets.permissions import Permissions

Start = Callable[[Any, Delivery], None]
"""Starts it by boto3's client."""


class Jobs:
    """One kind of them.

    Args:
        action: what the role must be allowed.
    """

    together = TOGETHER

    def __init__(self, client_of: ClientOf, permissions: Permissions | None, action: str, start: Start) -> None:
        self._client_of = client_of
        self._permissions = permissions
        self._action = action
        self._start = start

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        if self._permissions is not None:
            self._permissions.check_role(address, self._action, address.arn, address.role or address.rule_role)
        client = self._client_of(address.arn)
        return one_by_one(deliveries, lambda delivery: self._start(client, delivery))


def state_machine(client: Any, delivery: Delivery) -> None:
    """Named after the delivery, so that one that was started already is not started again."""
    text = delivery.payload.decode("utf-8", "replace")
    name = f"{delivery.event.id}_{hashlib.sha256(repr((delivery.since, delivery.id)).encode()).hexdigest()[:32]}"
    try:
        called(lambda: client.start_execution(stateMachineArn=delivery.address.arn, name=name, input=text))
    except DeliveryError as error:
        if error.code != codes.RESOURCE_EXISTS:
            raise


def build(client: Any, delivery: Delivery) -> None:
    """Of CodeBuild; a constant or a template overrides settings of the build."""
    name = delivery.address.arn.rpartition("/")[2]
    called(lambda: client.start_build(**{**_given(delivery), "projectName": name}))


def pipeline(client: Any, delivery: Delivery) -> None:
    """Of CodePipeline."""
    called(lambda: client.start_pipeline_execution(name=delivery.address.arn.rpartition(":")[2]))


def task(client: Any, delivery: Delivery) -> None:
    """Of ECS; a constant or a template overrides settings of its containers."""
    parameters = dict(delivery.address.settings.get("EcsParameters") or {})
    arguments: dict[str, Any] = {
        "cluster": delivery.address.arn,
        "taskDefinition": parameters.get("TaskDefinitionArn", ""),
        "count": parameters.get("TaskCount", 1),
        "startedBy": f"events-rule/{delivery.address.rule}"[:36],
    }
    for name, there in _TASK.items():
        if name in parameters:
            arguments[there] = parameters[name]
    network = (parameters.get("NetworkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        lowered = {key[:1].lower() + key[1:]: value for key, value in network.items()}
        arguments["networkConfiguration"] = {"awsvpcConfiguration": lowered}
    if given := _given(delivery):
        arguments["overrides"] = given
    called(lambda: client.run_task(**arguments))


def job(client: Any, delivery: Delivery) -> None:
    """Of Batch; a constant or a template gives its Parameters and ContainerOverrides."""
    settings: Mapping[str, Any] = delivery.address.settings.get("BatchParameters") or {}
    given = {name[:1].lower() + name[1:]: value for name, value in _given(delivery).items()}
    arguments: dict[str, Any] = {
        **{name: given[name] for name in ("parameters", "containerOverrides") if name in given},
        "jobQueue": delivery.address.arn,
        "jobName": settings.get("JobName", ""),
        "jobDefinition": settings.get("JobDefinition", ""),
    }
    if size := (settings.get("ArrayProperties") or {}).get("Size"):
        arguments["arrayProperties"] = {"size": size}
    if attempts := (settings.get("RetryStrategy") or {}).get("Attempts"):
        arguments["retryStrategy"] = {"attempts": attempts}
    called(lambda: client.submit_job(**arguments))


def command(client: Any, delivery: Delivery) -> None:
    """Of Systems Manager's Run Command; a constant or a template gives the document's parameters."""
    settings: Mapping[str, Any] = delivery.address.settings.get("RunCommandParameters") or {}
    targets = settings.get("RunCommandTargets", [])
    name, given = delivery.address.arn.rpartition("/")[2], _given(delivery)
    called(lambda: client.send_command(DocumentName=name, Targets=targets, Parameters=given))


_TASK = {
    "LaunchType": "launchType",
    "PlatformVersion": "platformVersion",
    "Group": "group",
    "EnableECSManagedTags": "enableECSManagedTags",
    "EnableExecuteCommand": "enableExecuteCommand",
    "PropagateTags": "propagateTags",
    "ReferenceId": "referenceId",
    "CapacityProviderStrategy": "capacityProviderStrategy",
    "PlacementConstraints": "placementConstraints",
    "PlacementStrategy": "placementStrategy",
}
"""Members of EcsParameters and what RunTask calls them."""


def _given(delivery: Delivery) -> dict[str, Any]:
    """The input that the target's settings make; nothing where it would be the event itself."""
    if delivery.payload == delivery.event.envelope:
        return {}
    try:
        found = msgspec.json.decode(delivery.payload)
    except UNREADABLE as error:
        raise DeliveryError(codes.INVALID_PARAMETER, f"The input is no JSON: {error}", final=True) from error
    if not isinstance(found, dict):
        raise DeliveryError(codes.INVALID_PARAMETER, "The input is no JSON object.", final=True)
    return found
