"""The store of trails: create, find, change, start, stop, delete. Every change is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail import copies, log_spans, refusals, spans, status, tags
from cairn.cloudtrail.digests import periods
from cairn.cloudtrail.tables import trails
from cairn.cloudtrail.trail import Trail, TrailId, TrailSettings, selection
from cairn.core.clock import Clock
from cairn.core.journal.journal import Journal
from cairn.core.state import State

TRAILS_PER_REGION_MAX = 5
"""A trail for all regions counts in each."""


class Trails:
    """All trails of all accounts.

    Whatever changes what a trail logs takes effect at the journal's end, which is asked for before the transaction
    begins: the events that other processes append in between are logged by the old and not by the new.
    """

    def __init__(self, state: State, journal: Journal, clock: Clock) -> None:
        self._state = state
        self._journal = journal
        self._clock = clock

    def create(self, trail: TrailId, settings: TrailSettings, tagged: Mapping[str, str] | None = None) -> Trail:
        """A new trail, which does not log yet.

        Raises:
            AwsError: TrailAlreadyExistsException, MaximumNumberOfTrailsExceededException.
        """
        with self._state.write() as connection:
            _check_room(connection, trail, settings)
            insert = sa.insert(trails).values(
                account=trail.account,
                home_region=trail.home_region,
                name=trail.name,
                arn=trail.arn,
                logging=False,
                **_columns(settings),
            )
            row = connection.execute(insert.returning(trails.c.id)).scalar_one()
            copies.put(connection, row, settings.members)
            tags.put(connection, row, trail.arn, tagged or {})
            return _get(connection, trail)

    def check_room(self, trail: TrailId, settings: TrailSettings) -> None:
        """Raise what `create` would, as far as it can be told now."""
        with self._state.read() as connection:
            _check_room(connection, trail, settings)

    def get(self, trail: TrailId) -> Trail:
        """The trail of that name.

        Raises:
            AwsError: TrailNotFoundException.
        """
        with self._state.read() as connection:
            return _get(connection, trail)

    def status(self, trail: Trail, region: str) -> dict[str, Any]:
        """GetTrailStatus' answer for a region."""
        with self._state.read() as connection:
            return status.trail_status(connection, trail, region)

    def add_tags(self, trail: Trail, tagged: Mapping[str, str]) -> None:
        """Add tags, in place of those of the same keys.

        Raises:
            AwsError: TagsLimitExceededException.
        """
        with self._state.write() as connection:
            tags.put(connection, trail.row, trail.arn, tagged)

    def remove_tags(self, trail: Trail, keys: Collection[str]) -> None:
        with self._state.write() as connection:
            tags.remove(connection, trail.row, keys)

    def tags(self, trail: Trail) -> dict[str, str]:
        with self._state.read() as connection:
            return tags.get(connection, trail.row)

    def of_account(self, account: str) -> list[Trail]:
        """All trails of an account, and its copies of its organization's, by home region and name."""
        with self._state.read() as connection:
            return _of_account(connection, account)

    def of_organizations(self) -> list[Trail]:
        """All organizations' trails."""
        select = sa.select(trails).where(trails.c.organization != "", trails.c.deleted.is_(None))
        with self._state.read() as connection:
            return [_trail(row) for row in connection.execute(select.order_by(trails.c.id)).mappings()]

    def update(self, trail: TrailId, change: Callable[[TrailSettings], TrailSettings]) -> Trail:
        """Change the settings. What is not delivered yet is delivered by the new ones, to the new bucket.

        Raises:
            AwsError: TrailNotFoundException, MaximumNumberOfTrailsExceededException, TrailAlreadyExistsException.
        """
        position = self._journal.bounds().next
        with self._state.write() as connection:
            old = _get(connection, trail)
            settings = change(old.settings)
            if settings.multi_region and not old.settings.multi_region:
                _check_room(connection, trail, settings, row=old.row)
            connection.execute(sa.update(trails).where(trails.c.id == old.row).values(**_columns(settings)))
            if not settings.topic:
                status.clear(connection, old.row, "notices")
            if settings.members != old.settings.members:
                copies.put(connection, old.row, settings.members)
            new = selection(trail, settings)
            begins = bool(settings.log_group) and not old.settings.log_group
            if old.logging and (new != old.selection or begins):
                to_log_group = bool(settings.log_group)
                spans.open_span(connection, old.row, trail.arn, new, position, to_log_group=to_log_group)
            if not settings.log_group:
                log_spans.drop(connection, old.row)
                status.clear(connection, old.row, "logs")
            if old.logging and settings.validation != old.settings.validation:
                _follow(connection, old.row, settings, self._clock.now())
            return _get(connection, trail)

    def start_logging(self, trail: TrailId) -> None:
        """Log what the journal takes from now on. A trail that logs already goes on.

        Raises:
            AwsError: TrailNotFoundException.
        """
        position = self._journal.bounds().next
        with self._state.write() as connection:
            found = _get(connection, trail)
            if not found.logging:
                to_log_group = bool(found.settings.log_group)
                spans.open_span(connection, found.row, trail.arn, found.selection, position, to_log_group=to_log_group)
                values = {"logging": True, "started": self._clock.now()}
                connection.execute(sa.update(trails).where(trails.c.id == found.row).values(values))
                _follow(connection, found.row, found.settings, self._clock.now())

    def stop_logging(self, trail: TrailId) -> None:
        """Log nothing that happens from now on. What was logged is delivered all the same.

        Raises:
            AwsError: TrailNotFoundException.
        """
        self._end(trail, deleted=False)

    def delete(self, trail: TrailId) -> None:
        """Delete the trail; what it logged is delivered all the same.

        Raises:
            AwsError: TrailNotFoundException.
        """
        self._end(trail, deleted=True)

    def _end(self, trail: TrailId, *, deleted: bool) -> None:
        position = self._journal.bounds().next
        now = self._clock.now()
        with self._state.write() as connection:
            found = _get(connection, trail)
            values: dict[str, Any] = {"deleted": now} if deleted else {}
            if found.logging:
                spans.stop_span(connection, found.row, position, now)
                periods.end(connection, found.row, now, at_once=False)
                values |= {"logging": False, "stopped": now}
            if values:
                connection.execute(sa.update(trails).where(trails.c.id == found.row).values(values))


