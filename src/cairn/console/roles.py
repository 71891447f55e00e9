"""Switching to a role and back, by AssumeRole as the person who is signed in."""

from __future__ import annotations

import re

import msgspec

from cairn.console.calls import Calls
from cairn.console.exchange import Refusal, Visit
from cairn.console.keys import Keys
from cairn.console.register import Register
from cairn.console.sessions import Person, Role, Sessions
from cairn.core.clock import from_iso

ROLE_S = 3600
"""How long a role lasts, as in AWS's console, where it does not renew itself."""
DISPLAY_CHARS_MAX = 64

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ROLE = re.compile(r"[\w+=,.@/-]{1,512}", re.ASCII)
_NOT_A_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


class RoleRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role to switch to."""

    account: str
    role: str
    """Its name, with its path if it has one."""
    display_name: str = msgspec.field(default="", name="displayName")


class Roles:
    """Switches sessions."""

    def __init__(self, calls: Calls, keys: Keys, sessions: Sessions, register: Register, *, region: str) -> None:
        self._calls = calls
        self._keys = keys
        self._sessions = sessions
        self._register = register
        self._region = region

    async def switch(self, visit: Visit, person: Person, asked: RoleRequest) -> None:
        """Have the session act as a role.

        Raises:
            Refusal: it may not, or there is no such role.
        """
        if not _ACCOUNT.fullmatch(asked.account) or not _ROLE.fullmatch(asked.role):
            raise Refusal("ValidationException", "Give an account of 12 digits and the name of a role in it.", 400)
        if person.base.identity.type == "Root":
            raise Refusal("AccessDenied", "Roles may not be assumed by root accounts.", 403)
        identity = person.base.identity
        answered = await self._calls.call(
            person.base,
            "sts",
            "AssumeRole",
            {
                "RoleArn": f"arn:aws:iam::{asked.account}:role/{asked.role.removeprefix('/')}",
                "RoleSessionName": _session_name(identity.user_name or identity.principal_id.partition(":")[2]),
                "DurationSeconds": ROLE_S,
            },
            region=self._region,
            peer=visit.peer,
        )
        given = answered["Credentials"]
        mfa = identity.session is not None and identity.session.mfa
        key = await self._keys.mark(given["AccessKeyId"], mfa=mfa)
        if key is None:
            raise Refusal("ServiceUnavailable", "The role was given, and is not known yet. Try again.", 503)
        try:
            await self._register.switched(visit, key.identity, identity)
        except Refusal:
            await self._keys.end(key.id)
            raise
        role = Role(
            key=key.id,
            account=asked.account,
            name=asked.role,
            display=asked.display_name[:DISPLAY_CHARS_MAX],
            expires=key.expires or from_iso(str(given["Expiration"])),
        )
        await self._sessions.switch(person, role)

    async def back(self, visit: Visit, person: Person) -> None:
        """Have the session act as whoever signed in."""
        if person.role is None:
            return
        if person.key.id:
            await self._register.went_back(visit, person.key.identity)
        await self._sessions.switch(person, None)


def _session_name(name: str) -> str:
    return (_NOT_A_SESSION_NAME.sub("-", name) or "console")[:64].ljust(2, "-")
