"""The policy in a form upload: what whoever signed it allows, and the signature over it."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from cairn.core.clock import from_iso
from cairn.core.errors import AwsError
from cairn.wire.form_upload import FormUpload
from cairn.wire.refusals import Dialect, Reason, refusal
from cairn.wire.sigv4 import ALGORITHM, signing_key
from cairn.wire.sigv4_fields import basic_time, parse_credential

_FREE = frozenset({"policy", "signature", "awsaccesskeyid", "x-amz-signature", "file"})
"""Fields that no condition has to name."""
_IGNORED = "x-ignore-"
_MUST_HAVE = ("policy", "x-amz-credential", "x-amz-date", "x-amz-signature")


@dataclass(frozen=True, slots=True)
class FormClaim:
    """What a form says of its own signature. Nothing of it is proven before `verify`."""

    key_id: str
    token: str
    signature: str
    policy: str
    """As it was signed, in base64."""
    region: str = ""
    service: str = ""
    date: str = ""
    """`20231114`. Empty in forms of the older signature, with region and service."""

    @property
    def version(self) -> Literal["SigV4", "SigV2"]:
        return "SigV4" if self.date else "SigV2"

    def verify(self, secret: str) -> None:
        """Raises AwsError unless the policy was signed with `secret`."""
        signed = self.policy.encode()
        if self.date:
            key = signing_key(secret, self.date, self.region, self.service)
            expected = hmac.digest(key, signed, "sha256").hex()
        else:
            expected = base64.b64encode(hmac.digest(secret.encode(), signed, "sha1")).decode()
        if not hmac.compare_digest(expected.encode(), self.signature.encode()):
            raise refusal(
                Reason.MISMATCH,
                Dialect.S3,
                AWSAccessKeyId=self.key_id,
                StringToSign=self.policy,
                SignatureProvided=self.signature,
            )


def read_claim(form: FormUpload) -> FormClaim | None:
    """What `form` says of its signature; None where nobody signed it.

    Raises:
        AwsError: a field that belongs to the signature is missing or malformed.
    """
    fields = form.fields
    token = fields.get("x-amz-security-token", "")
    if "x-amz-signature" in fields or "x-amz-algorithm" in fields:
        for name in _MUST_HAVE:
            if not fields.get(name):
                raise _invalid(
                    f"Bucket POST must contain a field named '{name}'.  If it is specified, please check "
                    "the order of the fields."
                )
        timestamp = fields["x-amz-date"]
        if fields.get("x-amz-algorithm") != ALGORITHM or basic_time(timestamp) is None:
            raise _invalid(f"x-amz-algorithm must be {ALGORITHM} and x-amz-date a time such as 20260131T120000Z.")
        credential = fields["x-amz-credential"]
        key_id, region, service = parse_credential(credential, timestamp, Reason.MALFORMED_QUERY, Dialect.S3)
        return FormClaim(key_id, token, fields["x-amz-signature"], fields["policy"], region, service, timestamp[:8])
    if "awsaccesskeyid" in fields or "signature" in fields:
        for name in ("awsaccesskeyid", "policy", "signature"):
            if not fields.get(name):
                raise _invalid(f"Bucket POST must contain a field named '{name}'.")
        return FormClaim(fields["awsaccesskeyid"], token, fields["signature"], fields["policy"])
    return None


class PostPolicy:
    """What a form may hold.

    Raises:
        AwsError: InvalidPolicyDocument.
    """

    def __init__(self, encoded: str) -> None:
        try:
            document = msgspec.json.decode(base64.b64decode(encoded, validate=True))
            self._expires = from_iso(document["expiration"])
            self._conditions = [_condition(item) for item in document["conditions"]]
        except (binascii.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise AwsError("InvalidPolicyDocument", f"Invalid Policy: {error}") from None

    def check(self, form: FormUpload, bucket: str, *, now: float) -> None:
        """Raises AwsError unless the form's fields are as the conditions have them."""
        if now > self._expires:
            raise _denied("Policy expired.")
        fields = form.fields | {"key": form.key, "bucket": bucket}
        named = set()
        for condition in self._conditions:
            named.add(condition.field)
            if not condition.holds(fields):
                raise _denied(f"Policy Condition failed: {condition.text}")
        for name in form.fields:
            if name not in named and name not in _FREE and not name.startswith(_IGNORED):
                raise _denied(f"Extra input fields: {name}")

    def check_size(self, size: int) -> None:
        """Raises AwsError unless a file of `size` bytes is within the range that the policy gives, if it does."""
        for condition in self._conditions:
            if condition.kind == "content-length-range":
                least, most = condition.range
                facts = {"ProposedSize": size, "MinSizeAllowed": least, "MaxSizeAllowed": most}
                if size < least:
                    raise AwsError(
                        "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", **facts
                    )
                if size > most:
                    raise AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", **facts)


@dataclass(frozen=True, slots=True)
class _Condition:
    kind: str
    field: str = ""
    value: str = ""
    range: tuple[int, int] = (0, 0)

    @property
    def text(self) -> str:
        return msgspec.json.encode([self.kind, f"${self.field}", self.value]).decode()

    def holds(self, fields: dict[str, str]) -> bool:
        found = fields.get(self.field)
        match self.kind:
            case "eq":
                return found == self.value
            case "starts-with":
                return found is not None and found.startswith(self.value)
            case _:
                return True


def _condition(item: Any) -> _Condition:
    """One of a policy's conditions, in either of its forms."""
    if isinstance(item, dict) and len(item) == 1:
        ((field, value),) = item.items()
        return _Condition("eq", field.lower(), str(value))
    if not isinstance(item, list) or len(item) != 3:
        raise ValueError("a condition is an object with one member or a list of three")
    kind, first, second = str(item[0]).lower(), item[1], item[2]
    if kind == "content-length-range":
        return _Condition(kind, range=(int(first), int(second)))
    if kind not in ("eq", "starts-with") or not str(first).startswith("$"):
        raise ValueError(f"there is no condition {item[0]} of {first}")
    return _Condition(kind, str(first)[1:].lower(), str(second))


def _denied(why: str) -> AwsError:
    return AwsError("AccessDenied", f"Invalid according to Policy: {why}", 403)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidArgument", message)
