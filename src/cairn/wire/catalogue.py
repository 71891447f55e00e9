"""Readers and writers of the operations that were called, compiled once and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from botocore.model import OperationModel

from cairn.wire.models import operation_model
from cairn.wire.protocols import Protocol

S = TypeVar("S")
R = TypeVar("R")


class Catalogue(Generic[S, R]):
    """Whatever `compile` makes of an operation, by service, operation and protocol.

    The operations of one service share what was made of its structures (`shared` makes the holder of that). These
    may hold themselves and are unfinished while they are compiled: hence the lock.
    """

    def __init__(self, shared: Callable[[Protocol], S], compile: Callable[[S, OperationModel], R]) -> None:
        self._shared = shared
        self._compile = compile
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, Protocol], R] = {}
        self._services: dict[tuple[str, Protocol], S] = {}

    def get(self, service: str, operation: str, protocol: Protocol) -> R:
        """What was made of an operation.

        Raises:
            KeyError: there is no such operation.
        """
        key = (service, operation, protocol)
        found = self._made.get(key)
        if found is not None:
            return found
        model = operation_model(service, operation)
        with self._lock:
            if key not in self._made:
                if (service, protocol) not in self._services:
                    self._services[service, protocol] = self._shared(protocol)
                self._made[key] = self._compile(self._services[service, protocol], model)
            return self._made[key]
