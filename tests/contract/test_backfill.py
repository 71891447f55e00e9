"""Backfill digests of a Cairn that was away, as the stock `validate-logs` and `cairn verify` walk them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.test_validate_logs import keys_of, validate
from tests.contract.test_verify import begin_trail
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.cloudtrail.digests.digest import FOLDER
from cairn.core.clock import SystemClock

pytestmark = pytest.mark.engine

NAME = "away"
BACKFILL = "_backfill.json.gz"
SECONDS = {"CAIRN_DIGEST_INTERVAL": "2s", "CAIRN_DIGEST_BACKFILL_AFTER": "2s"}
"""With hours it would take a day."""


def test_windows_that_passed_while_nobody_was_there_are_valid_by_both_tools(tmp_path: Path) -> None:
    clock = SystemClock()
    before = Cairn(tmp_path / "data")
    before.start()
    arn = begin_trail(before, NAME, validated=True)
    before.client("ec2").describe_vpcs()
    before.cairn("flush", "--digests", "--trail", arn)
    last = clock.now()
    assert before.stop() == 0
    wait_until(lambda: clock.now() > last + 5)  # a whole window, and how late it may be
    cairn = Cairn(tmp_path / "data", SECONDS)
    cairn.start()
    try:
        wait_until(lambda: any(key.endswith(BACKFILL) for key in keys_of(cairn, NAME, FOLDER)))
        cairn.cairn("flush", "--digests", "--trail", arn)
        cairn.client("cloudtrail").stop_logging(Name=NAME)
        made = [key for key in keys_of(cairn, NAME, FOLDER) if key.endswith(BACKFILL)]
        stock = validate(cairn, NAME, "us-east-1", "--verbose")
        assert (stock.code, stock.faults) == (0, [])
        assert {f"(backfill) Digest file\ts3://{NAME}/{key}\tvalid" for key in made} <= set(stock.printed)
        ours = ("verify", "--trail", arn, "--checkpoint", str(tmp_path / "seen.json"))
        assert "backfill digest files valid" in cairn.cairn(*ours)
        cairn.client("s3").delete_object(Bucket=NAME, Key=made[0])
        assert "backfill digest files INVALID" in cairn.cairn(*ours, code=1)
    finally:
        assert cairn.stop() == 0
