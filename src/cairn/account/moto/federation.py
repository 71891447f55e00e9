"""Who a token of somebody else's speaks for, which moto's STS leaves out of its answers.

The token's signature is not checked: the embedded account believes whoever calls, as moto does. Which roles a token
opens is the gateway's to decide (`gateway.entered_roles`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any
from xml.etree.ElementTree import Element

from cairn.account.moto.patching import after
from cairn.core.federation import claims_of, provider_of
from cairn.wire.readers.scalars import NotWellFormed
from cairn.wire.readers.xml import decode_xml

_NAME_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"


def adapt_federation() -> None:
    """AssumeRoleWithWebIdentity and AssumeRoleWithSAML say whom they let in."""
    from moto.sts.responses import TokenResponse

    after(TokenResponse, "assume_role_with_web_identity", _name_web_user)
    after(TokenResponse, "assume_role_with_saml", _name_saml_user)


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
    try:
        root = decode_xml(base64.b64decode(self._get_param("SAMLAssertion") or ""))
    except (NotWellFormed, binascii.Error):
        return
    name = root.find(".//Subject/NameID")
    if name is None:
        return
    issuer = _text(root.find(".//Assertion/Issuer")) or _text(root.find("Issuer"))
    provider_arn = self._get_param("PrincipalArn") or ""
    account, _, provider = provider_arn.partition(":iam::")[2].partition(":")
    named = f"{issuer}{account}/{provider.rpartition('/')[2]}"
    result.result.update(
        {
            "Subject": _text(name),
            "SubjectType": name.get("Format", "").removeprefix(_NAME_FORMAT),
            "Issuer": issuer,
            "NameQualifier": base64.b64encode(hashlib.sha1(named.encode(), usedforsecurity=False).digest()).decode(),
        }
    )


def _text(node: Element | None) -> str:
    return ((node.text if node is not None else "") or "").strip()
