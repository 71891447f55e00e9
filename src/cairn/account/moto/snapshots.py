"""Which backends are saved together, what of them changed, and how they come back.

Usually a snapshot holds one backend. Backends that share objects (an assumed role's key is an object of STS and of IAM,
a stack's resources are objects of CloudFormation and of their services) are saved as one, since two pickles would make
two objects of each. Sharing is found by looking: `pickling` tells which of moto's objects it met.

Besides backends, moto keeps a little state in classes and modules; `_CLASS_STATE` names it, and it is saved like a
backend of its own.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.core.base_backend import BaseBackend

from cairn.account.moto import kms_document, pickling
from cairn.account.moto.backends import BackendKey, backend_at, key_of, live_backends
from cairn.account.moto.constants import CONSTANTS
from cairn.account.moto.store import Problem, Snapshot

log = logging.getLogger(__name__)

_KMS = ("moto.kms.models", "KmsBackend")
_SIBLINGS = {"ec2"}
"""Services whose backends reach those of other regions and accounts by weak references of a class."""

_CLASS_STATE = (
    ("moto.logs.models", "LogEvent", "_event_id"),
    ("moto.logs.models", "LogStream", "_log_ids"),
    ("moto.securityhub.models", "SecurityHubBackend", "_org_configs"),
    ("moto.organizations.models", "organizations_backends", "master_accounts"),
)
_CLASS_STATE_NAME = "classes"


class _Group:
    """Backends that are saved together. Compared by identity."""

    def __init__(self, members: dict[BackendKey, BaseBackend]) -> None:
        self.members = members
        self.name = json.dumps(sorted(members))
        self.instances: set[int] = set()
        """Ids of moto's objects in it, when it was last looked at."""


@dataclass(frozen=True)
class _Look:
    """A group's state at one moment."""

    snapshot: Snapshot | None
    """None if it cannot be saved."""
    referred: list[BaseBackend]


@dataclass(frozen=True)
class Taken:
    """What has to be written: copies, so that moto may go on meanwhile."""

    changed: list[Snapshot]
    gone: list[str]
    digests: dict[str, bytes]


class Snapshots:
    """Takes and restores snapshots. Everything but `written` happens with moto's gate held."""

    def __init__(self) -> None:
        self.problems: dict[str, Problem] = {}
        """What could not be saved, by name."""
        self._groups: dict[BackendKey, _Group] = {}
        self._digests: dict[str, bytes] = {}
        """Of what the store holds, by snapshot's name."""

    def restore(self, snapshot: Snapshot) -> None:
        """Bring a snapshot back to life.

        Raises:
            Exception: it does not fit this moto.
        """
        if snapshot.name == _CLASS_STATE_NAME:
            _restore_class_state(pickling.load(snapshot.content))
        elif snapshot.form == "kms":
            (key,) = _members(snapshot.name)
            kms_document.restore(backend_at(key), snapshot.content)
        else:
            for key, state in pickling.load(snapshot.content).items():
                CONSTANTS.give_back(backend_at(key), state)
        self._digests[snapshot.name] = hashlib.sha256(snapshot.content).digest()

    def regroup(self) -> None:
        """Look at everything once, after all was restored, so that sharing is known."""
        for backend in live_backends():
            self._look(self._group_of(backend))
        for backend in live_backends():
            group = self._group_of(backend)
            merged = self._merged(group)
            if merged is not group:
                self._adopt(merged)
                self._look(merged)

    def take(self, touched: Iterable[BaseBackend]) -> Taken:
        """Copies of those of the touched backends that changed, and of those that they refer to."""
        queue = [self._group_of(backend) for backend in _with_siblings(touched)]
        looks: dict[_Group, _Look] = {}
        gone: list[str] = []
        while queue:
            group = queue.pop()
            if group in looks or self._groups[next(iter(group.members))] is not group:
                continue
            look = self._look(group)
            merged = self._merged(group)
            if merged is group:
                looks[group] = look
                queue += [self._group_of(backend) for backend in look.referred]
                continue
            parts = {self._groups[key] for key in merged.members}
            gone += [part.name for part in parts if part.name in self._digests]
            for part in parts:
                looks.pop(part, None)
            self._adopt(merged)
            queue.append(merged)
        return self._changed([look.snapshot for look in looks.values() if look.snapshot], gone)

    def written(self, taken: Taken) -> None:
        """The store holds what was taken."""
        for name in taken.gone:
            self._digests.pop(name, None)
        self._digests.update(taken.digests)

    def _changed(self, snapshots: list[Snapshot], gone: list[str]) -> Taken:
        snapshots.append(Snapshot(_CLASS_STATE_NAME, "pickle", pickling.dump(_class_state())[0]))
        digests = {snapshot.name: hashlib.sha256(snapshot.content).digest() for snapshot in snapshots}
        changed = [snapshot for snapshot in snapshots if self._digests.get(snapshot.name) != digests[snapshot.name]]
        return Taken(changed, gone, {snapshot.name: digests[snapshot.name] for snapshot in changed})

    def _group_of(self, backend: BaseBackend) -> _Group:
        key = key_of(backend)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group({key: backend})
        return group

    def _look(self, group: _Group) -> _Look:
        try:
            first = next(iter(group.members))
            if (first.module, first.cls) == _KMS:
                return _Look(Snapshot(group.name, "kms", kms_document.document(group.members[first])), [])
            state = {key: CONSTANTS.without(backend) for key, backend in group.members.items()}
            content, group.instances, references = pickling.dump(state)
        except Exception as error:
            if group.name not in self.problems:
                log.exception("the state of %s cannot be saved and will be lost when Cairn stops", group.name)
            why = f"{type(error).__name__}: {error}"
            self.problems[group.name] = Problem(f"the state of {group.name} cannot be saved", why)
            group.instances = set()
            return _Look(None, [])
        self.problems.pop(group.name, None)
        referred = [backend for backend in references.values() if key_of(backend) not in group.members]
        return _Look(Snapshot(group.name, "pickle", content), referred)

    def _merged(self, group: _Group) -> _Group:
        """`group`, or a new group of it and of all that share objects with it."""
        members = dict(group.members)
        for other in set(self._groups.values()) - {group}:
            if group.instances.isdisjoint(other.instances):
                continue
            self._look(other)  # its objects of last time may be gone, and their ids in use by ours
            if not group.instances.isdisjoint(other.instances):
                members.update(other.members)
        return group if len(members) == len(group.members) else _Group(members)

    def _adopt(self, merged: _Group) -> None:
        for key in merged.members:
            self._groups[key] = merged


def _members(name: str) -> list[BackendKey]:
    return [BackendKey(*parts) for parts in json.loads(name)]


def _with_siblings(touched: Iterable[BaseBackend]) -> list[BaseBackend]:
    found = list(touched)
    services = {key_of(backend).service for backend in found} & _SIBLINGS
    return found + [b for b in live_backends() if key_of(b).service in services] if services else found


def _class_state() -> dict[tuple[str, str, str], Any]:
    state = {}
    for module, owner, attribute in _CLASS_STATE:
        if module in sys.modules:
            state[module, owner, attribute] = getattr(getattr(sys.modules[module], owner), attribute)
    return state


def _restore_class_state(state: dict[tuple[str, str, str], Any]) -> None:
    for (module, owner, attribute), value in state.items():
        setattr(getattr(importlib.import_module(module), owner), attribute, value)
