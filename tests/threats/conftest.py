"""What attacks on a running Cairn begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.looking import Journaled
from tests.running import Cairn

Keys = tuple[str, str]


@pytest.fixture(scope="session")
def recorded(cairn: Cairn) -> Iterator[Journaled]:
    """What `cairn` has recorded."""
    journal = Journaled(cairn)
    yield journal
    journal.close()


@pytest.fixture(scope="session")
def mallory(cairn: Cairn) -> Keys:
    """The access key of a user who has no permission at all."""
    iam = cairn.client("iam")
    iam.create_user(UserName="mallory")
    key = iam.create_access_key(UserName="mallory")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]
