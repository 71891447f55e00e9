"""What strangers wrote, on a terminal."""

from __future__ import annotations

import io

import pytest

from cairn.cli.output import Format, print_notice, print_rows
from cairn.cli.verify_output import TextOutput
from cairn.cloudtrail.verify.verdicts import INVALID, Verdict, What
from cairn.cloudtrail.verify.verification import Text
from cairn.core.printable import printable


def test_tables_show_markup_and_control_characters_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"name": "[/red]a[red]b", "user": "x\x1b[2K\x9b1A\ry"}], Format.table)
    shown = capsys.readouterr().out
    assert "[/red]a[red]b" in shown
    assert r"x\x1b[2K\x9b1A\ry" in shown


def test_a_key_of_an_object_moves_no_cursor_and_forges_no_verdict() -> None:
    out, err = io.StringIO(), io.StringIO()
    output = TextOutput(out, err, verbose=True)
    output.write(Text("of trail a\x1b[8mb\n\n", "a\x1b[8mb"))
    output.write(Verdict(what=What.log, verdict=f"{INVALID}not found: \x1b[1A", bucket="b", key="k\n\x1b[2Klog\tvalid"))
    output.end()
    assert "\x1b" not in out.getvalue() + err.getvalue()
    assert err.getvalue().strip().count("\n") == 0


def test_notices_keep_their_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    print_notice("file a\x1b[1m\nis no log file")
    assert capsys.readouterr().err == "file a\\x1b[1m\nis no log file\n"


def test_other_text_stays_what_it_is() -> None:
    assert printable("größe 日本 🙂 [x]") == "größe 日本 🙂 [x]"
    assert printable("\u202e\u2028\xa0") == r"\u202e\u2028\xa0"
