"""Readers and writers of the operations that were called, compiled once and kept as long as their service's model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from botocore.model import OperationModel, ServiceModel

from cairn.wire.models import operation_model, service_model
from cairn.wire.protocols import Protocol

S = TypeVar("S")
R = TypeVar("R")


@dataclass(slots=True)
class _Made(Generic[S, R]):
    """What was made of one service's model."""

    shared: dict[Protocol, S] = field(default_factory=dict)
    operations: dict[tuple[str, Protocol], R] = field(default_factory=dict)


class Catalogue(Generic[S, R]):
    """Whatever `compile` makes of an operation, by service, operation and protocol.

    The operations of one service share what was made of its structures (`shared` makes the holder of that). These
    may hold themselves and are unfinished while they are compiled: hence the lock. They may hold shapes, but not the
    service's model, whose end is theirs.
    """

    def __init__(self, shared: Callable[[Protocol], S], compile: Callable[[S, OperationModel], R]) -> None:
        self._shared = shared
        self._compile = compile
        self._lock = threading.Lock()
        self._made: WeakKeyDictionary[ServiceModel, _Made[S, R]] = WeakKeyDictionary()

    def get(self, service: str, operation: str, protocol: Protocol) -> R:
        """What was made of an operation.

        Raises:
            KeyError: there is no such operation.
        """
        made = self._made.get(service_model(service))
        found = made.operations.get((operation, protocol)) if made is not None else None
        return found if found is not None else self._make(service, operation, protocol)

    def _make(self, service: str, operation: str, protocol: Protocol) -> R:
        model = operation_model(service, operation)
        with self._lock:
            made = self._made.setdefault(model.service_model, _Made())
            if (operation, protocol) not in made.operations:
                if protocol not in made.shared:
                    made.shared[protocol] = self._shared(protocol)
                made.operations[operation, protocol] = self._compile(made.shared[protocol], model)
            return made.operations[operation, protocol]
