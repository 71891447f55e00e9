"""Which permissions a call needs: actions by IAM's names, and the resources they are on."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cairn.core.policy.keys import Value
from cairn.gateway.iam_actions import action_of
from cairn.gateway.iam_resources import arns_of
from cairn.wire.http import Call

ANY = "*"
"""The resource of actions that have none, or whose resource cannot be told from the call."""


class Side(enum.Enum):
    """Whose policies are asked."""

    CALLER = "the caller's own"
    BOTH = "the caller's own and the resource's"
    BUCKET = "the caller's own; the bucket's side is decided where the bucket is"


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource."""

    action: str
    """`iam:CreateUser`."""
    resource: str = ANY
    keys: Mapping[str, Value] = field(default_factory=dict)
    """Condition keys that this permission has beside the call's."""
    side: Side = Side.CALLER
    owner: str = ""
    """Whose resource it is where that is not the caller's: 12 digits."""


_ALIAS = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:alias/[^:]+")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")

PermissionsOf = Callable[[Call], Sequence[Permission]]

_WITH_POLICIES = frozenset({"kms", "lambda", "secretsmanager", "sns", "sqs"})
"""Services whose resources' policies the account tells."""

_FREE = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")})
"""Operations that everybody may call, whatever policies say."""


def permissions_of(call: Call) -> list[Permission]:
    """What the caller of a parsed `call` must be allowed, each of it. Empty: the call needs no permission."""
    if (call.service, call.operation) in _FREE:
        return []
    special = _SPECIAL.get(call.service)
    found = special(call) if special is not None else []
    return found or _usual(call)


def _usual(call: Call) -> list[Permission]:
    action = action_of(call.service, call.operation)
    side = Side.BOTH if call.service in _WITH_POLICIES else Side.CALLER
    arns = arns_of(call, action) or [ANY]
    return [Permission(action, arn, side=side if "*" not in arn else Side.CALLER) for arn in arns]


def _sts(call: Call) -> list[Permission]:
    """A role's trust policy decides who assumes it, with which tags, in whose name."""
    params = call.params or {}
    role = params.get("RoleArn")
    if call.operation != "AssumeRole" or not isinstance(role, str) or not _ROLE.fullmatch(role):
        return []
    actions = ["sts:AssumeRole"]
    if params.get("Tags"):
        actions.append("sts:TagSession")
    if params.get("SourceIdentity"):
        actions.append("sts:SetSourceIdentity")
    return [Permission(action, role, side=Side.BOTH) for action in actions]


def _kms(call: Call) -> list[Permission]:
    """A key that goes by its alias: whoever knows the key's policy knows the key."""
    key = _text(call.params, "KeyId")
    arn = f"arn:aws:kms:{call.region}:{call.account}:{key}" if key.startswith("alias/") else key
    if not _ALIAS.fullmatch(arn):
        return []
    return [Permission(action_of(call.service, call.operation), arn, side=Side.BOTH)]


def _cloudtrail(call: Call) -> list[Permission]:
    """Points of metric data need the permissions for the events, and those of a trail that for its own too."""
    match call.operation:
        case "ListInsightsData":
            return [Permission("cloudtrail:ListInsightsData", _trail_arn(call, _text(call.params, "InsightSource")))]
        case "ListInsightsMetricData":
            trail = _text(call.params, "TrailName")
            own = [Permission("cloudtrail:ListInsightsData", _trail_arn(call, trail))] if trail else []
            return [Permission("cloudtrail:LookupEvents"), *own]
        case _:
            return []


def _trail_arn(call: Call, name_or_arn: str) -> str:
    if not name_or_arn or name_or_arn.startswith("arn:"):
        return name_or_arn or ANY
    return f"arn:aws:cloudtrail:{call.region}:{call.account}:trail/{name_or_arn}"


def _apigateway(call: Call) -> list[Permission]:
    """API Gateway's actions are HTTP's methods, its resources paths."""
    resource = f"arn:aws:apigateway:{call.region}::{call.request.decoded_path}"
    return [Permission(f"apigateway:{call.request.method}", resource)]


_STATEMENTS = {"select": "Select", "insert": "Insert", "update": "Update", "delete": "Delete"}


def _dynamodb(call: Call) -> list[Permission]:
    """Transactions and PartiQL need the permissions of what they do."""
    params = call.params or {}
    match call.operation:
        case "TransactGetItems" | "TransactWriteItems":
            wanted = [
                (f"dynamodb:{kind}{'' if kind.endswith('Item') else 'Item'}", _text(item, "TableName"))
                for entry in _list(params.get("TransactItems"))
                for kind, item in (entry.items() if isinstance(entry, dict) else ())
            ]
        case "BatchGetItem" | "BatchWriteItem":
            tables = params.get("RequestItems")
            wanted = [(f"dynamodb:{call.operation}", name) for name in (tables if isinstance(tables, dict) else ())]
        case "ExecuteStatement":
            wanted = [(_partiql(params), "")]
        case "BatchExecuteStatement" | "ExecuteTransaction":
            entries = _list(params.get("Statements")) + _list(params.get("TransactStatements"))
            wanted = [(_partiql(entry), "") for entry in entries]
        case _:
            return []
    return [Permission(action, _table_arn(call, table)) for action, table in dict.fromkeys(wanted)]


def _partiql(statement: Any) -> str:
    verb = _text(statement, "Statement").split(None, 1)[:1]
    return f"dynamodb:PartiQL{_STATEMENTS.get(verb[0].lower() if verb else '', 'Select')}"


def _table_arn(call: Call, table: str) -> str:
    if not table or table.startswith("arn:"):
        return table or ANY
    return f"arn:aws:dynamodb:{call.region}:{call.account}:table/{table}"


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_SPECIAL: dict[str, Callable[[Call], list[Permission]]] = {
    "apigateway": _apigateway,
    "apigatewayv2": _apigateway,
    "cloudtrail": _cloudtrail,
    "dynamodb": _dynamodb,
    "kms": _kms,
    "sts": _sts,
}
