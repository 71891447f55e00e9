"""Codes of virtual MFA devices (RFC 6238): six digits each half minute, each good for one sign-in."""

from __future__ import annotations

import hmac

import pyotp
import sqlalchemy as sa

from cairn.console.seal import Seal
from cairn.console.tables import used_codes
from cairn.core.clock import Clock
from cairn.core.state import State

STEP_S = 30
WINDOW_STEPS = 1
"""How many steps a device's clock may be before or behind ours."""


class SecondFactor:
    """Checks codes. Remembers the last step of each device, so that a code that was read over a shoulder is worth
    nothing."""

    def __init__(self, state: State, seal: Seal, clock: Clock) -> None:
        self._state = state
        self._seal = seal
        self._clock = clock

    def accept(self, serial: str, seed: str, code: str, *, use: bool = True) -> bool:
        """Whether `code` is the device's now, and was not used before. Blocks until that is durable.

        Args:
            seed: base32, as CreateVirtualMFADevice answered it.
            use: whether it is used by that; otherwise it is good once more.
        """
        step = self._step(seed, code)
        return step is not None and self._take(self._seal.digest("device", serial, seed), step, use)

    def _step(self, seed: str, code: str) -> int | None:
        otp = pyotp.TOTP(seed, interval=STEP_S)
        now = int(self._clock.now() // STEP_S)
        found = None
        for step in range(now - WINDOW_STEPS, now + WINDOW_STEPS + 1):
            if hmac.compare_digest(otp.generate_otp(step).encode(), code.encode("utf-8", "replace")):
                found = step
        return found

    def _take(self, device: str, step: int, use: bool) -> bool:
        with self._state.write() as connection:
            last = connection.execute(sa.select(used_codes.c.step).where(used_codes.c.device == device)).scalar()
            if last is not None and last >= step:
                return False
            if not use:
                return True
            connection.execute(used_codes.delete().where(used_codes.c.device == device))
            connection.execute(used_codes.insert().values(device=device, step=step))
        return True