def by_row(connection: sa.Connection, rows: Collection[int]) -> dict[int, Trail]:
    """Trails by their numbers in the saved state, deleted ones too."""
    found = connection.execute(sa.select(trails).where(trails.c.id.in_(rows))).mappings()
    return {trail.row: trail for trail in map(_trail, found)}


def ever(connection: sa.Connection) -> list[Trail]:
    """Every trail that ever was."""
    return [_trail(row) for row in connection.execute(sa.select(trails).order_by(trails.c.id)).mappings()]


def _follow(connection: sa.Connection, row: int, settings: TrailSettings, now: float) -> None:
    """Digest what a trail that logs delivers from now on, or do not."""
    if settings.validation:
        periods.begin(connection, row, now)
    else:
        periods.end(connection, row, now, at_once=True)


def _check_room(connection: sa.Connection, trail: TrailId, settings: TrailSettings, row: int = 0) -> None:
    """Raise unless a trail of this name and reach fits in; `row` is the trail itself, where it exists already."""
    others = [other for other in _of_account(connection, trail.account) if other.row != row]
    for other in others:
        together = settings.multi_region or other.seen_in(trail.home_region)
        if other.id.name == trail.name and together:
            raise refusals.trail_already_exists(trail.name, trail.account)
    homes = {other.id.home_region for other in others} if settings.multi_region else set()
    for region in [trail.home_region, *sorted(homes - {trail.home_region})]:
        if sum(other.seen_in(region) for other in others) >= TRAILS_PER_REGION_MAX:
            raise refusals.too_many_trails(trail.account, TRAILS_PER_REGION_MAX, region)


def _get(connection: sa.Connection, trail: TrailId) -> Trail:
    select = sa.select(trails).where(trails.c.arn == trail.arn, trails.c.deleted.is_(None))
    row = connection.execute(select).mappings().first()
    if row is None:
        raise refusals.trail_not_found(trail.arn, trail.account)
    return _trail(row)


def _of_account(connection: sa.Connection, account: str) -> list[Trail]:
    there = sa.or_(trails.c.account == account, trails.c.id.in_(copies.in_account(account)))
    select = sa.select(trails).where(there, trails.c.deleted.is_(None))
    rows = connection.execute(select.order_by(trails.c.home_region, trails.c.name, trails.c.account)).mappings()
    return [_trail(row) for row in rows]


def _columns(settings: TrailSettings) -> dict[str, str]:
    return {"settings": msgspec.json.encode(settings).decode(), "organization": settings.organization}


def _trail(row: sa.RowMapping) -> Trail:
    return Trail(
        row=row["id"],
        id=TrailId(row["account"], row["home_region"], row["name"]),
        settings=msgspec.json.decode(row["settings"], type=TrailSettings),
        logging=row["logging"],
        started=row["started"],
        stopped=row["stopped"],
        deleted=row["deleted"],
    )
