import pytest

from cairn.core.errors import ConfigurationError
from cairn.gateway.addresses import TrustedProxies
from cairn.wire.http import Headers


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # 6.6.6.6 is the client's own word
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # nobody we trust says so
    ],
)
def test_the_first_hop_from_the_right_that_is_no_proxy_is_the_client(peer: str, forwarded: str, expected: str) -> None:
    proxies = TrustedProxies(["10.0.0.0/8"])
    client, _ = proxies.origin(peer, "http", Headers([("X-Forwarded-For", forwarded)]))
    assert client == expected


def test_the_scheme_is_believed_from_proxies_only() -> None:
    headers = Headers([("x-forwarded-proto", "https")])
    assert TrustedProxies(["10.0.0.0/8"]).origin("10.0.0.1", "http", headers)[1] == "https"
    assert TrustedProxies(["10.0.0.0/8"]).origin("9.9.9.9", "http", headers)[1] == "http"


def test_a_network_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        TrustedProxies(["10.0.0.0/99"])
