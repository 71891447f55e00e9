"""An event as a sentence that a person can read: "alice deleted bucket logs from 10.0.0.5, with MFA"."""

from __future__ import annotations

import re
from typing import Any

from cairn.cloudtrail.history.segment_reader import StoredEvent, parse

NAMES_MAX = 3
NAME_CHARS_MAX = 120

PAST = {
    "Accept": "accepted",
    "Add": "added",
    "Associate": "associated",
    "Assume": "assumed",
    "Attach": "attached",
    "Authorize": "authorized",
    "Cancel": "cancelled",
    "Copy": "copied",
    "Create": "created",
    "Deactivate": "deactivated",
    "Delete": "deleted",
    "Deregister": "deregistered",
    "Describe": "looked at",
    "Detach": "detached",
    "Disable": "disabled",
    "Disassociate": "disassociated",
    "Enable": "enabled",
    "Get": "read",
    "Head": "looked at",
    "Invite": "invited",
    "Leave": "left",
    "List": "listed",
    "Lookup": "looked up",
    "Modify": "modified",
    "Move": "moved",
    "Put": "put",
    "Reboot": "rebooted",
    "Register": "registered",
    "Remove": "removed",
    "Restore": "restored",
    "Revoke": "revoked",
    "Run": "ran",
    "Schedule": "scheduled",
    "Set": "set",
    "Start": "started",
    "Stop": "stopped",
    "Subscribe": "subscribed",
    "Tag": "tagged",
    "Terminate": "terminated",
    "Unsubscribe": "unsubscribed",
    "Untag": "untagged",
    "Update": "updated",
    "Upload": "uploaded",
}
"""The first word of an event's name, and what was done where it succeeded."""
_ATTEMPT = {"Get": "read", "Describe": "look at", "Head": "look at", "Lookup": "look up"}
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SIGN_INS = {
    "ConsoleLogin": ("signed in to the console", "could not sign in to the console"),
    "CheckMfa": ("was asked for an MFA code", "was asked for an MFA code"),
    "SwitchRole": ("was switched to in the console", "was not switched to in the console"),
    "ExitRole": ("was left in the console", "was not left in the console"),
    "PasswordUpdated": ("changed their password", "could not change their password"),
}


def sentence_of(event: StoredEvent) -> str:
    """The sentence, as plain text without its full stop."""
    record = parse(event.record)
    failed = bool(event.error)
    parts = [_who(event, record), _what(event, failed)]
    if event.source_ip:
        parts.append(f"from {event.source_ip}")
    sentence = " ".join(parts)
    if _with_mfa(record):
        sentence += ", with MFA"
    return f"{sentence}; it failed with {_cut(event.error)}" if failed else sentence


def _who(event: StoredEvent, record: dict[str, Any]) -> str:
    identity = record.get("userIdentity")
    kind = identity.get("type") if isinstance(identity, dict) else None
    if kind == "AssumedRole":
        role = str(identity.get("arn", "")).split("/")[1:2]  # type: ignore[union-attr] # it is a dict by now
        return f"{_cut(event.user) or 'somebody'} as role {_cut(role[0])}" if role else _cut(event.user) or "a role"
    if kind == "AWSService":
        return f"the service {_cut(event.user)}"
    return _cut(event.user) or "somebody"


def _what(event: StoredEvent, failed: bool) -> str:
    if event.source == "signin.amazonaws.com" and event.name in _SIGN_INS:
        return _SIGN_INS[event.name][failed]
    words = _WORDS.findall(event.name)
    verb = words[0] if words else ""
    if verb not in PAST:
        done = "tried to call" if failed else "called"
        return _with_names(f"{done} {_cut(event.name)} of {event.source.partition('.')[0]}", event)
    rest = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words[1:])
    done = f"tried to {_ATTEMPT.get(verb, verb.lower())}" if failed else PAST[verb]
    return _with_names(f"{done} {rest}".rstrip(), event)


def _with_names(text: str, event: StoredEvent) -> str:
    names = list(dict.fromkeys(_cut(name) for _, name in event.resources))
    if not names:
        return text
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return f"{text} {', '.join(names[:NAMES_MAX])}{more}"


def _with_mfa(record: dict[str, Any]) -> bool:
    node: Any = record
    for member in ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"):
        node = node.get(member) if isinstance(node, dict) else None
    additional = record.get("additionalEventData")
    used = additional.get("MFAUsed") if isinstance(additional, dict) else None
    return node == "true" or used == "Yes"


def _cut(text: str) -> str:
    return text if len(text) <= NAME_CHARS_MAX else text[: NAME_CHARS_MAX - 1] + "…"
