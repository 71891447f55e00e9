"""What moto puts into every new backend by itself, and which is therefore not saved again and again.

Each EC2 backend starts with 1,300 images and their snapshots, each IAM backend with 1,500 managed policies: nearly a
megabyte that no call changes. A snapshot holds what differs from it. So that a restart gives the same backend, the ids
that moto draws for images at random are made a function of account and region, and their age is the same for ever.
"""

from __future__ import annotations

import hashlib
import weakref
from datetime import datetime, timedelta
from typing import Any

from moto.core.base_backend import BaseBackend

_CONSTANT = {("ec2", "amis"), ("ec2", "snapshots"), ("iam", "managed_policies")}
IMAGES_MADE = datetime(2020, 1, 1)  # noqa: DTZ001 - moto's times have no zone
"""When those images were made of which moto knows no date, and therefore says now."""
_LEFT_OUT = {("iam", "aws_managed_policies")}
"""Attributes that the constructor makes and nobody changes."""


class Constants:
    """Remembers what each backend was born with.

    The constants themselves may be referred to by saved objects (a user's attached policies, an instance's image):
    `name_of` gives such an object a name, `named` finds it again.
    """

    def __init__(self) -> None:
        self._born: weakref.WeakKeyDictionary[BaseBackend, dict[str, dict[Any, Any]]] = weakref.WeakKeyDictionary()
        self._names: dict[int, tuple[BaseBackend, str, Any]] = {}

    def note(self, backend: BaseBackend) -> None:
        """Take stock of a backend that has just been made."""
        service = type(backend).__module__.split(".")[1]
        if service == "ec2":
            _steady_images(backend)
        born = {name: dict(vars(backend)[name]) for of, name in _CONSTANT if of == service and name in vars(backend)}
        if born:
            self._born[backend] = born
            for attribute, content in born.items():
                for key, value in content.items():
                    self._names[id(value)] = (backend, attribute, key)

    def name_of(self, obj: Any) -> tuple[BaseBackend, str, Any] | None:
        """Backend, attribute and key of a constant; None of anything else."""
        return self._names.get(id(obj))

    def named(self, backend: BaseBackend, attribute: str, key: Any) -> Any:
        return self._born[backend][attribute][key]

    def without(self, backend: BaseBackend) -> dict[str, Any]:
        """The state of a backend, of its constants only what was added, replaced or taken away."""
        service = type(backend).__module__.split(".")[1]
        state = {name: value for name, value in vars(backend).items() if (service, name) not in _LEFT_OUT}
        for attribute, born in self._born.get(backend, {}).items():
            now = state[attribute]
            state[attribute] = (
                {key: value for key, value in now.items() if born.get(key) is not value},
                [key for key in born if key not in now],
            )
        return state

    def give_back(self, backend: BaseBackend, state: dict[str, Any]) -> None:
        """Put what `without` returned, from another process, into a backend that has just been made."""
        left_out = {name: value for name, value in vars(backend).items() if name not in state}
        for attribute, born in self._born.get(backend, {}).items():
            added, gone = state[attribute]
            state[attribute] = {key: value for key, value in born.items() if key not in gone} | added
        vars(backend).clear()
        vars(backend).update(left_out | state)
        if "managed_policies" in self._born.get(backend, {}):
            _count_attachments(backend)


CONSTANTS = Constants()
"""The process's own, as moto's backends are the process's own."""


def _count_attachments(backend: Any) -> None:
    """Attachments of AWS's policies, the one thing about them that calls change."""
    for policy in backend.aws_managed_policies:
        policy.attachment_count = 0
    for holder in [*backend.users.values(), *backend.roles.values(), *backend.groups.values()]:
        for policy in holder.managed_policies.values():
            if policy in backend.aws_managed_policies:
                policy.attachment_count += 1


def _steady_images(backend: Any) -> None:
    for ami_id, ami in backend.amis.items():
        snapshot = ami.ebs_snapshot
        del backend.snapshots[snapshot.id]
        name = f"{backend.account_id} {backend.region_name} {ami_id}"
        snapshot.id = f"snap-{hashlib.sha256(name.encode()).hexdigest()[:17]}"
        backend.snapshots[snapshot.id] = snapshot
        if snapshot.start_time - ami.creation_date < timedelta(minutes=1):
            ami.creation_date = IMAGES_MADE
        snapshot.start_time = ami.creation_date
