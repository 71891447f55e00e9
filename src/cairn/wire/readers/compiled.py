"""Readers of the operations that were called, compiled once and kept.

The readers of one service in one protocol share those of its structures, which may hold themselves and are unfinished
while they are compiled: hence the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from botocore.model import OperationModel, Shape

from cairn.wire.models import operation_model
from cairn.wire.protocols import Protocol
from cairn.wire.readers.form import FormReaders
from cairn.wire.readers.scalars import Reader
from cairn.wire.readers.tree import TreeReaders, decode_cbor, decode_json
from cairn.wire.readers.xml import XmlReaders, decode_xml

BodyReader = Callable[[bytes], Any]

R = TypeVar("R")


class ServiceReaders:
    """Makes readers for the shapes of one service in one protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.elements = XmlReaders()
        self._trees = TreeReaders(cbor=protocol == Protocol.CBOR)
        self._forms = FormReaders(ec2=protocol == Protocol.EC2)

    def form(self, shape: Shape) -> Reader:
        """Reads the tree of a form."""
        return self._forms.reader(shape)

    def body(self, shape: Shape) -> BodyReader:
        """Reads a whole body in the protocol's format."""
        if self.protocol.speaks_xml:
            read_element = self.elements.reader(shape)
            return lambda body: read_element(decode_xml(body))
        read = self._trees.reader(shape)
        decode = decode_cbor if self.protocol == Protocol.CBOR else decode_json
        return lambda body: read(decode(body))

    def payload(self, shape: Shape) -> BodyReader:
        """Reads a whole body that is one member; None if it says nothing."""
        if self.protocol.speaks_xml:
            return self.body(shape)
        read = self._trees.reader(shape)
        # Clients send an empty object where they have nothing to send.
        return lambda body: read(tree) if (tree := decode_json(body)) != {} else None


class Catalogue(Generic[R]):
    """Whatever `compile` makes of an operation, by service, operation and protocol."""

    def __init__(self, compile: Callable[[ServiceReaders, OperationModel], R]) -> None:
        self._compile = compile
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, Protocol], R] = {}
        self._services: dict[tuple[str, Protocol], ServiceReaders] = {}

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
                readers = self._services.setdefault((service, protocol), ServiceReaders(protocol))
                self._made[key] = self._compile(readers, model)
            return self._made[key]
