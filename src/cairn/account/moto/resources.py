"""The child's answers about resources: what a policy says, in which state a key is, whether a log group is there."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.awslambda.exceptions import UnknownFunctionException
from moto.core.base_backend import BackendDict

Answer = dict[str, Any]


def backends(module: str, dictionary: str) -> BackendDict[Any]:
    """moto's backends of a service, by account and region."""
    found: BackendDict[Any] = getattr(importlib.import_module(module), dictionary)
    return found


def key_of_alias(arn: str) -> Answer:
    """The ARN of the KMS key that an alias, by its ARN, stands for.

    Raises:
        LookupError: there is no such alias.
    """
    name = arn.split(":", 5)[5]
    key = next((key for key in _backend("kms", arn).keys.values() if name in key.aliases), None)
    if key is None:
        raise LookupError(f"no alias {arn}")
    return {"arn": key.arn}


def kms_key(arn: str) -> Answer:
    """A KMS key by its ARN: `{"state", "spec", "usage", "policy"}` in the KMS's own words.

    Raises:
        LookupError: there is no such key.
    """
    key = _key(arn)
    usage = key.key_usage or "ENCRYPT_DECRYPT"  # moto keeps what it was not told as nothing
    return {"state": key.key_state, "spec": key.key_spec, "usage": usage, "policy": key.policy}


def public_key(arn: str) -> Answer:
    """`{"public"}` of an asymmetric KMS key: SubjectPublicKeyInfo, DER, in base64.

    Raises:
        LookupError: there is no such key.
    """
    return {"public": base64.b64encode(_key(arn).private_key.public_key()).decode()}


def sign(arn: str, digest: str) -> Answer:
    """`{"signature"}` by an RSA key of a SHA-256 digest, as RSASSA_PKCS1_V1_5_SHA_256; both in base64. Whatever the
    key's policy and its state say.

    Raises:
        LookupError: there is no such key.
    """
    private = _key(arn).private_key.private_key
    signature = private.sign(base64.b64decode(digest), PKCS1v15(), Prehashed(hashes.SHA256()))
    return {"signature": base64.b64encode(signature).decode()}


def resource_policy(arn: str) -> Answer:
    """The policy of a queue, KMS key, secret or function; `{"policy": null}` where it has none.

    Raises:
        LookupError: there is no such resource, or its service is not one of these.
    """
    service, name = arn.split(":", 2)[2].split(":")[0], arn.split(":", 5)[5]
    read = _RESOURCE_POLICIES.get(service)
    if read is None:
        raise LookupError(f"resources of {service} have no policy here")
    try:
        return {"policy": read(_backend(service, arn), arn, name)}
    except KeyError as error:
        raise LookupError(f"no resource {arn}") from error


def token_provider(arn: str) -> Answer:
    """`{"audiences"}` that an OpenID Connect provider, by its ARN, is registered for.

    Raises:
        LookupError: there is no such provider.
    """
    registered = _backend("iam", arn).open_id_providers.values()
    found = next((provider for provider in registered if provider.arn.rstrip("/") == arn.rstrip("/")), None)
    if found is None:
        raise LookupError(f"no provider {arn}")
    return {"audiences": found.client_id_list}


def assertion_provider(arn: str) -> Answer:
    """`{"metadata"}` of a SAML provider, by its ARN: the document that it was made with.

    Raises:
        LookupError: there is no such provider.
    """
    found = next((provider for provider in _backend("iam", arn).saml_providers.values() if provider.arn == arn), None)
    if found is None:
        raise LookupError(f"no provider {arn}")
    return {"metadata": found.saml_metadata_document}


RESOURCE_VERBS: dict[str, Callable[..., Answer]] = {
    "key_of_alias": key_of_alias,
    "kms_key": kms_key,
    "public_key": public_key,
    "sign": sign,
    "resource_policy": resource_policy,
    "token_provider": token_provider,
    "assertion_provider": assertion_provider,
}


def _backend(service: str, arn: str) -> Any:
    """moto's backend of the account and region that an ARN names; asking must not make an account.

    Raises:
        LookupError: there is no such account, or no such region.
    """
    _, partition, _, region, account, _ = arn.split(":", 5)
    package = "awslambda" if service == "lambda" else service
    found = backends(f"moto.{package}.models", f"{service}_backends")
    if account not in found:
        raise LookupError(f"no account {account}")
    try:
        return found[account][region or partition]
    except KeyError as error:
        raise LookupError(f"no region {region}") from error


def _key(arn: str) -> Any:
    found = _backend("kms", arn).keys.get(arn.split(":", 5)[5].removeprefix("key/"))
    if found is None:
        raise LookupError(f"no key {arn}")
    return found


def _of_queue(backend: Any, arn: str, name: str) -> str | None:
    return backend.queues[name].policy or None


def _of_key(backend: Any, arn: str, name: str) -> str | None:
    text: str | None = backend.keys[name.removeprefix("key/")].policy
    return text


def _of_secret(backend: Any, arn: str, name: str) -> str | None:
    secret = next((s for s in backend.secrets.values() if s.arn == arn), None)
    if secret is None:
        raise KeyError(arn)
    text: str | None = secret.policy
    return text


def _of_function(backend: Any, arn: str, name: str) -> str | None:
    try:
        function = backend._lambdas.get_function_by_name_or_arn_with_qualifier(arn)
    except UnknownFunctionException as error:
        raise KeyError(arn) from error
    return json.dumps(function.policy.get_policy()["Policy"]) if function.policy.statements else None


_RESOURCE_POLICIES: dict[str, Callable[[Any, str, str], str | None]] = {
    "sqs": _of_queue,
    "kms": _of_key,
    "secretsmanager": _of_secret,
    "lambda": _of_function,
}
