"""Where requests may go."""

from __future__ import annotations

import pytest

from cairn.wire.outgoing import Outgoing, OutgoingError, is_private, names_private


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("8.8.8.8", False),
        ("2606:4700::1111", False),
        ("64:ff9b::808:808", False),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("64:ff9b::a9fe:a9fe", True),
        ("2002:7f00:1::", True),
        ("fec0::1", True),
        ("fd00:ec2::254", True),
        ("0.0.0.0", True),
    ],
)
def test_private_addresses_in_every_form(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_names_of_this_machine_are_private_by_their_looks() -> None:
    assert names_private("localhost")
    assert names_private("a.localhost")
    assert names_private("::1")
    assert not names_private("example.com")


def test_a_private_address_is_refused_for_good() -> None:
    with pytest.raises(OutgoingError, match=r"private address, which a\.setting allows") as refused:
        Outgoing(allow_private=False, setting="a.setting").request("GET", "http://localhost:1/", {})
    assert refused.value.refused
