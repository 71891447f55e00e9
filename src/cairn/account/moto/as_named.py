"""moto does the operation that the gateway names, and looks for parameters where they belong.

It would take the operation's name from the query of a JSON call, and parameters from texts in the JSON that look like a
form.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from moto.core.responses import BaseResponse

from cairn.account.moto.patching import after
from cairn.wire.protocols import FORM

NAMED = "cairn.operation"
"""In the WSGI environment: the operation that the gateway has authorized and recorded."""


def adapt() -> None:
    """Make the changes, for every service."""
    original = BaseResponse._get_action

    def get_action(self: Any) -> str:
        request = self.normalized_request
        named: str = request.environ.get(NAMED, "") or original(self)
        if NAMED in request.environ and not _is_form(request) and "x-amz-target" not in request.headers:
            self._get_action_from_method_and_request_uri(request)  # which notes what the path names
        return named

    BaseResponse._get_action = get_action
    after(BaseResponse, "setup_class", _parameters)


def _parameters(_: None, self: Any, request: Any, *_more: Any, **_named: Any) -> None:
    if request.environ.get(NAMED) and not _is_form(request):
        self.querystring = self.data = parse_qs(self.parsed_url.query, keep_blank_values=True)


def _is_form(request: Any) -> bool:
    return (request.content_type or "").startswith(FORM)
