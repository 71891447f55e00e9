"""The plans of an operation: how its input becomes requestParameters and its output responseElements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from botocore.model import OperationModel, ServiceModel, StructureShape

from cairn.core.records import ec2, ec2_xml, times
from cairn.core.records.adjust import REPLIES, REQUESTS, Adjust
from cairn.core.records.casing import Plan, Style, as_on_wire, compile_structure, lower_first, lower_first_of_wire
from cairn.core.records.ec2_names import OLDER_OPERATIONS

_VERBATIM = frozenset({"account", "ce", "devops-guru", "resource-explorer-2", "securityhub"})
"""Services that write members as they are on the wire, capitals and epoch times included."""

_WITHOUT_COMMA = frozenset({"docdb", "iam", "neptune", "organizations", "rds"})
_REPLIES_WITHOUT_COMMA = frozenset({"ssm"})
_QUERY_TEXTS = frozenset({"s3control", "servicecatalog-appregistry", "macie2"})
_UNWRAPPED = frozenset({"rds", "docdb", "neptune", "redshift", "elasticache"})
"""Services whose replies are the one structure in them: `CreateDBInstance` answers the instance itself."""


@dataclass(frozen=True, slots=True)
class OperationPlans:
    """What is settled of an operation before any call of it."""

    request: Plan | None
    reply: Plan | None
    """None where the operation answers nothing that records show."""
    adjust_request: Adjust | None
    adjust_reply: Adjust | None


_cache: WeakKeyDictionary[ServiceModel, dict[str, OperationPlans]] = WeakKeyDictionary()
_NONE = OperationPlans(None, None, None, None)


def plans_of(service: str, operation: str, model: OperationModel | None) -> OperationPlans:
    """The plans of an operation, compiled at its first call and kept as long as its service's model. Without a model
    there is nothing to go by."""
    if model is None:
        return _NONE
    known = _cache.setdefault(model.service_model, {})
    plans = known.get(operation)
    if plans is None:
        # Two threads may both compile: the plans are equal, and the last one stays.
        plans = known[operation] = _compile(service, model)
    return plans


def style_of(service: str, protocol: str, *, reply: bool) -> Style:
    """How a service writes its parameters (or its replies), EC2 and S3 apart."""
    if service in _VERBATIM:
        return Style(service, as_on_wire, times.iso)
    without_comma = service in _WITHOUT_COMMA or (reply and service in _REPLIES_WITHOUT_COMMA)
    date = times.long_date_without_comma if without_comma else times.long_date
    if protocol == "rest-json":
        return Style(service, lower_first_of_wire, times.iso, service in _QUERY_TEXTS)
    return Style(service, lower_first, date, service in _QUERY_TEXTS)


def _compile(service: str, model: OperationModel) -> OperationPlans:
    adjust_request = REQUESTS.get((service, model.name)) or REQUESTS.get((service, ""))
    adjust_reply = REPLIES.get((service, model.name)) or REPLIES.get((service, ""))
    if service == "ec2":
        style: Any = ec2 if model.name in OLDER_OPERATIONS else ec2_xml
        return OperationPlans(style.compile_request(model), style.compile_reply(model), adjust_request, adjust_reply)
    protocol = str(model.service_model.metadata.get("protocol", ""))
    request = reply = None
    if model.input_shape is not None:
        request = compile_structure(model.input_shape, style_of(service, protocol, reply=False))
    if model.output_shape is not None:
        reply = _compile_reply(service, protocol, model.output_shape)
    return OperationPlans(request, reply, adjust_request, adjust_reply)


def _compile_reply(service: str, protocol: str, shape: StructureShape) -> Plan:
    plan = compile_structure(shape, style_of(service, protocol, reply=True))
    if service not in _UNWRAPPED or len(shape.members) != 1:
        return plan
    (only,) = shape.members.values()
    if only.type_name != "structure":
        return plan

    def unwrapped(value: Any) -> Any:
        rendered = plan(value)
        return next(iter(rendered.values()), {}) if isinstance(rendered, dict) else rendered

    return unwrapped
