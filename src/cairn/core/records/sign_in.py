"""Records of signing in to the console, and of what is done there with roles, as AWS writes them (spec 1.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from cairn.core.clock import iso_seconds
from cairn.core.records.compose import EVENT_VERSION
from cairn.core.records.event import Event, EventHeader
from cairn.core.records.identity import Identity
from cairn.core.records.sizes import cut, encode_within_limits

SOURCE = "signin.amazonaws.com"
REGION = "us-east-1"
"""Where the global sign-in is recorded; ours is one for all regions."""
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
FAILED = "Failed authentication"
NO_SUCH_USER = "No username found in supplied account"

Name = Literal["ConsoleLogin", "CheckMfa", "SwitchRole", "ExitRole", "PasswordUpdated"]


@dataclass(slots=True, kw_only=True)
class SignInFacts:
    """What happened at the sign-in page, or to a role."""

    event_id: str
    time: float
    name: Name
    account: str
    identity: dict[str, Any]
    """The `userIdentity` element: one of the functions below."""
    error_message: str = ""
    """Why it failed; empty for a success. Sign-ins have no errorCode."""
    additional: dict[str, str] = field(default_factory=dict)
    source_ip: str = ""
    user_agent: str = ""
    tls: dict[str, str] = field(default_factory=dict)


def proven(identity: Identity) -> dict[str, Any]:
    """Who has signed in. Which key a session got is not said; a root's stands there and is empty."""
    element = {
        "type": identity.type,
        "principalId": identity.principal_id,
        "arn": identity.arn,
        "accountId": identity.account,
    }
    if identity.type == "Root":
        element["accessKeyId"] = ""
    elif identity.type == "IAMUser":
        element["userName"] = identity.user_name
    return element


def claimed(identity: Identity) -> dict[str, Any]:
    """Who somebody says to be who has not proven it yet: of an IAM user no ARN."""
    if identity.type != "IAMUser":
        return proven(identity)
    return {
        "type": "IAMUser",
        "principalId": identity.principal_id,
        "accountId": identity.account,
        "accessKeyId": "",
        "userName": identity.user_name,
    }


def nobody(account: str) -> dict[str, Any]:
    """A user that the account does not have. The name is not said: it may be somebody's password."""
    return {"type": "IAMUser", "accountId": account, "accessKeyId": "", "userName": HIDDEN}


def compose_sign_in(facts: SignInFacts) -> Event:
    """The event of it."""
    record: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": facts.identity,
        "eventTime": iso_seconds(facts.time),
        "eventSource": SOURCE,
        "eventName": facts.name,
        "awsRegion": REGION,
        "sourceIPAddress": facts.source_ip,
        "userAgent": facts.user_agent,
    }
    if facts.error_message:
        record["errorMessage"] = facts.error_message
    record["requestParameters"] = None
    record["responseElements"] = {facts.name: "Failure" if facts.error_message else "Success"}
    if facts.additional:
        record["additionalEventData"] = facts.additional
    record |= {
        "eventID": facts.event_id,
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": facts.account,
        "eventCategory": "Management",
    }
    if facts.tls:
        record["tlsDetails"] = {name: cut(value) for name, value in facts.tls.items()}
    header = EventHeader(
        id=facts.event_id,
        account=facts.account,
        region=REGION,
        category="Management",
        time=int(facts.time),
        read_only=False,
        source=SOURCE,
        name=facts.name,
    )
    return Event(header, encode_within_limits(record))
