"""What can be a rule's target, by its ARN: what each kind must come with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.eventbridge import refusals
from cairn.eventbridge.event import BusId
from cairn.eventbridge.rules.target import Target

_ARN = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}|):(.+)", re.DOTALL)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_PARAMETERS = {
    "KinesisParameters": {"kinesis"},
    "RunCommandParameters": {"ssm"},
    "EcsParameters": {"ecs"},
    "BatchParameters": {"batch"},
    "HttpParameters": {"events", "execute-api"},
    "RedshiftDataParameters": {"redshift", "redshift-serverless"},
    "SageMakerPipelineParameters": {"sagemaker"},
    "AppSyncParameters": {"appsync"},
}
"""Which services take them. SqsParameters may stand with any target."""


class _Kind(msgspec.Struct, frozen=True):
    service: str
    resource: re.Pattern[str]
    needs_role: bool = False
    needs: str = ""
    """The parameters that say what is to be done with it."""


def _kind(service: str, resource: str, *, needs_role: bool = False, needs: str = "") -> _Kind:
    return _Kind(service, re.compile(resource), needs_role, needs)


_KINDS = (
    _kind("sqs", r"[A-Za-z0-9_-]{1,80}"),
    _kind("sqs", r"[A-Za-z0-9_-]{1,75}\.fifo", needs="SqsParameters"),
    _kind("sns", r"[A-Za-z0-9_-]{1,256}(\.fifo)?"),
    _kind("lambda", r"function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?"),
    _kind("logs", r"log-group:[^:*]{1,512}(:\*)?"),
    _kind("events", r"event-bus/[/.\-_A-Za-z0-9]+"),
    _kind("events", r"api-destination/[.\-_A-Za-z0-9]+(/[A-Za-z0-9-]+)?", needs_role=True),
    _kind("events", r"target/[a-z-]+", needs_role=True),
    _kind("kinesis", r"stream/[A-Za-z0-9_.-]+", needs_role=True),
    _kind("firehose", r"deliverystream/[A-Za-z0-9_.-]+", needs_role=True),
    _kind("states", r"stateMachine:[^:]+(:[^:]+)?", needs_role=True),
    _kind("ecs", r"cluster/[A-Za-z0-9_-]+", needs_role=True, needs="EcsParameters"),
    _kind("batch", r"job-queue/[A-Za-z0-9_-]+", needs_role=True, needs="BatchParameters"),
    _kind("codebuild", r"project/[A-Za-z0-9_-]+", needs_role=True),
    _kind("codepipeline", r"[A-Za-z0-9.@_-]+", needs_role=True),
    _kind("ssm", r"(document|automation-definition)/.+", needs_role=True),
    _kind("redshift", r"cluster:[a-z0-9-]+", needs_role=True, needs="RedshiftDataParameters"),
    _kind("redshift-serverless", r"workgroup/[a-z0-9-]+", needs_role=True, needs="RedshiftDataParameters"),
    _kind("sagemaker", r"pipeline/.+", needs_role=True),
    _kind("execute-api", r"[a-z0-9]+/[^/]+/[^/]+(/.*)?"),
    _kind("appsync", r"endpoints/graphql-api/[a-z0-9]+", needs_role=True),
    _kind("glue", r"workflow/.+", needs_role=True),
    _kind("inspector", r"target/.+", needs_role=True),
    _kind("ssm-incidents", r"response-plan/.+", needs_role=True),
)


def check(bus: BusId, target: Target) -> None:
    """Raise what PutTargets answers where a target's ARN, its role or its parameters are not those of a target.

    Args:
        bus: of the rule.
    """
    found = _ARN.fullmatch(target.arn)
    kind = _kind_of(found) if found is not None else None
    if found is None or kind is None:
        raise refusals.not_an_arn(target.arn)
    if target.role and not _ROLE.fullmatch(target.role):
        raise refusals.not_an_arn(target.role)
    _, service, region, account, resource = found.groups()
    is_bus = service == "events" and resource.startswith("event-bus/")
    if is_bus and target.arn == bus.arn:
        raise refusals.invalid_parameter(target.arn, "A rule cannot have its own event bus as a target.")  # (ours)
    if not is_bus and region not in ("", bus.region):
        raise refusals.invalid_parameter(target.arn, f"The target is not in the region {bus.region}.")  # (ours)
    if not target.role and (kind.needs_role or (is_bus and (region, account) != (bus.region, bus.account))):
        raise refusals.invalid(f"RoleArn is required for target {target.arn}.")
    _check_parameters(service, kind, target)
    _check_dead_letters(bus, target.settings.get("DeadLetterConfig", {}).get("Arn"))


def check_role(arn: str) -> None:
    """Raise the error of a RoleArn that is none."""
    if not _ROLE.fullmatch(arn):
        raise refusals.not_an_arn(arn)


def _check_parameters(service: str, kind: _Kind, target: Target) -> None:
    for name, services in _PARAMETERS.items():
        if name in target.settings and service not in services:
            raise refusals.invalid(f"Parameter(s) {name} not supported for target: {target.id}.")
    if kind.needs and kind.needs not in target.settings:
        raise refusals.invalid(f"Parameter(s) {kind.needs} must be specified for target: {target.id}.")
    batch: Mapping[str, Any] = target.settings.get("BatchParameters", {})
    if not 2 <= batch.get("ArrayProperties", {}).get("Size", 2) <= 10_000:
        raise refusals.invalid_parameter("ArrayProperties", "Size must be in between 2 and 10000.")
    if not 1 <= batch.get("RetryStrategy", {}).get("Attempts", 1) <= 10:
        raise refusals.invalid_parameter("RetryStrategy", "Attempts must be in between 1 and 10.")


def _check_dead_letters(bus: BusId, arn: str | None) -> None:
    """A dead-letter queue is a standard queue of the rule's region."""
    if arn is None:
        return
    found = _ARN.fullmatch(arn)
    if found is None:
        raise refusals.not_an_arn(arn)
    _, service, region, _, name = found.groups()
    if service != "sqs":
        raise refusals.invalid(f"{service} is not supported as a dead letter resource")
    if name.endswith(".fifo"):
        raise refusals.invalid("SQS FIFO is not supported by Dead Letter Queues")
    if region != bus.region:
        raise refusals.invalid_parameter(arn, f"The queue is not in the region {bus.region}.")  # (ours)


def _kind_of(arn: re.Match[str]) -> _Kind | None:
    _, service, _, _, resource = arn.groups()
    return next((kind for kind in _KINDS if kind.service == service and kind.resource.fullmatch(resource)), None)
