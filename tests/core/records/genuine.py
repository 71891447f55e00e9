"""Genuine records turned back into the facts they came from, composed again, and compared.

What comes out is a list of differences, each with the field it is in: the heart of docs/compatibility-records.md,
which `python tests/core/records/genuine.py` prints.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.model import OperationModel, Shape

from cairn.core.clock import from_iso
from cairn.core.records import ec2, ec2_xml
from cairn.core.records.casing import Style
from cairn.core.records.compose import compose
from cairn.core.records.ec2_names import OLDER_OPERATIONS
from cairn.core.records.facts import CallFacts, S3Facts
from cairn.core.records.identity import Identity, Session, SessionIssuer
from cairn.core.records.names import event_name, event_source
from cairn.core.records.plans import _UNWRAPPED, style_of

_session = botocore.session.get_session()
_SKIPPED_SERVICES = ("docdb", "neptune")  # share eventSource and operations with rds
Difference = tuple[str, str, str]
"""(source and event, path, kind): kind is `missing`, `extra`, `type` or `value`."""


def read_records(folder: Path) -> list[dict[str, Any]]:
    return [r for file in sorted(folder.glob("*.json")) for r in json.loads(file.read_bytes())["Records"]]


@cache
def _operations(source: str) -> dict[str, list[tuple[str, str]]]:
    """botocore's services and operations by eventName, of one eventSource."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    loader = _session.get_component("data_loader")
    for service in _session.get_available_services():
        if event_source(service) != source or service in _SKIPPED_SERVICES:
            continue
        for operation, model in loader.load_service_model(service, "service-2")["operations"].items():
            name = event_name(service, operation, model.get("http", {}).get("requestUri", ""))
            found[name].append((service, operation))
    return found


@cache
def _model(service: str, operation: str) -> OperationModel:
    return _session.get_service_model(service).operation_model(operation)


def operation_of(record: dict[str, Any]) -> tuple[str, str] | None:
    """The service and operation of a record that is an API call known to botocore."""
    if record["eventType"] != "AwsApiCall":
        return None
    candidates = _operations(record["eventSource"]).get(record["eventName"], [])
    if record["eventSource"].startswith("elastic") and record.get("apiVersion") == "2015-12-01":
        candidates = [c for c in candidates if c[0] == "elbv2"]
    if len(candidates) > 1 and candidates[0][0] == "s3":  # ListObjects and ListObjectsV2 are one event
        candidates = candidates[:1]
    return candidates[0] if candidates else None


def facts_from(record: dict[str, Any], service: str, operation: str) -> CallFacts:
    """The facts of the call that `record` tells of."""
    model = _model(service, operation)
    facts = CallFacts(
        event_id=record["eventID"],
        time=from_iso(record["eventTime"]),
        account=record["recipientAccountId"],
        region=record["awsRegion"],
        service=service,
        operation=operation,
        operation_model=model,
        identity=_identity(record["userIdentity"]),
        source_ip=record["sourceIPAddress"],
        user_agent=record.get("userAgent", "").removeprefix("[").removesuffix("]")
        if service in ("s3", "s3control")
        else record.get("userAgent", ""),
        request_id=record.get("requestID", ""),
        error_code=_wire_code(record.get("errorCode", ""), model),
        error_message=record.get("errorMessage", ""),
        tls=record.get("tlsDetails", {}),
        vpc_endpoint_id=record.get("vpcEndpointId", ""),
        from_console="sessionCredentialFromConsole" in record,
        shared_event_id=record.get("sharedEventID", ""),
    )
    if service in ("s3", "s3control"):
        facts.s3 = _s3(record)
        return facts
    protocol = model.service_model.metadata["protocol"]
    for element, shape, reply in (
        (record["requestParameters"], model.input_shape, False),
        (record["responseElements"], model.output_shape, True),
    ):
        value = None
        if element is not None and shape is not None:
            if service == "ec2" and operation in OLDER_OPERATIONS:
                element = dict(element)
                if operation == "RunInstances" and not reply:
                    element |= element.pop("instancesSet")["items"][0]
                value = _from_older(element, shape, operation, reply)
            elif service == "ec2":
                value = _from_xml(next(iter(element.values())), shape, reply)
            else:
                if reply and service in _UNWRAPPED:
                    (name, inner), *_ = shape.members.items()
                    value = {name: _from_element(element, inner, style_of(service, protocol, reply=True))}
                else:
                    value = _from_element(element, shape, style_of(service, protocol, reply=reply))
        if reply:
            facts.output = value
        else:
            facts.input = value
    if facts.output is None and not facts.error_code:
        facts.output = {}
    _supply(record, facts)
    return facts


