"""Reading policy documents: from JSON to statements that can be matched, or an error that says what is wrong."""

from __future__ import annotations

import enum
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.policy.conditions import Condition, parse_condition
from cairn.core.policy.patterns import ArnPattern, Pattern, parse_arn_pattern, parse_pattern
from cairn.core.policy.principals import Principals

DOCUMENT_BYTES_MAX = 128 << 10
_REMEMBERED_MAX = 256
_REMEMBERED_BYTES_MAX = 20 << 10

_VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?_.-]+")
_AWS_PRINCIPAL = re.compile(r"\*|\d{12}|arn:[a-z-]+:(iam|sts)::(\d{12}|cloudfront):\S+|A[IR](D|O)A[A-Z0-9]{8,}")


class MalformedPolicy(Exception):
    """A document is no policy. The message is for whoever wrote it."""


class Kind(enum.Enum):
    """What a policy is attached to."""

    IDENTITY = "identity"
    """A user, group, role, boundary, session or organization: it names no principal."""
    RESOURCE = "resource"
    """A bucket, topic, queue, key: it names principals and resources."""
    TRUST = "trust"
    """A role's: it names principals, and its resource is the role."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; what it leaves out stands for everything."""

    sid: str
    effect: Literal["Allow", "Deny"]
    actions: tuple[Pattern, ...]
    """In lower case, as actions know no case."""
    not_actions: bool
    resources: tuple[ArnPattern, ...] | None
    not_resources: bool
    principals: Principals | None
    not_principals: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document."""

    statements: tuple[Statement, ...]
    kind: Kind
    version: str = "2008-10-17"
    id: str = ""


def parse_policy(document: str | bytes | Mapping[str, Any], kind: Kind) -> Policy:
    """The policy that `document` is.

    Args:
        document: JSON text, or what such text was decoded to.

    Raises:
        MalformedPolicy: it is none, or not of this kind.
    """
    if isinstance(document, Mapping):
        return _policy(document, kind)
    return (_remembered if len(document) <= _REMEMBERED_BYTES_MAX else _parsed)(document, kind)


def _parsed(document: str | bytes, kind: Kind) -> Policy:
    return _policy(_decoded(document), kind)


_remembered = functools.lru_cache(maxsize=_REMEMBERED_MAX)(_parsed)
"""The same few policies decide about every call to their bucket or key."""


def _policy(decoded: Any, kind: Kind) -> Policy:
    if not isinstance(decoded, Mapping):
        raise MalformedPolicy("Policy document should be a JSON object.")
    unknown = set(decoded) - {"Version", "Id", "Statement"}
    if unknown:
        raise MalformedPolicy(f"Syntax errors in policy: unknown element {sorted(unknown)[0]}.")
    version = decoded.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        raise MalformedPolicy(f"Policy document must be version 2012-10-17 or greater, not {version}.")
    identifier = decoded.get("Id", "")
    if not isinstance(identifier, str):
        raise MalformedPolicy("Id must be a string.")
    given = decoded.get("Statement")
    statements = given if isinstance(given, list) else [given] if isinstance(given, Mapping) else []
    if not statements:
        raise MalformedPolicy("Policy document must contain at least one statement.")
    parsed = tuple(_Reader(statement, kind, version == "2012-10-17").statement() for statement in statements)
    sids = [statement.sid for statement in parsed if statement.sid]
    if len(sids) != len(set(sids)):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
    return Policy(parsed, kind, version, identifier)


def _decoded(document: str | bytes) -> Any:
    if len(document) > DOCUMENT_BYTES_MAX:
        raise MalformedPolicy(f"Policy document is larger than {DOCUMENT_BYTES_MAX} bytes.")
    try:
        msgspec.json.decode(document)  # which is stricter: UTF-8 alone, no NaN, no half of a surrogate pair
        return json.loads(document, object_pairs_hook=_without_repeats)
    except (ValueError, *UNREADABLE) as error:
        raise MalformedPolicy(f"This policy contains invalid Json: {error}") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        repeated = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise MalformedPolicy(f"Syntax errors in policy: {repeated} stands twice in one object.")
    return members


class _Reader:
    """Reads one statement."""

    def __init__(self, statement: Any, kind: Kind, variables: bool) -> None:
        if not isinstance(statement, Mapping):
            raise MalformedPolicy("Syntax errors in policy: a statement is no JSON object.")
        unknown = set(statement) - set(_ELEMENTS)
        if unknown:
            raise MalformedPolicy(f"Syntax errors in policy: unknown element {sorted(unknown)[0]}.")
        self._statement = statement
        self._kind = kind
        self._variables = variables

    def statement(self) -> Statement:
        sid, effect = self._statement.get("Sid", ""), self._statement.get("Effect")
        if not isinstance(sid, str):
            raise MalformedPolicy("Sid must be a string.")
        if effect not in ("Allow", "Deny"):
            raise MalformedPolicy(f"Invalid effect: {effect}; it must be Allow or Deny.")
        actions, not_actions = self._actions()
        resources, not_resources = self._resources()
        principals, not_principals = self._principals()
        return Statement(
            sid,
            "Allow" if effect == "Allow" else "Deny",
            actions,
            not_actions,
            resources,
            not_resources,
            principals,
            not_principals,
            self._conditions(),
        )

    def _either(self, name: str) -> tuple[Any, bool]:
        """The value of an element or of its Not form, and which it is."""
        if name in self._statement and f"Not{name}" in self._statement:
            raise MalformedPolicy(f"A statement has {name} or Not{name}, not both.")
        negated = f"Not{name}" in self._statement
        return self._statement.get(f"Not{name}" if negated else name), negated

    def _actions(self) -> tuple[tuple[Pattern, ...], bool]:
        value, negated = self._either("Action")
        if value is None:
            raise MalformedPolicy("Policy statement must contain actions.")
        texts = _texts(value, "Action")
        for text in texts:
            if not _ACTION.fullmatch(text):
                raise MalformedPolicy(f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2: {text}")
        return tuple(parse_pattern(text.lower(), variables=False) for text in texts), negated

    def _resources(self) -> tuple[tuple[ArnPattern, ...] | None, bool]:
        value, negated = self._either("Resource")
        if value is None:
            if self._kind is not Kind.TRUST:
                raise MalformedPolicy("Policy statement must contain resources.")
            return None, False
        if self._kind is Kind.TRUST:
            raise MalformedPolicy("Has prohibited field Resource.")
        return tuple(parse_arn_pattern(text, variables=self._variables) for text in _texts(value, "Resource")), negated

    def _principals(self) -> tuple[Principals | None, bool]:
        value, negated = self._either("Principal")
        if self._kind is Kind.IDENTITY:
            if value is not None:
                raise MalformedPolicy("Policy document should not specify a principal.")
            return None, False
        if value is None:
            raise MalformedPolicy("Missing required field Principal.")
        return _principals(value), negated

    def _conditions(self) -> tuple[Condition, ...]:
        blocks = self._statement.get("Condition", {})
        if not isinstance(blocks, Mapping):
            raise MalformedPolicy("Condition must be a JSON object.")
        conditions = []
        for operator, block in blocks.items():
            if not isinstance(block, Mapping):
                raise MalformedPolicy(f"Condition {operator} must be a JSON object.")
            for key, value in block.items():
                values = [_scalar(item, key) for item in (value if isinstance(value, list) else [value])]
                try:
                    conditions.append(parse_condition(operator, key, values, variables=self._variables))
                except ValueError as error:
                    raise MalformedPolicy(f"Syntax errors in policy: {key}: {error}") from error
        return tuple(conditions)


def _principals(value: Any) -> Principals:
    if value == "*":
        return Principals(everybody=True)
    if not isinstance(value, Mapping) or not value:
        raise MalformedPolicy('Principal must be "*" or a JSON object.')
    unknown = set(value) - {"AWS", "Service", "Federated", "CanonicalUser"}
    if unknown:
        raise MalformedPolicy(f"Invalid principal in policy: {sorted(unknown)[0]}")
    named = {kind: _texts(names, kind) for kind, names in value.items()}
    aws = named.get("AWS", [])
    for name in aws:
        if not _AWS_PRINCIPAL.fullmatch(name) or ("*" in name and name != "*"):
            raise MalformedPolicy(f'Invalid principal in policy: "AWS":"{name}"')
    return Principals(
        everybody="*" in aws,
        aws=frozenset(aws),
        services=frozenset(named.get("Service", [])),
        federated=frozenset(named.get("Federated", [])),
    )


def _texts(value: Any, element: str) -> list[str]:
    """A text or a list of texts, at least one."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise MalformedPolicy(f"{element} must be a string or a list of strings.")
    return texts


def _scalar(value: Any, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise MalformedPolicy(f"Condition key {key} must have strings, numbers or booleans as values.")
