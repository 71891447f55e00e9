"""The checkpoint log as a server keeps it: through crashes one tree, and none where the state was rolled back."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cloudtrail.verify.bucket import BUCKET, START, TRAIL, make_chain

from cairn.cloudtrail.checkpoints.keeper import UNREADABLE_S, CheckpointKeeper, Destination
from cairn.cloudtrail.checkpoints.leaf import Leaf, folder, origin, read_leaf
from cairn.cloudtrail.checkpoints.logs import CheckpointLogs, DeliveredDigest
from cairn.cloudtrail.checkpoints.merkle import leaf_hash, root, verify_consistency, verify_inclusion
from cairn.cloudtrail.checkpoints.note import Checkpoint, VerifierKey, open_checkpoint
from cairn.cloudtrail.checkpoints.signer import FILE, KeyDamaged, signing_key
from cairn.cloudtrail.checkpoints.tiles import published_nodes
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.checkpoint_log import KEY, LogDamaged, SeenBefore, in_place, read_log
from cairn.cloudtrail.verify.places import StoredObjects
from cairn.core.clock import TestClock
from cairn.core.errors import CairnError
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.state import State, metadata

POINTS = ("checkpoints.signed", "checkpoints.tiled", "checkpoints.published")
LEAVES = make_chain(hours=3, files=0).leaves


class FakeDigests:
    """Rows of digests without a table."""

    def __init__(self) -> None:
        self.rows: dict[TrailId, list[DeliveredDigest]] = {}
        self.bucket, self.prefix, self.kms_key = BUCKET, "", ""

    def deliver(self, count: int = 1, trail: TrailId = TRAIL) -> None:
        rows = self.rows.setdefault(trail, [])
        for number in range(len(rows), len(rows) + count):
            leaf = Leaf(**{name: getattr(LEAVES[0], name) for name in Leaf.__struct_fields__} | {"key": f"k{number}"})
            rows.append(DeliveredDigest(number * 3 + 5, leaf))

    def destinations(self) -> Iterator[Destination]:
        for trail in self.rows:
            yield Destination(trail, self.bucket, self.prefix, self.kms_key)

    def after(self, trail: TrailId, row: int, most: int) -> list[DeliveredDigest]:
        return [digest for digest in self.rows[trail] if digest.row > row][:most]


class Kept:
    """A keeper with everything around it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = TestClock(START)
        self.store = MemoryObjectStore(BUCKET, "other", clock=self.clock)
        self.digests = FakeDigests()
        self.state = State.in_folder(path)
        metadata.create_all(self.state.engine)
        self.restart()

    def restart(self) -> None:
        self.keeper = CheckpointKeeper(self.state, self.digests, self.store, self.path, self.clock)

    def run(self) -> None:
        while self.keeper.step() == 0.0:
            pass

    @property
    def logs(self) -> CheckpointLogs:
        return CheckpointLogs(self.state)

    def verified(self, *before: Checkpoint, trail: TrailId = TRAIL) -> Checkpoint:
        """What somebody reads who trusts nothing but the key; held against what was seen before."""
        place = StoredObjects(self.store, self.digests.bucket, self.digests.prefix)
        fetch = in_place(place, trail)
        key = VerifierKey.parse(fetch(KEY).decode())
        seen = [SeenBefore(checkpoint, "a test") for checkpoint in before]
        return read_log(fetch, trail, key, seen, signatures=False).checkpoint

    def close(self) -> None:
        arm("")
        self.state.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.close()


def test_every_digest_is_in_the_log_once_and_the_log_only_grows(kept: Kept) -> None:
    seen: list[Checkpoint] = []
    for count in (1, 2, 300, 1, 700, 1500):
        kept.digests.deliver(count)
        kept.run()
        seen.append(kept.verified(*seen))
    assert [checkpoint.size for checkpoint in seen] == [1, 3, 303, 304, 1004, 2504]
    assert seen[0].origin == origin(TRAIL) == "cairn/111122223333/us-east-1/audit"
    puts = kept.store.puts
    kept.run()
    assert kept.store.puts == puts


