"""What somebody changes in the bucket, and the words in which the AWS CLI's validator names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.cloudtrail.digests.digest_rig import DigestRig, restoration

from cairn.cloudtrail.digests.digest import pack, read_digest
from cairn.cloudtrail.trail import Trail

GAP = "No log files were delivered by CloudTrail between"


@pytest.fixture
def proven(rig: DigestRig) -> tuple[Trail, float]:
    """A trail with four hours, a log file in each, and when it began."""
    began = rig.clock.now()
    trail = rig.trail()
    for _ in range(4):
        rig.record()
        rig.hour()
    assert rig.validate(trail, began)[0] == 0
    return trail, began


def _log(rig: DigestRig, number: int) -> str:
    return list(rig.files())[number]


def _change_log(rig: DigestRig) -> str:
    key = _log(rig, 1)
    rig.store.replace("logs", key, rig.store.get("logs", _log(rig, 2)))
    return f"Log file\ts3://logs/{key}\tINVALID: hash value doesn't match"


def _garble_log(rig: DigestRig) -> str:
    key = _log(rig, 1)
    rig.store.replace("logs", key, b"no gzip")
    return f"Log file\ts3://logs/{key}\tINVALID: invalid format"


def _delete_log(rig: DigestRig) -> str:
    key = _log(rig, 1)
    rig.store.delete("logs", key)
    return f"Log file\ts3://logs/{key}\tINVALID: not found"


def _change_digest(rig: DigestRig) -> str:
    key = rig.rows()[1].key
    _, plain = read_digest(rig.store.get("logs", key))
    rig.store.replace("logs", key, pack(plain.replace(b'"SHA-256"', b'"SHA-512"')))
    return f"Digest file\ts3://logs/{key}\tINVALID: signature verification failed"


def _garble_digest(rig: DigestRig) -> str:
    key = rig.rows()[1].key
    rig.store.replace("logs", key, pack(b"no json"))
    return f"Digest file\ts3://logs/{key}\tINVALID: invalid format"


def _delete_digest(rig: DigestRig) -> str:
    key = rig.rows()[1].key
    rig.store.delete("logs", key)
    return f"Digest file\ts3://logs/{key}\tINVALID: not found"


def _exchange_digests(rig: DigestRig) -> str:
    key = rig.rows()[1].key
    rig.store.replace("logs", key, rig.store.get("logs", rig.rows()[2].key))
    return f"Digest file\ts3://logs/{key}\tINVALID: has been moved from its original location"


def _strip_signature(rig: DigestRig) -> str:
    key = rig.rows()[1].key
    stored = rig.store.content("logs")[key].info
    stored.metadata.pop("signature")
    return f"Digest file\ts3://logs/{key}\tINVALID: signature verification failed"


CHANGES = (
    _change_log,
    _garble_log,
    _delete_log,
    _change_digest,
    _garble_digest,
    _delete_digest,
    _exchange_digests,
    _strip_signature,
)


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_named_and_nothing_else(
    rig: DigestRig, proven: tuple[Trail, float], change: Callable[[DigestRig], str]
) -> None:
    trail, began = proven
    line = change(rig)
    code, summary, faults = rig.validate(trail, began)
    assert (code, faults) == (1, [line])
    assert "1/4 digest files INVALID" in summary or "1/4 log files INVALID" in summary


@pytest.mark.parametrize("change", CHANGES[3:])
def test_digests_that_were_lost_or_changed_are_put_back(
    rig: DigestRig, proven: tuple[Trail, float], change: Callable[[DigestRig], str]
) -> None:
    trail, began = proven
    change(rig)
    again = list(restoration(rig).restore(trail.id, 0, rig.clock.now(), all_files=True))
    assert [file.outcome for file in again] == ["put"] * 4
    assert rig.validate(trail, began)[::2] == (0, [])
    rig.check()


def test_only_digests_that_are_missing_are_put_again(rig: DigestRig, proven: tuple[Trail, float]) -> None:
    trail, began = proven
    _delete_digest(rig)
    rig.store.content("logs")[rig.rows()[2].key].info.metadata.clear()
    again = restoration(rig).restore(trail.id, 0, rig.clock.now())
    assert [file.outcome for file in again] == ["present", "put", "put", "present"]
    assert rig.validate(trail, began)[0] == 0
    ends = [row.end for row in rig.rows()]
    chosen = restoration(rig).restore(trail.id, ends[1], ends[2])
    assert [file.key for file in chosen] == [row.key for row in rig.rows()[1:3]]


def test_a_state_that_was_changed_signs_nothing_anew(rig: DigestRig, proven: tuple[Trail, float]) -> None:
    trail, _ = proven
    with rig.state.write() as connection:
        connection.exec_driver_sql("UPDATE delivered_files SET sha256 = 'forged' WHERE id = 2")
    again = restoration(rig).restore(trail.id, 0, rig.clock.now(), all_files=True)
    assert [file.outcome for file in again] == ["put", "lost", "put", "put"]
    assert rig.validate(trail, 0)[0] == 0  # the bucket still has what was signed
