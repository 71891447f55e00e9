"""The readers of one service in one protocol: for parts of a request or a reply, in its format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from cairn.wire.protocols import Protocol
from cairn.wire.readers.form import FormReaders
from cairn.wire.readers.scalars import Reader
from cairn.wire.readers.tree import TreeReaders, decode_cbor, decode_json
from cairn.wire.readers.xml import XmlReaders, decode_xml

BodyReader = Callable[[bytes], Any]


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
