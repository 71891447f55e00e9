"""What LookupEvents says of a record beside the record itself: user name, access key, resources (spec 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cairn.core.records.lookup_names import RESOURCE_NAMES, TYPE_BY_ARN, ResourceNames

_RESOURCES_MAX = 100
_DEPTH_MAX = 12
_OWN_NAMES = frozenset({"name", "arn", "id"})


class LookupFacts(msgspec.Struct, frozen=True):
    """The attributes by which history is looked up. Empty texts are members that the answer leaves out."""

    username: str
    access_key_id: str
    resources: tuple[tuple[str, str], ...]
    """(ResourceType, ResourceName), each once, in the order in which they were found; at most 100."""


def lookup_facts(record: dict[str, Any]) -> LookupFacts:
    """The facts of a record of any kind. Members of unexpected types are passed over: they came from outside."""
    identity = record.get("userIdentity")
    if not isinstance(identity, dict):
        return LookupFacts("", "", _resources(record))
    return LookupFacts(_username(identity), _text(identity.get("accessKeyId")), _resources(record))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _username(identity: dict[str, Any]) -> str:
    kind = identity.get("type")
    if kind in ("AssumedRole", "FederatedUser"):
        # AROA...:session, 123456789012:name
        session = _text(identity.get("principalId")).partition(":")[2]
        return session or _text(identity.get("arn")).rpartition("/")[2]
    name = _text(identity.get("userName"))
    if name:
        return name
    if kind == "Root":
        return "root"
    if kind == "IAMUser":
        return _text(identity.get("arn")).rpartition("/")[2]
    if kind == "AWSService":
        return _text(identity.get("invokedBy"))
    return ""


def _resources(record: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    service = _text(record.get("eventSource")).partition(".")[0]
    names = RESOURCE_NAMES.get(service)
    # Reads name what they looked at in their `resources`, if anywhere. STS is the exception: what it gives out counts.
    if names is not None and (record.get("readOnly") is not True or service == "sts"):
        subject = _subject(names, _text(record.get("eventName")))
        for field in ("requestParameters", "responseElements"):
            for pair in _named(record.get(field), names, subject, 0):
                found[pair] = None
                if len(found) >= _RESOURCES_MAX:
                    return tuple(found)
    for pair in _listed(record.get("resources")):
        found[pair] = None
    return tuple(found)[:_RESOURCES_MAX]


def _subject(names: ResourceNames, event_name: str) -> str:
    """The type of the resource whose `name` and `arn` stand at the top of parameters and reply."""
    for ending, kind in names.subjects.items():
        if event_name.endswith(ending):
            return kind
    return ""


def _named(node: object, names: ResourceNames, owner: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every text in `node` whose member tells what resource it names; `owner` is the type of `node` itself."""
    if depth > _DEPTH_MAX:
        return
    if isinstance(node, list):
        for item in node:
            yield from _named(item, names, owner, depth + 1)
    elif isinstance(node, dict):
        for member, value in node.items():
            key = member[:1].lower() + member[1:]  # EC2's newer calls and S3's bodies begin with capitals
            kind = names.members.get(key) or (owner if key in _OWN_NAMES else "")
            if isinstance(value, str):
                if kind and value:
                    yield kind, value
            elif kind and isinstance(value, dict | list):
                # A list of names, or EC2's XML with each name in `content`.
                for item in value if isinstance(value, list) else (value,):
                    text = item.get("content") if isinstance(item, dict) else item
                    if isinstance(text, str) and text:
                        yield kind, text
            else:
                yield from _named(value, names, names.objects.get(key, ""), depth + 1)


def _listed(resources: object) -> Iterator[tuple[str, str]]:
    """What the record's own `resources` say. Buckets go by their name, the rest by ARN."""
    if not isinstance(resources, list):
        return
    for entry in resources:
        if not isinstance(entry, dict):
            continue
        arn = _text(entry.get("ARN")) or _text(entry.get("ARNPrefix"))
        kind = _text(entry.get("type")) or _type_of_arn(arn)
        if arn and kind:
            yield kind, arn.removeprefix("arn:aws:s3:::") if kind == "AWS::S3::Bucket" else arn


def _type_of_arn(arn: str) -> str:
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ""
    return TYPE_BY_ARN.get((parts[2], parts[5].partition("/")[0].partition(":")[0]), "")
