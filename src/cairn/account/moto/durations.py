"""For how long sessions of roles last, which moto leaves to who asks.

Sources: STS API reference, AssumeRole and AssumeRoleWithSAML, `DurationSeconds`; IAM user guide, "Roles terms and
concepts", role chaining. The messages are those that people report of AWS.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import moto.iam.models as iam
from moto.core.utils import utcnow
from moto.sts.exceptions import STSValidationError
from moto.sts.utils import DEFAULT_STS_SESSION_DURATION as DEFAULT_S

from cairn.account.moto.federation import assertion_of
from cairn.account.moto.patching import after, before
from cairn.wire.saml import session_end

SESSION_S_MIN = 900
CHAINED_S_MAX = 3600
"""Of a session that another session asked for."""
_TEMPORARY = "ASIA"


def adapt_durations() -> None:
    """No session outlasts what its role allows."""
    from moto.sts.responses import TokenResponse

    before(TokenResponse, "assume_role", _check_chain)
    for name in ("assume_role", "assume_role_with_web_identity", "assume_role_with_saml"):
        before(TokenResponse, name, _check_role)
    after(TokenResponse, "assume_role_with_saml", _end_with_the_provider)


def _check_chain(self: Any) -> None:
    if self.access_key.startswith(_TEMPORARY) and _asked_s(self) > CHAINED_S_MAX:
        raise STSValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )


def _check_role(self: Any) -> None:
    asked = _asked_s(self)
    if asked < SESSION_S_MIN:
        limit = f"failed to satisfy constraint: Member must have value greater than or equal to {SESSION_S_MIN}"
        raise STSValidationError(f"1 validation error detected: Value '{asked}' at 'durationSeconds' {limit}")
    if asked > _role_s_max(self):
        raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _end_with_the_provider(result: Any, self: Any) -> None:
    """When it was asked to, or sooner, with the session at the provider. moto goes by what the assertion says of
    sessions of the web console."""
    assertion = assertion_of(self)
    provider = session_end(assertion) if assertion is not None else None
    ends = utcnow() + timedelta(seconds=_asked_s(self))
    if provider is not None:
        ends = min(ends, datetime.fromtimestamp(provider, UTC).replace(tzinfo=None))
    result.result["Credentials"].expiration = ends


def _asked_s(self: Any) -> int:
    return int(self._get_int_param("DurationSeconds", DEFAULT_S))


def _role_s_max(self: Any) -> int:
    """Of a role that is not there, that of one which says nothing of it."""
    arn = self._get_param("RoleArn") or ""
    account = arn.split(":")[4] if arn.count(":") >= 5 else self.current_account
    roles = iam.iam_backends[account][self.partition].get_roles()
    return next((int(role.max_session_duration or DEFAULT_S) for role in roles if role.arn == arn), DEFAULT_S)
