"""Who a token of somebody else's speaks for, which moto's STS leaves out of its answers.

Nothing is checked here: whether a token is its provider's, and which role it opens, the gateway has decided
(`gateway.federation`, `gateway.entered_roles`).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from xml.etree.ElementTree import Element

from moto.sts.exceptions import STSValidationError
from moto.sts.utils import DEFAULT_STS_SESSION_DURATION

from cairn.account.moto.patching import after
from cairn.core.federation import claims_of, provider_of
from cairn.wire.readers.scalars import NotWellFormed
from cairn.wire.readers.xml import decode_xml
from cairn.wire.saml import assertion_in, attributes_of, text_of

_NAME_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"


def adapt_federation() -> None:
    """AssumeRoleWithWebIdentity and AssumeRoleWithSAML say whom they let in; the latter reads what providers send."""
    from moto.sts.models import STSBackend
    from moto.sts.responses import TokenResponse

    STSBackend.assume_role_with_saml = _assume_role_with_saml
    after(TokenResponse, "assume_role_with_web_identity", _name_web_user)
    after(TokenResponse, "assume_role_with_saml", _name_saml_user)


def assertion_of(response: Any) -> Element | None:
    """What a call of AssumeRoleWithSAML, as moto has it, comes with; None where it is no assertion."""
    return _assertion(response._get_param("SAMLAssertion") or "")


def _assume_role_with_saml(self: Any, *, role_arn: str, saml_assertion: str, **_: Any) -> Any:
    """moto takes the account of the first role that the assertion names, and fails where it names several."""
    assertion = _assertion(saml_assertion)
    attributes = attributes_of(assertion) if assertion is not None else {}
    session = next(iter(attributes.get("RoleSessionName", ())), "")
    if not session:
        raise STSValidationError("RoleSessionName is required in AuthnResponse")
    return self.assume_role(
        region_name=self.region_name,
        role_session_name=session,
        role_arn=role_arn,
        policy=None,
        duration=DEFAULT_STS_SESSION_DURATION,  # `durations` says how long
        external_id=None,
    )


def _assertion(text: str) -> Element | None:
    """That of a response in base64; None where it is no such."""
    try:
        return assertion_in(decode_xml(base64.b64decode(text)))
    except (NotWellFormed, ValueError):
        return None


def _name_web_user(result: Any, self: Any) -> None:
    """Provider, audience and subject. A provider that the account knows by its address goes by its ARN."""
    claims = claims_of(self._get_param("WebIdentityToken") or "")
    result.result.update(
        {
            "Provider": self._get_param("ProviderId") or provider_of(self._get_param("RoleArn"), claims),
            "Audience": claims.audience,
            "SubjectFromWebIdentityToken": claims.sub,
        }
    )


def _name_saml_user(result: Any, self: Any) -> None:
    """Issuer, subject and the name under which that subject is one of its provider's."""
    assertion = assertion_of(self)
    name = assertion.find("Subject/NameID") if assertion is not None else None
    if assertion is None or name is None:
        return
    issuer = text_of(assertion.find("Issuer"))
    provider_arn = self._get_param("PrincipalArn") or ""
    account, _, provider = provider_arn.partition(":iam::")[2].partition(":")
    named = f"{issuer}{account}/{provider.rpartition('/')[2]}"
    result.result.update(
        {
            "Subject": text_of(name),
            "SubjectType": name.get("Format", "").removeprefix(_NAME_FORMAT),
            "Issuer": issuer,
            "NameQualifier": base64.b64encode(hashlib.sha1(named.encode(), usedforsecurity=False).digest()).decode(),
        }
    )
