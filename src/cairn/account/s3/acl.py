"""Access control lists: grants as headers, as XML, and what they permit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cairn.account.s3.replies import access_denied, canonical_id, error
from cairn.account.s3.xml import Element, check, element, parse, text_of
from cairn.wire.http import Headers
from cairn.wire.models import operation_model

GRANTS_MAX = 100

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_GROUPS = (ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY)

_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_PERMISSIONS = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")
_GRANT_HEADERS = {
    "x-amz-grant-full-control": "FULL_CONTROL",
    "x-amz-grant-read": "READ",
    "x-amz-grant-write": "WRITE",
    "x-amz-grant-read-acp": "READ_ACP",
    "x-amz-grant-write-acp": "WRITE_ACP",
}
_CANNED: dict[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "bucket-owner-full-control": (),
    "bucket-owner-read": (),
    "aws-exec-read": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
_GRANTEE = re.compile(r'(?P<kind>id|uri|emailAddress)="?(?P<value>[^",]+)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody may do something. The grantee is a canonical user id, or the URI of a group."""

    grantee: str
    permission: str


def private(owner: str) -> list[Grant]:
    """What the owner, an account, has by itself."""
    return [Grant(canonical_id(owner), "FULL_CONTROL")]


def from_headers(headers: Headers, owner: str) -> list[Grant] | None:
    """The grants that a request's headers ask for; None if they ask for none.

    Raises:
        AwsError: they are malformed, or say two things.
    """
    canned = headers.get("x-amz-acl")
    explicit = [(permission, headers.get(name)) for name, permission in _GRANT_HEADERS.items() if name in headers]
    if canned and explicit:
        raise error("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
    if canned:
        if canned not in _CANNED:
            raise error("InvalidArgument", "", ArgumentName="x-amz-acl", ArgumentValue=canned)
        return private(owner) + [Grant(*grant) for grant in _CANNED[canned]]
    if not explicit:
        return None
    return [_grant(part, permission) for permission, value in explicit for part in value.split(",")]


def _grant(text: str, permission: str) -> Grant:
    match = _GRANTEE.fullmatch(text.strip())
    if match is None or match["kind"].lower() == "emailaddress":
        raise error("InvalidArgument", "Invalid grantee", ArgumentValue=text.strip())
    _check_grantee(match["value"], is_group=match["kind"].lower() == "uri")
    return Grant(match["value"], permission)


def from_xml(body: bytes, owner: str) -> list[Grant]:
    """The grants of an AccessControlPolicy.

    Raises:
        AwsError: it is malformed, or names another owner.
    """
    root = parse(body)
    members = operation_model("s3", "PutBucketAcl").input_shape.members
    check(root, "AccessControlPolicy", members["AccessControlPolicy"])
    if text_of(root, "Owner/ID") not in ("", canonical_id(owner)):
        raise access_denied()
    grants = []
    for node in root.iter("Grant"):
        grantee = node.find("Grantee")
        if grantee is None:
            raise error("MalformedACLError", "The XML you provided was not well-formed or did not validate")
        is_group = grantee.get(_XSI_TYPE) == "Group"
        name = text_of(grantee, "URI" if is_group else "ID")
        _check_grantee(name, is_group=is_group)
        grants.append(Grant(name, text_of(node, "Permission")))
    if len(grants) > GRANTS_MAX:
        raise error("InvalidArgument", f"An ACL may have {GRANTS_MAX} grants")
    return grants


def _check_grantee(name: str, *, is_group: bool) -> None:
    if is_group and name not in _GROUPS:
        raise error("InvalidArgument", "Invalid group uri", ArgumentValue=name)
    if not is_group and re.fullmatch(r"[0-9a-f]{64}", name) is None:
        raise error("InvalidArgument", "Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=name)


def to_xml(owner: str, grants: Sequence[Grant]) -> Element:
    """The AccessControlPolicy of an account's bucket or object."""
    listed = element("AccessControlList")
    for grant in grants:
        is_group = grant.grantee in _GROUPS
        grantee = element("Grantee", element("URI" if is_group else "ID", grant.grantee))
        grantee.set(_XSI_TYPE, "Group" if is_group else "CanonicalUser")
        listed.append(element("Grant", grantee, element("Permission", grant.permission)))
    return element("AccessControlPolicy", element("Owner", element("ID", canonical_id(owner))), listed)


def is_public(grants: Sequence[Grant]) -> bool:
    return any(grant.grantee in (ALL_USERS, AUTHENTICATED_USERS) for grant in grants)


def permits(grants: Sequence[Grant], account: str, permission: str, *, ignore_public: bool) -> bool:
    """Whether the caller may.

    Args:
        account: the caller's; empty for somebody unknown.
        ignore_public: grants to everybody do not count.
    """
    grantees = {canonical_id(account), AUTHENTICATED_USERS, ALL_USERS} if account else {ALL_USERS}
    if ignore_public:
        grantees -= {ALL_USERS, AUTHENTICATED_USERS}
    return any(grant.grantee in grantees and grant.permission in (permission, "FULL_CONTROL") for grant in grants)
