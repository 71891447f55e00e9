"""The ARNs of what a call is on, as far as its parameters tell: by the patterns of IAM's reference.

Of the types of resource that an action must be allowed on, a name that the call does not give is `*`, as AWS has it
(`instance/*` for RunInstances). Of those that it may be on, the first counts of which the call gives one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cairn.gateway.iam_actions import IAM_DATA, actions_of
from cairn.wire.http import Call

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_QUEUE_URL = re.compile(r"/(\d{12})/[^/]+/?$")
_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[^:]*:[^:]*:log-group:([^:]+)(?::\*)?")
_PLACE = ("Partition", "Region", "Account")

_MEMBERS = {
    "Alias": ("AliasName",),
    "ApiDestinationName": ("Name",),
    "FederatedUserName": ("Name",),
    "KeyId": ("KeyId", "TargetKeyId"),
    "LogGroupName": ("LogGroupName", "LogGroupIdentifier"),
    "ParameterNameWithoutLeadingSlash": ("Name", "Names"),
    "QueueName": ("QueueName", "QueueUrl"),
    "RuleName": ("Name", "Rule"),
}
"""Input members that give a variable, where they are called otherwise than it."""

_SUFFIXES = {("logs", "log-group"): ":log-stream:"}
"""What IAM appends to an ARN before it compares it; hence the `:*` at the end of log groups in policies."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource that an action is on."""

    name: str
    required: bool
    pattern: str
    """`arn:${Partition}:iam::${Account}:user/${UserNameWithPath}`."""
    variables: tuple[str, ...]
    """Those of the pattern that are not a place's."""
    fits: re.Pattern[str]
    """Whole ARNs of this type."""


def arns_of(call: Call, action: str) -> list[str]:
    """What `call` is on, each of it; empty where the action is on nothing in particular or that cannot be told."""
    types = _types_of(action)
    if not types:
        return []
    given = _Given(
        call, action.partition(":")[0], alone=len([kind for kind in types if kind.required]) == 1 or len(types) == 1
    )
    found: dict[str, None] = {}
    for kind in types:
        if kind.required:
            found.update(dict.fromkeys(given.arns(kind) or [given.filled(kind, {})]))
    if not found:
        found.update(dict.fromkeys(next((arns for kind in types if (arns := given.arns(kind))), ())))
    return list(found)


@lru_cache(maxsize=4096)
def _types_of(action: str) -> tuple[ResourceType, ...]:
    """The types of an action, those first that it must be on, and of the others those with more variables."""
    prefix, _, name = action.partition(":")
    if name not in actions_of(prefix):
        return ()
    types = [
        kind
        for entry in IAM_DATA.actions.get_action_details(prefix, name)["resourceTypes"]
        if (kind := _type(prefix, str(entry["name"]), bool(entry["required"]))) is not None
    ]
    return tuple(sorted(types, key=lambda kind: (not kind.required, -len(kind.variables))))


def _type(prefix: str, name: str, required: bool) -> ResourceType | None:
    if not IAM_DATA.resources.resource_type_exists(prefix, name):
        return None
    pattern = str(IAM_DATA.resources.get_resource_type_details(prefix, name)["arn"])
    if not pattern.startswith("arn:"):
        return None
    parts = _VARIABLE.split(pattern)
    fits = "".join(
        re.escape(part) if number % 2 == 0 else "[^:]*" if part in _PLACE else ".+" for number, part in enumerate(parts)
    )
    variables = tuple(dict.fromkeys(part for part in parts[1::2] if part not in _PLACE))
    return ResourceType(name, required, pattern + _SUFFIXES.get((prefix, name), ""), variables, re.compile(fits))


