"""CloudWatch Logs' operations on groups, streams and events, by name: input and output in botocore's names."""

from __future__ import annotations

from cairn.cloudwatch.logs.encryption import AnyKey, Keys, QueryKeys
from cairn.cloudwatch.logs.event_operations import event_operations
from cairn.cloudwatch.logs.group_operations import group_operations
from cairn.cloudwatch.logs.joints import CompilePattern, FilterCounts, no_filters
from cairn.cloudwatch.logs.policies import ResourcePolicies
from cairn.cloudwatch.logs.policy_operations import policy_operations
from cairn.cloudwatch.logs.store import LogStore
from cairn.cloudwatch.logs.stream_operations import stream_operations
from cairn.wire.operation import Operation
from cairn.wire.validate import Validation

VALIDATION = Validation(code="InvalidParameterException")
"""How CloudWatch Logs answers to input that does not fit its model."""


def operations(
    store: LogStore,
    *,
    compile_pattern: CompilePattern,
    keys: Keys | None = None,
    filter_counts: FilterCounts = no_filters,
) -> dict[str, Operation]:
    """What this package answers."""
    policies = ResourcePolicies(store.state, store.clock)
    return {
        **group_operations(store.groups, QueryKeys(store.state), keys or AnyKey(), filter_counts),
        **stream_operations(store.streams),
        **event_operations(store, compile_pattern),
        **policy_operations(policies, store.groups),
    }
