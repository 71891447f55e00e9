"""Every target over what is kept of earlier runs, and over inputs made of these: the same ones every time."""

from __future__ import annotations

import zlib
from random import Random

import pytest
from fuzz.mutation import mutate
from fuzz.table import TARGETS
from fuzz.target import INPUT_BYTES_MAX, Target

from fuzz import corpus

MUTATIONS = 40


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_nothing_but_refusals_is_raised(target: Target) -> None:
    kept = [content for _, content in corpus.inputs(target.name)]
    assert kept, "a target without an input"
    for content in kept:
        target(content)
    random = Random(zlib.crc32(target.name.encode()))
    for _ in range(MUTATIONS):
        content = mutate(random.choice(kept), random, INPUT_BYTES_MAX)
        try:
            target(content)
        except Exception as error:
            error.add_note(f"found with {content!r}")
            raise


def test_corpus_is_small() -> None:
    sizes = [path.stat().st_size for path in corpus.FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) < 300_000


def test_every_folder_of_the_corpus_is_a_targets() -> None:
    assert {path.name for path in corpus.FOLDER.iterdir()} == TARGETS.keys()
