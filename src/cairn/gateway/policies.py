"""What is known of policies: whom they are asked of, and for how long an answer is believed."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.policy import Kind, MalformedPolicy, Policy, parse_policy
from cairn.core.records.identity import Identity

KEEP_S = 1.0
"""For how long an answer is believed. Changes that this gateway sees end it at once (`KnownPolicies.forget`), those
made through another gateway count after this time."""
KNOWN_MAX = 10_000
"""Principals and resources of which answers are remembered."""

log = logging.getLogger(__name__)


def _all(effect: str) -> Policy:
    statement = {"Effect": effect, "Action": "*", "Resource": "*"}
    return parse_policy({"Version": "2012-10-17", "Statement": [statement]}, Kind.IDENTITY)


EVERYTHING = _all("Allow")
_UNREADABLE = _all("Deny")


@dataclass(frozen=True, slots=True)
class PrincipalPolicies:
    """What a user or role may do, as far as its account says it."""

    identity: tuple[Policy, ...] = ()
    """Its own and its groups', inline and attached."""
    boundary: Policy | None = None


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """What a resource says of who may use it."""

    account: str
    """Whose it is, 12 digits."""
    policy: Policy | None
    required: bool = False
    """Whether a caller's own policies count only as far as this one leaves it to them: keys and roles."""
    arn: str = ""
    """By which policies know the resource, where it was asked for under another: a key by its alias."""


NOBODYS = PrincipalPolicies()
ROOTS = PrincipalPolicies((EVERYTHING,))


class PolicySource(Protocol):
    """Where policies are kept. Plain and blocking; both methods raise `CairnError` where nobody answers."""

    def principal(self, arn: str) -> PrincipalPolicies:
        """Those of a user or a role, by its ARN with its path; none for who does not exist."""

    def resource(self, arn: str) -> ResourcePolicy | None:
        """The resource's own, or a role's trust policy; None where it is not known to have one."""


def readable(text: str, what: str) -> Policy:
    """The identity, boundary or session policy that `text` is; what nobody can read denies everything, since nobody
    knows what it denies."""
    try:
        return parse_policy(text, Kind.IDENTITY)
    except MalformedPolicy as error:
        log.error("%s cannot be read and denies everything: %s", what, error)
        return _UNREADABLE


class KnownPolicies:
    """A source that may be slow, asked once a second for each principal and resource that calls name.

    Belongs to one event loop.
    """

    def __init__(self, source: PolicySource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._known: OrderedDict[str, _Answer] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Any]] = {}
        self._changes = 0

    async def of(self, identity: Identity) -> PrincipalPolicies:
        """The policies of whoever `identity` acts for: a user's, a session's role's, a federated user's issuer's.

        Raises:
            CairnError: nobody answers, and nothing is known.
        """
        issuer = identity.session.issuer if identity.session is not None else None
        if identity.type == "FederatedUser" and issuer is not None and issuer.type == "Root":
            return ROOTS
        if identity.type in ("AssumedRole", "FederatedUser"):
            arn = issuer.arn if issuer is not None else ""
        else:
            arn = identity.arn if identity.type == "IAMUser" else ""
        if not arn:
            return NOBODYS
        found: PrincipalPolicies = await self._ask(f"principal {arn}", self._source.principal, arn)
        return found

    async def resource(self, arn: str) -> ResourcePolicy | None:
        """The policy of a resource, or a role's trust policy.

        Raises:
            CairnError: nobody answers, and nothing is known.
        """
        found: ResourcePolicy | None = await self._ask(f"resource {arn}", self._source.resource, arn)
        return found

    def forget(self) -> None:
        """Something changed: ask again."""
        self._changes += 1
        self._asking.clear()

    async def _ask(self, key: str, question: Callable[[str], Any], arn: str) -> Any:
        known = self._known.get(key)
        if known is not None and known.changes == self._changes and self._clock.monotonic() < known.until:
            self._known.move_to_end(key)
            return known.value
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.get_running_loop().create_task(self._answer(key, question, arn))
            asking.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._asking[key] = asking
        return await asyncio.shield(asking)  # others may be waiting for the same answer

    async def _answer(self, key: str, question: Callable[[str], Any], arn: str) -> Any:
        changes = self._changes
        try:
            value = await asyncio.to_thread(question, arn)
        except CairnError:
            known = self._known.get(key)
            if known is None or known.changes != self._changes:
                raise
            value = known.value  # an account that does not answer takes no changes either
        finally:
            if changes == self._changes:
                self._asking.pop(key, None)
        if changes == self._changes:
            self._known[key] = _Answer(self._clock.monotonic() + KEEP_S, changes, value)
            self._known.move_to_end(key)
            if len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class _Answer:
    until: float
    changes: int
    """How many changes had been seen when it was asked for."""
    value: Any
