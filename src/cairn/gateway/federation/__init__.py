"""Tokens of identity providers, checked as STS checks them: who signed them, for whom, and until when.

`tokens` are those of OpenID Connect, signed by keys that `issuers` publish; `assertions` are SAML's, signed by the
certificate in the metadata of the account's provider.
"""

from cairn.gateway.federation.federation import Federation, Providers

__all__ = ["Federation", "Providers"]
