"""All targets by their names."""

from __future__ import annotations

from fuzz.target import Target
from fuzz.targets import (
    account,
    alarms,
    calls,
    events,
    federation,
    history,
    imports,
    inputs,
    logs,
    operations,
    proof,
    queries,
    replies,
    servers,
    settings,
    signatures,
)

_CALLS = (signatures, federation, calls, inputs, replies, account)
_EVENTS = (imports, history, proof, events, servers)
_WATCHING = (logs, queries, alarms, operations, settings)
TARGETS: dict[str, Target] = {
    target.name: target for family in (*_CALLS, *_EVENTS, *_WATCHING) for target in family.TARGETS
}
