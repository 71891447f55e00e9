"""nats-server as a child: private, found, checked, and started again."""

from __future__ import annotations

import logging
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from cairn.core.config import Engines, JournalSettings, Settings, Size
from cairn.core.errors import ConfigurationError, Unreachable
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.engine import JournalEngine, check_version, find_binary
from cairn.core.journal.journal import JournalFull
from cairn.core.journal.nats import NatsJournal
from cairn.core.records.event import Event, EventHeader


def fake_binary(folder: Path, version: str) -> Path:
    path = folder / "nats-server"
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o700)
    return path


def test_another_version_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert check_version(fake_binary(tmp_path, "nats-server: v2.99.0")) == "2.99.0"
    assert "2.99.0" in caplog.text


@pytest.mark.parametrize("version", ["nats-server: v2.10.7", "weed 30GB 4.48", ""])
def test_what_cannot_hold_a_journal_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(ConfigurationError):
        check_version(fake_binary(tmp_path, version))


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        find_binary(str(tmp_path / "nowhere"))


def test_no_access_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        JournalAccess.load(tmp_path)


@pytest.mark.engine
def test_the_child_is_private_and_comes_back(tmp_path: Path) -> None:
    engine = JournalEngine(tmp_path / "journal", Settings())
    access = engine.start()
    try:
        for name in ("nats-server.conf", "access.json"):
            assert stat.S_IMODE((tmp_path / "journal" / name).stat().st_mode) == 0o600
        assert JournalAccess.load(tmp_path / "journal") == access
        assert engine.child is not None and engine.child.pid is not None
        with NatsJournal(access, writer="one") as journal:
            assert journal.append([], origin="import") == 1
            os.kill(engine.child.pid, signal.SIGKILL)
            assert journal.append([], origin="import") == 2
        assert engine.child.restarts == 1
    finally:
        engine.stop()


@pytest.mark.engine
def test_the_size_limit_may_change(tmp_path: Path) -> None:
    padding = Event(EventHeader("i", "0" * 12, "us-east-1", "Data", 0, True, "s", "n"), b"x" * 100_000)
    for bytes_max, room in ((20 << 30, True), (150_000, False), (1 << 30, True)):
        engine = JournalEngine(
            tmp_path / "journal", Settings(journal=JournalSettings(bytes_max=Size(bytes_max))), reserve_bytes=0
        )
        with NatsJournal(engine.start(), writer="one") as journal:
            if room:
                journal.append([padding], origin="import")
            else:
                with pytest.raises(JournalFull):
                    journal.append([padding], origin="import")
        engine.stop()


@pytest.mark.engine
def test_wrong_credentials_do_not_enter(tmp_path: Path) -> None:
    engine = JournalEngine(tmp_path / "journal", Settings())
    access = engine.start()
    try:
        stranger = JournalAccess(address=access.address, user="cairn", password="guessed")
        with NatsJournal(stranger, writer="stranger", give_up_s=0.2) as journal:
            # The server hangs up on a stranger, who may see that before he reads why.
            with pytest.raises(Exception, match=r"(?i)authorization|connection reset|eof"):
                journal.bounds()
    finally:
        engine.stop()


@pytest.mark.engine
def test_an_address_starts_no_child(tmp_path: Path) -> None:
    engine = JournalEngine(tmp_path / "journal", Settings(engines=Engines(nats="nats://127.0.0.1:1")))
    access = engine.start()
    assert engine.child is None
    started = time.monotonic()
    with NatsJournal(access, writer="one", give_up_s=0.5) as journal:
        with pytest.raises(Exception, match=r"nats://127\.0\.0\.1:1"):
            journal.append([], origin="import")
    assert time.monotonic() - started < 10
    engine.stop()
