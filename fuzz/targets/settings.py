"""Settings, and what tells commands of a running server."""

from __future__ import annotations

import zlib

from cairn.core import config
from cairn.core.config import as_environment
from cairn.core.errors import CairnError, ConfigurationError
from cairn.core.folder import DataFolder
from fuzz.target import Target, attempt, scratch, text

_KEYS = [key for key, _ in config.known_keys()]
_FOLDER = scratch()


def toml(data: bytes) -> None:
    file = _FOLDER / "cairn.toml"
    file.write_bytes(data)
    settings = config.load(environ={}, file=file)
    assert config.load(environ=as_environment(settings)) is not None


def environment(data: bytes) -> None:
    """A value for one of the settings."""
    key = _KEYS[zlib.crc32(data) % len(_KEYS)]
    config.load(environ={f"CAIRN_{key.replace('.', '_').upper()}": text(data)})


def runtime(data: bytes) -> None:
    for name in ("run.json", "credentials.json"):
        (_FOLDER / name).write_bytes(data)
    folder = DataFolder(_FOLDER)
    attempt((CairnError,), folder.runtime, folder.administrator)


TARGETS = (
    Target("cairn-toml", "Settings are taken, or it is said which cannot be.", toml, (ConfigurationError,)),
    Target("environment", "The same of variables.", environment, (ConfigurationError,)),
    Target("runtime-files", "run.json and credentials.json of a data folder.", runtime),
)
