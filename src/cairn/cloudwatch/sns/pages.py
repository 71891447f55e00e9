"""What the gateway shows to anybody: the certificate, and the pages that links in mail lead to.

A page has a button, since programs that look at mail open its links too.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from cairn.cloudwatch.sns.signing import Signer, is_certificate
from cairn.wire.http import Headers, Request, Response

_CONFIRM = "/confirmation.html"
_UNSUBSCRIBE = "/unsubscribe.html"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>body{{font:16px sans-serif;margin:3em auto;max-width:40em}}
code{{word-break:break-all}}button{{font:inherit;padding:.5em 1em}}</style></head><body><h1>{title}</h1>
<p>{text}</p><p><code>{what}</code></p>
<form method="get" action="/">{fields}<button>{title}</button></form></body></html>
"""


class Pages:
    """Answers requests that nobody signs.

    Args:
        signer: gives the key's owner; may block a moment the first time.
    """

    def __init__(self, signer: Callable[[], Signer]) -> None:
        self._signer = signer

    def answer(self, request: Request) -> Response | None:
        """The reply; None where the request is for somebody else."""
        if request.method != "GET" or "authorization" in request.headers:
            return None
        if is_certificate(request.path) and not request.query:
            signer = self._signer()
            if request.path == signer.certificate_path:
                return _reply("application/x-pem-file", signer.certificate)
            return None
        query = dict(request.query_pairs())
        if request.path == _CONFIRM and query.get("Token") and query.get("TopicArn"):
            fields = {"Action": "ConfirmSubscription", "TopicArn": query["TopicArn"], "Token": query["Token"]}
            text = f"{escape(query.get('Endpoint', 'You'))} will receive the messages of this topic:"
            return _page("Confirm subscription", text, query["TopicArn"], fields)
        if request.path == _UNSUBSCRIBE and query.get("SubscriptionArn"):
            fields = {"Action": "Unsubscribe", "SubscriptionArn": query["SubscriptionArn"]}
            text = f"{escape(query.get('Endpoint', 'You'))} will receive no more messages by this subscription:"
            return _page("Unsubscribe", text, query["SubscriptionArn"], fields)
        return None


def _page(title: str, text: str, what: str, fields: dict[str, str]) -> Response:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())
    body = _PAGE.format(title=title, text=text, what=escape(what), fields=hidden)
    return _reply("text/html; charset=utf-8", body.encode())


def _reply(content_type: str, body: bytes) -> Response:
    headers = [
        ("content-type", content_type),
        ("content-length", str(len(body))),
        ("content-security-policy", _POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ]
    return Response(200, Headers(headers), body)
