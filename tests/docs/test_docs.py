"""The documentation keeps up with the code: generated pages, settings, commands and links."""

from __future__ import annotations

import importlib.util
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from cairn.cli.app import COMMANDS, app
from cairn.core.config import known_keys
from cairn.gateway.gateway import Gateway

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ROOMS = {folder.name for folder in (ROOT / "src" / "cairn").iterdir() if folder.is_dir()}
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]

_LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:)([^)#]*)(#[^)]*)?\)")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_COMMAND = re.compile(r"(?:^|[\s`(/])cairn((?: +(?!\\)[^\s`)|;&>]+)*)", re.MULTILINE)
_SETTING = re.compile(r"`([a-z]+\.[a-z_]+)(?: *=[^`]*)?`")
_NAME = re.compile(r"`([a-z]+(?:\.\w+)+)`")
_FAILPOINT = re.compile(r'failpoint\("([^"]+)"')
_VARIABLE = re.compile(r"\bCAIRN_[A-Z_]*[A-Z]\b")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says(generator: ModuleType) -> None:
    stale = [
        page for page, text in generator.pages().items() if (ROOT / "docs" / "reference" / page).read_text() != text
    ]
    assert not stale, f"out of date: {', '.join(stale)}. Run `make docs`."


def test_the_reference_has_every_setting_and_command(generator: ModuleType) -> None:
    configuration = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    assert [key for key, _ in known_keys() if f"`{key}`" not in configuration] == []
    commands = (ROOT / "docs" / "reference" / "commands.md").read_text()
    assert [command for command in COMMANDS if f"\n## cairn {command}" not in commands] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = _CODE.sub("", page.read_text())
    dead = [target for target, anchor in _LINK.findall(text) if not _leads(page, target, anchor)]
    assert dead == []


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_commands_in_the_docs_exist_with_their_options(page: Path) -> None:
    root: Any = typer.main.get_command(app)
    wrong = [" ".join(words) for words in _commands_in(page) if (fault := _fault(root, words)) and fault]
    assert wrong == []


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_settings_in_the_docs_exist(page: Path) -> None:
    keys = {key for key, _ in known_keys()}
    sections = {key.partition(".")[0] for key in keys}
    text = page.read_text()
    named = {key for key in _SETTING.findall(text) if key.partition(".")[0] in sections}
    named -= {key for key in named if key.endswith((".py", ".md", ".db", ".conf", ".json"))}
    named -= {key for key in named if any(ROOT.glob(f"src/cairn/**/{key.replace('.', '/')}.py"))}
    named -= {point for source in ROOT.glob("src/**/*.py") for point in _FAILPOINT.findall(source.read_text())}
    assert named <= keys
    variables = {f"CAIRN_{key.replace('.', '_').upper()}" for key in keys} | {"CAIRN_DATA", "CAIRN_ENDPOINT"}
    unknown = {found for found in _VARIABLE.findall(text) if not found.startswith("CAIRN_UPSTREAMS_")} - variables
    assert unknown == set()


def test_names_in_the_architecture_are_those_of_the_code() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = {found for found in _NAME.findall(text) if found.partition(".")[0] in ROOMS and not _is_file(found)}
    assert len(named) > 20
    settings = {key for key, _ in known_keys()}
    assert sorted(found for found in named - settings if not _resolves(f"cairn.{found}")) == []
    steps = set(re.findall(r"`(_[a-z]+)`", text))
    assert steps and all(hasattr(Gateway, step) for step in steps)


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/adr/README.md"])
def test_the_pages_that_a_newcomer_looks_for_are_there(page: str) -> None:
    assert (ROOT / page).is_file()


def test_decisions_are_numbered_without_a_gap_and_indexed() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    assert [record.name for record in records if f"({record.name})" not in index] == []
    for record in records:
        assert record.read_text().startswith(f"# {int(record.name[:4])}. "), record.name


def _is_file(name: str) -> bool:
    return name.endswith((".py", ".md", ".db", ".json", ".toml"))


def _resolves(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def _leads(page: Path, target: str, anchor: str) -> bool:
    place = (page.parent / target).resolve() if target else page
    if not place.exists():
        return False
    if not anchor:
        return True
    headings = re.findall(r"^#+ +(.*)$", place.read_text(), re.MULTILINE)
    return anchor[1:] in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _commands_in(page: Path) -> Iterator[list[str]]:
    """The words behind `cairn` in code, wherever they are a command's and not the package's or a folder's."""
    for code in _CODE.findall(page.read_text()):
        for words in _COMMAND.findall(code.replace("\\\n", " ")):
            found = words.split()
            if found and re.fullmatch(r"-{0,2}[a-z][a-z-]*", found[0]):
                yield found


def _fault(root: Any, words: list[str]) -> str:
    """What is wrong with a command line, or an empty text."""
    words = [word for word in words if word not in ("--debug", "--version", "--help", "COMMAND")]
    if not words:
        return ""
    if words[0] not in COMMANDS:
        return f"no command {words[0]}"
    command = root.get_command(None, words[0])
    if hasattr(command, "commands"):
        if len(words) == 1:
            return ""
        command = command.commands.get(words[1])
        if command is None:
            return f"no command {words[1]}"
    options = {option for param in command.params for option in param.opts} | {"--help", "-h"}
    unknown = [
        word
        for word in words[1:]
        if re.fullmatch(r"(--[a-z][a-z-]*|-[a-z])(=.*)?", word) and word.partition("=")[0] not in options
    ]
    return f"no option {', '.join(unknown)}" if unknown else ""
