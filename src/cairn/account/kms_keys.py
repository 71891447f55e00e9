"""Which KMS key somebody means, and whether it can be used now."""

from __future__ import annotations

import http.client
import re

import msgspec

from cairn.account.kms_relay import Send
from cairn.core.errors import AwsError

_ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<key>(key|alias)/.+)")
_STATES = {
    "Disabled": ("KMS.DisabledException", "is disabled."),
    "PendingDeletion": ("KMS.KMSInvalidStateException", "is pending deletion."),
    "PendingImport": ("KMS.KMSInvalidStateException", "is pending import."),
    "Unavailable": ("KMS.KMSInvalidStateException", "is unavailable."),
}


class KmsKeys:
    """The account's keys as S3 sees them. Blocking."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def arn(self, account: str, region: str, key: str) -> str:
        """The ARN of a key that can encrypt.

        Args:
            account: whose key it is where `key` does not say.
            key: id, alias, or ARN of either; empty for S3's own key of the account.

        Raises:
            AwsError: there is none, or it cannot be used, in S3's words.
        """
        named = _ARN.fullmatch(key)
        if named is not None:
            account, home, key = named["account"], named["region"], named["key"].removeprefix("key/")
            if home != region:
                raise AwsError("KMS.NotFoundException", f"Invalid arn {home}")
        key = key or "alias/aws/s3"
        kind = "" if key.startswith("alias/") else "key/"
        wanted = f"arn:aws:kms:{region}:{account}:{kind}{key}"
        try:
            status, reply = self._send(account, region, "DescribeKey", msgspec.json.encode({"KeyId": wanted}))
            answer = msgspec.json.decode(reply, type=dict[str, object])
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise AwsError("ServiceUnavailable", f"The KMS does not answer: {error}", 503) from error
        if status != 200:
            code = str(answer.get("__type", "InternalException")).rpartition("#")[2]
            raise AwsError(f"KMS.{code}", str(answer.get("message") or answer.get("Message") or ""))
        metadata = msgspec.convert(answer["KeyMetadata"], dict[str, object])
        state = _STATES.get(str(metadata.get("KeyState")))
        found = str(metadata["Arn"])
        if state is not None:
            raise AwsError(state[0], f"{found} {state[1]}")
        return found
