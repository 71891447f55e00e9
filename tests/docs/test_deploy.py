"""What is offered to be deployed speaks of what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
_METRIC = re.compile(r"\bcairn_[a-z_]+")


def rules() -> list[dict[str, str]]:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    found: list[dict[str, str]] = group["rules"]
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_is_about_metrics_that_exist_and_says_what_to_do(rule: dict[str, str]) -> None:
    known = set(_METRIC.findall((ROOT / "docs/reference/metrics.md").read_text()))
    named = {name.removesuffix("_bucket") for name in _METRIC.findall(rule["expr"])}
    assert named <= known
    assert named or rule["expr"].startswith("up{")
    assert f"`{rule['alert']}`" in (ROOT / "docs/operations.md").read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "cairn.service"
    unit.write_text((DEPLOY / "cairn.service").read_text().replace("/opt/cairn/bin/cairn", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(unit) not in done.stderr, done.stderr


def test_the_container_is_not_root_and_keeps_everything_on_its_volume() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(place for place, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001" in last_stage
    (volume,) = [line.split()[1] for line in last_stage if line.startswith("VOLUME ")]
    assert any(f"CAIRN_DATA={volume}" in line for line in last_stage)
