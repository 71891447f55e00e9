"""A message: what is published, checked as SNS checks it, and as it waits for delivery."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from cairn.cloudwatch.sns import refusals

MESSAGE_BYTES_MAX = 256 << 10
"""Of the message with its attributes; a batch has no more altogether."""
SUBJECT_CHARACTERS_MAX = 100
ATTRIBUTE_NAME_BYTES_MAX = 256
DEFAULT = "default"

Kind = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]

_NAME = re.compile(r"[A-Za-z0-9_.-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DEDUPLICATION = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")


class Attribute(msgspec.Struct, frozen=True):
    """A message attribute."""

    type: str
    """`String`, `String.Array`, `Number` or `Binary`, or one of these and a label of the publisher's."""
    value: str
    """Base64 where the type is Binary."""

    @property
    def kind(self) -> str:
        return self.type if self.type == "String.Array" else self.type.partition(".")[0]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message as it waits for delivery."""

    kind: Kind = "Notification"
    id: str
    published: float
    """Seconds since the epoch."""
    bodies: dict[str, str]
    """The text by protocol, or for all that have none of their own under `default`."""
    subject: str = ""
    attributes: dict[str, Attribute] = {}
    group: str = ""
    """MessageGroupId."""
    deduplication: str = ""
    """MessageDeduplicationId, or the hash of the body that stands for it."""
    sequence: int = 0
    """Within its FIFO topic; 0 in others."""

    def body(self, protocol: str) -> str:
        """The text for subscribers by a protocol."""
        return self.bodies.get(protocol, self.bodies[DEFAULT])


def check_subject(subject: str | None) -> str:
    """The subject; raises InvalidParameter where SNS takes it for none."""
    if subject is None:
        return ""
    if not subject or len(subject) > SUBJECT_CHARACTERS_MAX or _CONTROL.search(subject):
        raise refusals.invalid("Subject")
    return subject


def read_bodies(text: str, structure: str | None) -> dict[str, str]:
    """The texts by protocol. Raises InvalidParameter where there is none for everybody."""
    if not text:
        raise refusals.invalid("Empty message")
    if structure is None or structure == "":
        return {DEFAULT: text}
    if structure != "json":
        raise refusals.invalid("MessageStructure")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise refusals.invalid("Message Structure - JSON message body failed to parse") from None
    if not isinstance(document, dict):
        raise refusals.invalid("Message Structure - JSON message body failed to parse")
    bodies = {key: value for key, value in document.items() if isinstance(value, str)}
    if DEFAULT not in bodies:
        raise refusals.invalid("Message Structure - No default entry in JSON message body")
    return bodies


def read_attributes(given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Attribute]:
    """The attributes of a message. Raises ParameterValueInvalid where one is none."""
    return {name: _attribute(name, value) for name, value in (given or {}).items()}


def size(text: str, attributes: Mapping[str, Attribute]) -> int:
    """Bytes that count."""
    total = len(text.encode("utf-8", "surrogatepass"))
    for name, attribute in attributes.items():
        value = attribute.value.encode("utf-8", "surrogatepass")
        length = len(base64.b64decode(value)) if attribute.kind == "Binary" else len(value)
        total += len(name.encode()) + len(attribute.type.encode()) + length
    return total


def check_deduplication(text: str, member: str) -> None:
    """Raise InvalidParameter unless it may be a MessageDeduplicationId or a MessageGroupId."""
    if not _DEDUPLICATION.fullmatch(text):
        raise refusals.invalid(
            f"{member} Reason: {member} can only include alphanumeric and punctuation characters. 1 to 128 in length"
        )


def _attribute(name: str, given: Mapping[str, Any]) -> Attribute:
    _check_name(name)
    data_type: str = given["DataType"]
    kind = data_type.partition(".")[0]
    if kind not in ("String", "Number", "Binary"):
        raise refusals.invalid_value(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    wanted, other = ("BinaryValue", "StringValue") if kind == "Binary" else ("StringValue", "BinaryValue")
    value = given.get(wanted)
    if value in (None, "", b""):
        if given.get(other) not in (None, "", b""):
            field = "Binary" if kind == "Binary" else "String"
            raise refusals.invalid_value(
                f"The message attribute '{name}' with type '{data_type}' must use field '{field}'."
            )
        raise refusals.invalid_value(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
            f"'{data_type}'."
        )
    if kind == "Number" and not _is_number(str(value)):
        raise refusals.invalid_value(f"Could not cast message attribute '{name}' value to number.")
    return Attribute(data_type, base64.b64encode(value).decode() if isinstance(value, bytes) else str(value))


def _check_name(name: str) -> None:
    if not name:
        raise refusals.invalid_value("The message attribute name must not be empty.")
    if len(name.encode("utf-8", "surrogatepass")) > ATTRIBUTE_NAME_BYTES_MAX:
        raise refusals.invalid_value("Length of message attribute name must be less than 256 bytes.")
    for character in name:
        if not _NAME.fullmatch(character):
            raise refusals.invalid_value(
                f"Invalid non-alphanumeric character '#x{ord(character):X}' was found in the message attribute name. "
                "Can only include alphanumeric characters, hyphens, underscores, or dots."
            )
    if name[0] == ".":
        raise refusals.invalid_value("Invalid message attribute name starting with character '.' was found.")
    if name[-1] == ".":
        raise refusals.invalid_value("Invalid message attribute name ending with character '.' was found.")
    if ".." in name:
        raise refusals.invalid_value("Message attribute name can not have successive '.' character.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text and text.lower().lstrip("+-")[:1] not in ("n", "i")
