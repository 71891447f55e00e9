"""The command's root: what it says without a server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cairn import __version__
from cairn.cli import main
from cairn.cli.app import COMMANDS


def test_the_version_is_printed_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code in (0, None)
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code in (0, None)
    assert f"cairn {command}" in capsys.readouterr().out


def test_verify_starts_without_what_takes_long_to_load() -> None:
    loaded = "import sys, cairn.cli.verify_command; print(sorted({'boto3', 'botocore', 'rich'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
