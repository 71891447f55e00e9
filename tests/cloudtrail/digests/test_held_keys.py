"""Keys that a KMS holds: what is signed with them, and what follows where one is away, is another, or says no."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.cloudtrail.digests.digest_rig import DAY, HOUR
from tests.cloudtrail.digests.fake_kms import OTHER, HeldRig

from cairn.cloudtrail.digests import periods, sink
from cairn.cloudtrail.digests.held_keys import HeldKey
from cairn.cloudtrail.digests.keys import OVERLAP_S, VALID_S, Keys
from cairn.cloudtrail.digests.signature import PublicKey, SigningError
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import TestClock
from cairn.core.failpoints import arm

HOME = "us-east-1"


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[HeldRig]:
    rig = HeldRig(tmp_path, clock)
    yield rig
    rig.delivery.close()
    rig.digests.close()
    rig.state.close()


def listed(rig: HeldRig, region: str, start: float, end: float) -> list[str]:
    return [key.fingerprint for key in rig.keys.listed(region, start, end)]


def test_digests_are_signed_by_the_kms_and_no_private_key_is_made(rig: HeldRig) -> None:
    began = rig.clock.now()
    trail = rig.trail(multi_region=True)
    for _ in range(3):
        rig.both()
        rig.hour()
    assert rig.counts(HOME) == rig.counts(OTHER) == [1, 1, 1]
    assert not list((rig.folder / "keys").glob("*.pem"))
    for region in (HOME, OTHER):  # one key, as of a multi-Region key and its replica
        assert rig.validate(trail, began, region=region)[::2] == (0, [])
        assert listed(rig, region, began, rig.clock.now()) == [rig.rows(region)[0].fingerprint]
    assert rig.rows(HOME)[0].fingerprint == rig.rows(OTHER)[0].fingerprint
    rig.check()


def test_a_key_that_is_away_holds_up_its_region_alone_and_all_follows_once_it_is_back(rig: HeldRig) -> None:
    began = rig.clock.now()
    trail = rig.trail(multi_region=True)
    rig.both()
    rig.hour()
    rig.kms.away[OTHER] = "KMS.DisabledException"
    for _ in range(3):
        rig.both()
        rig.hour()
    assert (rig.counts(HOME), rig.counts(OTHER)) == ([1, 1, 1, 1], [1])
    assert rig.status(trail, OTHER)["LatestDigestDeliveryError"] == "KMS.DisabledException"
    assert "LatestDigestDeliveryError" not in rig.status(trail, HOME)
    (trouble,) = rig.digests.troubles().values()
    assert trouble.error.startswith(
        "KMS.DisabledException: digests of eu-west-1 are not signed: the KMS of eu-west-1 is away"
    )
    rig.kms.away.clear()
    rig.clock.advance(301)
    rig.work()
    assert rig.counts(OTHER) == [1, 3]
    assert rig.digests.troubles() == {}
    assert "LatestDigestDeliveryError" not in rig.status(trail, OTHER)
    rig.check()
    assert rig.validate(trail, began, region=OTHER)[::2] == (0, [])


def test_after_days_each_window_that_the_key_missed_is_made_up_for(rig: HeldRig) -> None:
    began = rig.clock.now()
    trail = rig.trail(multi_region=True)
    rig.both()
    rig.hour()
    rig.kms.away[OTHER] = "KMS.KMSInvalidStateException"
    for _ in range(30):
        rig.both()
        rig.hour()
    assert len(rig.rows(OTHER)) == 1
    rig.kms.away.clear()
    rig.clock.advance(301)
    rig.work()
    rig.hour()
    assert sum(row.backfill for row in rig.rows(OTHER)) == 30
    assert sum(row.backfill for row in rig.rows(HOME)) == 0
    rig.check()
    assert rig.validate(trail, began, region=OTHER)[::2] == (0, [])


def test_a_kms_that_hangs_in_a_region_keeps_nobody_else(rig: HeldRig) -> None:
    trail = rig.trail(multi_region=True)
    rig.both()
    rig.hour()
    let_go = threading.Event()
    hanging = threading.Event()

    def hang(region: str) -> None:
        if region == OTHER:
            hanging.set()
            assert let_go.wait(30)

    rig.kms.before_signing = hang
    rig.both()
    rig.deliver()
    rig.clock.advance(HOUR)
    try:
        while len(rig.rows(HOME)) < 2:
            rig.digests.step()
        assert hanging.wait(30)
        assert len(rig.rows(OTHER)) == 1
    finally:
        let_go.set()
    rig.digest()
    assert rig.counts(OTHER) == [1, 1]
    rig.check()
    assert trail.logging


def test_a_policy_that_names_other_trails_holds_up_one_trail(rig: HeldRig) -> None:
    refused = rig.trail()
    other = rig.trail("other", bucket="other-logs")
    rig.kms.refused[refused.arn] = "KMS.AccessDeniedException"
    rig.record()
    rig.hour()
    assert {row.trail for row in rig.rows()} == {other.row}
    assert rig.status(refused)["LatestDigestDeliveryError"] == "KMS.AccessDeniedException"
    assert "LatestDigestDeliveryError" not in rig.status(other)
    rig.kms.refused.clear()
    rig.clock.advance(301)
    rig.work()
    assert len(rig.rows()) == 2
    rig.check()


def test_a_trail_that_stopped_and_began_again_waits_in_that_region_alone(rig: HeldRig) -> None:
    began = rig.clock.now()
    trail = rig.trail(multi_region=True)
    rig.both()
    rig.hour()
    rig.kms.away[OTHER] = "KMS.NotFoundException"
    rig.both()
    rig.stop(trail)
    for _ in range(2):
        rig.trails.start_logging(trail.id)
        rig.clock.advance(1)
        rig.both()
        rig.hour()
        rig.stop(trail)
    rig.clock.advance(40 * DAY)  # longer than a bucket would be retried
    rig.work()
    assert len(rig.rows(OTHER)) == 1
    assert sum(rig.counts(HOME)) == 4
    with rig.state.read() as connection:
        assert len(periods.unfinished(connection)) == 3
    rig.kms.away.clear()
    rig.clock.advance(301)
    rig.work()
    assert sum(rig.counts(OTHER)) == 4
    with rig.state.read() as connection:
        assert periods.unfinished(connection) == []
    assert rig.digests.step() > 0
    assert rig.digests.troubles() == {}
    rig.check()
    for region in (HOME, OTHER):
        code, _, told = rig.validate(trail, began, region=region)
        assert (code, [line for line in told if not line.startswith("No log files were delivered")]) == (0, [])


def test_what_dies_between_draft_and_stage_leaves_nothing(rig: HeldRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    arm("digests.signed=raise@1")
    try:
        rig.hour()
    finally:
        arm("")
    assert rig.rows() == []
    rig.digests.close()
    rig.digests = rig.sink()
    rig.record()
    rig.hour()
    assert sum(rig.counts(HOME)) == 2
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


@pytest.mark.parametrize("what", ["stop", "other process"])
def test_a_draft_of_which_something_changed_while_it_was_signed_is_not_staged(rig: HeldRig, what: str) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    other = rig.sink()
    rig.record()

    def change(region: str) -> None:
        rig.kms.before_signing = lambda region: None
        if what == "stop":
            rig.trails.stop_logging(trail.id)
            return
        while not rig.rows():  # the other looks at the same chain, and is faster
            other.step()

    rig.kms.before_signing = change
    rig.hour()
    if what == "stop":
        assert rig.rows() == []
        rig.clock.advance(6)
        rig.record(rig.event(account="999999999999"))
        rig.hour()
    other.close()
    assert rig.counts(HOME) == [1]
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_a_signature_that_is_not_right_is_never_staged(rig: HeldRig, monkeypatch: pytest.MonkeyPatch) -> None:
    trail = rig.trail()
    real = rig.kms.sign
    monkeypatch.setattr(rig.kms, "sign", lambda key, digest, source: real(key, digest[::-1], source))
    rig.record()
    rig.hour()
    assert rig.rows() == []
    assert rig.status(trail)["LatestDigestDeliveryError"] == "KMS.KMSInvalidSignatureException"
    monkeypatch.undo()
    rig.clock.advance(301)
    rig.work()
    assert rig.counts(HOME) == [1]


def test_more_chains_in_a_region_than_are_signed_at_once(rig: HeldRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "CHAINS_MAX", 2)
    rig.trail(multi_region=True)
    rig.both()
    rig.hour()
    rig.both()
    rig.hour()
    assert (rig.counts(HOME), rig.counts(OTHER)) == ([1, 1], [1, 1])


def test_another_key_behind_the_alias_signs_from_then_on_and_the_old_one_stays_listed(rig: HeldRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    rig.kms.alias[HOME] = "second"
    rig.record()
    rig.hour()
    changed = rig.clock.now()
    first, second = (row.fingerprint for row in rig.rows())
    assert first != second
    assert listed(rig, HOME, changed, changed) == [first, second]
    assert listed(rig, HOME, began, changed - HOUR) == [first]
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])
    rig.clock.advance(VALID_S + DAY)
    now = rig.clock.now()
    assert listed(rig, HOME, now, now) == [second]  # of which the KMS tells, since nothing was signed for so long
    rig.kms.alias[HOME] = "everywhere"
    rig.clock.advance(1)
    assert rig.keys.signing_key(HOME).fingerprint == first
    found = rig.keys.listed(HOME, began, rig.clock.now())
    assert [key.fingerprint for key in found] == [first, second, second, first]  # not valid while they did not sign
    assert found[0].valid_until < found[3].valid_from


def test_a_key_stays_valid_for_as_long_as_it_signs(rig: HeldRig) -> None:
    began = rig.clock.now()
    for _ in range(40):
        fingerprint = rig.keys.signing_key(HOME).fingerprint
        now = rig.clock.now()
        (key,) = rig.keys.listed(HOME, began, now)
        assert (key.fingerprint, key.valid_from) == (fingerprint, began)
        assert now + OVERLAP_S < key.valid_until <= now + VALID_S
        rig.clock.advance(5 * DAY)


def test_keys_move_to_a_kms_and_back(rig: HeldRig) -> None:
    began = rig.clock.now()
    local = Keys(rig.state, rig.folder / "keys", rig.clock)
    held, rig.keys = rig.keys, local
    trail = rig.trail()
    for keys in (local, held, local):
        rig.digests.close()
        rig.keys = keys
        rig.digests = rig.sink()
        rig.record()
        rig.hour()
    first, second, third = (row.fingerprint for row in rig.rows())
    assert first == third != second
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_a_request_for_digests_tells_which_key_failed_and_asks_it_at_once(rig: HeldRig) -> None:
    trail = rig.trail(multi_region=True)
    rig.both()
    rig.hour()
    rig.kms.away[OTHER] = "KMS.DisabledException"
    rig.both()
    rig.deliver()
    rig.clock.advance(1)
    number = rig.requests.request()
    rig.digest()
    answer = rig.requests.answer(number)
    assert answer is not None
    assert [file.key for file in answer.files] == [rig.rows(HOME)[-1].key]
    ((arn, error),) = [(failure.trail, failure.error) for failure in answer.failures]
    assert (arn, error.partition(":")[0]) == (trail.arn, "KMS.DisabledException")
    rig.kms.away.clear()
    number = rig.requests.request()
    rig.clock.advance(1)
    rig.digest()
    answer = rig.requests.answer(number)
    assert answer is not None and answer.failures == []
    assert rig.counts(OTHER) == [1, 1]


def test_whoever_asks_for_keys_gets_that_of_the_kms_or_none(rig: HeldRig) -> None:
    now = rig.clock.now()
    rig.kms.away[OTHER] = "KMS.NotFoundException"
    assert listed(rig, OTHER, now, now) == []
    (fingerprint,) = listed(rig, HOME, now, now)
    assert rig.keys.signing_key(HOME).fingerprint == fingerprint
    rig.kms.asked.clear()
    assert listed(rig, HOME, now, now) == [fingerprint]
    assert listed(rig, OTHER, now - DAY, now - 1) == []
    assert rig.kms.asked == []  # nobody asks the KMS for what is known, or for the past
    assert not list((rig.folder / "keys").glob("*.pem"))


def _curve() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*FORM)


def _short() -> bytes:
    return rsa.generate_private_key(65537, 1024).public_key().public_bytes(*FORM)


FORM = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("public", [_curve, _short, lambda: b"garbage"])
def test_a_key_of_another_kind_is_refused(
    rig: HeldRig, monkeypatch: pytest.MonkeyPatch, public: Callable[[], bytes]
) -> None:
    monkeypatch.setattr(rig.kms, "find", lambda region: HeldKey("odd", region, public()))
    with pytest.raises(SigningError) as caught:
        rig.keys.signing_key(HOME)
    assert caught.value.code == "KMS.InvalidKeyUsageException"
    assert listed(rig, HOME, rig.clock.now(), rig.clock.now()) == []


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_larger_keys_sign_too(rig: HeldRig, bits: int) -> None:
    began = rig.clock.now()
    trail: Trail = rig.trail()
    rig.kms.keys["everywhere"] = rsa.generate_private_key(65537, bits)
    for _ in range(2):
        rig.record()
        rig.hour()
    (key,) = rig.keys.listed(HOME, began, rig.clock.now())
    assert PublicKey.load(key.public).bits == bits
    assert rig.validate(trail, began)[::2] == (0, [])
