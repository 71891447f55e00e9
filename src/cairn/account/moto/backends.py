"""Names for moto's backends (one a service, account and region), and which of them a request touched."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend


class BackendKey(NamedTuple):
    """What finds a backend again in another process."""

    module: str
    cls: str
    account: str
    region: str
    """A partition (`aws`) for global services."""

    @property
    def service(self) -> str:
        """moto's own name of the service: `iam`, `ec2`, `awslambda`."""
        return self.module.split(".")[1]


def key_of(backend: BaseBackend) -> BackendKey:
    kind = type(backend)
    return BackendKey(kind.__module__, kind.__qualname__, backend.account_id, backend.region_name)


def backend_dict(module: str, cls: str) -> BackendDict[Any]:
    """The dictionary that holds all backends of one class.

    Raises:
        LookupError: this moto has none.
    """
    try:
        content = vars(importlib.import_module(module))
    except ImportError as error:
        raise LookupError(f"moto has no module {module}") from error
    for value in content.values():
        if isinstance(value, BackendDict) and value.backend is content.get(cls):
            return value
    raise LookupError(f"{module} holds no backends of {cls}")


def backend_at(key: BackendKey) -> BaseBackend:
    """The backend of that name, made empty if there was none."""
    found: BaseBackend = backend_dict(key.module, key.cls)[key.account][key.region]
    return found


def live_backends() -> list[BaseBackend]:
    """Every backend that exists now, of every service, account and region."""
    found = []
    for backends in list(BackendDict._instances):
        for by_region in list(backends.values()):
            found += list(dict.values(by_region))
    return found


_touched: ContextVar[dict[int, BaseBackend] | None] = ContextVar("touched", default=None)


@contextmanager
def noting_touched() -> Iterator[dict[int, BaseBackend]]:
    """Collects, by id, every backend that is looked up in this thread meanwhile."""
    touched: dict[int, BaseBackend] = {}
    token = _touched.set(touched)
    try:
        yield touched
    finally:
        _touched.reset(token)


def unnoticed(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, whose look-ups do not count as touching."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        token = _touched.set(None)
        try:
            return function(*args, **kwargs)
        finally:
            _touched.reset(token)

    return wrapped


def watch_lookups(first_seen: Callable[[BaseBackend], None]) -> None:
    """Make every look-up of a backend noticed. Call once, before any backend exists.

    All of moto's code reaches a backend of another service, account or region through
    `AccountSpecificBackend.__getitem__`, or through a reference that the snapshot of the referring one finds.

    Args:
        first_seen: told of each backend when it has just been made.
    """
    look_up = AccountSpecificBackend.__getitem__

    def noticed(self: AccountSpecificBackend[Any], region: str) -> BaseBackend:
        name = "aws" if region == "global" else region
        known = dict.get(self, name)
        backend: BaseBackend = known if known is not None else look_up(self, region)
        if known is None:
            first_seen(backend)
        touched = _touched.get()
        if touched is not None:
            touched[id(backend)] = backend
        return backend

    AccountSpecificBackend.__getitem__ = noticed
