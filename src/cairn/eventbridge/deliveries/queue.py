"""What waits for delivery, as it stands in the database."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from cairn.core.state import State
from cairn.core.tallies import Tallies, Tally
from cairn.eventbridge.deliveries.delivery import About, Delivery, Failure, Owner
from cairn.eventbridge.deliveries.tables import deliveries
from cairn.eventbridge.rules.tables import rules, targets


class Queue:
    """Deliveries that are not done. Used by many threads."""

    def __init__(self, state: State, tallies: Tallies) -> None:
        self._state = state
        self._tallies = tallies

    def waiting(self) -> int:
        with self._state.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(deliveries)) or 0

    def revision(self) -> int:
        """A number that is another one once anybody has changed anything since it was last asked for."""
        return self._state.revision()

    def next_due(self, now: float) -> float | None:
        """When something is due that is not due now; None if there is no such thing."""
        select = sa.select(sa.func.min(deliveries.c.due)).where(deliveries.c.due > now)
        with self._state.read() as connection:
            found: float | None = connection.scalar(select)
        return found

    def due(self, now: float, limit: int) -> list[Owner]:
        """Whom something is due for, who has waited longest first. It costs as much as there are owners, however much
        waits for them."""
        with self._state.read() as connection:
            return [Owner.of(row.owner) for row in connection.execute(_DUE, {"now": now, "most": limit})]

    def work(self, owner: Owner, now: float, limit: int, bytes_max: int) -> list[Delivery]:
        """What is due for a target, what has been due longest first: so many, and no more bytes unless it is a single
        one."""
        mine = (deliveries.c.owner == str(owner), deliveries.c.due <= now)
        order = (deliveries.c.due, deliveries.c.id)
        size = sa.func.length(deliveries.c.envelope) + sa.func.coalesce(sa.func.length(deliveries.c.payload), 0)
        sizes = sa.select(deliveries.c.id, size.label("size")).where(*mine).order_by(*order).limit(limit)
        ids: list[int] = []
        total = 0
        with self._state.read() as connection:
            for row in connection.execute(sizes):
                total += row.size
                if ids and total > bytes_max:
                    break
                ids.append(row.id)
            select = sa.select(deliveries).where(deliveries.c.id.in_(ids)).order_by(*order)
            return [_of_row(row) for row in connection.execute(select)]

    def is_there(self, owner: Owner) -> bool:
        """Whether the rule still has the target."""
        mine = (targets.c.rule == owner.rule, targets.c.id == owner.target)
        with self._state.read() as connection:
            return connection.execute(sa.select(targets.c.id).where(*mine)).first() is not None

    def names(self, owners: Sequence[Owner]) -> dict[Owner, str]:
        """The rule's ARN and the target's id, of those targets that are still there."""
        wanted = {each.rule for each in owners}
        select = sa.select(rules.c.id, rules.c.arn, targets.c.id.label("target"))
        select = select.join(targets, targets.c.rule == rules.c.id).where(rules.c.id.in_(wanted))
        with self._state.read() as connection:
            found = {Owner(row.id, row.target): f"{row.arn} ({row.target})" for row in connection.execute(select)}
        return {owner: found[owner] for owner in owners if owner in found}

    def note(
        self, finished: Sequence[Delivery], changed: Sequence[Delivery], tallies: Sequence[Tally], now: float
    ) -> None:
        """Forget deliveries, note what has changed about others, and count, all at once."""
        if not finished and not changed:
            return
        with self._state.write() as connection:
            if finished:
                connection.execute(sa.delete(deliveries).where(deliveries.c.id.in_([each.id for each in finished])))
            if changed:
                connection.execute(_CHANGE, [_changes(each) for each in changed])
            self._tallies.add(connection, tallies, now)


def _due() -> sa.Select[tuple[str]]:
    """Owners are found one after the other, each by the one before it, so that what waits is not gone through."""
    owners = sa.select(sa.func.min(deliveries.c.owner).label("owner")).cte("owners", recursive=True)
    later, mine = deliveries.alias("later"), deliveries.alias("mine")
    following = sa.select(sa.func.min(later.c.owner)).where(later.c.owner > owners.c.owner).correlate(owners)
    owners = owners.union_all(sa.select(following.scalar_subquery()).where(owners.c.owner.is_not(None)))
    first = sa.select(sa.func.min(mine.c.due)).where(mine.c.owner == owners.c.owner).correlate(owners).scalar_subquery()
    select = sa.select(owners.c.owner).where(owners.c.owner.is_not(None), first <= sa.bindparam("now"))
    return select.order_by(first).limit(sa.bindparam("most"))


_DUE = _due()
_CHANGED = ("since", "attempts", "due", "dead", "failure")
_CHANGE = (
    sa.update(deliveries)
    .where(deliveries.c.id == sa.bindparam("row"))
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGED})
)


def _changes(delivery: Delivery) -> dict[str, object]:
    failure = "" if delivery.failure is None else msgspec.json.encode(delivery.failure).decode()
    return {
        "row": delivery.id,
        "new_since": delivery.since,
        "new_attempts": delivery.attempts,
        "new_due": delivery.due,
        "new_dead": delivery.dead,
        "new_failure": failure,
    }


_about = msgspec.json.Decoder(About)
_failure = msgspec.json.Decoder(Failure)


def _of_row(row: sa.Row[tuple[object, ...]]) -> Delivery:
    found = row._mapping
    about = _about.decode(found["about"])
    envelope: bytes = found["envelope"]
    return Delivery(
        id=found["id"],
        address=about.address,
        event=about.event(envelope),
        payload=envelope if found["payload"] is None else found["payload"],
        since=found["since"],
        attempts=found["attempts"],
        due=found["due"],
        dead=found["dead"],
        failure=_failure.decode(found["failure"]) if found["failure"] else None,
    )
