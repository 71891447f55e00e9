"""Everything under `/console`: the API, the lists as JSON, an event's page, and the built pages."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from cairn.console.api import Api, CallRequest, acting
from cairn.console.assets import Assets
from cairn.console.event_page import event_page, once_more, told
from cairn.console.events import Events
from cairn.console.exchange import Refusal, Visit, answer, bare, foreign, secured
from cairn.core.errors import AwsError, CairnError
from cairn.wire.hosts import parse_host
from cairn.wire.http import ClientDisconnected, Request, Response
from cairn.wire.neighbours import Neighbours

log = logging.getLogger(__name__)

ROOT = "/console"
QUERY_CHARS_MAX = 32_000


@dataclass(frozen=True, slots=True)
class _List:
    """What one operation lists, and which members of its input the query may give, by their names there."""

    service: str
    operation: str
    input: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


LISTS = {
    "trails": _List("cloudtrail", "DescribeTrails"),
    "log-groups": _List("logs", "DescribeLogGroups", query={"prefix": "logGroupNamePrefix", "next": "nextToken"}),
    "metric-filters": _List("logs", "DescribeMetricFilters", query={"group": "logGroupName", "next": "nextToken"}),
    "metrics": _List("cloudwatch", "ListMetrics", query={"namespace": "Namespace", "next": "NextToken"}),
    "alarms": _List(
        "cloudwatch",
        "DescribeAlarms",
        {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
        {"state": "StateValue", "next": "NextToken"},
    ),
    "rules": _List("events", "ListRules", query={"bus": "EventBusName", "next": "NextToken"}),
    "organization": _List("organizations", "ListAccounts"),
}
"""Pages that list what an operation answers; each is JSON too, under its name with `.json`."""
_TRAIL = re.compile(r"/trails/(?P<region>[a-z0-9-]+)/(?P<name>[^/]+)\.json")
_AGAIN = "again"
"""In the query of an event's page that was asked for a second time."""


class Console:
    """`gateway.Pages`: what browsers see.

    Args:
        domains: names under which a bucket has a host of its own, whose objects may lie under any path.
        neighbours: who is answered where everybody is believed; None where nobody is.
    """

    def __init__(
        self,
        api: Api,
        events: Events,
        assets: Assets,
        *,
        domains: tuple[str, ...],
        neighbours: Neighbours | None = None,
    ) -> None:
        self._api = api
        self._events = events
        self._assets = assets
        self._domains = domains
        self._neighbours = neighbours

    async def answer(self, request: Request) -> Response | None:
        """The reply; None where the request is for somebody else."""
        if not self._is_asked(request):
            return None
        path = unquote(request.path.removeprefix(ROOT))
        try:
            if self._neighbours is not None:
                self._neighbours.check(request)
            if len(request.query) > QUERY_CHARS_MAX:
                raise Refusal("ValidationException", f"The query has {QUERY_CHARS_MAX} characters at the most.", 400)
            response = await self._answer(Visit(request, path, dict(request.query_pairs())))
        except Refusal as refusal:
            response = refusal.answer()
        except (AwsError, CairnError) as error:
            response = Refusal.of(error).answer()
        except ClientDisconnected:
            raise
        except Exception:
            log.exception("the console failed at %s %s", request.method, request.path)
            response = Refusal(
                "InternalFailure", "This failed because of an error of ours; our log tells more.", 500
            ).answer()
        return secured(response)

    def told(self, request: Request, reply: Response) -> Response:
        """The reply to a call: never a page of ours, also where a browser shows it as one. Only programs sign by a
        header, and a host that names a bucket is another origin."""
        if request.headers.get("authorization").startswith("AWS") or parse_host(request.host, self._domains).bucket:
            return reply
        return foreign(reply)

    def _is_asked(self, request: Request) -> bool:
        """A bucket may be called `console` too, or have a host of its own; who means one signs, or names its host."""
        if request.path != ROOT and not request.path.startswith(f"{ROOT}/"):
            return False
        if "authorization" in request.headers or "signature=" in request.query.lower():
            return False
        return not parse_host(request.host, self._domains).bucket

    async def _answer(self, visit: Visit) -> Response:
        path, method = visit.path, visit.request.method
        if path.startswith("/api/"):
            return await self._api.answer(visit, path.removeprefix("/api"))
        if method not in ("GET", "HEAD"):
            raise Refusal("MethodNotAllowed", f"There is no {method} {ROOT}{path}.", 405)
        if not path:
            return bare(b"", "text/plain", status=308, headers=[("location", f"{ROOT}/")])
        if path.startswith("/events/"):
            return await self._event_page(visit, path.removeprefix("/events/"))
        if path.endswith(".json") and "/" not in path[1:]:
            name = path[1:].removesuffix(".json")
            if name in LISTS or name in ("history", "insights", "health", "settings"):
                return answer(await self._list(visit, name))
        if (trail := _TRAIL.fullmatch(path)) is not None:
            return answer(await self._trail(visit, trail["region"], trail["name"]))
        return self._assets.answer(path[1:], visit.request)

    async def _list(self, visit: Visit, name: str) -> Any:
        """What a page lists, as JSON."""
        person = await self._api.person(visit)
        if name == "health":
            return await self._api.health(visit, person)
        if name == "settings":
            return self._api.settings(person)
        if name in LISTS:
            listed = LISTS[name]
            given = {member: visit.query[key] for key, member in listed.query.items() if visit.query.get(key)}
            asked = CallRequest(region=visit.query.get("region", ""), input={**listed.input, **given})
            return await self._api.call(visit, person, listed.service, listed.operation, asked)
        if name == "insights":
            visit.query["category"] = "Insight"
        return await self._api.events(visit, person)

    async def _trail(self, visit: Visit, region: str, name: str) -> Any:
        """What a trail's page shows, as JSON."""
        person = await self._api.person(visit)
        asked = CallRequest(region=region, input={"Name": name})
        trail = await self._api.call(visit, person, "cloudtrail", "GetTrail", asked)
        return trail | {"Status": await self._api.call(visit, person, "cloudtrail", "GetTrailStatus", asked)}

    async def _event_page(self, visit: Visit, id: str) -> Response:
        here = f"{ROOT}/events/{quote(id, safe='')}"
        try:
            person = await self._api.person(visit)
        except Refusal:
            if _AGAIN not in visit.query:
                return once_more(f"{here}?{_AGAIN}=1")
            link = (f"{ROOT}/sign-in?then={quote(here.removeprefix(ROOT), safe='')}", "Sign in")
            return told("Sign in to see this event", "Nobody is signed in here.", status=401, link=link)
        try:
            return event_page(await self._events.event(visit, acting(person), id))
        except Refusal as refusal:
            title = "There is no such event" if refusal.status == 404 else "This event cannot be shown"
            return told(title, refusal.message, status=refusal.status)
        except AwsError as error:
            return told("You may not see this event", error.message, status=error.status)
