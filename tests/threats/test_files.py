"""Who else on the machine may read or write what Cairn makes: nobody, whatever umask it was started with."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.contract.recipients import make_bucket
from tests.running import BIN, Cairn

pytestmark = pytest.mark.engine

LINKED = ("run.json", "credentials.json")
VOLUME = ".vif"
"""What the bucket engine says of a volume's form in a file beside it, which it opens to everybody."""
LISTEN = "0A"
"""A state of /proc/net/tcp."""


@contextmanager
def open_handed() -> Iterator[None]:
    """What is started meanwhile leaves what it makes open to everybody, unless it says otherwise."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(*places: Path) -> dict[str, str]:
    """Everything in or at `places` that others may read, write or enter, with its mode."""
    found = {}
    for place in places:
        for path in [place, *place.rglob("*")]:
            mode = path.lstat().st_mode
            if stat.S_IMODE(mode) & 0o077 and not stat.S_ISLNK(mode) and path.suffix != VOLUME:
                found[str(path.relative_to(place.parent))] = stat.filemode(mode)
    return found


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """Started with umask 0, and asked for one of everything that makes files."""
    folder = tmp_path_factory.mktemp("careless")
    running = Cairn(folder / "data")
    for name in LINKED:
        _plant(folder / "data" / name, folder / f"linked-{name}")
    with open_handed():
        running.start()
        try:
            _use(running, folder)
            yield running
        finally:
            assert running.stop() == 0


def _use(cairn: Cairn, beside: Path) -> None:
    trails = cairn.client("cloudtrail")
    trails.create_trail(Name="files", S3BucketName=make_bucket(cairn, "files"), EnableLogFileValidation=True)
    trails.start_logging(Name="files")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    cairn.client("events").create_connection(Name="files", AuthorizationType="API_KEY", AuthParameters=key)
    cairn.client("logs").create_log_group(logGroupName="files")
    cairn.cairn("flush", "--digests")
    (beside / "log.json").write_text('{"Records": []}')
    cairn.cairn("import", str(beside / "log.json"))
    cairn.cairn("rebuild")
    cairn.cairn("backup", str(beside / "backup"))
    restore = [str(BIN / "cairn"), "restore", str(beside / "backup"), "--data", str(beside / "restored")]
    subprocess.run(restore, check=True, capture_output=True, timeout=120)


def _plant(link: Path, target: Path) -> None:
    """A link to a file of somebody else's, under the name of one of Cairn's."""
    link.parent.mkdir(exist_ok=True)
    target.write_text("somebody's")
    link.symlink_to(target)


def test_nothing_of_the_data_folder_is_open(careless: Cairn) -> None:
    assert open_to_others(careless.folder.path) == {}


def test_a_backup_and_what_is_restored_are_as_private(careless: Cairn) -> None:
    beside = careless.folder.path.parent
    assert (beside / "restored" / "state.db").exists()
    assert open_to_others(beside / "backup", beside / "restored") == {}


def test_links_that_lie_there_are_replaced_and_not_followed(careless: Cairn) -> None:
    for name in LINKED:
        assert (careless.folder.path.parent / f"linked-{name}").read_text() == "somebody's"
        assert not (careless.folder.path / name).is_symlink()


def test_only_the_door_is_reached_and_only_from_this_machine(careless: Cairn) -> None:
    assert listening(careless) == {"127.0.0.1"}


def listening(cairn: Cairn) -> set[str]:
    """The addresses that the processes of a Cairn listen on."""
    processes = [cairn.folder.runtime().pid, *cairn.children()]
    sockets = {str(handle.readlink()) for pid in processes for handle in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and f"socket:[{fields[9]}]" in sockets:
                words = bytes.fromhex(fields[1].partition(":")[0])
                address = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
                found.add(socket.inet_ntop(family, address))
    return found
