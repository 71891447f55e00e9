"""The command's root: what it says without a server."""

from __future__ import annotations

import pytest

from cairn import __version__
from cairn.cli import main


def test_the_version_is_printed_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code in (0, None)
    assert capsys.readouterr().out.strip() == __version__
