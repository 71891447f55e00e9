"""What a connection authorizes itself with: checking it, changing it, and what of it may be seen.

The parameters keep AWS's shape (`AuthParameters`), with all secrets in it; `shown` leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cairn.eventbridge.connections import refusals
from cairn.eventbridge.refusals import invalid_parameter
from cairn.wire.outgoing import names_private

API_KEY = "API_KEY"
BASIC = "BASIC"
OAUTH = "OAUTH_CLIENT_CREDENTIALS"
PRIVATE_SETTING = "eventbridge.allow_private_endpoints"

Parameters = dict[str, Any]

_OF_TYPE = {API_KEY: "ApiKeyAuthParameters", BASIC: "BasicAuthParameters", OAUTH: "OAuthParameters"}
_ALL_OF = {
    API_KEY: ("ApiKeyName", "ApiKeyValue"),
    BASIC: ("Username", "Password"),
    OAUTH: ("ClientParameters", "AuthorizationEndpoint", "HttpMethod"),
}
"""What each must have."""
_LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


def check(kind: str, given: Mapping[str, Any], *, allow_private: bool) -> None:
    """Raise ValidationException unless a connection can have these parameters.

    Args:
        kind: AuthorizationType.
        allow_private: whether tokens may come from servers at private addresses, and by plain http.
    """
    if "ConnectivityParameters" in given:
        raise refusals.private_connectivity()
    wanted = _OF_TYPE[kind]
    foreign = [name for name in _OF_TYPE.values() if name != wanted and name in given]
    if wanted not in given or foreign:
        text = f"AuthorizationType {kind} takes {wanted}" + (f", not {foreign[0]}." if foreign else ".")
        raise invalid_parameter("AuthParameters", text)
    mine = given[wanted]
    missing = [name for name in _ALL_OF[kind] if name not in mine]
    if kind == OAUTH and not missing:
        missing = [name for name in ("ClientID", "ClientSecret") if name not in mine["ClientParameters"]]
    if missing:
        raise invalid_parameter(f"AuthParameters.{wanted}", f"{missing[0]} is missing.")
    if kind == OAUTH:
        check_endpoint("AuthorizationEndpoint", mine["AuthorizationEndpoint"], allow_private=allow_private)


def check_endpoint(parameter: str, url: str, *, allow_private: bool) -> None:
    """Raise ValidationException unless requests may go to a URL, as far as that can be told by its looks."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise invalid_parameter(parameter, "It is no URL.") from None
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise invalid_parameter(parameter, "It must begin with https://.")
    if not host or "*" in host or parts.username is not None or parts.fragment:
        raise invalid_parameter(parameter, "It must be a URL with a host, and without a user or a fragment.")
    if not allow_private and names_private(host):
        raise invalid_parameter(parameter, f"{host} is a private address, which {PRIVATE_SETTING} allows.")


def changed(kind: str, before: Mapping[str, Any], given: Mapping[str, Any]) -> Parameters:
    """The parameters of a connection that some are changed of: what is not given stays.

    Args:
        kind: AuthorizationType from now on; what only another one has goes.
    """
    wanted = _OF_TYPE[kind]
    after = {**before, **given}
    mine = {**before.get(wanted, {}), **given.get(wanted, {})}
    if kind == OAUTH:
        client = "ClientParameters"
        mine[client] = {**before.get(wanted, {}).get(client, {}), **given.get(wanted, {}).get(client, {})}
    foreign = [name for name in _OF_TYPE.values() if name != wanted and name not in given]
    return {name: value for name, value in (after | {wanted: mine}).items() if name not in foreign}


def shown(given: Mapping[str, Any]) -> Parameters:
    """The parameters without their secrets, as DescribeConnection answers them."""
    answer: Parameters = {}
    for name, value in given.items():
        match name:
            case "BasicAuthParameters":
                answer[name] = {"Username": value["Username"]}
            case "ApiKeyAuthParameters":
                answer[name] = {"ApiKeyName": value["ApiKeyName"]}
            case "OAuthParameters":
                answer[name] = _shown_oauth(value)
            case "InvocationHttpParameters":
                answer[name] = _shown_http(value)
    return answer


def pairs(http: Mapping[str, Any], kind: str) -> list[tuple[str, str]]:
    """Keys and values of `HeaderParameters`, `QueryStringParameters` or `BodyParameters`."""
    return [(each.get("Key", ""), each.get("Value", "")) for each in http.get(kind, [])]


def _shown_oauth(value: Mapping[str, Any]) -> Parameters:
    answer = {name: value[name] for name in ("AuthorizationEndpoint", "HttpMethod")}
    answer["ClientParameters"] = {"ClientID": value["ClientParameters"]["ClientID"]}
    if "OAuthHttpParameters" in value:
        answer["OAuthHttpParameters"] = _shown_http(value["OAuthHttpParameters"])
    return answer


def _shown_http(value: Mapping[str, Any]) -> Parameters:
    return {name: [_shown_pair(each) for each in value[name]] for name in _LISTS if name in value}


def _shown_pair(given: Mapping[str, Any]) -> Parameters:
    secret = bool(given.get("IsValueSecret", False))
    hidden = ("Value",) if secret else ()
    return {name: value for name, value in given.items() if name not in hidden} | {"IsValueSecret": secret}
