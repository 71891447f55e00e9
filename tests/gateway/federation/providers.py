"""Identity providers with keys of their own, by the libraries that others sign with."""

from __future__ import annotations

import base64
import datetime
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry
from lxml import etree
from signxml.signer import XMLSigner

_ANY_HEADER = JWSRegistry(strict_check_header=False)
SIGN_IN = "https://signin.aws.amazon.com/saml"
ENTITY = "https://idp.example.com"


@dataclass
class TokenIssuer:
    """An OpenID Connect provider that publishes its keys, and signs with the last of them."""

    url: str = "https://token.example.com/id"
    keys: list[RSAKey] = field(default_factory=lambda: [new_key()])
    asked: list[str] = field(default_factory=list)
    """Paths."""
    failing: bool = False

    @property
    def address(self) -> str:
        return self.url.removeprefix("https://")

    def token(self, *, key: RSAKey | None = None, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        signing = key or self.keys[-1]
        given = {"iss": self.url, "aud": "cairn", "sub": "main", "exp": 4e9, **claims}
        return jwt.encode({"alg": "RS256", "kid": signing.kid, **(header or {})}, given, signing, registry=_ANY_HEADER)

    def documents(self) -> dict[str, dict[str, Any]]:
        path = self.address.partition("/")[2]
        base = f"/{path}" if path else ""
        return {
            f"{base}/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            f"{base}/keys": {"keys": [key.as_dict(private=False, use="sig", alg="RS256") for key in self.keys]},
        }

    def key_set(self) -> bytes:
        return json.dumps(list(self.documents().values())[1]).encode()


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@contextmanager
def serving(files: tuple[Path, Path]) -> Iterator[TokenIssuer]:
    """An issuer that answers by https on this machine, with the certificate and the key of `files`."""
    issuer = TokenIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            content = json.dumps(issuer.documents()[self.path]).encode()
            self.send_response(500 if issuer.failing else 200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer.url = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Assertor:
    """A SAML provider."""

    def __init__(self, days: tuple[int, int] = (-1, 1)) -> None:
        """Args:
        days: from today, between which its certificate is valid.
        """
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
        now = datetime.datetime.now(datetime.UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .sign(self.key, hashes.SHA256())
        )

    @property
    def metadata(self) -> str:
        der = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()
        return (
            f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}"><IDPSSODescriptor '
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">'
            '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
            f"<X509Certificate>{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor></IDPSSODescriptor>"
            "</EntityDescriptor>"
        )

    def signed(self, document: str, *, whole: bool = False) -> bytes:
        """The response with its assertion signed, or the `whole` of it."""
        if whole:
            return self.signed_element(document)
        root = etree.fromstring(document.encode())
        element = root.find("{*}Assertion")
        root.replace(element, etree.fromstring(self.signed_element(etree.tostring(element).decode())))
        return bytes(etree.tostring(root))

    def signed_element(self, document: str) -> bytes:
        element = etree.fromstring(document.encode())
        signer = XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
        made = signer.sign(element, key=self.key, cert=[self.certificate], reference_uri=element.get("ID"))
        return bytes(etree.tostring(made))


def session_until(*ends: str) -> str:
    """Statements of sessions at the provider, by when they end; `response` takes them as `authenticated`."""
    return "".join(f'<saml:AuthnStatement SessionNotOnOrAfter="{end}"/>' for end in ends)


def response(role: str, provider: str, *, until: str = "2096-01-01T00:00:00Z", **changes: str) -> str:
    """A response that nobody has signed yet."""
    given = {
        "issuer": ENTITY,
        "recipient": SIGN_IN,
        "audience": "urn:amazon:webservices",
        "session": "sam@example.com",
        "begins": "2020-01-01T00:00:00Z",
        "method": "bearer",
        "status": "Success",
        "authenticated": "",
        "roles": f"<saml:AttributeValue>{role},{provider}</saml:AttributeValue>",
    } | changes
    return f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response"
  xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><samlp:Status><samlp:StatusCode
    Value="urn:oasis:names:tc:SAML:2.0:status:{given["status"]}"/></samlp:Status><saml:Assertion ID="_assertion">
  <saml:Issuer>{given["issuer"]}</saml:Issuer><saml:Subject>
  <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{given["session"]}</saml:NameID>
  <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:{given["method"]}"><saml:SubjectConfirmationData
    NotOnOrAfter="{until}" Recipient="{given["recipient"]}"/></saml:SubjectConfirmation></saml:Subject>
  <saml:Conditions NotBefore="{given["begins"]}" NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{
        given["audience"]
    }</saml:Audience></saml:AudienceRestriction></saml:Conditions>{given["authenticated"]}<saml:AttributeStatement>
  <saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role">{given["roles"]}</saml:Attribute>
  <saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName">
    <saml:AttributeValue>{given["session"]}</saml:AttributeValue></saml:Attribute>
  </saml:AttributeStatement></saml:Assertion></samlp:Response>"""
