"""KMS's state as a document: keys and their material outlive every change of moto or Python.

The document is JSON, one for each account and region:

    {"format": "cairn.kms/1",
     "keys": [{
        "id", "arn", "account_id", "region", "description", "policy", "key_usage", "key_spec", "key_state", "origin",
        "key_manager": str, "enabled", "key_rotation_status", "multi_region": bool,
        "creation_date": seconds since the epoch,
        "deletion_date": ISO 8601 or null,
        "key_material": base64 of the 32 bytes that encrypt and sign HMACs,
        "private_key": PEM (PKCS8, not encrypted) of the RSA or EC key that signs and decrypts,
        "rotations": [{"KeyId", "RotationDate": seconds since the epoch, "RotationType"}],
        "aliases": [name], "grants": [{"id", "token", "key_id", "name", ...}],
        "more": {...} whatever else this moto keeps, such as "multi_region_configuration"}],
     "tags": {key id: {name: value}}}

It is as secret as the keys: it stands in the state file (0600, folder 0700), authenticated like every snapshot.
"""

from __future__ import annotations

import base64
import json
import weakref
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.kms.models import Alias, Grant, Key, KmsBackend
from moto.kms.utils import AbstractPrivateKey, ECDSAPrivateKey, KeySpec, RSAPrivateKey

FORMAT = "cairn.kms/1"

_PLAIN = (
    "id",
    "arn",
    "account_id",
    "region",
    "description",
    "policy",
    "key_usage",
    "key_spec",
    "key_state",
    "origin",
    "key_manager",
    "enabled",
    "key_rotation_status",
    "multi_region",
    "creation_date",
    "rotations",
)
_GRANT = ("id", "token", "key_id", "name", "grantee_principal", "retiring_principal", "operations", "constraints")
_OWN_FORM = {*_PLAIN, "deletion_date", "key_material", "private_key", "aliases", "grants"}

_pem: weakref.WeakKeyDictionary[AbstractPrivateKey, str] = weakref.WeakKeyDictionary()
"""Writing a private key down takes longer than all the rest, and it never changes."""


def document(backend: KmsBackend) -> bytes:
    """The state of KMS in one account and region.

    Raises:
        TypeError: this moto keeps something that JSON cannot hold.
    """
    keys = [_key_document(key) for key in backend.keys.values()]
    return json.dumps({"format": FORMAT, "keys": keys, "tags": backend.tagger.tags}).encode()


def restore(backend: KmsBackend, content: bytes) -> None:
    """Fill an empty backend with what `document` wrote.

    Raises:
        ValueError: the document is of another format.
    """
    parsed = json.loads(content)
    if parsed.get("format") != FORMAT:
        raise ValueError(f"a document of format {parsed.get('format')!r}, not {FORMAT!r}")
    backend.keys = {entry["id"]: _key(entry) for entry in parsed["keys"]}
    backend.tagger.tags = parsed["tags"]


def _key_document(key: Key) -> dict[str, Any]:
    entry: dict[str, Any] = {name: getattr(key, name) for name in _PLAIN}
    entry["deletion_date"] = key.deletion_date.isoformat() if key.deletion_date else None
    entry["key_material"] = base64.b64encode(key.key_material).decode()
    entry["private_key"] = _private_pem(key.private_key)
    entry["aliases"] = list(key.aliases)
    entry["grants"] = [{name: getattr(grant, name) for name in _GRANT} for grant in key.grants.values()]
    entry["more"] = {name: value for name, value in vars(key).items() if name not in _OWN_FORM}
    return entry


def _key(entry: dict[str, Any]) -> Key:
    key: Key = Key.__new__(Key)
    for name in _PLAIN:
        setattr(key, name, entry[name])
    for name, value in entry["more"].items():
        setattr(key, name, value)
    key.deletion_date = datetime.fromisoformat(entry["deletion_date"]) if entry["deletion_date"] else None
    key.key_material = base64.b64decode(entry["key_material"])
    key.private_key = _private_key(entry["private_key"], entry["key_spec"])
    key.aliases = {name: Alias(key.account_id, key.region, name, key) for name in entry["aliases"]}
    key.grants = {grant["id"]: _grant(grant) for grant in entry["grants"]}
    return key


def _grant(entry: dict[str, Any]) -> Grant:
    grant: Grant = Grant.__new__(Grant)
    for name in _GRANT:
        setattr(grant, name, entry[name])
    return grant


def _private_pem(wrapper: Any) -> str:
    known = _pem.get(wrapper)
    if known is None:
        known = _pem[wrapper] = wrapper.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    return known


def _private_key(pem: str, key_spec: str) -> AbstractPrivateKey:
    loaded = serialization.load_pem_private_key(pem.encode(), None)
    wrapper: Any
    if isinstance(loaded, rsa.RSAPrivateKey):
        wrapper = RSAPrivateKey.__new__(RSAPrivateKey)
        wrapper.key_size = loaded.key_size
    else:
        wrapper = ECDSAPrivateKey.__new__(ECDSAPrivateKey)
        wrapper.valid_signing_algorithms = [_ECDSA.get(key_spec, "ECDSA_SHA_256")]
    wrapper.private_key = loaded
    return wrapper


_ECDSA = {KeySpec.ECC_NIST_P384.value: "ECDSA_SHA_384", KeySpec.ECC_NIST_P521.value: "ECDSA_SHA_512"}
