"""In which words STS refuses a token, and by how much a provider's clock may differ.

Sources: STS API reference, errors of AssumeRoleWithWebIdentity and AssumeRoleWithSAML; messages are those that people
report of AWS where any are known.
"""

from __future__ import annotations

from cairn.core.errors import AwsError

NO_TOKEN = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"  # noqa: S105
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
NO_ANSWER = (
    "The identity provider that was asked to verify the incoming identity token could not be reached. This is often a "
    "transient error caused by network conditions. Retry the request a limited number of times."
)


class UnknownKey(AwsError):
    """A token was signed by a key that is not among those that its issuer published when it was asked."""

    def __init__(self) -> None:
        super().__init__("InvalidIdentityToken", NO_KEY, 400)


LEEWAY_S = 60.0
"""By how much the clock of a provider may be ahead."""


def invalid(message: str) -> AwsError:
    return AwsError("InvalidIdentityToken", message, 400)


def expired(message: str) -> AwsError:
    return AwsError("ExpiredTokenException", message, 400)


def no_keys() -> AwsError:
    return invalid(NO_KEY)


def unreachable() -> AwsError:
    return AwsError("IDPCommunicationError", NO_ANSWER, 400)
