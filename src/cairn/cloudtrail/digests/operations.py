"""ListPublicKeys: the public keys that whoever verifies digest files asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudtrail import refusals
from cairn.cloudtrail.digests.keys import ListedKey, SigningKeys
from cairn.core.clock import Clock, utc
from cairn.wire.operation import Context, Operation

NOW_S = 60.0
"""How long a moment is that is not given: a key that is begun because somebody asks is among those of now."""
KEYS_MAX = 1000
"""Public keys in an answer: eighty years of one region."""


def operations(keys: SigningKeys, clock: Clock) -> dict[str, Operation]:
    """CloudTrail's operations on keys, by name."""

    def list_public_keys(context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        """Keys that were valid at some time from StartTime to EndTime. What is not given is now."""
        if params.get("NextToken"):
            raise refusals.invalid_keys_token()
        now = clock.now()
        start = params["StartTime"].timestamp() if "StartTime" in params else now
        end = params["EndTime"].timestamp() if "EndTime" in params else now
        if start > end:
            raise refusals.invalid_time_range()
        if "EndTime" not in params:
            end += NOW_S
        return {"PublicKeyList": [_answer(key) for key in keys.listed(context.region, start, end)[:KEYS_MAX]]}

    return {"ListPublicKeys": list_public_keys}


def _answer(key: ListedKey) -> dict[str, Any]:
    return {
        "Value": key.public,
        "ValidityStartTime": utc(key.valid_from),
        "ValidityEndTime": utc(key.valid_until),
        "Fingerprint": key.fingerprint,
    }
