"""Names that the gateway and the child agree on."""

SECRET = "x-cairn-secret"  # noqa: S105 - the header's name
"""Carries the secret that only Cairn's own processes know."""
OPERATION = "x-cairn-operation"
"""The operation's name in botocore's model."""
ACCOUNT = "x-moto-account-id"
"""moto's own header for the account whose resources are addressed."""
FAILURE = "x-cairn-failure"
"""On a reply: the error code of an answer that is not yet in its protocol's form."""
INTERNAL_PATH = "/-cairn/"
"""Where the child answers Cairn's own questions."""