class _Given:
    """What a call's parameters say of resources.

    Args:
        prefix: of the action, such as `logs`.
        alone: whether the action is on one type, so that a plain `Name` is of that type.
    """

    def __init__(self, call: Call, prefix: str, *, alone: bool) -> None:
        self._call = call
        self._prefix = prefix
        self._alone = alone
        self._members = {name.lower(): list(_texts(value)) for name, value in (call.params or {}).items()}
        queue = _QUEUE_URL.search(next(iter(self._members.get("queueurl", ())), ""))
        self._account = queue[1] if queue is not None else call.account

    def arns(self, kind: ResourceType) -> list[str]:
        """Whole ARNs that the call gives, and those that its names make.

        Both count where there are both: an ARN may stand in a member that only carries text (a filter's pattern, a
        description), and must not take the place of the resource that the call names.
        """
        whole = self._whole(kind)
        values = {variable: self._values(variable, kind) for variable in kind.variables}
        if whole and not (values and all(values.values())):
            return whole
        if not whole:
            values = {variable: found or self._callers_own(variable) for variable, found in values.items()}
        if not all(values.values()):
            return [] if not kind.required else [self.filled(kind, {n: v[0] for n, v in values.items() if v})]
        several = next((variable for variable, found in values.items() if len(found) > 1), "")
        single = {variable: found[0] for variable, found in values.items()}
        named = [self.filled(kind, single | {several: value}) for value in values.get(several, [""])]
        return list(dict.fromkeys([*whole, *named]))

    def _whole(self, kind: ResourceType) -> list[str]:
        """Whole ARNs, whatever member they are in, and names that are in a list with them."""
        whole: list[str] = []
        for texts in self._members.values():
            arns = [text for text in texts if text.startswith("arn:") and kind.fits.fullmatch(text)]
            whole += [self._suffixed(arn, kind) for arn in arns]
            if arns and len(kind.variables) == 1:  # a list of names and ARNs, each of which counts
                whole += [self.filled(kind, {kind.variables[0]: text}) for text in texts if text not in arns]
        return whole

    def filled(self, kind: ResourceType, values: dict[str, str]) -> str:
        """The ARN with `values`, and `*` for what they leave open."""
        call = self._call
        place = {"Partition": "aws", "Region": call.region, "Account": self._account}
        return _VARIABLE.sub(lambda match: place.get(match[1]) or values.get(match[1]) or "*", kind.pattern)

    def _suffixed(self, arn: str, kind: ResourceType) -> str:
        """A whole ARN as IAM compares it."""
        suffix = _SUFFIXES.get((self._prefix, kind.name), "")
        return arn.removesuffix(":*") + suffix if suffix and not arn.endswith(suffix) else arn

    def _values(self, variable: str, kind: ResourceType) -> list[str]:
        names = [variable.removesuffix("WithPath"), *_MEMBERS.get(variable, ())]
        if self._alone and len(kind.variables) == 1:
            stem = re.sub(r"\W", "", kind.name)
            names += [stem, f"{stem}Name", f"{stem}Id", "Name"]
        before = kind.pattern.partition("${" + variable + "}")[0].rpartition(":")[2]
        for name in names:
            found = self._members.get(name.lower()) or self._members.get(f"{name.lower()}s")
            if found and not (variable == "EventBusName" and found == ["default"]):  # whose rules' ARNs name no bus
                if len(kind.variables) > 1 and variable == "LogGroupName":
                    found = [_group_name(text) for text in found]
                return [self._value(text, variable, before) for text in found if not text.startswith("arn:")]
        return []

    def _value(self, text: str, variable: str, before: str) -> str:
        """`text` as the ARN has it: without the type it may begin with, with the path that the call gives."""
        if variable == "QueueName":
            return text.rstrip("/").rpartition("/")[2]
        if variable == "FunctionName":
            return text.rpartition("function:")[2]
        if variable == "ParameterNameWithoutLeadingSlash":
            return text.lstrip("/")
        path = self._members.get("path", [])
        if variable.endswith("WithPath") and path and self._call.operation.startswith("Create"):
            return path[0].lstrip("/") + text
        return text.removeprefix(before)

    def _callers_own(self, variable: str) -> list[str]:
        """IAM's calls that name no user are on the caller."""
        identity = self._call.identity
        if variable == "UserNameWithPath" and identity.type == "IAMUser":
            return [identity.arn.partition(":user/")[2]]
        return []


def _group_name(text: str) -> str:
    """The name of a log group that may go by its ARN."""
    found = _LOG_GROUP.fullmatch(text)
    return found[1] if found is not None else text


def _texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item:
            yield item
