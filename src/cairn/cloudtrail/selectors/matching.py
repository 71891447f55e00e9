"""Which events a trail logs: its selection, compiled once and asked for every event.

A `Selection` is what a span of the journal was logged with (`spans.py`); it is saved with the span, so that an event
is always judged by what was in force when it was recorded. A `Selector` answers from the header alone wherever the
header knows enough, and decodes of the record only the members that selectors can name.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from cairn.cloudtrail.selectors.selection import AdvancedSelector, EventSelector, FieldSelector, Selection
from cairn.core.decoding import UNREADABLE
from cairn.core.records.data_events import data_resource_type
from cairn.core.records.event import Event, EventHeader
from cairn.core.regions import is_region

log = logging.getLogger(__name__)

GLOBAL_REGION = "us-east-1"
"""Where events of global services are recorded."""

GLOBAL_SOURCES = frozenset(
    f"{service}.amazonaws.com"
    for service in ("iam", "sts", "cloudfront", "organizations", "route53", "route53domains", "signin", "shield", "waf")
)
"""Services whose events IncludeGlobalServiceEvents switches."""

WHOLE_TYPES = {
    "AWS::S3::Object": frozenset({"arn:aws:s3", "arn:aws:s3:::"}),
    "AWS::Lambda::Function": frozenset({"arn:aws:lambda"}),
    "AWS::DynamoDB::Table": frozenset({"arn:aws:dynamodb"}),
}
"""The types that basic selectors know, and the values that stand for all resources of one."""


class Fields(msgspec.Struct, rename="camel"):
    """The members of a record that selectors can name and the header does not have. Of any type: strangers' records
    must stop nobody."""

    user_identity: Any = None
    resources: Any = None
    event_type: Any = None
    error_code: Any = None
    vpc_endpoint_id: Any = None
    session_credential_from_console: Any = None
    insight_details: Any = None


HeaderTest = Callable[[EventHeader], bool]
RecordTest = Callable[[Fields], bool]
_Values = Sequence[str]

_decoder = msgspec.json.Decoder(Fields)


class _Rule(NamedTuple):
    """One way in which an event of a category is selected: all tests hold."""

    header: tuple[HeaderTest, ...]
    arns: tuple[RecordTest, ...] = ()
    """Tests of `resources`, which can be known before a call has ended."""
    record: tuple[RecordTest, ...] = ()


class Selector:
    """A compiled selection."""

    def __init__(self, selection: Selection) -> None:
        self.accounts = frozenset((selection.account, *selection.members))
        self.organization = selection.organization
        self._home_region = selection.home_region
        self._place = _place(selection)
        self._rules: dict[str, list[_Rule]] = defaultdict(list)
        if selection.advanced:
            for advanced in selection.advanced:
                self._rules[advanced.only("eventCategory")].append(_advanced(advanced))
        else:
            for basic in selection.selectors:
                if basic.management:
                    self._rules["Management"].append(_management(basic))
                self._rules["Data"] += _data(basic)
        if selection.insights:
            self._rules["Insight"].append(_insights(selection))
        self.aggregations = selection.aggregations
        self.categories = frozenset(category for category, rules in self._rules.items() if rules)
        """The eventCategory of all that it can want."""

    def wants(self, event: Event) -> bool:
        """Whether the trail logs `event`."""
        header = event.header
        if not self._concerns(header):
            return False
        fields = None
        for rule in self._rules[header.category]:
            if all(test(header) for test in rule.header):
                if not rule.arns and not rule.record:
                    return True
                if fields is None:
                    fields = _fields(event)
                if all(test(fields) for test in (*rule.arns, *rule.record)):
                    return True
        return False

    def filed_under(self, header: EventHeader) -> str:
        """The Region whose log files have the event: its own, and the trail's where its own cannot stand in a key. Who
        signs for a Region that is none must keep nobody's events from being delivered."""
        return header.region if is_region(header.region) else self._home_region

    def may_want(self, header: EventHeader, resources: Sequence[dict[str, str]]) -> bool:
        """Whether the trail may log the event of a call of which no more is known than this. It says yes to all that
        `wants` says yes to."""
        if not self._concerns(header):
            return False
        fields = Fields(resources=resources)
        return any(
            all(test(header) for test in rule.header) and all(test(fields) for test in rule.arns)
            for rule in self._rules[header.category]
        )

    def _concerns(self, header: EventHeader) -> bool:
        return header.category in self.categories and header.account in self.accounts and self._place(header)


def _fields(event: Event) -> Fields:
    try:
        return _decoder.decode(event.record)
    except UNREADABLE:
        log.exception("the record of %s is no JSON object: selectors see its header alone", event.header.id)
        return Fields()


def _place(selection: Selection) -> HeaderTest:
    """The test of an event's region.

    Global services are recorded in us-east-1 alone, so a trail for another single region has none of their events,
    and IncludeGlobalServiceEvents matters only to a trail for us-east-1.
    """
    if selection.multi_region:
        return lambda header: True
    home = selection.home_region
    if home != GLOBAL_REGION or selection.global_events:
        return lambda header: header.region == home
    return lambda header: header.region == home and header.source not in GLOBAL_SOURCES


