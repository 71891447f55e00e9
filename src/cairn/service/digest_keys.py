"""The keys that sign digests: in the data folder, or held by the KMS of the embedded account or by one elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudtrail.digests.held_keys import WRONG_KIND, HeldKey, HeldKeys
from cairn.cloudtrail.digests.keys import Keys, SigningKeys
from cairn.cloudtrail.digests.signature import SigningError
from cairn.cloudtrail.trail import partition
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import ConfigurationError, Unreachable
from cairn.core.folder import DataFolder
from cairn.core.state import State
from cairn.service.as_cloudtrail import service_may
from cairn.service.elsewhere import Clients, elsewhere
from cairn.wire.endpoint import Endpoint

ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
NO_ANSWER = "KMS.DependencyTimeoutException"
"""What the status says where no KMS answers."""

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MULTI_REGION = r"mrk-[0-9a-f-]{32,36}"  # the embedded account writes dashes where AWS does not
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_ARN = re.compile(rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{{12}}:(?:key/(?:{_ID}|{_MULTI_REGION})|{_ALIAS})")
_OF_EACH_REGION = re.compile(rf"{_MULTI_REGION}|{_ALIAS}")
_FACTS = {
    "kms:GetPublicKey": {},
    "kms:Sign": {"kms:MessageType": "DIGEST", "kms:SigningAlgorithm": ALGORITHM},
}
"""What CloudTrail needs of the key, with what a condition of its policy may ask for."""

T = TypeVar("T")


def digest_keys(
    folder: DataFolder, settings: Settings, state: State, questions: MotoQuestions, clock: Clock
) -> SigningKeys:
    """The keys that `digest.kms_key` says.

    Raises:
        ConfigurationError: it names no key.
    """
    check_digest_key(settings)
    named, endpoint = settings.digest.kms_key, elsewhere(settings, "kms")
    if not named:
        return Keys(state, folder.keys, clock)
    if endpoint is not None:
        return HeldKeys(state, KeyElsewhere(named, endpoint), clock)
    return HeldKeys(state, AccountKey(named, settings.account.id, questions), clock)


def check_digest_key(settings: Settings) -> None:
    """Raise unless `digest.kms_key` may name a key.

    Raises:
        ConfigurationError: it names none.
    """
    named = settings.digest.kms_key
    if named and not _ARN.fullmatch(named) and not _OF_EACH_REGION.fullmatch(named):
        raise ConfigurationError(
            f"digest.kms_key = {named!r} names no key",
            advice="Give the ARN of an RSA key or of its alias, or an alias/... or mrk-... that each region has.",
        )


class AccountKey:
    """`cloudtrail.digests.held_keys.KeyHolder` over the embedded account, whose KMS asks no policy: it is asked here,
    each time."""

    def __init__(self, named: str, account: str, questions: MotoQuestions) -> None:
        self._named = named
        self._account = account
        self._questions = questions

    def find(self, region: str) -> HeldKey:
        arn = self._arn(region)
        if ":alias/" in arn:
            arn = _asked(arn, self._questions.key_of_alias, arn)
        self._policy_of(arn)
        return HeldKey(arn, arn.split(":")[3], _asked(arn, self._questions.public_key, arn))

    def sign(self, key: HeldKey, digest: bytes, source: str) -> bytes:
        arn = key.id
        policy = self._policy_of(arn)
        facts = {"aws:SourceArn": source, "aws:SourceAccount": source.split(":")[4]}
        for action, more in _FACTS.items():
            if not service_may(policy, action, arn, facts | more):
                raise SigningError(
                    "KMS.AccessDeniedException", f"the policy of {arn} does not let CloudTrail {action} for {source}"
                )
        return _asked(arn, self._questions.sign, arn, digest)

    def _arn(self, region: str) -> str:
        if self._named.startswith("arn:"):
            return self._named
        kind = "" if self._named.startswith("alias/") else "key/"
        return f"arn:{partition(region)}:kms:{region}:{self._account}:{kind}{self._named}"

    def _policy_of(self, arn: str) -> str:
        """The policy of a key that can sign."""
        key = _asked(arn, self._questions.kms_key, arn)
        if key.usage != "SIGN_VERIFY" or not key.spec.startswith("RSA_"):
            raise SigningError(WRONG_KIND, f"the key {arn} ({key.spec}, {key.usage}) is no RSA key that signs")
        if key.state != "Enabled":
            code = "DisabledException" if key.state == "Disabled" else "KMSInvalidStateException"
            raise SigningError(f"KMS.{code}", f"the key {arn} is in the state {key.state}")
        return key.policy or ""


class KeyElsewhere:
    """`cloudtrail.digests.held_keys.KeyHolder` over a KMS that is not ours: that KMS says whether we may sign, as whom
    its URL or boto3 makes us."""

    def __init__(self, named: str, endpoint: Endpoint) -> None:
        self._named = named
        self._clients = Clients("kms", endpoint)

    def find(self, region: str) -> HeldKey:
        home = self._named.split(":")[3] if self._named.startswith("arn:") else region
        told = self._answer(home, "get_public_key", KeyId=self._named)
        if ALGORITHM not in told.get("SigningAlgorithms", [ALGORITHM]):
            raise SigningError(WRONG_KIND, f"the key {self._named} in {home} does not sign by {ALGORITHM}")
        return HeldKey(told["KeyId"], home, told["PublicKey"])

    def sign(self, key: HeldKey, digest: bytes, source: str) -> bytes:
        how = {"MessageType": "DIGEST", "SigningAlgorithm": ALGORITHM}
        signed: bytes = self._answer(key.region, "sign", KeyId=key.id, Message=digest, **how)["Signature"]
        return signed

    def _answer(self, region: str, operation: str, **params: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._clients.in_region(region), operation)(**params)
        except ClientError as error:
            detail = error.response["Error"]
            message = f"{operation} with {params['KeyId']} in {region}: {detail.get('Message', '')}"
            raise SigningError(f"KMS.{detail['Code']}", message) from error
        except BotoCoreError as error:
            raise SigningError(NO_ANSWER, f"{operation} with {params['KeyId']} in {region}: {error}") from error
        return answer


def _asked(arn: str, question: Callable[..., T], *arguments: Any) -> T:
    """What the embedded account answers to a question about a key."""
    try:
        return question(*arguments)
    except NotFound as error:
        raise SigningError("KMS.NotFoundException", f"there is no {arn}") from error
    except Unreachable as error:
        raise SigningError(NO_ANSWER, error.message) from error
