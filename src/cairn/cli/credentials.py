"""Whose AWS credentials a command uses, and which region: the environment's, or whatever botocore finds elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable

from cairn.core.errors import Unreachable
from cairn.wire.signing import Credentials

REGION_DEFAULT = "us-east-1"

_EXPIRY = "AWS_CREDENTIAL_EXPIRATION"


def find_credentials() -> Callable[[], Credentials]:
    """The usual credentials, to be asked for again for each call, since some are renewed.

    The environment's, which come first for botocore too, are taken without it: loading it takes longer than most of
    what a command does.

    Raises:
        Unreachable: there are none.
    """
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret and _EXPIRY not in os.environ:
        token = os.environ.get("AWS_SESSION_TOKEN") or os.environ.get("AWS_SECURITY_TOKEN") or ""
        fixed = Credentials(key, secret, token)
        return lambda: fixed

    from botocore.session import Session

    found = Session().get_credentials()
    if found is None:
        raise Unreachable(
            "no AWS credentials are set", advice="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile."
        )

    def credentials() -> Credentials:
        frozen = found.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token or "")

    return credentials


def find_region() -> str:
    """The region of the environment, or of the profile."""
    told = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION")
    if told:
        return told

    from botocore.session import Session

    return Session().get_config_variable("region") or REGION_DEFAULT
