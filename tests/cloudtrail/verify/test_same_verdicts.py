"""The AWS CLI's own code is the judge: the same lines on the same bucket, whatever was done to it."""

from __future__ import annotations

import hashlib
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.verify.bucket import BUCKET, HOUR, START, TRAIL, Made, make_chain, public_keys, stored
from tests.cloudtrail.verify.validate_logs import validate_logs

from cairn.cli.verify_output import TextOutput
from cairn.cloudtrail.verify.keys import PublicKeys
from cairn.cloudtrail.verify.places import StoredObjects
from cairn.cloudtrail.verify.verdicts import Verdict
from cairn.cloudtrail.verify.verification import Text, Verification
from cairn.core.memory_objects import MemoryObjectStore

HOURS = 8
REGION = "us-east-1"
END = START + 40 * HOUR
SABOTAGES = ("delete", "flip", "cut", "extend", "empty", "strip", "resign", "copy", "move", "swap", "text")


def chain_and_backfill(prefix: str = "", breaks: frozenset[int] = frozenset()) -> list[Made]:
    return [
        make_chain(hours=HOURS, prefix=prefix, breaks=breaks),
        make_chain(hours=2, files=1, start=START + 20 * HOUR, prefix=prefix, backfill=True),
    ]


def ours(store: MemoryObjectStore, prefix: str, start: int, end: int) -> tuple[int, str, str, list[Verdict]]:
    """Exit code, stdout and stderr of what both tools say, and what only ours does."""
    place = StoredObjects(store, BUCKET, prefix)
    out, err = io.StringIO(), io.StringIO()
    output = TextOutput(out, err, verbose=True)
    alone = []
    for item in Verification(place, PublicKeys(public_keys(REGION)), trail=TRAIL, start=start, end=end).run():
        if isinstance(item, Verdict) and item.ours:
            alone.append(item)
        else:
            output.write(Text(item.text) if isinstance(item, Text) else item)  # the CLI names no chain
    return int(output.counts.invalid > 0), out.getvalue(), err.getvalue(), alone


def both_say_the_same(store: MemoryObjectStore, prefix: str = "", start: int = START, end: int = END) -> None:
    theirs = validate_logs(
        store,
        public_keys(REGION),
        arn=TRAIL.arn,
        bucket=BUCKET,
        prefix=prefix,
        region=REGION,
        start=start,
        end=end,
    )
    assert ours(store, prefix, start, end)[:3] == theirs


@pytest.mark.parametrize("prefix", ["", "some/prefix"])
@pytest.mark.parametrize("breaks", [frozenset(), frozenset({3, 6})])
@pytest.mark.parametrize(("start", "end"), [(START, END), (START + 3 * HOUR + 60, START + 5 * HOUR - 1)])
def test_of_a_bucket_as_it_was_delivered(prefix: str, breaks: frozenset[int], start: int, end: int) -> None:
    store = stored(*chain_and_backfill(prefix, breaks))
    both_say_the_same(store, prefix, start, end)
    code, printed, errors, alone = ours(store, prefix, start, end)
    assert (code, alone) == (0, [])
    assert "digest files valid" in printed
    assert errors.count("No log files were delivered") == (len(breaks) if start == START else 0)


def test_of_an_empty_bucket() -> None:
    both_say_the_same(stored())


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(SABOTAGES), st.integers(0, 1 << 30)), max_size=4), st.data())
def test_of_a_bucket_that_was_spoiled(sabotages: list[tuple[str, int]], data: st.DataObject) -> None:
    breaks = data.draw(st.frozensets(st.integers(1, HOURS - 1), max_size=2))
    store = stored(*chain_and_backfill(breaks=breaks))
    for how, seed in sabotages:
        spoil(store, how, random.Random(seed))
    start = START + data.draw(st.sampled_from([0, 0, 2 * HOUR, 3 * HOUR + 1]))
    both_say_the_same(store, start=start, end=END - data.draw(st.sampled_from([0, 30 * HOUR, 33 * HOUR])))


def spoil(store: MemoryObjectStore, how: str, chance: random.Random) -> None:
    """Do one thing to one object."""
    keys = [info.key for info in store.list(BUCKET)]
    if len(keys) < 2:
        return
    key, other = chance.sample(keys, 2)
    content, metadata = store.get(BUCKET, key), dict(store.head(BUCKET, key).metadata)
    if how in ("delete", "move"):
        store.delete(BUCKET, key)
    if how == "flip" and content:
        place = chance.randrange(len(content))
        content = content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]
    elif how == "cut":
        content = content[: chance.randint(0, len(content))]
    elif how == "extend":
        content += chance.choice([b"\0", b"more", content])
    elif how == "empty":
        content = b""
    elif how == "text":
        content = b'{"Records":[]}'
    elif how == "strip":
        metadata.pop(chance.choice(["signature", "signature-algorithm", "backfill-generation-timestamp"]), None)
    elif how == "resign":
        metadata["signature"] = chance.choice(["", "ab", "abc", "xyz", "00" * 256])
    elif how == "swap":
        content = store.get(BUCKET, other)
    if how in ("copy", "move"):
        put(store, other, content, metadata)
    elif how != "delete":
        put(store, key, content, metadata)


def put(store: MemoryObjectStore, key: str, content: bytes, metadata: dict[str, str]) -> None:
    store.put(BUCKET, key, content, sha256=hashlib.sha256(content).hexdigest(), metadata=metadata)