def _supply(record: dict[str, Any], facts: CallFacts) -> None:
    """What the record tells elsewhere than where the call had it."""
    arns = [resource.get("ARN", "") for resource in record.get("resources", ())]
    if facts.service == "kms" and arns:
        facts.output = {"KeyId": arns[0]}
    if facts.service == "secretsmanager" and facts.output == {} and "arn" in (record["responseElements"] or {}):
        facts.output = {"ARN": record["responseElements"]["arn"]}
    if facts.service == "lambda" and facts.operation == "UpdateFunctionCode" and facts.input:
        facts.input["FunctionName"] = facts.input["FunctionName"].rpartition(":")[2]


def _identity(element: dict[str, Any]) -> Identity:
    context = element.get("sessionContext")
    session = None
    if context is not None:
        issuer = context.get("sessionIssuer")
        session = Session(
            created=from_iso(context["attributes"]["creationDate"]),
            mfa=context["attributes"]["mfaAuthenticated"] == "true",
            issuer=SessionIssuer(
                type=issuer["type"],
                principal_id=issuer["principalId"],
                arn=issuer["arn"],
                account=issuer["accountId"],
                user_name=issuer["userName"],
            )
            if issuer
            else None,
        )
    return Identity(
        type=element["type"],
        account=element.get("accountId", ""),
        principal_id=element.get("principalId", ""),
        arn=element.get("arn", ""),
        access_key_id=element.get("accessKeyId", ""),
        user_name=element.get("userName", ""),
        session=session,
        invoked_by=element.get("invokedBy", ""),
    )


def _wire_code(code: str, model: OperationModel) -> str:
    for shape in model.error_shapes:
        if shape.name == code:
            return shape.metadata.get("error", {}).get("code") or code
    if code == "AccessDenied" and model.service_model.metadata["protocol"] == "json":
        return "AccessDeniedException"
    return code.removeprefix("Client.").removeprefix("Server.")


def _s3(record: dict[str, Any]) -> S3Facts:
    parameters = dict(record["requestParameters"] or {})
    extra = record.get("additionalEventData", {})
    facts = S3Facts(
        bucket=parameters.pop("bucketName", ""),
        host=parameters.pop("Host", ""),
        key=parameters.pop("key", ""),
        bytes_in=extra.get("bytesTransferredIn", 0),
        bytes_out=extra.get("bytesTransferredOut", 0),
        signature_version=extra.get("SignatureVersion", ""),
        authentication_method=extra.get("AuthenticationMethod", ""),
        id_2=extra.get("x-amz-id-2", ""),
    )
    facts.body = parameters.pop("bucketPolicy", None)
    bodies = {name: value for name, value in parameters.items() if isinstance(value, dict)}
    if bodies:
        facts.body = bodies
    texts = [(name, value) for name, value in parameters.items() if name not in bodies]
    facts.headers = tuple(pair for pair in texts if pair[0].startswith("x-amz-"))
    facts.query = tuple(pair for pair in texts if not pair[0].startswith("x-amz-"))
    return facts


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return datetime.fromtimestamp(value / (1000 if value > 10_000_000_000 else 1), UTC)
    for form in ("%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p"):
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return datetime.fromisoformat(value)


def _from_element(element: Any, shape: Shape, style: Style) -> Any:
    kind = shape.type_name
    if kind == "structure" and isinstance(element, dict):
        names = {style.naming(name, member): (name, member) for name, member in shape.members.items()}
        return {names[k][0]: _from_element(v, names[k][1], style) for k, v in element.items() if k in names}
    if kind == "list" and isinstance(element, list):
        return [_from_element(item, shape.member, style) for item in element]
    if kind == "map" and isinstance(element, dict):
        return {key: _from_element(item, shape.value, style) for key, item in element.items()}
    return _moment(element) if kind == "timestamp" else element


