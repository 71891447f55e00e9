"""Making digests: draft them, have them signed, and stage those of which nothing has changed meanwhile.

Between draft and stage no transaction is open, however long the key takes. What was decided in the draft is decided
again when it is staged, and a digest that would be another one now is left out: it is due as before, and is drafted
again. So of two processes that sign the same digest one stages it, and what a dead one has signed is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from cairn.cloudtrail import status
from cairn.cloudtrail.digests import chains, periods
from cairn.cloudtrail.digests.backfill import next_window
from cairn.cloudtrail.digests.chains import DigestRow, Draft, Place, Window
from cairn.cloudtrail.digests.keys import SigningKey, SigningKeys
from cairn.cloudtrail.digests.periods import Period
from cairn.cloudtrail.digests.signature import SigningError
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.state import State

Due = tuple[Place, DigestRow | None]
"""A chain whose next digest is due, and the last that it has."""


class Staging:
    """Stages the digests of any trail. Used by many threads."""

    def __init__(
        self, state: State, keys: SigningKeys, clock: Clock, *, interval_s: float, backfill_after_s: float
    ) -> None:
        self._state = state
        self._keys = keys
        self._clock = clock
        self._interval_s = interval_s
        self._backfill_after_s = backfill_after_s

    def stage(self, trail: Trail, period: Period, due: Sequence[Due], window: Window) -> None:
        """Stage the next digest of chains of a period, as far as they and the period are still as they were.

        Raises:
            SigningError: a key did not sign, of which the status tells. Nothing is staged.
            CairnError: a key cannot be read.
        """
        regions = {place.region for place, _ in due}
        try:
            keys = {region: self._keys.signing_key(region) for region in regions}
            with self._state.read() as connection:
                windows = [self._next(before, window) for _, before in due]
                drafts = [
                    chains.draft(connection, trail, period, place, before, chosen, keys[place.region].fingerprint)
                    for (place, before), chosen in zip(due, windows, strict=True)
                ]
            signed = [(drafted, _sign(keys[drafted.row.region], drafted, trail)) for drafted in drafts]
        except SigningError as error:
            with self._state.write() as connection:
                status.failed(connection, trail.row, regions, self._clock.now(), error.code, "signing")
            where = ", ".join(sorted(regions))
            raise SigningError(error.code, f"digests of {where} are not signed: {error.message}") from error
        failpoint("digests.signed")
        with self._state.write() as connection:
            if periods.reload(connection, period) != period:
                return  # it was ended or finished meanwhile
            latest = chains.latest(connection, period)
            for (place, before), chosen, (drafted, signature) in zip(due, windows, signed, strict=True):
                if latest.get(place) != before:
                    continue
                place_now = (trail, period, place, before, chosen, drafted.row.fingerprint)
                if chains.draft(connection, *place_now) == drafted:
                    chains.stage(connection, drafted, signature)
            for region in regions:
                status.clear(connection, trail.row, "signing", region)
        failpoint("digests.staged")

    def _next(self, before: DigestRow | None, window: Window) -> Window:
        return next_window(before, window, interval_s=self._interval_s, after_s=self._backfill_after_s)


def _sign(key: SigningKey, drafted: Draft, trail: Trail) -> str:
    return key.sign(drafted.text, on_behalf_of=trail.arn)
