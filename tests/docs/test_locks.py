"""What is installed is what was locked, byte for byte."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_of_the_console_has_a_checksum() -> None:
    packages = json.loads((ROOT / "ui" / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert len(installed) > 50
    assert [name for name, package in installed.items() if not package.get("integrity", "").startswith("sha512-")] == []


def test_every_python_package_has_checksums() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    installed = [package for package in packages if "editable" not in package["source"]]
    assert len(installed) > 50
    for package in installed:
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        assert files and all(file["hash"].startswith("sha256:") for file in files), package["name"]


def test_a_bill_of_the_console_can_be_made() -> None:
    assert json.loads((ROOT / "ui" / "package.json").read_text())["version"]
