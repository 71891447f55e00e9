"""Which process runs what: all files that share the running Cairns are run by one, so that each is started once.

A Cairn costs a start and, with nothing to do, four hundredths of a core for as long as the tests take.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]
ALONE = "tests/browser/"
"""Tests there have a Cairn of their own by the same name."""
_TAKEN = re.compile(
    r"^(?:@pytest\.fixture.*\ndef \w+|def test_\w+)\([^)]*\b(?:cairn|watched|journaled): ", re.MULTILINE
)
_OWN = re.compile(r"^def cairn\(", re.MULTILINE)


class SharingScheduling(LoadFileScheduling):
    """`--dist loadfile`, but for the files that share."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "shared" if shares(file) else file


@cache
def shares(file: str) -> bool:
    """Whether tests of a file take a running Cairn of `tests/conftest.py`, as far as its text tells: who gives tests to
    processes has no other. A wrong answer costs the start of one Cairn more."""
    if file.startswith(ALONE):
        return False
    text = (ROOT / file).read_text()
    return bool(_TAKEN.search(text)) and not _OWN.search(text)
