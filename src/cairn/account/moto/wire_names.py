"""What the gateway and the child agree on."""

import msgspec

SECRET = "x-cairn-secret"  # noqa: S105 - the header's name
"""Carries the secret that only Cairn's own processes know."""
OPERATION = "x-cairn-operation"
"""The operation's name in botocore's model."""
ACCOUNT = "x-moto-account-id"
"""moto's own header for the account whose resources are addressed."""
CALLER = "x-cairn-caller"
"""The name of the IAM user who calls, whatever key it is with; empty for anybody else."""
FAILURE = "x-cairn-failure"
"""On a reply: the error code of an answer that is not yet in its protocol's form."""
QUESTION = "x-cairn-question"
"""Names one of Cairn's own questions. A header, since the gateway lets no client's through that begins like this; a
path, and a body, are the client's to choose."""
NOT_FOUND = "NotFound"
"""The failure of a question about something that does not exist."""
SCHEME = "x-cairn-scheme"
"""`http` or `https`, as the client called; queues' addresses have it."""


class S3Access(msgspec.Struct, frozen=True, kw_only=True):
    """An S3 endpoint and a key that may do everything there."""

    url: str
    access_key_id: str
    secret_access_key: str
