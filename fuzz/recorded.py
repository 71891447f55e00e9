"""What Cairn does with whatever a stranger sent: its record, and what history, selectors and pages make of that."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from cairn.cloudtrail.history.facts import facts_of as history_facts
from cairn.cloudtrail.history.facts import id_key, id_text, term_key
from cairn.cloudtrail.history.matching import RecordMatcher
from cairn.cloudtrail.history.query import parse_query
from cairn.cloudtrail.selectors import Selection, Selector
from cairn.cloudtrail.selectors.checks import advanced_selectors
from cairn.console.rows import live_event_of, live_row_of
from cairn.console.sentences import sentence_of
from cairn.core.errors import AwsError
from cairn.core.journal.batch import decode, encode
from cairn.core.records.compose import compose, compose_intent
from cairn.core.records.event import Event
from cairn.core.records.identity import Identity
from cairn.core.records.network_activity import compose_network_activity
from cairn.core.records.sizes import RECORD_BYTES_MAX, RECORD_DEPTH_MAX, is_deeper
from cairn.gateway.conditions import condition_keys
from cairn.gateway.entered_roles import check_role, entry_of
from cairn.gateway.facts import facts_of
from cairn.gateway.iam_actions import action_of
from cairn.gateway.iam_resources import arns_of
from cairn.gateway.replies import Outcome
from cairn.wire.http import Call

EVENT_ID = "8a7d1a2e-4b5c-4d6e-8f90-112233445566"
TIME = 1_700_000_000.0

_IDENTITY = Identity(
    type="IAMUser",
    principal_id="AIDAEXAMPLE",
    arn="arn:aws:iam::123456789012:user/alice",
    account="123456789012",
    access_key_id="AKIAEXAMPLE",
    user_name="alice",
)
_SELECTORS = [
    Selector(
        Selection(
            account="123456789012", home_region="us-east-1", multi_region=True, global_events=True, advanced=advanced
        )
    )
    for advanced in (
        (),
        advanced_selectors(
            [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Data"]},
                        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::b"]},
                        {"Field": "eventName", "NotEndsWith": ["Object"]},
                        {"Field": "userIdentity.arn", "NotEquals": ["arn:aws:iam::123456789012:user/bob"]},
                    ]
                }
            ]
        ),
    )
]
_MATCHERS = [
    RecordMatcher(parse_query(line)) for line in ("requestParameters.bucketName=b*", "alice", "errorMessage=*x*")
]


def authorized(call: Call) -> None:
    """What policies are asked about a call."""
    condition_keys(call, now=TIME)
    with suppress(AwsError):
        check_role(call)
        entry_of(call)
    if call.service and call.operation:
        arns_of(call, action_of(call.service, call.operation))


def record(call: Call, outcome: Outcome | None) -> None:
    """All records that are made of a call, taken in."""
    call.identity = _IDENTITY
    call.event_id = EVENT_ID
    call.account = call.account or "123456789012"
    facts = facts_of(call, outcome, time=TIME)
    for make in (compose_intent,) if outcome is None else (compose, compose_network_activity):
        event = make(facts)
        assert len(event.record) <= RECORD_BYTES_MAX, len(event.record)
        assert b"\n" not in event.record
        take_in(event)


def take_in(event: Event) -> None:
    """An event through the journal to whoever reads it."""
    _, batch = decode(encode("gateway", "e", 1, "live", b"\0" * 32, [event]))
    (event,) = batch.events
    record: dict[str, Any] = event.parse()
    assert not is_deeper(json.loads(event.record), RECORD_DEPTH_MAX), "readers deeper in calls fail for it"
    facts = history_facts(event.header, record)
    for field, value in facts.terms():
        term_key((event.header.account, event.header.region, event.header.category), field, value)
    assert id_text(id_key(event.header.id)) == event.header.id
    row = live_row_of(event, facts)
    sentence_of(live_event_of(event, facts))
    json.dumps({**row, "record": None})
    for matcher in _MATCHERS:
        matcher.fits(event.record)
    for selector in _SELECTORS:
        selector.wants(event)
