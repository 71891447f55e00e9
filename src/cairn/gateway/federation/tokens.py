"""Tokens of OpenID Connect.

Sources: RFC 7515, RFC 7517, RFC 7519; IAM user guide, "Create an OpenID Connect (OIDC) identity provider".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.federation import claims_of
from cairn.gateway.federation.refusals import LEEWAY_S, NO_TOKEN, UnknownKey, expired, invalid

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
KEYS_MAX = 100
"""Of a set; those behind them are not looked at."""
HEADER_BYTES_MAX = 16 << 10
"""Of a token: some carry certificates there."""

_ODD = (ValueError, TypeError, KeyError, AttributeError, *UNREADABLE)
"""What the library raises of odd keys and headers, beside its own errors."""


class _Document(msgspec.Struct):
    keys: list[dict[str, object]]


def key_set(document: bytes) -> KeySet:
    """The keys of a JSON web key set that can verify tokens. Others in it are passed over, as RFC 7517 (5) has it.

    Raises:
        ValueError: it is no such set, or none of its keys can.
    """
    # Loaded where a token comes: most gateways never see one.
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, KeySet, RSAKey

    # no shared secrets: what is published is none
    kinds: dict[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
    keys = []
    try:
        published = msgspec.json.decode(document, type=_Document).keys
    except UNREADABLE as error:
        raise ValueError(f"it is no set of keys: {error}") from error
    for each in published[:KEYS_MAX]:
        kind = kinds.get(str(each.get("kty")))
        if kind is None:
            continue
        try:
            keys.append(kind.import_key(each))  # type: ignore[arg-type] # what is no key is refused there
        except (JoseError, NotImplementedError, *_ODD):
            continue
    if not keys:
        raise ValueError("none of its keys can verify a token")
    return KeySet(list(keys))


def check_token(token: str, keys: KeySet, *, now: float, audiences: Collection[str] | None) -> None:
    """Return if `token` was signed by one of `keys`, is for one of `audiences`, and its time is now.

    Args:
        audiences: None: whoever it is for.

    Raises:
        UnknownKey: none of the keys is the one that it names.
        AwsError: it is not.
    """
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    registry.max_header_length = HEADER_BYTES_MAX
    try:
        jwt.decode(token, keys, registry=registry)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, NotImplementedError, *_ODD) as error:
        raise invalid("Token signature invalid") from error
    claims = claims_of(token)
    if claims.exp is None or not claims.sub:
        raise invalid(NO_TOKEN)
    if not now < claims.exp:
        message = f"Token expired: current date/time {now:.0f} must be before the expiration date/time {claims.exp:.0f}"
        raise expired(message)
    if not claims.nbf <= now + LEEWAY_S:
        raise invalid(f"Token is not valid before {claims.nbf:.0f}")
    if audiences is not None and not set(claims.audiences) & set(audiences):
        raise invalid("Incorrect token audience")
