"""/livez, /readyz and /metrics, for probes and Prometheus. They need no signature and are no events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST

from cairn.wire.http import Headers, Request, Response

PATHS = ("/livez", "/readyz", "/metrics")


class Health:
    """Answers probes.

    Args:
        problems: what keeps this gateway from doing its work, in a person's words; empty if nothing.
        metrics: in Prometheus' text format; may block.
    """

    def __init__(self, problems: Callable[[], Awaitable[list[str]]], metrics: Callable[[], bytes]) -> None:
        self._problems = problems
        self._metrics = metrics

    def is_asked(self, request: Request) -> bool:
        """A bucket may be called `livez` too; who means the bucket signs."""
        return (
            request.path in PATHS
            and request.method == "GET"
            and not request.query
            and "authorization" not in request.headers
        )

    async def answer(self, request: Request) -> Response:
        if request.path == "/metrics":
            metrics = await asyncio.to_thread(self._metrics)
            return Response(200, Headers([("content-type", CONTENT_TYPE_LATEST)]), metrics)
        problems = await self._problems() if request.path == "/readyz" else []
        text = "".join(f"{problem}\n" for problem in problems) or "ok\n"
        return Response(503 if problems else 200, Headers([("content-type", "text/plain")]), text.encode())
