"""Tokens of identity providers, which strangers send: what a provider did not sign opens nothing, whatever it is."""

from __future__ import annotations

import base64

from cairn.core.errors import AwsError
from cairn.gateway.federation.assertions import check_assertion
from cairn.gateway.federation.tokens import check_token, key_set
from fuzz import corpus
from fuzz.target import SEPARATOR, Target, parts, text

NOW = 1_800_000_000.0
ROLE = "arn:aws:iam::000000000000:role/staff"
PROVIDER = "arn:aws:iam::000000000000:saml-provider/company"
SESSION = b"sam@example.com"


def token(data: bytes) -> None:
    """A set of keys, and a token. The key that signed the kept one is lost."""
    keys, given = parts(data, 2)
    try:
        known = key_set(keys)
    except ValueError:
        return
    check_token(text(given), known, now=NOW, audiences=["cairn"])
    signed_keys, signed = _signed("identity-token")
    if keys == signed_keys:
        assert given.rpartition(b".")[0] == signed.rpartition(b".")[0], "a forged token is believed"


def assertion(data: bytes) -> None:
    """A provider's metadata, and a response."""
    metadata, response = parts(data, 2)
    check_assertion(base64.b64encode(response).decode(), text(metadata), ROLE, PROVIDER, now=NOW)
    if metadata == _signed("identity-assertion")[0]:
        assert SESSION in response, "a forged assertion is believed"


def _signed(name: str) -> list[bytes]:
    return dict(corpus.inputs(name))["seed-signed"].split(SEPARATOR, 1)


TARGETS = (
    Target("identity-token", "Of OpenID Connect: believed if a key of its issuer signed it.", token, (AwsError,)),
    Target("identity-assertion", "Of SAML: believed if its provider signed it.", assertion, (AwsError,)),
)
