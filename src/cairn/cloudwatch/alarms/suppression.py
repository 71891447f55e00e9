"""Whether a composite alarm's actions are held back because of its suppressor. Pure: a step of a state machine.

As AWS's guide has it: a turn of the composite alarm starts the wait period, in which the suppressor has time to go
into ALARM; a suppressor that leaves ALARM starts the extension period, in which the composite alarm has time to turn
back. A turn of the composite alarm ends either, and starts a new wait period. Once neither runs and the suppressor is
not in ALARM, the actions of the state that the alarm then has are carried out, if it has turned since the last time.
"""

from __future__ import annotations

import msgspec

WAIT_PERIOD = "WaitPeriod"
EXTENSION_PERIOD = "ExtensionPeriod"
SUPPRESSOR = "Alarm"


class Suppression(msgspec.Struct, frozen=True):
    """How it stands."""

    by: str = ""
    """ActionsSuppressedBy; empty: they are not."""
    until: float = 0.0
    """End of the period, in seconds since the epoch."""
    owed: bool = False
    """Whether the alarm has turned since its actions were last carried out."""

    @property
    def reason(self) -> str:
        return f"Actions suppressed by {self.by}" if self.by else ""


UNSUPPRESSED = Suppression()


def suppress(
    before: Suppression, now: float, *, turned: bool, suppressing: bool, wait_s: float, extension_s: float
) -> tuple[Suppression, bool]:
    """How it stands now, and whether the actions of the alarm's state are to be carried out.

    Args:
        turned: the composite alarm has just turned.
        suppressing: the suppressor is in ALARM.
    """
    owed = before.owed or turned
    if suppressing:
        return Suppression(SUPPRESSOR, owed=owed), False
    if turned:
        period = Suppression(WAIT_PERIOD, now + wait_s, owed)
    elif before.by == SUPPRESSOR:
        period = Suppression(EXTENSION_PERIOD, now + extension_s, owed)
    else:
        period = before
    if period.by and period.until > now:
        return period, False
    return UNSUPPRESSED, owed
