"""What the gateway shows to anybody: the certificate, and the pages that links in mail lead to.

A page has a button, since programs that look at mail open its links too. The button makes the call that the link of a
program makes; what is answered to it, a page says in words.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote

from cairn.cloudwatch.sns.signing import Signer, is_certificate
from cairn.wire.http import Headers, Request, Response
from cairn.wire.reply import Reply, parse_reply

_CONFIRM = "/confirmation.html"
_UNSUBSCRIBE = "/unsubscribe.html"
_IN_WORDS = "Page=html"
"""By which a page's button asks for a page in place of SNS's XML."""
_ACTIONS = frozenset({"ConfirmSubscription", "Unsubscribe"})
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;color-scheme:light dark}
main{margin:12vh auto;max-width:38em;padding:0 1em}h1{font-size:1.5em}code{word-break:break-all}
button{font:inherit;padding:.5em 1.2em;border:0;border-radius:.3em;background:#0b5cad;color:#fff;cursor:pointer}"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><main><h1>{title}</h1>
{content}
</main></body></html>
"""
_LATER = "Cairn could not do this now. Try again in a minute."
_TOO_OLD = (
    "This link is not valid any more: it is more than three days old, or the subscription has ended. Ask whoever runs "
    "the topic to subscribe you again."
)
_NOT_YOURS = "Only the owner of this subscription, signed in, may end it. Ask whoever runs the topic."


class Pages:
    """Answers requests that nobody signs.

    Args:
        signer: gives the key's owner; may block a moment the first time.
    """

    def __init__(self, signer: Callable[[], Signer]) -> None:
        self._signer = signer

    async def answer(self, request: Request) -> Response | None:
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
            return _question("Confirm subscription", text, query["TopicArn"], fields)
        if request.path == _UNSUBSCRIBE and query.get("SubscriptionArn"):
            fields = {"Action": "Unsubscribe", "SubscriptionArn": query["SubscriptionArn"]}
            text = f"{escape(query.get('Endpoint', 'You'))} will receive no more messages by this subscription:"
            return _question("Unsubscribe", text, query["SubscriptionArn"], fields)
        return None

    def told(self, request: Request, reply: Response) -> Response:
        """A call's reply as a page, where a page's button made the call; otherwise as it is."""
        if request.method != "GET" or _IN_WORDS not in request.query or not isinstance(reply.body, bytes):
            return reply
        query = dict(request.query_pairs())
        action = query.get("Action", "")
        if action not in _ACTIONS or query.get("Page") != "html":
            return reply
        found = parse_reply("sns", action, reply.status, reply.headers, reply.body)
        title, content = _refused(reply.status, found) if found.error_code else _done(action, query, found)
        page = _page(title, content, reply.status)
        page.headers.add("x-amzn-requestid", reply.headers.get("x-amzn-requestid"))
        return page


def _question(title: str, text: str, what: str, fields: Mapping[str, str]) -> Response:
    every = [*fields.items(), tuple(_IN_WORDS.split("="))]
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in every)
    form = f'<form method="get" action="/">{hidden}<button type="submit">{title}</button></form>'
    return _page(title, f"<p>{text}</p><p><code>{escape(what)}</code></p>\n{form}")


def _done(action: str, query: Mapping[str, str], found: Reply) -> tuple[str, str]:
    """Title and content for what was done."""
    if action == "Unsubscribe":
        topic = query.get("SubscriptionArn", "").rpartition(":")[0]
        again = "If this was a mistake, ask whoever runs the topic to subscribe you again."
        text = f"<p>You will receive no more messages of {_whose(topic)} by this subscription.</p><p>{again}</p>"
        return "Subscription removed", text
    subscription = str((found.output or {}).get("SubscriptionArn", ""))
    leave = f"{_UNSUBSCRIBE}?SubscriptionArn={quote(subscription, safe=':')}"
    text = f"<p>You will receive the messages of {_whose(query.get('TopicArn', ''))}.</p>"
    text += f"<p>Your subscription is <code>{escape(subscription)}</code>.</p>"
    text += (
        f'<p>If you did not want this, <a href="{escape(leave)}">unsubscribe</a>. Each message has that link too.</p>'
    )
    return "Subscription confirmed", text


def _whose(topic: str) -> str:
    """The topic of an ARN, in words."""
    parts = [escape(part) for part in topic.split(":")]
    if len(parts) != 6:
        return f"<code>{escape(topic)}</code>"
    return f"the topic <b>{parts[5]}</b> of the account {parts[4]} in {parts[3]}"


def _refused(status: int, found: Reply) -> tuple[str, str]:
    """Title and content for what was not done."""
    why = _LATER if status >= 500 else _NOT_YOURS if status == 403 else _TOO_OLD
    said = escape(f"{found.error_code}: {found.error_message}")
    return "This did not work", f"<p>{why}</p><p><code>{said}</code></p>"


def _page(title: str, content: str, status: int = 200) -> Response:
    body = _PAGE.format(title=title, style=_STYLE, content=content)
    return _reply("text/html; charset=utf-8", body.encode("utf-8", "replace"), status)


def _reply(content_type: str, body: bytes, status: int = 200) -> Response:
    headers = [
        ("content-type", content_type),
        ("content-length", str(len(body))),
        ("content-security-policy", _POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store" if content_type.startswith("text/html") else "max-age=86400"),
    ]
    return Response(status, Headers(headers), body)