def _management(selector: EventSelector) -> _Rule:
    """A basic selector's management events."""
    tests = _read_write(selector)
    if selector.excluded_sources:
        excluded = frozenset(selector.excluded_sources)
        tests = (*tests, lambda header: header.source not in excluded)
    return _Rule(tests)


def _data(selector: EventSelector) -> list[_Rule]:
    """A basic selector's data events, a rule a type (spec 5.1): S3's values are beginnings, the others' are exact."""
    rules = []
    for resource in selector.data:
        header = (*_read_write(selector), _of_type(resource.type))
        values = tuple(resource.values)
        operator = "starts_with" if resource.type == "AWS::S3::Object" else "equals"
        if WHOLE_TYPES[resource.type].intersection(values):
            rules.append(_Rule(header))
        elif values:
            statement = FieldSelector(field="resources.ARN", **{operator: values})
            rules.append(_Rule(header, (_arns(resource.type, statement),)))
    return rules


def _read_write(selector: EventSelector) -> tuple[HeaderTest, ...]:
    if selector.read_write == "All":
        return ()
    read_only = selector.read_write == "ReadOnly"
    return (lambda header: header.read_only == read_only,)


def _of_type(resource_type: str) -> HeaderTest:
    return lambda header: resource_type in resource_types(header)


def resource_types(header: EventHeader) -> _Values:
    """`resources.type` of a data event. Headers that older versions wrote do not have them: their event tells one."""
    return header.types or (data_resource_type(header.source, header.name),)


def _advanced(selector: AdvancedSelector) -> _Rule:
    """An advanced selector (spec 5.2). Its eventCategory is looked at before."""
    header: list[HeaderTest] = []
    arns: list[RecordTest] = []
    record: list[RecordTest] = []
    for field in selector.fields:
        if field.field == "resources.ARN":
            arns.append(_arns(selector.only("resources.type"), field))
        elif field.field in _OF_HEADER:
            header.append(_on(_OF_HEADER[field.field], field))
        elif field.field != "eventCategory":
            record.append(_on(_OF_RECORD[field.field], field))
    return _Rule(tuple(header), tuple(arns), tuple(record))


def _on(values_of: Callable[[Any], _Values], field: FieldSelector) -> Callable[[Any], bool]:
    holds = _holds(field)
    return lambda source: holds(values_of(source))


def _arns(resource_type: str, field: FieldSelector) -> RecordTest:
    """The test of the ARNs that a record's resources of a type have. A call on all of a bucket's objects has the
    beginning of their ARNs in place of one."""
    holds = _holds(field)

    def test(fields: Fields) -> bool:
        resources = fields.resources if isinstance(fields.resources, list | tuple) else ()
        entries = [entry for entry in resources if isinstance(entry, dict) and entry.get("type") == resource_type]
        return holds(_texts(entry.get("ARN") or entry.get("ARNPrefix") for entry in entries))

    return test


def _holds(field: FieldSelector) -> Callable[[_Values], bool]:
    """The test of a field's values, of which there are none, one or more: what it may not be, none is; and where
    something says what it may be, one is."""
    some = _is_one_of(field.equals, field.starts_with, field.ends_with)
    none = _is_one_of(field.not_equals, field.not_starts_with, field.not_ends_with)
    positive = bool(field.equals or field.starts_with or field.ends_with)
    negative = bool(field.not_equals or field.not_starts_with or field.not_ends_with)

    def test(values: _Values) -> bool:
        if negative and any(map(none, values)):
            return False
        return not positive or any(map(some, values))

    return test


def _is_one_of(equals: _Values, starts: _Values, ends: _Values) -> Callable[[str], bool]:
    exact, beginnings, endings = frozenset(equals), tuple(starts), tuple(ends)
    return lambda value: value in exact or value.startswith(beginnings) or value.endswith(endings)


def _insights(selection: Selection) -> _Rule:
    """The Insights events of a trail: those of data events that it logs itself, those of management events all."""
    wanted = {(one.type, category) for one in selection.insights for category in one.categories}

    def test(fields: Fields) -> bool:
        details = fields.insight_details if isinstance(fields.insight_details, dict) else {}
        category = details.get("sourceEventCategory")
        own = category == "Management" or details.get("insightSource") == selection.trail
        return own and (details.get("insightType"), category) in wanted

    return _Rule((), record=(test,))


def _texts(values: Any) -> _Values:
    return [value for value in values if isinstance(value, str)]


def _identity_arn(fields: Fields) -> _Values:
    identity = fields.user_identity
    return _texts([identity.get("arn")]) if isinstance(identity, dict) else ()


_OF_HEADER: dict[str, Callable[[EventHeader], _Values]] = {
    "eventName": lambda header: (header.name,),
    "eventSource": lambda header: (header.source,),
    "readOnly": lambda header: ("true" if header.read_only else "false",),
    "resources.type": resource_types,
}
_OF_RECORD: dict[str, Callable[[Fields], _Values]] = {
    "errorCode": lambda fields: _texts([fields.error_code]),
    "eventType": lambda fields: _texts([fields.event_type]),
    "sessionCredentialFromConsole": lambda fields: _texts([fields.session_credential_from_console]),
    "userIdentity.arn": _identity_arn,
    "vpcEndpointId": lambda fields: _texts([fields.vpc_endpoint_id]),
}