def test_what_is_published_proves_each_entry_and_each_growth(kept: Kept) -> None:
    kept.digests.deliver(10)
    kept.run()
    old = kept.verified()
    kept.digests.deliver(600)
    kept.run()
    new = kept.verified(old)
    fetch = in_place(StoredObjects(kept.store, BUCKET), TRAIL)
    assert root(published_nodes(fetch, new.size), new.size) == new.root
    log = kept.logs.find(TRAIL)
    assert log is not None
    verify_consistency(old.size, old.root, new.size, new.root, kept.logs.consistency(log, old.size, new.size))
    for index in (0, 255, 256, 609):
        leaf = leaf_hash(kept.digests.rows[TRAIL][index].leaf.encode())
        verify_inclusion(leaf, index, new.size, kept.logs.inclusion(log, index, new.size), new.root)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(
        st.one_of(
            st.integers(1, 300),
            st.sampled_from(POINTS),
            st.sampled_from(["lose reply", "fail put", "two workers", "new bucket", "new prefix", "empty bucket"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_through_any_crash_there_is_one_tree(tmp_path_factory: pytest.TempPathFactory, plan: list[int | str]) -> None:
    kept = Kept(tmp_path_factory.mktemp("kept"))
    seen: list[Checkpoint] = []
    try:
        for what in plan:
            if isinstance(what, int):
                kept.digests.deliver(what)
            elif what in POINTS:
                arm(f"{what}=raise")
                kept.digests.deliver(1)
            elif what == "lose reply":
                kept.store.faults.lose_replies = 1
            elif what == "fail put":
                kept.store.faults.fail_puts = 2
            elif what == "two workers":
                other = CheckpointKeeper(kept.state, kept.digests, kept.store, kept.path, kept.clock)
                kept.digests.deliver(2)
                attempt(other)
            elif what == "new bucket":
                kept.digests.bucket = "other" if kept.digests.bucket == BUCKET else BUCKET
            elif what == "empty bucket":
                empty(kept)
            else:
                kept.digests.prefix = "" if kept.digests.prefix else "some/prefix"
            attempt(kept.keeper)
            note(kept, seen)
            kept.restart()
        kept.digests.deliver(1)
        arm("")
        kept.store.faults.fail_puts = kept.store.faults.lose_replies = 0
        kept.run()
        last = kept.verified(*seen)
        assert last.size == len(kept.digests.rows[TRAIL])
    finally:
        kept.close()


def empty(kept: Kept) -> None:
    """What a bucket is that was deleted and made again."""
    for key in list(kept.store.content(kept.digests.bucket)):
        kept.store.delete(kept.digests.bucket, key)


def attempt(keeper: CheckpointKeeper) -> None:
    try:
        while keeper.step() == 0.0:
            pass
    except (FailpointReached, CairnError):
        pass


def note(kept: Kept, seen: list[Checkpoint]) -> None:
    """Keep every checkpoint that anybody could have read."""
    key = VerifierKey(origin(TRAIL), signing_key(kept.path).public_key())
    for bucket in (BUCKET, "other"):
        for stored, content in kept.store.content(bucket).items():
            if stored.endswith("/checkpoint"):
                seen.append(open_checkpoint(content.content.decode(), key))


def test_a_state_that_was_rolled_back_signs_nothing(kept: Kept) -> None:
    kept.digests.deliver(5)
    kept.run()
    kept.state.close()
    shutil.copy(kept.path / "state.db", kept.path / "old.db")
    kept.digests.deliver(5)
    kept.run()
    published = kept.verified()
    kept.state.close()
    shutil.copy(kept.path / "old.db", kept.path / "state.db")
    for name in ("state.db-wal", "state.db-shm"):
        (kept.path / name).unlink(missing_ok=True)
    del kept.digests.rows[TRAIL][5:]
    kept.digests.deliver(2)
    kept.restart()
    with pytest.raises(CairnError, match="rolled back"):
        kept.keeper.step()
    assert kept.verified() == published
    kept.digests.deliver(20)
    kept.clock.advance(1000)
    with pytest.raises(CairnError, match="rolled back"):
        kept.keeper.step()
    assert kept.verified() == published


def test_a_state_that_was_changed_signs_nothing(kept: Kept) -> None:
    kept.digests.deliver(5)
    kept.run()
    with kept.state.write() as connection:
        connection.exec_driver_sql("UPDATE checkpoint_hashes SET hash = zeroblob(32) WHERE number = 2")
    kept.digests.deliver(1)
    with pytest.raises(CairnError, match="not one of its log"):
        kept.keeper.step()
    kept.store.delete(BUCKET, folder(TRAIL, "") + "checkpoint")
    kept.clock.advance(1000)
    with pytest.raises(CairnError, match="signed last"):
        kept.keeper.step()


def test_another_key_signs_nothing(kept: Kept) -> None:
    kept.digests.deliver(5)
    kept.run()
    (kept.path / FILE).unlink()
    kept.digests.deliver(1)
    with pytest.raises(CairnError, match="key now is"):
        kept.keeper.step()


def test_a_checkpoint_that_was_changed_in_the_bucket_is_put_again(kept: Kept) -> None:
    kept.digests.deliver(5)
    kept.run()
    kept.store.replace(BUCKET, folder(TRAIL, "") + "checkpoint", b"forged")
    kept.digests.deliver(1)
    kept.run()
    assert kept.verified().size == 6


def test_a_checkpoint_that_cannot_be_read_any_more_is_put_again(kept: Kept) -> None:
    """Its bytes rotted in the bucket's engine, which still knows that it is there."""
    kept.digests.deliver(5)
    kept.run()
    kept.store.faults.damaged_keys.add(folder(TRAIL, "") + "checkpoint")
    kept.digests.deliver(1)
    for _ in range(3):
        with pytest.raises(CairnError, match="internal error"):
            kept.keeper.step()
        kept.clock.advance(UNREADABLE_S / 3 - 1)
    kept.clock.advance(UNREADABLE_S)
    kept.run()
    assert kept.verified().size == 6


def test_nothing_is_signed_while_the_bucket_is_away_however_long(kept: Kept) -> None:
    kept.digests.deliver(5)
    kept.run()
    kept.store.faults.away = True
    kept.digests.deliver(1)
    for _ in range(4):
        with pytest.raises(CairnError, match="does not answer"):
            kept.keeper.step()
        kept.clock.advance(1000)
    found = kept.logs.find(TRAIL)
    assert found is not None
    assert found.size == 5


def test_a_bucket_that_was_made_again_gets_the_whole_log(kept: Kept) -> None:
    kept.digests.deliver(600)
    kept.run()
    before = kept.verified()
    empty(kept)
    kept.digests.deliver(1)
    kept.run()
    assert kept.verified(before).size == 601


def test_what_a_bucket_lost_of_a_log_is_put_again_when_asked_for(kept: Kept) -> None:
    kept.digests.deliver(600)
    kept.run()
    before = kept.verified()
    kept.store.delete(BUCKET, folder(TRAIL, "") + "tile/entries/000")
    kept.run()
    with pytest.raises(LogDamaged):
        kept.verified(before)
    kept.logs.publish_again(TRAIL)
    kept.run()
    assert kept.verified(before) == before


def test_a_log_that_may_not_be_read_is_put_by_what_is_new(kept: Kept) -> None:
    kept.digests.deliver(600)
    kept.run()
    puts = kept.store.puts
    kept.store.faults.refused_keys[folder(TRAIL, "") + "checkpoint"] = "AccessDenied"
    kept.digests.deliver(1)
    with pytest.raises(CairnError):  # it can be written as little, and is put last
        kept.keeper.step()
    assert 0 < kept.store.puts - puts <= 5


def test_a_trail_whose_bucket_refuses_holds_up_no_other(kept: Kept) -> None:
    other = TrailId("444455556666", "eu-central-1", "other")
    kept.digests.deliver(1)
    kept.digests.deliver(1, other)
    kept.store.faults.refused_keys[folder(TRAIL, "") + "checkpoint"] = "SlowDown"
    with pytest.raises(CairnError, match="audit"):
        kept.keeper.step()
    assert kept.verified(trail=other).size == 1
    kept.store.faults.refused_keys.clear()
    kept.clock.advance(1000)
    kept.run()
    assert kept.verified().size == 1


def test_a_log_is_encrypted_as_its_trails_files_are(kept: Kept) -> None:
    kept.digests.kms_key = "arn:aws:kms:us-east-1:111122223333:key/k"
    kept.digests.deliver(3)
    kept.run()
    for key, found in kept.store.content(BUCKET).items():
        assert (found.kms_key, found.on_behalf_of) == (kept.digests.kms_key, TRAIL.arn)
        assert found.encryption_context["aws:s3:arn"] == f"arn:aws:s3:::{BUCKET}/{key}"


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    made = signing_key(tmp_path).public_key()
    assert signing_key(tmp_path).public_key() == made
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    (tmp_path / FILE).write_text("no key")
    with pytest.raises(KeyDamaged):
        signing_key(tmp_path)


def test_a_leaf_is_canonical_json() -> None:
    leaf = LEAVES[1]
    assert leaf.encode().startswith(b'{"account":"111122223333","region":"us-east-1","start":"2026-11-27T21:00:00Z"')
    assert b'"previous":null' in LEAVES[0].encode()
    assert read_leaf(leaf.encode()) == leaf
