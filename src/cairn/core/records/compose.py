"""The record of one call, composed from its facts exactly as AWS writes it (spec 1.2).

Version 1.11 everywhere. AWS's services move from version to version each in its own time; 1.11 is the newest, the
versions only ever added fields, and one version a file is easier to read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cairn.core.clock import iso_seconds
from cairn.core.records import s3
from cairn.core.records.data_events import is_data_event, resource_types
from cairn.core.records.error_codes import OUTCOME_UNKNOWN, OUTCOME_UNKNOWN_MESSAGE, error_code, hides_parameters
from cairn.core.records.event import Event, EventHeader, Kind
from cairn.core.records.facts import CallFacts
from cairn.core.records.names import api_version, event_name, event_region, event_source
from cairn.core.records.plans import plans_of
from cairn.core.records.read_only import is_read_only
from cairn.core.records.resources import resources
from cairn.core.records.sizes import cut, encode_within_limits, too_deep

EVENT_VERSION = "1.11"
UNKNOWN_NAME = "Unknown"
"""eventName of calls whose operation cannot be told."""

_NAME_CHARS_MAX = 256
_ANSWERING_READS = frozenset({"sts"})
"""Services whose reads have responseElements: those that hand out credentials."""
_BRACKETING = frozenset({"s3", "s3control"})
_SILENT_READS = frozenset({"GetCallerIdentity", "GetAccessKeyInfo", "DecodeAuthorizationMessage"})


def compose(facts: CallFacts) -> Event:
    """The event of a call that has ended."""
    return _compose(facts, Kind.EVENT)


def compose_intent(facts: CallFacts) -> Event:
    """The intent of a call about to be sent: the record that stands if no outcome ever follows.

    It is the call's own record, with its eventID, that says that the outcome is unknown.
    """
    return _compose(
        replace(facts, output=None, error_code=OUTCOME_UNKNOWN, error_message=OUTCOME_UNKNOWN_MESSAGE), Kind.INTENT
    )


def source_and_name(facts: CallFacts) -> tuple[str, str]:
    """eventSource and eventName."""
    service, model = facts.service, facts.operation_model
    uri = model.http.get("requestUri", "") if model is not None and service == "lambda" else ""
    operation = facts.operation[:_NAME_CHARS_MAX]
    name = (event_name(service, operation, uri) if operation.isprintable() else "") or UNKNOWN_NAME
    return event_source(service[:_NAME_CHARS_MAX]), name


def _compose(facts: CallFacts, kind: Kind) -> Event:
    source, name = source_and_name(facts)
    region = event_region(facts.service, facts.region)
    read_only = is_read_only(source, name)
    data_event = is_data_event(source, name)
    record = _record(facts, source, name, region, read_only, data_event)
    header = EventHeader(
        id=facts.event_id,
        account=facts.account,
        region=region,
        category=record["eventCategory"],
        time=int(facts.time),
        read_only=read_only,
        source=source,
        name=name,
        kind=kind,
        types=resource_types(source, name, record.get("resources", ())) if data_event else (),
    )
    return Event(header, encode_within_limits(record))


def _record(facts: CallFacts, source: str, name: str, region: str, read_only: bool, data_event: bool) -> dict[str, Any]:
    service = facts.service
    invoked_by = facts.invoked_by or facts.identity.invoked_by
    record: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": facts.identity.record(invoked_by),
        "eventTime": iso_seconds(facts.time),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": invoked_by or facts.source_ip,
    }
    agent = invoked_by or facts.user_agent
    if agent:
        record["userAgent"] = f"[{cut(agent, 1022)}]" if service in _BRACKETING and not invoked_by else agent
    code = error_code(service, facts.error_code, facts.status, facts.operation_model)
    if code:
        record["errorCode"] = code
        if facts.error_message:
            record["errorMessage"] = facts.error_message
    try:
        record["requestParameters"] = _request_parameters(facts, name)
    except RecursionError:
        record["requestParameters"] = too_deep()
    try:
        record["responseElements"] = None if code else _response_elements(facts, read_only)
    except RecursionError:
        record["responseElements"] = too_deep()
    additional = s3.additional_event_data(facts.s3, facts.tls) if facts.s3 is not None else _additional(facts)
    if additional:
        record["additionalEventData"] = additional
    if facts.request_id:
        record["requestID"] = facts.request_id
    record["eventID"] = facts.event_id
    record["readOnly"] = read_only
    touched = resources(facts, source, name, region)
    if touched:
        record["resources"] = touched
    record["eventType"] = "AwsApiCall"
    version = api_version(service, facts.operation)
    if version:
        record["apiVersion"] = version
    record["managementEvent"] = not data_event
    record["recipientAccountId"] = facts.account
    _add_rest(record, facts, data_event, invoked_by)
    return record


def _add_rest(record: dict[str, Any], facts: CallFacts, data_event: bool, invoked_by: str) -> None:
    """The fields after recipientAccountId."""
    if facts.shared_event_id:
        record["sharedEventID"] = facts.shared_event_id
    if facts.vpc_endpoint_id:
        record["vpcEndpointId"] = facts.vpc_endpoint_id
        if facts.vpc_endpoint_account:
            record["vpcEndpointAccountId"] = facts.vpc_endpoint_account
    record["eventCategory"] = "Data" if data_event else "Management"
    session = facts.identity.session
    from_console = facts.from_console or (session is not None and session.from_console)
    # A console's proxy and an AWS service end the caller's TLS themselves: their own is not the caller's.
    if facts.tls and not from_console and not invoked_by:
        record["tlsDetails"] = {name: cut(value) for name, value in facts.tls.items()}
    if from_console:
        record["sessionCredentialFromConsole"] = "true"


def _request_parameters(facts: CallFacts, name: str) -> dict[str, Any] | None:
    if hides_parameters(facts.service, facts.error_code):
        return None
    if facts.s3 is not None:
        return s3.request_parameters(facts.s3, name)
    plans = plans_of(facts.service, facts.operation, facts.operation_model)
    if plans.request is None or facts.input is None:
        return None
    element: dict[str, Any] = plans.request(facts.input)
    if plans.adjust_request is not None:
        element = plans.adjust_request(facts, element)
    return element or None


def _response_elements(facts: CallFacts, read_only: bool) -> dict[str, Any] | None:
    service = facts.service
    if read_only and (service not in _ANSWERING_READS or facts.operation in _SILENT_READS):
        return None
    if facts.s3 is not None:
        return s3.response_elements(facts.s3)
    plans = plans_of(service, facts.operation, facts.operation_model)
    if plans.reply is None:
        return None
    output = facts.output
    if service == "ec2":
        return _ec2_reply(facts, plans.reply)
    if output is None:
        return None
    element: dict[str, Any] = plans.reply(output)
    if plans.adjust_reply is not None:
        element = plans.adjust_reply(facts, element)
    return element or None


def _ec2_reply(facts: CallFacts, plan: Any) -> dict[str, Any]:
    """EC2 answers every write with at least its requestId, which the later operations have inside their element."""
    element: dict[str, Any] = plan({**(facts.output or {}), "requestId": facts.request_id})
    if facts.request_id and not next(iter(element), "").endswith("Response"):
        return {"requestId": facts.request_id} | element
    return element


def _additional(facts: CallFacts) -> dict[str, Any]:
    if facts.service == "lambda" and facts.operation.startswith("Invoke") and not facts.error_code:
        qualifier = (facts.output or {}).get("ExecutedVersion") or "$LATEST"
        found = resources(facts, "lambda.amazonaws.com", facts.operation, facts.region)
        return {"functionVersion": f"{found[0]['ARN']}:{qualifier}"} if found else {}
    return {}
