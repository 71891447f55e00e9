"""The digest file's form, judged by the AWS CLI's own validator and by a digest of AWS's documentation."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from awscli.customizations.cloudtrail.validation import Sha256RSADigestValidator, extract_digest_key_date
from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudtrail.digests.digest import (
    Digest,
    DigestDamaged,
    DigestedFile,
    DigestName,
    pack,
    parse_key,
    read_digest,
)
from cairn.cloudtrail.digests.signature import NoPublicKey, PublicKey, new_key, sign

DIGEST = Digest(
    aws_account_id="111122223333",
    digest_start_time="2026-11-28T15:00:00Z",
    digest_end_time="2026-11-28T16:00:00Z",
    digest_s3_bucket="b",
    digest_s3_object="AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/11/28/x.json.gz",
    digest_public_key_fingerprint="0" * 32,
    newest_event_time="2026-11-28T15:58:00Z",
    oldest_event_time="2026-11-28T15:01:00Z",
    log_files=(
        DigestedFile(
            s3_bucket="b",
            s3_object="AWSLogs/1.json.gz",
            hash_value="ab" * 32,
            newest_event_time="2026-11-28T15:58:00Z",
            oldest_event_time="2026-11-28T15:01:00Z",
        ),
    ),
)
"""Members in the order of spec 4.1."""
MEMBERS = [
    "awsAccountId",
    "digestStartTime",
    "digestEndTime",
    "digestS3Bucket",
    "digestS3Object",
    "digestPublicKeyFingerprint",
    "digestSignatureAlgorithm",
    "newestEventTime",
    "oldestEventTime",
    "previousDigestS3Bucket",
    "previousDigestS3Object",
    "previousDigestHashValue",
    "previousDigestHashAlgorithm",
    "previousDigestSignature",
    "logFiles",
]


def test_members_stand_in_awss_order_and_a_first_digest_has_nulls() -> None:
    content = json.loads(DIGEST.encode())
    assert list(content) == MEMBERS
    assert [content[name] for name in MEMBERS if name.startswith("previous")] == [None] * 5
    assert list(content["logFiles"][0]) == [
        "s3Bucket",
        "s3Object",
        "hashValue",
        "hashAlgorithm",
        "newestEventTime",
        "oldestEventTime",
    ]


@pytest.mark.parametrize("previous", [None, "ab12"])
def test_the_cli_accepts_our_signature_and_nothing_else(previous: str | None) -> None:
    key = new_key()
    digest = Digest(**{**_members(DIGEST), "previous_digest_signature": previous})
    plain = digest.encode()
    judged = json.loads(plain) | {"_signature": sign(key, digest.signed_text())}
    public = PublicKey(key.public_key())
    validator = Sha256RSADigestValidator()
    validator.validate("b", "k", _base64(public.der), judged, plain)
    with pytest.raises(Exception, match="signature verification failed"):
        validator.validate("b", "k", _base64(public.der), judged, plain + b" ")
    assert public.verifies(digest.signed_text(), judged["_signature"])
    assert not public.verifies(digest.signed_text() + b"x", judged["_signature"])
    assert not public.verifies(digest.signed_text(), "no hex")


def test_a_public_key_is_read_back_and_nothing_else_is() -> None:
    public = PublicKey(new_key().public_key())
    assert PublicKey.load(public.der).fingerprint == public.fingerprint
    assert len(public.fingerprint) == 32
    with pytest.raises(NoPublicKey):
        PublicKey.load(b"no key")


def test_stored_bytes_are_read_back_and_damaged_ones_refused() -> None:
    content = pack(DIGEST.encode())
    digest, plain = read_digest(content)
    assert digest == DIGEST
    assert hashlib.sha256(plain).digest() == hashlib.sha256(DIGEST.encode()).digest()
    assert pack(plain) == content
    for damaged in (content[:-1], b"", b"text", pack(b"{}"), pack(b"no json")):
        with pytest.raises(DigestDamaged):
            read_digest(damaged)


@given(
    st.from_regex(r"\A[0-9]{12}\Z"),
    st.sampled_from(["us-east-1", "eu-central-1", "us-gov-west-1"]),
    st.from_regex(r"\A[a-zA-Z0-9]([._-]?[a-zA-Z0-9]){2,20}\Z"),
    st.sampled_from(["us-east-1", "ap-southeast-2"]),
    st.integers(1_500_000_000, 2_000_000_000),
    st.booleans(),
    st.sampled_from(["", "some/prefix"]),
    st.sampled_from(["", "o-a1b2c3d4e5"]),
)
def test_a_key_says_what_it_was_made_of(
    account: str, region: str, trail: str, home: str, end: int, backfill: bool, prefix: str, organization: str
) -> None:
    name = DigestName(account, region, trail, home, end, backfill)
    key = name.key(prefix, organization=organization)
    assert parse_key(key) == name
    assert extract_digest_key_date(key)  # the CLI finds the time in it


def test_other_keys_are_no_digests() -> None:
    key = DigestName("111122223333", "us-east-1", "trail", "us-east-1", 1_700_000_000).key("")
    assert key == (
        "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2023/11/14/"
        "111122223333_CloudTrail-Digest_us-east-1_trail_us-east-1_20231114T221320Z.json.gz"
    )
    for other in (key + "x", key.replace("CloudTrail-Digest", "CloudTrail"), key.replace("20231114T", "20231314T")):
        assert parse_key(other) is None


def _members(digest: Digest) -> dict[str, object]:
    return {name: getattr(digest, name) for name in digest.__struct_fields__}


def _base64(der: bytes) -> bytes:
    return base64.b64encode(der)
