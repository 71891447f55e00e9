"""What an API destination is sent."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.eventbridge.connections.rig import API_KEY, BASIC

from cairn.eventbridge.connections.request import Request, build
from cairn.eventbridge.deliveries.endpoints import DeliveryError

URL = "https://example.com/api"


def of(
    target: dict[str, object] | None = None,
    http: dict[str, list[dict[str, object]]] | None = None,
    *,
    method: str = "POST",
    url: str = URL,
    payload: bytes = b'{"a":1}',
    auth: dict[str, object] | None = None,
    token: str = "",
) -> Request:
    parameters = (auth or API_KEY) | ({"InvocationHttpParameters": http} if http else {})
    return build(method, url, payload, target or {}, parameters, token)


def pair(key: str, value: str) -> dict[str, object]:
    return {"Key": key, "Value": value}


def test_headers_are_those_that_aws_sends() -> None:
    assert of().headers == {
        "user-agent": "Amazon/EventBridge/ApiDestinations",
        "content-type": "application/json; charset=utf-8",
        "range": "bytes=0-1048575",
        "accept-encoding": "gzip,deflate",
        "connection": "close",
        "x-api-key": "of the key",
    }


def test_who_may_set_headers_and_whose_counts() -> None:
    target = {"HeaderParameters": {"X-One": "target", "X-Two": "target", "Range": "mine", "Host": "elsewhere"}}
    http = {"HeaderParameters": [pair("x-one", "connection"), pair("User-Agent", "mine"), pair("CONTENT-TYPE", "t/x")]}
    headers = of(target, http).headers
    assert headers["x-one"] == "connection"
    assert headers["x-two"] == "target"
    assert headers["range"] == "bytes=0-1048575"
    assert headers["user-agent"] == "Amazon/EventBridge/ApiDestinations"
    assert headers["content-type"] == "t/x"
    assert "host" not in headers


def test_authorization_is_the_connections_whatever_else_is_set() -> None:
    target = {"HeaderParameters": {"Authorization": "mine"}}
    assert of(target, auth=BASIC).headers["authorization"] == "Basic dXNlcjpvZiB0aGUgdXNlcg=="
    assert of(target, auth={"OAuthParameters": {}}, token="t").headers["authorization"] == "Bearer t"


def test_query_parameters_join_those_of_the_endpoint() -> None:
    target = {"QueryStringParameters": {"a": "target", "b": "x y&z"}}
    http = {"QueryStringParameters": [pair("a", "connection")]}
    found = of(target, http, url=f"{URL}?own=1").url
    assert parse_qsl(urlsplit(found).query) == [("own", "1"), ("a", "connection"), ("b", "x y&z")]


def test_body_parameters_join_an_object_and_nothing_else() -> None:
    http = {"BodyParameters": [pair("a", "connection"), pair("b", "2")]}
    assert json.loads(of(http=http).body or b"") == {"a": "connection", "b": "2"}
    assert of(http=http, payload=b'"text"').body == b'"text"'
    assert of(http=http, payload=b"no json").body == b"no json"
    assert of(payload=b'{ "a" : 1 }').body == b'{ "a" : 1 }'


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_some_methods_have_no_body(method: str) -> None:
    assert of(method=method).body is None


@given(st.text(min_size=1), st.text(min_size=1))
def test_path_parameters_stand_for_the_asterisks_and_change_nothing_else(first: str, second: str) -> None:
    found = urlsplit(of({"PathParameterValues": [first, second, "more"]}, url=f"{URL}/*/x/*?q=*z").url)
    assert (found.scheme, found.netloc) == ("https", "example.com")
    assert [unquote(part) for part in found.path.split("/")] == ["", "api", first, "x", second]
    assert found.query == "q=morez"


def test_too_few_path_parameters_are_no_request() -> None:
    with pytest.raises(DeliveryError) as refused:
        of({"PathParameterValues": ["one"]}, url=f"{URL}/*/*")
    assert refused.value.final
