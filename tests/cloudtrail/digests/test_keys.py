"""Keys: made when needed, taken over with overlap, private to their folder, public for ever."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.cloudtrail.digests.digest_rig import DigestRig

from cairn.cloudtrail.digests.keys import OVERLAP_S, REGIONS_ASKED_MAX, VALID_S, Keys
from cairn.cloudtrail.digests.operations import operations
from cairn.cloudtrail.digests.signature import PublicKey
from cairn.core.clock import utc
from cairn.core.errors import AwsError, CairnError
from cairn.core.failpoints import FailpointReached, arm
from cairn.wire.operation import Context

CONTEXT = Context("111122223333", "us-east-1")
DAY = 86400.0


def _files(rig: DigestRig) -> list[Path]:
    return sorted((rig.folder / "keys").glob("*.pem"))


def test_a_key_is_made_once_and_only_its_owner_can_read_it(rig: DigestRig) -> None:
    key = rig.keys.signing_key("us-east-1")
    assert rig.keys.signing_key("us-east-1").fingerprint == key.fingerprint
    assert Keys(rig.state, rig.folder / "keys", rig.clock).signing_key("us-east-1").fingerprint == key.fingerprint
    assert rig.keys.signing_key("eu-west-1").fingerprint != key.fingerprint
    (path, _) = _files(rig)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (listed,) = rig.keys.listed("us-east-1", rig.clock.now(), rig.clock.now())
    assert PublicKey.load(listed.public).verifies(b"text", key.sign(b"text"))
    private = path.read_bytes().splitlines()[2]
    assert private not in (rig.folder / "state.db").read_bytes() + (rig.folder / "state.db-wal").read_bytes()


def test_the_next_key_takes_over_before_the_last_ends_and_old_ones_stay_answerable(rig: DigestRig) -> None:
    began = rig.clock.now()
    first = rig.keys.signing_key("us-east-1").fingerprint
    rig.clock.advance(VALID_S - OVERLAP_S - 1)
    assert rig.keys.signing_key("us-east-1").fingerprint == first
    rig.clock.advance(1)
    second = rig.keys.signing_key("us-east-1").fingerprint
    assert second != first
    now = rig.clock.now()
    assert [key.fingerprint for key in rig.keys.listed("us-east-1", now, now)] == [first, second]
    rig.clock.advance(VALID_S)
    third = rig.keys.signing_key("us-east-1").fingerprint
    assert [path.stem for path in _files(rig)] == sorted([second, third])  # the first can sign nothing any more
    listed = rig.keys.listed("us-east-1", began, rig.clock.now())
    assert [key.fingerprint for key in listed] == [first, second, third]
    assert [key.fingerprint for key in rig.keys.listed("us-east-1", began, began + DAY)] == [first]


def test_a_chain_goes_on_across_the_change_of_keys(rig: DigestRig) -> None:
    trail = rig.trail()
    rig.record()
    rig.hour()
    rig.clock.advance(VALID_S - OVERLAP_S)
    began = rig.clock.now()
    rig.record()
    rig.hour()
    assert len({digest.digest_public_key_fingerprint for digest in rig.made()}) == 2
    assert rig.validate(trail, began)[::2] == (0, [])
    assert rig.validate(trail, began - VALID_S)[::2] == (0, [])


def test_a_clock_that_is_set_back_far_has_a_key_of_its_own(rig: DigestRig) -> None:
    key = rig.keys.signing_key("us-east-1").fingerprint
    rig.clock.advance(-60)
    assert rig.keys.signing_key("us-east-1").fingerprint == key
    rig.clock.advance(-DAY)
    assert rig.keys.signing_key("us-east-1").fingerprint != key


def test_two_processes_agree_on_one_key(rig: DigestRig) -> None:
    other = Keys(rig.state, rig.folder / "keys", rig.clock)
    original = other._usable
    seen = []

    def late(*arguments: object) -> object:  # the other has looked, and we make a key before it does
        if not seen:
            seen.append(rig.keys.signing_key("us-east-1").fingerprint)
            return None
        return original(*arguments)  # type: ignore[arg-type]

    other._usable = late  # type: ignore[method-assign, assignment]
    assert other.signing_key("us-east-1").fingerprint == seen[0]
    assert [path.stem for path in _files(rig)] == seen


def test_a_private_key_without_a_public_one_is_deleted_one_day(rig: DigestRig) -> None:
    arm("digests.key_written=raise")
    try:
        with pytest.raises(FailpointReached):
            rig.keys.signing_key("us-east-1")
    finally:
        arm("")
    (orphan,) = _files(rig)
    key = rig.keys.signing_key("us-east-1")
    assert key.fingerprint != orphan.stem
    rig.clock.advance(orphan.stat().st_mtime + 2 * DAY - rig.clock.now())
    rig.keys.signing_key("eu-west-1")
    assert orphan not in _files(rig)


def test_a_folder_without_the_private_key_makes_one_of_its_own_and_a_damaged_one_is_refused(rig: DigestRig) -> None:
    key = rig.keys.signing_key("us-east-1")
    elsewhere = Keys(rig.state, rig.folder / "other-keys", rig.clock)
    assert elsewhere.signing_key("us-east-1").fingerprint != key.fingerprint
    (path,) = _files(rig)
    path.write_bytes(b"garbage")
    with pytest.raises(CairnError, match="cannot be read"):
        Keys(rig.state, rig.folder / "keys", rig.clock).signing_key("us-east-1")


def test_list_public_keys_answers_the_current_key_and_those_of_a_time(rig: DigestRig) -> None:
    list_public_keys = operations(rig.keys, rig.clock)["ListPublicKeys"]
    began = rig.clock.now()
    (key,) = list_public_keys(CONTEXT, {})["PublicKeyList"]  # a region that never made a digest
    assert key["Fingerprint"] == rig.keys.signing_key("us-east-1").fingerprint
    rig.clock.now = lambda now=rig.clock.now: rig.clock.advance(0.001) or now()  # type: ignore[method-assign]
    assert list_public_keys(Context("111122223333", "eu-west-1"), {})["PublicKeyList"]  # made after the call began
    del rig.clock.now
    assert (key["ValidityEndTime"] - key["ValidityStartTime"]).total_seconds() == VALID_S
    assert PublicKey.load(key["Value"]).fingerprint == key["Fingerprint"]
    rig.clock.advance(100 * DAY)
    past = {"StartTime": utc(began), "EndTime": utc(began + 60)}
    assert list_public_keys(CONTEXT, past)["PublicKeyList"] == [key]
    assert list_public_keys(CONTEXT, {"StartTime": utc(began - 9), "EndTime": utc(began - 1)})["PublicKeyList"] == []
    assert [found["Fingerprint"] for found in list_public_keys(CONTEXT, {})["PublicKeyList"]] != [key["Fingerprint"]]
    assert len(list_public_keys(CONTEXT, {"StartTime": utc(began)})["PublicKeyList"]) == 2


def test_list_public_keys_refuses_a_time_that_ends_before_it_starts_and_tokens(rig: DigestRig) -> None:
    list_public_keys = operations(rig.keys, rig.clock)["ListPublicKeys"]
    now = utc(rig.clock.now())
    with pytest.raises(AwsError, match="InvalidTimeRangeException"):
        list_public_keys(CONTEXT, {"StartTime": now, "EndTime": utc(rig.clock.now() - 1)})
    with pytest.raises(AwsError, match="InvalidTokenException"):
        list_public_keys(CONTEXT, {"NextToken": "more"})


def test_asking_makes_keys_in_no_more_regions_than_there_can_be(
    rig: DigestRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(rig.keys, "signing_key", made.append)
    with rig.state.write() as connection:
        for number in range(REGIONS_ASKED_MAX):
            connection.exec_driver_sql(f"INSERT INTO digest_keys VALUES ('{number}', 'region-{number}', x'00', 0, 1)")
    now = rig.clock.now()
    assert rig.keys.listed("one-more", now, now) == []
    rig.keys.listed("region-7", now, now)
    assert made == ["region-7"]