def _from_older(element: Any, shape: Shape, operation: str, reply: bool) -> Any:
    kind = shape.type_name
    if kind == "structure" and isinstance(element, dict):
        value = {}
        parent = "" if shape.name.endswith("Request") else shape.name
        for name, member in shape.members.items():
            item = ""
            shown = ec2.member_name(operation, name, member, reply)
            if member.type_name == "list" and not reply:
                shown, item = ec2.list_name(operation, name, member, parent)
            shown = "_return" if shown == "return" else shown
            if shown in element:
                value[name] = _from_older_member(element[shown], member, operation, reply, item)
        return value
    return _moment(element) if kind == "timestamp" else element


def _from_older_member(element: Any, shape: Shape, operation: str, reply: bool, item: str) -> Any:
    if shape.type_name != "list":
        return _from_older(element, shape, operation, reply)
    items = element if isinstance(element, list) else element.get("items", element.get("item", []))
    return [
        each[item] if item and item in each and shape.member.type_name != "structure"
        else _from_older(each, shape.member, operation, reply)
        for each in items
    ]  # fmt: skip


def _from_xml(element: Any, shape: Shape, reply: bool) -> Any:
    kind = shape.type_name
    if kind == "structure":
        names = {ec2_xml.wire_name(name, member, reply): (name, member) for name, member in shape.members.items()}
        items = element.items() if isinstance(element, dict) else ()
        return {names[k][0]: _from_xml(v, names[k][1], reply) for k, v in items if k in names}
    if kind == "list":
        if reply:
            element = element.get("item", []) if isinstance(element, dict) else []
        each = element if isinstance(element, list) else [element]
        return [
            _from_xml(e["content"] if isinstance(e, dict) and "content" in e else e, shape.member, reply) for e in each
        ]
    if kind == "string" and isinstance(element, bool | int | float):
        return str(element).lower()
    return _moment(element) if kind == "timestamp" else element


