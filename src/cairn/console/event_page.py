"""One event as a page without scripts, so that a link in a ticket opens anywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from typing import Any
from urllib.parse import quote

import msgspec

from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.console.exchange import page
from cairn.console.related import term
from cairn.console.sentences import sentence_of
from cairn.core.clock import iso_seconds
from cairn.wire.http import Response

_STYLE = """:root{color-scheme:light dark;background:Canvas;color:CanvasText}
body{font:16px/1.5 system-ui,sans-serif;margin:0}
main{max-width:70em;margin:2em auto;padding:0 1em}h1{font-size:1.4em}
th{text-align:left;vertical-align:top;padding-right:2em;font-weight:600;white-space:nowrap}
td{overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8888;padding:1em}
footer{margin:2em 0;font-size:.9em}"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""What a reader cannot see, and what makes others stand elsewhere than they are: written as JSON escapes it."""
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><main>{content}<footer>Cairn. Not affiliated with AWS.</footer></main></body></html>
"""


def event_page(event: StoredEvent) -> Response:
    """The event in words, its members in a table, its record."""
    rows = "".join(f"<tr><th>{name}</th><td><bdi>{_shown(value)}</bdi></td></tr>" for name, value in _facts(event))
    record = msgspec.json.format(event.record, indent=2).decode("utf-8", "replace")
    query = quote(term("id", event.id), safe="")
    content = (
        f"<h1><bdi>{_shown(sentence_of(event))}</bdi></h1><table>{rows}</table>"
        f'<p><a href="/console/history?query={query}">In the event history</a></p>'
        f"<h2>Record</h2><pre><bdi>{_shown(record)}</bdi></pre>"
    )
    return _page(f"{event.name} {event.id}", content)


def _shown(text: str) -> str:
    return escape(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def told(title: str, text: str, *, status: int = 200, link: tuple[str, str] | None = None) -> Response:
    """A page that says one thing."""
    further = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>' if link is not None else ""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{further}", status=status)


def once_more(path: str) -> Response:
    """A page that leads to itself. A browser that followed a link of another site shows us no cookie; one that
    follows ours does."""
    return _page("Cairn", f'<p><a href="{escape(path)}">Go on to the event</a></p>', again=path)


def _facts(event: StoredEvent) -> list[tuple[str, str]]:
    named: list[tuple[str, Any]] = [
        ("Event time", iso_seconds(event.time)),
        ("Event name", event.name),
        ("Event source", event.source),
        ("User name", event.user),
        ("AWS access key", event.access_key),
        ("Source IP address", event.source_ip),
        ("Region", event.region),
        ("Account", event.account),
        ("Read-only", "true" if event.read_only else "false"),
        ("Error code", event.error),
        ("Event ID", event.id),
        *(("Resource", f"{kind} {name}".strip()) for kind, name in event.resources),
    ]
    return [(name, value) for name, value in named if value]


def _page(title: str, content: str, *, status: int = 200, again: str = "") -> Response:
    head = f'<meta http-equiv="refresh" content="0;url={escape(again)}">' if again else ""
    text = _PAGE.format(title=_shown(title), head=head, style=_STYLE, content=content)
    return page(text.encode("utf-8", "replace"), status=status, policy=_POLICY)
