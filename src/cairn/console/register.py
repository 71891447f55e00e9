"""What is recorded of signing in, durable before anybody is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from cairn.console.exchange import Refusal, Visit
from cairn.core.clock import Clock
from cairn.core.errors import AwsError
from cairn.core.records.event import Event, new_event_id
from cairn.core.records.identity import Identity
from cairn.core.records.sign_in import (
    FAILED,
    NO_SUCH_USER,
    Name,
    SignInFacts,
    claimed,
    compose_sign_in,
    nobody,
    proven,
)

USER_AGENT_CHARS_MAX = 1024

Record = Callable[[Event], Awaitable[None]]
"""Returns once the event is durable; raises `AwsError` where it cannot be, and nobody may be let in."""


class Register:
    """Writes the records of `signin.amazonaws.com`."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._record = record
        self._clock = clock

    async def signed_in(self, visit: Visit, identity: Identity, *, device: str = "") -> None:
        await self._write(visit, "ConsoleLogin", identity.account, proven(identity), _login(visit, device=device))

    async def failed(self, visit: Visit, identity: Identity, *, mfa: bool = False) -> None:
        """Somebody who is known did not prove it."""
        element = claimed(identity)
        await self._write(visit, "ConsoleLogin", identity.account, element, _login(visit, mfa=mfa), FAILED)

    async def unknown(self, visit: Visit, account: str) -> None:
        """There is nobody of the name that was given."""
        await self._write(visit, "ConsoleLogin", account, nobody(account), _login(visit), NO_SUCH_USER)

    async def asked_for_code(self, visit: Visit, identity: Identity, devices: int) -> None:
        kind = "Virtual MFA" if devices == 1 else "Multiple MFA Devices"
        await self._write(visit, "CheckMfa", identity.account, claimed(identity), {"MfaType": kind})

    async def changed_password(self, visit: Visit, identity: Identity) -> None:
        await self._write(visit, "PasswordUpdated", identity.account, proven(identity), {})

    async def switched(self, visit: Visit, role: Identity, switched_from: Identity) -> None:
        """In the account of the role."""
        additional = {"SwitchFrom": switched_from.arn, "RedirectTo": f"{visit.origin}/console/"}
        await self._write(visit, "SwitchRole", role.account, proven(role), additional)

    async def went_back(self, visit: Visit, role: Identity) -> None:
        additional = {"RedirectTo": f"{visit.origin}/console/"}
        await self._write(visit, "ExitRole", role.account, proven(role), additional)

    async def _write(
        self,
        visit: Visit,
        name: Name,
        account: str,
        identity: dict[str, Any],
        additional: dict[str, str],
        error_message: str = "",
    ) -> None:
        request = visit.request
        facts = SignInFacts(
            event_id=new_event_id(),
            time=self._clock.now(),
            name=name,
            account=account,
            identity=identity,
            error_message=error_message,
            additional=additional,
            source_ip=request.client,
            user_agent=request.headers.get("user-agent")[:USER_AGENT_CHARS_MAX],
            tls=request.tls | {"clientProvidedHostHeader": request.headers.get("host")} if request.tls else {},
        )
        try:
            await self._record(compose_sign_in(facts))
        except AwsError as error:
            raise Refusal.of(error) from error


def _login(visit: Visit, *, mfa: bool = False, device: str = "") -> dict[str, str]:
    additional = {"LoginTo": f"{visit.origin}/console/", "MobileVersion": "No"}
    if device:
        additional["MFAIdentifier"] = device
    return additional | {"MFAUsed": "Yes" if mfa or device else "No"}
