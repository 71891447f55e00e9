"""What must not be seen in a record (spec 1.4): hidden behind a word, or left out.

Two lists decide. botocore's models mark members as `sensitive`; and names of members that can only hold a secret are
hidden whether marked or not, since models forget. Which of the two ways a service takes is as genuine records have it.
"""

from __future__ import annotations

import enum
import re

from botocore.model import Shape

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


class Treatment(enum.Enum):
    """What becomes of a member in the record."""

    SHOW = "show"
    HIDE = "hide"
    """The member stands, its value is the word `HIDDEN`."""
    OMIT = "omit"


_OMITTING = frozenset({"iam", "sts", "kms", "secretsmanager", "lambda", "dynamodb", "kinesis", "firehose"})
"""Services that leave sensitive members out instead of hiding their values."""

_SECRET_NAME = re.compile(
    r"(passwords?|passphrase|passcode|privatekey|secretkey|secretaccesskey|secretbinary|secretstring|clientsecret"
    r"|authtoken|authkey|consumersecret|sharedsecret|oauthtoken|userdata|plaintext|keymaterial|^secret"
    r"|(access|refresh|id|bearer|hec|jwt|api|grafana|device|gateway)token)$",
    re.IGNORECASE,
)

_LISTED: dict[tuple[str, str], Treatment] = {
    ("sns", "Message"): Treatment.HIDE,
    ("sns", "Subject"): Treatment.HIDE,
    ("sns", "MessageAttributes"): Treatment.HIDE,
    ("sqs", "MessageBody"): Treatment.HIDE,
    ("sqs", "MessageAttributes"): Treatment.HIDE,
    ("sqs", "Body"): Treatment.HIDE,
    ("cognito-identity", "Logins"): Treatment.HIDE,
    ("cognito-identity", "Token"): Treatment.HIDE,
    ("sts", "WebIdentityToken"): Treatment.OMIT,
    ("sts", "SAMLAssertion"): Treatment.OMIT,
    ("sts", "TokenCode"): Treatment.OMIT,
    ("events", "Detail"): Treatment.HIDE,
}
"""CloudTrail's own list, by botocore's service and member."""

_TEXT = frozenset({"string", "character", "blob"})
_WORDS = {"ec2": "<sensitiveDataRemoved>", "organizations": "****"}


def treatment(service: str, member: str, shape: Shape) -> Treatment:
    """What becomes of `member` of `shape` in records of `service`."""
    listed = _LISTED.get((service, member))
    if listed is not None:
        return listed
    if is_sensitive(shape) or (shape.type_name in _TEXT and _SECRET_NAME.search(member)):
        return Treatment.OMIT if service in _OMITTING else Treatment.HIDE
    return Treatment.SHOW


def is_sensitive(shape: Shape) -> bool:
    """Whether botocore's model marks `shape`."""
    return bool(shape.metadata.get("sensitive"))


def hidden_word(service: str) -> str:
    """What stands for a hidden value in records of `service`."""
    return _WORDS.get(service, HIDDEN)
