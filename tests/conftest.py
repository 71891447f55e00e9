"""What every test may use, among it the running Cairns of those that do not kill it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.certificates import self_signed
from tests.contract.looking import Journaled
from tests.running import Cairn
from tests.sharing import SharingScheduling

from cairn.core.clock import TestClock


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharingScheduling | None:
    return SharingScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """Genuine log files, LookupEvents items and the rest; they are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the shared data at {SHARED_DATA}, which a plain clone does not have")
    return SHARED_DATA


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


VPC_ENDPOINT = """
[vpc_endpoints.vpce-0a1b2c3d4e5f]
hosts = ["localhost"]
services = ["sns"]
"""
"""All other tests call 127.0.0.1."""


@pytest.fixture(scope="session")
def cairn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    folder: Path = tmp_path_factory.mktemp("cairn") / "data"
    folder.mkdir(mode=0o700)
    (folder / "cairn.toml").write_text(VPC_ENDPOINT)
    running = Cairn(folder, {"CAIRN_HISTORY_RETENTION": "90d", "CAIRN_AUTH_FEDERATION": "trust"})
    running.start()
    yield running
    assert running.stop() == 0
    assert running.children() == []


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """A Cairn that speaks TLS, records data events, asks policies of everybody, and has proxies on this machine."""
    folder = tmp_path_factory.mktemp("watched")
    certificate, key = self_signed(folder)
    running = Cairn(
        folder / "data",
        {
            "CAIRN_SERVER_TLS_CERTIFICATE": str(certificate),
            "CAIRN_SERVER_TLS_KEY": str(key),
            "CAIRN_SERVER_TRUSTED_PROXIES": "127.0.0.0/8",
            "CAIRN_RECORDING_DATA_EVENTS": "all",
            "CAIRN_AUTH_IAM": "enforce",
        },
    )
    running.start()
    yield running
    assert running.stop() == 0
    assert running.children() == []


@pytest.fixture(scope="session")
def journaled(watched: Cairn) -> Iterator[Journaled]:
    """What `watched` has recorded."""
    journal = Journaled(watched)
    yield journal
    journal.close()
