"""Signed notes: an example of the specification's, and what must be refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn.cloudtrail.checkpoints.note import (
    BadNote,
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    open_note,
    sign_note,
    unsigned_checkpoint,
)

SUMDB_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SUMDB_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of Go's package of signed notes."""
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ORIGIN = "cairn/111122223333/us-east-1/audit"
CHECKPOINT = Checkpoint(ORIGIN, 7, b"r" * 32)
VERIFIER = VerifierKey(ORIGIN, KEY.public_key())


def test_the_example_of_the_go_package_is_read() -> None:
    key = VerifierKey.parse(SUMDB_KEY)
    assert str(key) == SUMDB_KEY
    assert open_note(SUMDB_NOTE, key).startswith("If you think")
    with pytest.raises(BadNote, match="not one of this text"):
        open_note(SUMDB_NOTE.replace("problem is", "problem was"), key)


def test_a_checkpoint_is_signed_and_read_back() -> None:
    note = sign_note(CHECKPOINT.encode(), ORIGIN, KEY)
    assert note.startswith(f"{ORIGIN}\n7\ncnJycnJy")
    assert note == sign_note(CHECKPOINT.encode(), ORIGIN, KEY)
    assert open_checkpoint(note, VerifierKey.parse(str(VERIFIER))) == CHECKPOINT == unsigned_checkpoint(note)


def test_a_witness_may_sign_beside_us() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
    line = sign_note(CHECKPOINT.encode(), "witness.example/w1", witness).splitlines(keepends=True)[-1]
    note = sign_note(CHECKPOINT.encode(), ORIGIN, KEY) + line
    assert open_checkpoint(note, VERIFIER) == CHECKPOINT
    assert open_checkpoint(note, VerifierKey("witness.example/w1", witness.public_key()), ORIGIN) == CHECKPOINT


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text",
        CHECKPOINT.encode(),
        CHECKPOINT.encode() + "\n— " + ORIGIN + " no base64\n",
        sign_note(CHECKPOINT.encode(), ORIGIN, Ed25519PrivateKey.from_private_bytes(b"o" * 32)),
        sign_note(CHECKPOINT.encode(), "cairn/other", KEY),
        sign_note(CHECKPOINT.encode(), ORIGIN, KEY).replace("\n7\n", "\n8\n"),
        sign_note(CHECKPOINT.encode(), ORIGIN, KEY)[:-1],
        sign_note(CHECKPOINT.encode().replace(ORIGIN, "cairn/other"), ORIGIN, KEY),
        sign_note(f"{ORIGIN}\n07\ncnI=\n", ORIGIN, KEY),
        sign_note(f"{ORIGIN}\n7\ncnI=\n", ORIGIN, KEY),
        sign_note("a\tb\n", ORIGIN, KEY),
    ],
)
def test_what_is_no_checkpoint_of_this_log_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        open_checkpoint(note, VERIFIER)


@pytest.mark.parametrize("text", ["", "a", "a+b", "a+00000000+" + str(VERIFIER).split("+")[2], str(VERIFIER)[:-4]])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.parse(text)
