"""Each line of the threat model names tests that try it, and modules and settings that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from cairn.core.config import known_keys

ROOT = Path(__file__).parents[2]

_ROW = re.compile(r"^\| (?P<threat>[^|]+) \| (?P<stops>[^|]+) \| (?P<tests>[^|]+) \|[^|]*\|$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


def rows() -> list[re.Match[str]]:
    text = (ROOT / "docs" / "threat-model.md").read_text()
    return [row for row in _ROW.finditer(text) if row["threat"] not in ("threat", "---")]


@cache
def functions(path: Path) -> frozenset[str]:
    return frozenset(node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["threat"])
def test_a_threat_is_tried_by_tests_that_exist(row: re.Match[str]) -> None:
    named = _CODE.findall(row["tests"])
    assert named
    for test in named:
        path, _, function = test.partition("::")
        assert function in functions(ROOT / path), test


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["threat"])
def test_what_stops_it_is_there(row: re.Match[str]) -> None:
    settings = {key for key, _ in known_keys()}
    for name in _CODE.findall(row["stops"]):
        module = ROOT / "src" / "cairn" / name.replace(".", "/")
        assert name in settings or module.is_dir() or module.with_suffix(".py").is_file(), name


def test_each_kind_of_threat_is_there() -> None:
    assert len(rows()) > 30
