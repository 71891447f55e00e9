"""Whether every record that the journal holds for a trail is in one of its files: asked on the server's own machine."""

from __future__ import annotations

from cairn.cloudtrail.check import Report, check_delivered
from cairn.core.clock import SystemClock
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.nats import NatsJournal
from cairn.service.joints import trail_buckets
from cairn.service.saved import open_state


def check_journal(folder: DataFolder, settings: Settings, trail_arn: str = "") -> Report:
    """Compare what the journal of a running Cairn holds with what its buckets hold, for one trail or for all.

    Raises:
        Unreachable: none runs on that folder.
    """
    folder.runtime()
    state = open_state(folder, settings)
    journal = NatsJournal(JournalAccess.load(folder.journal), writer="verify")
    try:
        store, _ = trail_buckets(folder, settings, state, SystemClock())
        return check_delivered(state, journal, store, trail_arn)
    finally:
        journal.close()
        state.close()
