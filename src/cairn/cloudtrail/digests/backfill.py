"""Backfill: windows whose digests nobody could make in time are made up for one by one, once that is possible again.

A short outage makes one window longer. After a long one that would hide in one digest, at its end, what was delivered
over days: whoever asks for the first of them finds nothing there. So each window that was missed gets a digest of its
own, of the log files that were delivered in it, which says in its metadata when it was made.
"""

from __future__ import annotations

import math

from cairn.cloudtrail.digests.chains import LATE_S, DigestRow, Window
from cairn.cloudtrail.logfile import slot_end

WINDOWS_MAX = 31 * 24
"""Backfill digests of a chain for one outage: a month of hours. The first of them covers what is older."""


def next_window(before: DigestRow | None, window: Window, *, interval_s: float, after_s: float) -> Window:
    """The window of the digest that follows `before`: `window`, or the first of those missed.

    The first digest of a chain is never one: it may reach back to a time in which the region had nothing to tell.

    Args:
        window: what the next digest would cover if nothing were missed.
        after_s: how long after its end a window counts as missed; once one does, those behind it do too.
    """
    if before is None:
        return window
    if before.backfill:
        after_s = min(after_s, LATE_S)
    if window.now - slot_end(before.end, interval_s) <= after_s:
        return window
    start = max(before.end, window.now - WINDOWS_MAX * interval_s)
    end = math.ceil(slot_end(start, interval_s))
    return window._replace(end=end, backfill=True) if end < window.end else window
