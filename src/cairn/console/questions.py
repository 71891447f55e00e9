"""What a URL asks of the event history. The pages' own addresses say the same in the same words."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from cairn.cloudtrail.history.lookup import TIME_MAX
from cairn.cloudtrail.history.moments import moment
from cairn.cloudtrail.history.query import parse_query
from cairn.cloudtrail.history.search import LIMIT_MAX, SECONDS_MAX, Search
from cairn.console.exchange import Refusal

CATEGORIES = ("Management", "Insight")
"""What LookupEvents shows: the history of an account has no data events."""
REGIONS_MAX = 50
WITHIN_MIN_MS = 100
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}", re.ASCII)
_TOKEN = re.compile(r"(-?\d{1,15})\.(-?\d{1,15})\.([\w-]{1,1024})", re.ASCII)


def question_of(query: Mapping[str, str], *, account: str, now: float) -> Search:
    """The question, limited to one account whatever it says.

    Raises:
        CairnError: its query or a time of it cannot be understood.
        Refusal: another member cannot.
    """
    return Search(
        query=parse_query(query.get("query", "")),
        accounts=(account,),
        regions=regions_of(query),
        category=chosen(query, "category", CATEGORIES),
        newest_first=chosen(query, "order", ("newest", "oldest")) == "newest",
        limit=whole(query, "limit", 50, 1, LIMIT_MAX),
        time_min=int(moment(query.get("since", ""), now, -TIME_MAX)),
        time_max=int(moment(query.get("until", ""), now, TIME_MAX)),
    )


def following(question: Search, token: str) -> str:
    """The token of the next page: the history's, and the times that `2h` meant on the first page."""
    return f"{question.time_min}.{question.time_max}.{token}" if token else ""


def resumed(question: Search, token: str) -> tuple[Search, str]:
    """The question of the page that `token` asks for, and the history's token.

    Raises:
        Refusal: `following` never made it.
    """
    if not token:
        return question, ""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise Refusal("InvalidNextTokenException", "Invalid token: the token is no token.", 400)
    times = {"time_min": int(found[1]), "time_max": int(found[2])}
    return msgspec.structs.replace(question, **times), found[3]


def chosen(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, the first where nothing is said."""
    value = query.get(name) or choices[0]
    if value not in choices:
        raise Refusal("ValidationException", f"{name} is one of {', '.join(choices)}.", 400)
    return value


def whole(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number within its limits."""
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise Refusal("ValidationException", f"{name} is a whole number from {least} to {most}.", 400)
    return int(text)


def within(query: Mapping[str, str]) -> float:
    """Seconds after which an answer is cut short; the query gives milliseconds."""
    most = int(SECONDS_MAX * 1000)
    return whole(query, "within", most, WITHIN_MIN_MS, most) / 1000


def region_of(text: str) -> str:
    """The name of a Region: it becomes part of records, and so of the keys of log files.

    Raises:
        Refusal: it is none.
    """
    if not _REGION.fullmatch(text):
        raise Refusal("ValidationException", "This is no name of a Region.", 400)
    return text


def regions_of(query: Mapping[str, str]) -> tuple[str, ...]:
    """The Regions that a query names, comma-separated; none: all.

    Raises:
        Refusal: there are too many, or one is no name of a Region.
    """
    regions = tuple(part for part in query.get("region", "").split(",") if part)
    if len(regions) > REGIONS_MAX:
        raise Refusal("ValidationException", f"region names {REGIONS_MAX} at the most.", 400)
    return tuple(map(region_of, regions))
