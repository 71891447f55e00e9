"""Sabotages on a real bucket, both tools as people run them. The others are run for the table of docs/verify.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cloudtrail.verify import sabotage
from tests.cloudtrail.verify.sabotage import rows, table

PAGE = Path(__file__).parents[3] / "docs" / "verify.md"
GONE = "digest file INVALID: the checkpoint log names it, and it is gone"
CHOSEN = (sabotage.nothing, sabotage.digest_deleted, sabotage.day_deleted, sabotage.newest_deleted)


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_both_tools_say_what_the_documentation_says(tmp_path: Path) -> None:
    found = list(rows(tmp_path, CHOSEN))
    clean, middle, day, newest = (row.cairn for row in found)
    assert [row.aws.code for row in found] == [0, 1, 1, 0]
    assert [row.cairn.code for row in found] == [0, 1, 1, 1]
    assert "52/52 digest files valid" in clean.out and "(52 digests)\tvalid" in clean.out
    assert (clean.err, "0 INVALID" in clean.out) == ("", True)
    assert middle.err.count("it is gone") == newest.err.count("it is gone") == 1
    assert day.err.count("it is gone") == 24
    lines = PAGE.read_text().splitlines()
    told = table([row for row in found if row.cairn is not day]).splitlines()[2:]  # a day's numbers hang on the hour
    assert [line for line in told if line not in lines] == []
