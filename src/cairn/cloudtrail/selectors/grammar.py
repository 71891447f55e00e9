"""The grammar of a trail's advanced event selectors: fields, operators and values of each category (spec 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EQUALS = frozenset({"Equals"})
_ANY = frozenset({"Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"})


@dataclass(frozen=True)
class FieldRule:
    """What a field can be tested for."""

    operators: frozenset[str] = _ANY
    values: frozenset[str] = frozenset()
    """The values that it can be compared with; empty: all."""


@dataclass(frozen=True)
class CategoryRule:
    """The fields of one category's selectors."""

    required: tuple[str, ...]
    """Each once, with `Equals` and one value; eventCategory aside."""
    fields: dict[str, FieldRule]


_ONE = FieldRule(_EQUALS)
_READ_ONLY = FieldRule(_EQUALS, frozenset({"true", "false"}))

CATEGORIES = {
    "Management": CategoryRule(
        (),
        {
            "eventCategory": _ONE,
            "eventSource": FieldRule(
                frozenset({"NotEquals"}), frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
            ),
            "readOnly": _READ_ONLY,
        },
    ),
    "Data": CategoryRule(
        ("resources.type",),
        {
            "eventCategory": _ONE,
            "eventName": FieldRule(),
            "eventSource": FieldRule(),
            "eventType": FieldRule(),
            "readOnly": _READ_ONLY,
            "resources.ARN": FieldRule(),
            "resources.type": _ONE,
            "sessionCredentialFromConsole": FieldRule(frozenset({"Equals", "NotEquals"}), frozenset({"true"})),
            "userIdentity.arn": FieldRule(),
        },
    ),
    "NetworkActivity": CategoryRule(
        ("eventSource",),
        {
            "errorCode": FieldRule(_EQUALS, frozenset({"VpceAccessDenied"})),
            "eventCategory": _ONE,
            "eventName": FieldRule(),
            "eventSource": _ONE,
            "userIdentity.arn": FieldRule(),
            "vpcEndpointId": FieldRule(),
        },
    ),
}
"""By eventCategory. Event data stores know more fields, and more categories."""

_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:.+", re.DOTALL)
_ARNS = {
    "AWS::S3::Object": r"s3:::[^/:]+/.*",
    "AWS::S3::AccessPoint": r"s3:[a-z0-9-]+:\d{12}:accesspoint/[^/]+",
    "AWS::Lambda::Function": r"lambda:[a-z0-9-]+:\d{12}:function:.+",
    "AWS::DynamoDB::Table": r"dynamodb:[a-z0-9-]+:\d{12}:table/[^/]+",
    "AWS::DynamoDB::Stream": r"dynamodb:[a-z0-9-]+:\d{12}:table/[^/]+/stream/.+",
    "AWS::SNS::Topic": r"sns:[a-z0-9-]+:\d{12}:[^:]+",
    "AWS::SQS::Queue": r"sqs:[a-z0-9-]+:\d{12}:[^:]+",
    "AWS::Kinesis::Stream": r"kinesis:[a-z0-9-]+:\d{12}:stream/[^/]+",
    "AWS::Kinesis::StreamConsumer": r"kinesis:[a-z0-9-]+:\d{12}:stream/[^/]+/consumer/.+",
}
"""Of the types that selectors name most, how their ARNs go on behind the partition."""
_OF_TYPE = {kind: re.compile(rf"arn:aws[a-z-]*:{rest}", re.DOTALL) for kind, rest in _ARNS.items()}


def full_arn(resource_type: str, text: str) -> bool:
    """Whether `text` is a whole ARN of a resource of that type. A bucket is all of its objects by a slash behind it."""
    return _OF_TYPE.get(resource_type, _ARN).fullmatch(text) is not None
