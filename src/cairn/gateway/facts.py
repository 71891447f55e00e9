"""From a call and its outcome to the facts of which the record is made."""

from __future__ import annotations

from urllib.parse import unquote

from cairn.core.records.data_events import is_data_event
from cairn.core.records.facts import CallFacts, S3Facts
from cairn.core.records.names import event_name, event_source
from cairn.core.records.read_only import is_read_only
from cairn.gateway.replies import Outcome
from cairn.wire.http import Call
from cairn.wire.models import operation_model, operation_names


def is_data(call: Call) -> bool:
    """Whether the call is a data event: one on the data that a service keeps, not on the service."""
    return is_data_event(event_source(call.service), event_name(call.service, call.operation))


def is_write(call: Call) -> bool:
    return not is_read_only(event_source(call.service), event_name(call.service, call.operation))


def facts_of(call: Call, outcome: Outcome | None, *, time: float) -> CallFacts:
    """The facts of `call`. Without an outcome, those that are known before it is sent."""
    request = call.request
    facts = CallFacts(
        event_id=call.event_id,
        time=time,
        account=call.account,
        region=call.region,
        service=call.service,
        operation=call.operation,
        identity=call.identity,
        source_ip=request.client,
        user_agent=request.headers.get("user-agent"),
        request_id=call.request_id,
        input=call.params,
        tls=request.tls | {"clientProvidedHostHeader": request.headers.get("host")} if request.tls else {},
        from_console=call.identity.session is not None and call.identity.session.from_console,
        invoked_by=call.identity.invoked_by,
        vpc_endpoint_id=call.vpc_endpoint_id,
        vpc_endpoint_account=call.vpc_endpoint_account,
        vpc_endpoint_denied=call.vpc_endpoint_denied,
    )
    if call.service and call.operation in operation_names(call.service):
        facts.operation_model = operation_model(call.service, call.operation)
    if outcome is not None:
        facts.status = outcome.status
        facts.output = outcome.reply.output
        facts.error_code = outcome.reply.error_code
        facts.error_message = outcome.reply.error_message
    if call.service == "s3":
        facts.s3 = _s3_facts(call, outcome)
    return facts


def _s3_facts(call: Call, outcome: Outcome | None) -> S3Facts:
    bucket, key = bucket_and_key(call)
    facts = S3Facts(
        bucket=bucket,
        key=key,
        host=call.request.host,
        query=tuple(call.request.query_pairs()),
        headers=tuple(call.request.headers),
        body=call.document,
        bytes_in=call.bytes_in,
        signature_version=call.signature_version,
        authentication_method=call.authentication_method,
    )
    if outcome is not None:
        facts.response_headers = tuple(outcome.headers)
        facts.bytes_out = outcome.bytes_out
        facts.id_2 = outcome.headers.get("x-amz-id-2")
    return facts


def bucket_and_key(call: Call) -> tuple[str, str]:
    """Bucket and key that an S3 call names, by host or by path; each empty where it names none."""
    path = call.request.path.removeprefix("/")
    if call.host_bucket:
        return call.host_bucket, unquote(path)
    bucket, _, key = path.partition("/")
    return unquote(bucket), unquote(key)
