"""What people do with a topic's mail: open the link and press the button of its page."""

from __future__ import annotations

import re
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin


class Form(HTMLParser):
    """The one form of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.action, self.fields = "", {}
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "form":
            self.action = str(found["action"])
        elif tag == "input":
            self.fields[str(found["name"])] = str(found["value"])


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as reply:
        content: bytes = reply.read()
    return content


def click(text: str) -> str:
    """Open the link in a mail and press the button of its page. Returns the page that follows."""
    (link,) = re.findall(r"https?://\S+", text)
    form = Form(fetch(link))
    return fetch(f"{urljoin(link, form.action)}?{urlencode(form.fields)}").decode()
