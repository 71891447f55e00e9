"""Tokens are believed that an issuer's key signed, for somebody who is known, at their time."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey
from joserfc.jws import JWSRegistry
from tests.gateway.federation.providers import TokenIssuer, new_key

from cairn.core.errors import AwsError
from cairn.gateway.federation.refusals import UnknownKey
from cairn.gateway.federation.tokens import ALGORITHMS, check_token, key_set

NOW = 1_700_000_000.0
AUDIENCES = ["other", "cairn"]


@pytest.fixture(scope="module")
def issuer() -> TokenIssuer:
    return TokenIssuer(keys=[new_key(), new_key()])


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def refusal(token: str, issuer: TokenIssuer, now: float = NOW) -> str:
    with pytest.raises(AwsError) as caught:
        check_token(token, key_set(issuer.key_set()), now=now, audiences=AUDIENCES)
    return f"{caught.value.code}: {caught.value.message}"


def test_tokens_that_an_issuer_signed_are_believed(issuer: TokenIssuer) -> None:
    for token in (
        issuer.token(),
        issuer.token(key=issuer.keys[0]),
        issuer.token(aud=["nobody", "cairn"]),
        issuer.token(aud="nobody", azp="cairn"),
        issuer.token(nbf=NOW + 30, header={"typ": "JWT", "nonce": "what some providers add"}),
    ):
        check_token(token, key_set(issuer.key_set()), now=NOW, audiences=AUDIENCES)
    check_token(issuer.token(aud="anybody"), key_set(issuer.key_set()), now=NOW, audiences=None)


def signed_by(algorithm: str, key: Any, **header: Any) -> tuple[str, bytes]:
    """A token, and a set with its key in it."""
    claims = {"iss": "https://token.example.com", "aud": "cairn", "sub": "main", "exp": NOW + 1}
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    token = jwt.encode({"alg": algorithm, "kid": key.kid, **header}, claims, key, registry=registry)
    return token, json.dumps({"keys": [key.as_dict(private=isinstance(key, OctKey))]}).encode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_providers_sign_with(algorithm: str) -> None:
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    curve = curves.get(algorithm)
    token, keys = signed_by(algorithm, ECKey.generate_key(curve, auto_kid=True) if curve else new_key())
    check_token(token, key_set(keys), now=NOW, audiences=AUDIENCES)


@pytest.mark.parametrize("algorithm", ["PS256", "ES256K", "Ed25519", "HS256"])
def test_what_others_sign_with(algorithm: str) -> None:
    """Among it a secret that both sides share, and that the issuer publishes."""
    keys = {
        "PS256": new_key(),
        "ES256K": ECKey.generate_key("secp256k1", auto_kid=True),
        "Ed25519": OKPKey.generate_key("Ed25519", auto_kid=True),
        "HS256": OctKey.generate_key(256, auto_kid=True),
    }
    token, published = signed_by(algorithm, keys[algorithm])
    beside = TokenIssuer()
    document = {"keys": [*json.loads(published)["keys"], *json.loads(beside.key_set())["keys"]]}
    with pytest.raises(AwsError, match="InvalidIdentityToken"):
        check_token(token, key_set(json.dumps(document).encode()), now=NOW, audiences=AUDIENCES)


def test_certificates_in_a_header_are_no_keys_and_no_trouble() -> None:
    token, keys = signed_by("RS256", new_key(), x5c=["A" * 4000])
    check_token(token, key_set(keys), now=NOW, audiences=AUDIENCES)


@pytest.mark.parametrize(
    "odd", [{"kty": "new"}, {"kty": "EC", "crv": "P-257", "x": "a", "y": "b"}, {"kty": "RSA"}, {}, {"kty": ["RSA"]}]
)
def test_keys_that_nobody_understands_spoil_no_others(issuer: TokenIssuer, odd: dict[str, object]) -> None:
    document = {"keys": [odd, *json.loads(issuer.key_set())["keys"]]}
    check_token(issuer.token(), key_set(json.dumps(document).encode()), now=NOW, audiences=AUDIENCES)


def test_tokens_that_somebody_else_signed_are_not(issuer: TokenIssuer) -> None:
    assert "signature invalid" in refusal(issuer.token(key=new_key(), header={"kid": issuer.keys[-1].kid}), issuer)
    head, claims, signature = issuer.token().split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    other = encoded(json.dumps(told | {"sub": "other"}).encode())
    for forged in (f"{head}.{other}.{signature}", f"{head}.{claims}.", f"{head}.{claims}", f"{head}..{signature}"):
        assert "InvalidIdentityToken" in refusal(forged, issuer)


def test_who_verifies_does_not_let_the_token_choose_how(issuer: TokenIssuer) -> None:
    """`none`, and the public key taken for a shared secret."""
    none = encoded(b'{"alg":"none"}')
    _, claims, signature = issuer.token().split(".")
    assert "signature invalid" in refusal(f"{none}.{claims}.", issuer)
    assert "signature invalid" in refusal(f"{none}.{claims}.{signature}", issuer)
    head = encoded(json.dumps({"alg": "HS256", "kid": issuer.keys[-1].kid}).encode())
    shared = hmac.digest(issuer.keys[-1].as_pem(private=False), f"{head}.{claims}".encode(), "sha256")
    forged = f"{head}.{claims}.{encoded(shared)}"
    bare = json.dumps({"keys": [issuer.keys[-1].as_dict(private=False)]}).encode()
    for keys in (issuer.key_set(), bare):
        with pytest.raises(AwsError, match="InvalidIdentityToken"):
            check_token(forged, key_set(keys), now=NOW, audiences=AUDIENCES)


def test_a_key_that_is_not_published_is_told_apart(issuer: TokenIssuer) -> None:
    with pytest.raises(UnknownKey):
        check_token(issuer.token(key=new_key()), key_set(issuer.key_set()), now=NOW, audiences=AUDIENCES)


def test_tokens_have_their_time(issuer: TokenIssuer) -> None:
    message = f"ExpiredTokenException: Token expired: current date/time {NOW:.0f} must be before the expiration"
    assert refusal(issuer.token(exp=NOW), issuer).startswith(message)
    assert "not valid before" in refusal(issuer.token(nbf=NOW + 61), issuer)
    assert "not a valid JWT" in refusal(issuer.token(exp=None), issuer)
    assert "not a valid JWT" in refusal(issuer.token(sub=""), issuer)


def test_tokens_are_for_somebody(issuer: TokenIssuer) -> None:
    for aud in ("stranger", [], ["a", "b"], ""):
        assert refusal(issuer.token(aud=aud), issuer) == "InvalidIdentityToken: Incorrect token audience"
    assert "Incorrect token audience" in refusal(issuer.token(azp="stranger"), issuer)


@pytest.mark.parametrize(
    "keys", [b"", b"[]", b"{}", b'{"keys":[]}', b'{"keys":[1]}', b'{"keys":{}}', b'{"keys":[{"kty":"RSA"}]}']
)
def test_what_is_no_set_of_keys_verifies_nothing(keys: bytes) -> None:
    with pytest.raises(ValueError):
        key_set(keys)
