"""Opening the saved state, with the tables of every room known."""

from __future__ import annotations

from cairn.account.s3 import tables as _s3  # noqa: F401 - importing declares the tables
from cairn.cloudtrail import tables as _cloudtrail  # noqa: F401
from cairn.cloudtrail.checkpoints import tables as _checkpoints  # noqa: F401
from cairn.cloudtrail.digests import tables as _digests  # noqa: F401
from cairn.cloudtrail.insights.tables import INSIGHTS
from cairn.cloudwatch.alarms.tables import ALARMS
from cairn.cloudwatch.exports import tables as _exports  # noqa: F401
from cairn.cloudwatch.logs.tables import LOGS
from cairn.cloudwatch.metric_filters import tables as _metric_filters  # noqa: F401
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.cloudwatch.queries import tables as _queries  # noqa: F401
from cairn.cloudwatch.sns.tables import SNS
from cairn.cloudwatch.subscriptions import tables as _subscriptions  # noqa: F401
from cairn.console import tables as _console  # noqa: F401
from cairn.core import metrics as _metrics  # noqa: F401
from cairn.core import status as _status  # noqa: F401
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.journal import tables as _journal  # noqa: F401
from cairn.core.state import SAVED, Schema, State
from cairn.eventbridge import counting as _counting  # noqa: F401
from cairn.eventbridge import tables as _eventbridge  # noqa: F401
from cairn.eventbridge.archives import tables as _archives  # noqa: F401
from cairn.eventbridge.buses import tables as _buses  # noqa: F401
from cairn.eventbridge.connections import tables as _connections  # noqa: F401
from cairn.eventbridge.deliveries import tables as _event_deliveries  # noqa: F401
from cairn.eventbridge.rules import tables as _rules  # noqa: F401
from cairn.eventbridge.schedules import tables as _schedules  # noqa: F401
from cairn.eventbridge.schema import EVENTS
from cairn.gateway import tables as _gateway  # noqa: F401

SCHEMAS: tuple[Schema, ...] = (SAVED, LOGS, METRICS, ALARMS, SNS, EVENTS, INSIGHTS)
"""All that an installation has."""


def open_state(folder: DataFolder, settings: Settings, schema: Schema = SAVED) -> State:
    """The database of a schema: `state.url`, by default a file of the data folder."""
    if settings.state.url:
        return State(settings.state.url, schema)
    if schema is EVENTS:
        return State.in_folder(folder.eventbridge, schema)
    return State.in_folder(folder.path if schema in (SAVED, INSIGHTS) else folder.cloudwatch, schema)


def migrate(folder: DataFolder, settings: Settings) -> None:
    """Bring every database to this version's shape.

    Raises:
        ConfigurationError: a newer version wrote one.
    """
    for schema in SCHEMAS:
        state = open_state(folder, settings, schema)
        try:
            state.migrate()
        finally:
            state.close()