def differences(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(path, kind) of every difference between a genuine record and ours of the same call."""
    found = operation_of(record)
    if found is None:
        return
    ours = compose(facts_from(record, *found)).parse()
    yield from _compare(record, ours, "")
    if [key for key in record if key in ours] != [key for key in ours if key in record]:
        yield "", "order"


def _compare(genuine: Any, ours: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(genuine, dict) and isinstance(ours, dict):
        for key in genuine.keys() | ours.keys():
            inner = f"{path}.{key}" if path else key
            if key not in ours:
                yield inner, "missing"
            elif key not in genuine:
                yield inner, "extra"
            else:
                yield from _compare(genuine[key], ours[key], inner)
    elif isinstance(genuine, list) and isinstance(ours, list):
        if len(genuine) != len(ours):
            yield path, "length"
        for one, other in zip(genuine, ours, strict=False):
            yield from _compare(one, other, path + "[]")
    elif type(genuine) is not type(ours):
        yield path, "type"
    elif genuine != ours:
        yield path, "value"


def compare_all(records: list[dict[str, Any]]) -> tuple[dict[Difference, int], int]:
    """Every difference with how many records have it, and how many records were compared."""
    count: dict[Difference, int] = defaultdict(int)
    compared = 0
    for record in records:
        if operation_of(record) is None:
            continue
        compared += 1
        event = f"{record['eventSource'].partition('.')[0]}:{record['eventName']}"
        for path, kind in set(differences(record)):
            common = path.startswith(("userIdentity", "eventVersion", "tlsDetails")) or "." not in path
            wide = common and not path.startswith(("requestP", "responseE", "additional", "resources", "readOnly"))
            count["*" if wide else event, path, kind] += 1
    return dict(count), compared


REASONS: dict[Difference, str] = {
    ("*", "eventVersion", "value"): "Cairn writes 1.11 for every service; the genuine records are of 2023.",
    ("*", "userIdentity.sessionContext.sessionIssuer", "missing"): "An empty object, which versions from 1.09 on drop.",
    ("*", "userIdentity.sessionContext.webIdFederationData", "missing"): "As above.",
    (
        "*",
        "userIdentity.sessionContext.ec2RoleDelivery",
        "missing",
    ): "Cairn has no instance metadata service that could deliver credentials.",
    ("*", "userAgent", "value"): "`AWS Internal` beside a service's name; Cairn names the service in both fields.",
    (
        "*",
        "tlsDetails",
        "missing",
    ): "Five genuine records have it beside sessionCredentialFromConsole, which the guide rules out.",
    (
        "ec2:CreateInternetGateway",
        "responseElements.internetGateway.association",
        "missing",
    ): "An empty member that the public API does not have.",
    ("ec2:CreateNetworkInterface", "requestParameters.denyAllIgwTraffic", "missing"): "Not in the public API.",
    (
        "ec2:DescribeAvailabilityZones",
        "requestParameters.filterSet",
        "extra",
    ): "25 of 26 genuine records have the empty set.",
    (
        "ec2:DisassociateRouteTable",
        "responseElements.associationState",
        "missing",
    ): "The public API answers nothing here, so there is nothing to record.",
    (
        "ec2:RunInstances",
        "responseElements.instancesSet.items[].metadataOptions.httpProtocolIpv4",
        "missing",
    ): "Another name than the API's `HttpProtocolIpv4`, which botocore does not know.",
    (
        "ec2:RunInstances",
        "responseElements.instancesSet.items[].networkInterfaceSet.items[].tagSet",
        "missing",
    ): "An empty set that the public API does not have.",
    (
        "health:DescribeEventAggregates",
        "requestParameters.filter.startTimes[].from",
        "value",
    ): "The service writes its dates in two ways; 25 of 48 as Cairn does.",
    ("rds:CreateDBInstance", "responseElements.httpEndpointEnabled", "missing"): "Not in the public API.",
    ("rds:DeleteDBInstance", "responseElements.httpEndpointEnabled", "missing"): "Not in the public API.",
    (
        "s3:GetBucketAcl",
        "additionalEventData.CipherSuite",
        "missing",
    ): "Calls by AWS's own services have a cipher here though no tlsDetails: those are not calls through a gateway.",
    ("s3:GetStorageLensConfiguration", "additionalEventData.CipherSuite", "missing"): "As above.",
    ("ssm:SendCommand", "requestParameters.interactive", "missing"): "Not in the public API.",
    ("ssm:SendCommand", "responseElements.command.clientName", "missing"): "Not in the public API.",
    ("ssm:SendCommand", "responseElements.command.clientSourceId", "missing"): "Not in the public API.",
    ("ssm:SendCommand", "responseElements.command.interactive", "missing"): "Not in the public API.",
}
"""Every known difference, with why it is there."""


def page(records: list[dict[str, Any]]) -> str:
    """docs/compatibility-records.md."""
    found, compared = compare_all(records)
    operations = {operation_of(record) for record in records} - {None}
    lines = [
        "# Records beside genuine ones",
        "",
        "Written by `python tests/core/records/genuine.py ../shared/data/real-logs`; the test-suite fails when it is",
        "out of date. Each genuine record of an operation that botocore knows is turned back into the facts of its",
        "call, composed again, and compared member by member: presence, type, value, order of the fields.",
        "",
        f"{len(records)} genuine records, of which {compared} are of {len(operations)} known operations. The others",
        "are sign-ins, service events and calls of AWS's own that have no public model. What is not listed is equal.",
        "",
        "| records | event | member | ours | why |",
        "|---|---|---|---|---|",
    ]
    kinds = {"missing": "absent", "extra": "present", "value": "another value", "type": "another type"}
    for key in sorted(found, key=lambda key: (key[0] != "*", key)):
        event, path, kind = key
        who = "any" if event == "*" else event
        lines.append(
            f"| {found[key]} | {who} | `{path}` | {kinds.get(kind, kind)} | {REASONS.get(key, 'unexplained')} |"
        )
    return "\n".join([*lines, "", _LIMITS.strip(), ""])


_LIMITS = """
## What this does not show

- The facts come from the records themselves, so a member that no genuine record has is not judged.
- The order of members inside requestParameters and responseElements is the caller's and the service's own; AWS's is
  that of a hash table in many services.
- Where no genuine record was at hand, the guide decides, and after it the rule of the protocol: lower first letter,
  dates as `Jul 10, 2023, 12:07:59 PM`, JSON services with paths (rest-json) as on the wire.
- Elements over their limit leave `{"omitted": true, "originalSize": ..., "reason": ...}`: the guide names the marker,
  not its shape.
- A write whose outcome was never seen has errorCode `OutcomeUnknown`. AWS has no such record; leaving the call out,
  or claiming that it succeeded or failed, would be worse.
- LookupEvents: user name, access key and resources are those of five of the six genuine items in
  `../shared/data/lookup-events`. In the sixth (CreateSecurityGroup) the publisher altered the VPC's name in the item
  and in the record differently.
"""


if __name__ == "__main__":
    import sys

    print(page(read_records(Path(sys.argv[1]))), end="")
