"""Tokens of OpenID Connect.

Sources: RFC 7515, RFC 7517, RFC 7519; IAM user guide, "Create an OpenID Connect (OIDC) identity provider".
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.federation import claims_of
from cairn.gateway.federation.refusals import NO_KEY, NO_TOKEN, UnknownKey, expired, invalid

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
LEEWAY_S = 60.0
"""By how much the clock of a provider may be ahead."""

_ODD = (ValueError, TypeError, KeyError, AttributeError, *UNREADABLE)
"""What the library raises of odd keys and headers, beside its own errors."""


def check_token(token: str, keys: bytes, *, now: float, audiences: Collection[str] | None) -> None:
    """Return if `token` was signed by one of `keys`, is for one of `audiences`, and its time is now.

    Args:
        keys: a JSON web key set, as an issuer published it.
        audiences: None: whoever it is for.

    Raises:
        UnknownKey: none of the keys is the one that it names.
        AwsError: it is not.
    """
    # Loaded where a token comes: most gateways never see one.
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    try:
        key_set = KeySet.import_key_set(msgspec.json.decode(keys))
    except (JoseError, *_ODD) as error:
        raise invalid(NO_KEY) from error
    try:
        jwt.decode(token, key_set, ALGORITHMS, JWSRegistry(strict_check_header=False))
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, *_ODD) as error:
        raise invalid("Token signature invalid") from error
    claims = claims_of(token)
    if claims.exp is None:
        raise invalid(NO_TOKEN)
    if now >= claims.exp:
        message = f"Token expired: current date/time {now:.0f} must be before the expiration date/time {claims.exp:.0f}"
        raise expired(message)
    if claims.nbf > now + LEEWAY_S:
        raise invalid(f"Token is not valid before {claims.nbf:.0f}")
    if audiences is not None and not set(claims.audiences) & set(audiences):
        raise invalid("Incorrect token audience")
