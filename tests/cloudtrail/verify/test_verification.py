"""What only Cairn finds, and where a place has no metadata: folders."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.cloudtrail.verify.bucket import (
    ACCOUNT,
    BUCKET,
    HOUR,
    START,
    TRAIL,
    Made,
    Object,
    make_chain,
    public_keys,
    stored,
    write_folder,
)
from tests.cloudtrail.verify.world import Delivered

from cairn.cli.verify_output import TextOutput
from cairn.cloudtrail.checkpoints.keeper import CheckpointKeeper
from cairn.cloudtrail.checkpoints.leaf import folder
from cairn.cloudtrail.checkpoints.logs import CheckpointLogs
from cairn.cloudtrail.checkpoints.note import VerifierKey
from cairn.cloudtrail.checkpoints.tiles import parse_path
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify import walk
from cairn.cloudtrail.verify.keys import PublicKeys
from cairn.cloudtrail.verify.log_reading import LogReading, ServersLog
from cairn.cloudtrail.verify.places import Folder, Place, StoredObjects
from cairn.cloudtrail.verify.seen import SeenCheckpoints
from cairn.cloudtrail.verify.verdicts import Verdict, What
from cairn.cloudtrail.verify.verification import Verification
from cairn.core.clock import TestClock
from cairn.core.errors import CairnError
from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.state import State, metadata

HOURS = 12
END = START + 30 * HOUR
LOG = folder(TRAIL, "")
GONE = "INVALID: the checkpoint log names it, and it is gone"


class Site:
    """A bucket in memory with its checkpoint log, and a verifier who remembers."""

    def __init__(self, path: Path, *made: Made) -> None:
        self.path = path
        self.made = made[0]
        self.store = stored(*made)
        self.state = State.in_folder(path)
        metadata.create_all(self.state.engine)
        self.delivered = Delivered(BUCKET, *made)
        self.seen = path / "seen.json"
        self.keep()

    def keep(self) -> None:
        CheckpointKeeper(self.state, self.delivered, self.store, self.path, TestClock()).step()

    def verify(
        self,
        *,
        place: Place | None = None,
        server: bool = False,
        start: int = 0,
        end: int = END,
        trail: TrailId | None = None,
        log_key: str = "",
    ) -> list[Verdict]:
        """All verdicts but those on what is valid."""
        place = place or StoredObjects(self.store, BUCKET)
        signatures = isinstance(place, Folder)
        given = VerifierKey.parse(log_key) if log_key else None
        servers = self.servers() if server else None
        where = f"s3://{place.bucket}"
        reading = LogReading(
            place, where, SeenCheckpoints(self.seen), given=given, servers=servers, signatures=signatures
        )
        found = list(reading.run(trail))
        keys = PublicKeys(public_keys("us-east-1", "eu-central-1"))
        run = Verification(place, keys, trail=trail, start=start, end=end, logs=tuple(reading.logs))
        found += [item for item in run.run() if isinstance(item, Verdict)]
        reading.remember()
        return [verdict for verdict in found if not verdict.is_valid]

    def servers(self) -> dict[TrailId, ServersLog]:
        logs = CheckpointLogs(self.state)
        log = logs.find(TRAIL)
        assert log is not None

        def fetch(path: str) -> bytes:
            tile = parse_path(path)
            return logs.file(log, tile) if tile is not None else log.published_note.encode()

        return {TRAIL: ServersLog(log.key, log.published_note, fetch)}

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.store.delete(BUCKET, key)

    def hour(self, *hours: int) -> list[str]:
        return [key for hour in hours for key in (self.made.digests[hour], *self.made.logs[hour])]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, make_chain(hours=HOURS))
    first = site.verify()
    assert [verdict.what for verdict in first] == [What.checkpoint]
    assert "seen for the first time" in first[0].verdict
    assert site.verify() == []
    yield site
    site.state.close()


def lines(verdicts: list[Verdict]) -> list[str]:
    return [verdict.line for verdict in verdicts]


@pytest.mark.parametrize("hours", [(11,), (9, 10, 11), tuple(range(12))])
def test_the_newest_digests_deleted_are_named_one_by_one(site: Site, hours: tuple[int, ...]) -> None:
    site.delete(*site.hour(*hours))
    assert lines(site.verify()) == [f"Digest file\ts3://{BUCKET}/{site.made.digests[hour]}\t{GONE}" for hour in hours]


def test_digests_outside_the_range_are_not_asked_for(site: Site) -> None:
    site.delete(*site.hour(11))
    assert site.verify(end=START + 10 * HOUR - 1) == []


def test_without_a_log_a_hole_is_told_by_its_edges(site: Site) -> None:
    site.seen.unlink()
    site.delete(*[key for key in site.store.content(BUCKET) if key.startswith(LOG)], *site.hour(5, 6, 7))
    found = [verdict for verdict in site.verify() if verdict.ours]
    assert len(found) == 1
    assert found[0].verdict == "INVALID: those between 2026-11-28T01:00:00Z and 2026-11-28T04:00:00Z are gone"


def test_a_log_that_is_gone_is_missed_by_who_saw_it_and_by_nobody_else(site: Site) -> None:
    site.delete(*[key for key in site.store.content(BUCKET) if key.startswith(LOG)])
    assert [verdict.verdict for verdict in site.verify()] == [
        "INVALID: it is gone, and your checkpoint file knows 12 digests"
    ]
    site.seen.unlink()
    assert site.verify() == []
    assert ["there is none" in verdict.verdict for verdict in site.verify(trail=TRAIL)] == [True]


def test_a_log_without_its_key_is_not_trusted(site: Site) -> None:
    site.delete(LOG + "key")
    assert site.verify() == []
    site.seen.unlink()
    assert "its key is gone" in site.verify()[0].verdict


def test_a_roll_back_shows_beside_the_file_and_names_digests_beside_the_server(site: Site) -> None:
    before = dict(site.store.content(BUCKET))
    more = make_chain(hours=HOURS + 2)
    for key, (content, said, _) in more.objects.items():
        put(site.store, key, content, said)
    site.delivered.rows = Delivered(BUCKET, more).rows
    site.keep()
    assert site.verify() == []
    for key in site.store.content(BUCKET).keys() - before.keys():
        site.store.delete(BUCKET, key)
    put(site.store, LOG + "checkpoint", before[LOG + "checkpoint"].content)
    rolled = [verdict.verdict for verdict in site.verify()]
    assert rolled == ["INVALID: roll-back: it has 12 digests, and your checkpoint file knows 14"]
    site.seen.unlink()
    found = lines(site.verify(server=True))
    assert "roll-back: it has 12 digests, and the server knows 14" in found[1]
    assert found[2:] == [f"Digest file\ts3://{BUCKET}/{key}\t{GONE}" for key in more.digests[-2:]]


def test_the_log_of_another_key_or_of_altered_entries_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "o").mkdir()
    other = Site(tmp_path / "o", make_chain(hours=HOURS))
    theirs = other.servers()[TRAIL].key
    assert any("not signed by" in verdict.verdict for verdict in site.verify(log_key=theirs))
    put(site.store, LOG + "checkpoint", other.store.get(BUCKET, LOG + "checkpoint"))
    assert any("not the log's" in verdict.verdict for verdict in site.verify())
    other.state.close()


def test_a_server_that_began_anew_is_not_taken_for_the_one_before(site: Site, tmp_path: Path) -> None:
    site.verify(server=True)
    (tmp_path / "o").mkdir()
    anew = Site(tmp_path / "o", make_chain(hours=HOURS))
    anew.seen = site.seen
    told = [verdict.verdict for verdict in anew.verify(server=True) if "was seen with" in verdict.verdict]
    assert len(told) == 1
    assert told[0].endswith(f"take the log out of {site.seen}")
    anew.state.close()


def test_altered_or_missing_entries_are_told(site: Site) -> None:
    path = LOG + "tile/entries/000.p/12"
    content = site.store.get(BUCKET, path)
    site.store.replace(BUCKET, path, content.replace(b"us-east-1", b"us-east-2"))
    assert [verdict.verdict for verdict in site.verify()] == ["INVALID: its entries are not those of its checkpoint"]
    site.store.replace(BUCKET, path, content[:-1])
    assert "damaged" in site.verify()[0].verdict
    site.delete(path)
    assert "are gone" in site.verify()[0].verdict


def test_a_digest_that_somebody_else_signed_well_is_not_in_the_log(site: Site) -> None:
    other = make_chain(hours=1, start=START - 5 * HOUR)
    for key, (content, said, _) in other.objects.items():
        put(site.store, key, content, said)
    found = [verdict for verdict in site.verify() if verdict.is_invalid]
    assert lines(found) == [
        f"Digest file\ts3://{BUCKET}/{other.digests[0]}\tINVALID: the checkpoint log does not name it"
    ]


def test_digests_newer_than_the_log_are_only_noted(site: Site) -> None:
    other = make_chain(hours=1, start=START + (HOURS + 1) * HOUR)
    for key, (content, said, _) in other.objects.items():
        put(site.store, key, content, said)
    found = [verdict for verdict in site.verify() if verdict.what is What.digest]
    assert [verdict.verdict for verdict in found] == ["note: not yet in the checkpoint log"]


def test_log_files_that_no_digest_names(site: Site) -> None:
    clock = site.store._clock
    assert isinstance(clock, TestClock)
    place = site.made.logs[3][0]
    stranger, waiting = place.replace(".json.gz", "x.json.gz"), place.replace(".json.gz", "y.json.gz")
    clock.advance(START + 5 * HOUR - clock.now())
    put(site.store, stranger, b"x")
    clock.advance(START + (HOURS + 2) * HOUR - clock.now())
    put(site.store, waiting, b"x")
    assert lines(site.verify()) == [
        f"Log file\ts3://{BUCKET}/{stranger}\tINVALID: no digest file names it",
        f"Log file\ts3://{BUCKET}/{waiting}\tnote: not yet digested",
    ]


def test_log_files_beside_those_of_another_trail_are_its_own(tmp_path: Path) -> None:
    other = TrailId(ACCOUNT, "us-east-1", "other")
    site = Site(tmp_path, make_chain(hours=HOURS), make_chain(hours=HOURS, files=1, trail=other))
    site.delivered.rows = site.delivered.rows[:HOURS]
    CheckpointKeeper(site.state, site.delivered, site.store, tmp_path, TestClock()).step()
    found = [verdict for verdict in site.verify(trail=TRAIL) if verdict.what is not What.checkpoint]
    assert [verdict for verdict in found if verdict.what is What.log] == []
    site.state.close()


def test_every_region_and_account_is_found(tmp_path: Path) -> None:
    regions = [make_chain(hours=3), make_chain(hours=3, region="eu-central-1")]
    site = Site(tmp_path, *regions)
    site.verify()
    for key in (*regions[1].digests, *(key for keys in regions[1].logs for key in keys)):
        site.store.delete(BUCKET, key)
    assert lines(site.verify()) == [f"Digest file\ts3://{BUCKET}/{key}\t{GONE}" for key in regions[1].digests]
    site.state.close()


@pytest.mark.parametrize("cut", ["", "some/prefix/"])
def test_a_folder_is_verified_with_signatures_from_the_chain(tmp_path: Path, cut: str) -> None:
    made = make_chain(hours=HOURS, prefix="some/prefix")
    write_folder(tmp_path / "copy", made, cut=cut)
    place = Folder(tmp_path / "copy")
    assert (place.bucket, place.prefix) == (BUCKET, "some/prefix")
    keys = PublicKeys(public_keys("us-east-1"))
    found = [item for item in Verification(place, keys, end=END).run() if isinstance(item, Verdict)]
    unwell = [verdict for verdict in found if not verdict.is_valid]
    assert len(found) == HOURS * 3
    assert [(verdict.key, verdict.verdict) for verdict in unwell] == [
        (made.digests[-1], "unknown: no signature of it is known here")
    ]
    newest = tmp_path / "copy" / made.digests[4].removeprefix(cut)
    newest.write_bytes(made.objects[made.digests[3]].content)
    again = [item for item in Verification(place, keys, end=END).run() if isinstance(item, Verdict)]
    assert [verdict.key for verdict in again if verdict.is_invalid and not verdict.ours] == [made.digests[4]]


def test_in_a_folder_the_log_tells_the_newest_signature(site: Site, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    write_folder(copy, site.made)
    for key, found in site.store.content(BUCKET).items():
        if key.startswith(LOG):
            (copy / key).parent.mkdir(parents=True, exist_ok=True)
            (copy / key).write_bytes(found.content)
    assert site.verify(place=Folder(copy)) == []
    (copy / site.made.digests[-1]).unlink()
    assert GONE in site.verify(place=Folder(copy))[0].verdict


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["s3Bucket", "s3Object"]), inner),
    max_leaves=4,
)
MEMBERS = (
    "digestStartTime",
    "digestEndTime",
    "digestPublicKeyFingerprint",
    "previousDigestSignature",
    "previousDigestS3Bucket",
    "previousDigestS3Object",
    "logFiles",
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(MEMBERS), JSON, min_size=1, max_size=3), st.booleans())
@example({"previousDigestS3Bucket": BUCKET, "previousDigestS3Object": "\ud800"}, False)
@example({"previousDigestSignature": "\ud800"}, True)
@example({"digestPublicKeyFingerprint": []}, True)
@example({"logFiles": [{"s3Bucket": BUCKET, "s3Object": "\ud800", "hashValue": ""}]}, False)
def test_a_digest_that_anybody_may_have_written_is_no_more_than_invalid(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, object], signed: bool
) -> None:
    made = make_chain(hours=1, files=1)
    content, said, delivered = made.objects[made.digests[0]]
    forged = json.dumps(json.loads(gzip.decompress(content)) | members).encode()
    made.objects[made.digests[0]] = Object(gzip.compress(forged, 1), said, delivered)
    place: Place = StoredObjects(stored(made), BUCKET)
    if not signed:
        path = tmp_path_factory.mktemp("folder")
        write_folder(path, made)
        place = Folder(path, BUCKET)
    out, err = io.StringIO(), io.StringIO()
    output = TextOutput(out, err, verbose=True)
    for item in Verification(place, PublicKeys(public_keys("us-east-1")), end=END).run():
        output.write(item)
    output.end()
    (out.getvalue() + err.getvalue()).encode()
    if signed and forged != gzip.decompress(content):
        assert output.counts.invalid


def test_a_digest_that_unpacks_to_more_than_any_has_is_not_unpacked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "DIGEST_BYTES_MAX", 100)
    assert {verdict.verdict for verdict in site.verify() if verdict.what is What.digest and not verdict.ours} == {
        "INVALID: invalid format"
    }


def test_one_checkpoint_may_be_given_and_is_never_written(site: Site) -> None:
    note = site.store.get(BUCKET, LOG + "checkpoint")
    key = site.servers()[TRAIL].key
    site.seen.write_bytes(note)
    assert site.verify(log_key=key) == []
    assert site.seen.read_bytes() == note
    site.seen.write_bytes(note.replace(b"\n12\n", b"\n13\n"))
    assert any(verdict.is_invalid for verdict in site.verify(log_key=key))
    site.seen.write_text("neither")
    with pytest.raises(CairnError, match="holds no checkpoints"):
        site.verify()


def test_keys_of_files_serve_and_others_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"PublicKeyList": public_keys("us-east-1")}))
    fingerprint = public_keys("us-east-1")[0]["Fingerprint"]
    asked: list[str] = []

    def ask(region: str) -> list[dict[str, object]]:
        asked.append(region)
        return public_keys("eu-central-1")

    keys = PublicKeys.of_files([path], ask)
    assert keys.find(fingerprint, "us-east-1") is not None and asked == []
    assert keys.find("0" * 32, "eu-central-1") is None
    assert keys.find(public_keys("eu-central-1")[0]["Fingerprint"], "eu-central-1") is not None
    assert asked == ["eu-central-1"]
    for damaged in ("no json", "{}", "[1]"):
        path.write_text(damaged)
        with pytest.raises(CairnError):
            PublicKeys.of_files([path])


def put(store: MemoryObjectStore, key: str, content: bytes, said: dict[str, str] | None = None) -> None:
    store.put(BUCKET, key, content, sha256=hashlib.sha256(content).hexdigest(), metadata=said)
