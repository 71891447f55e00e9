"""What a person reads of a verification."""

from __future__ import annotations

import io

import pytest

from cairn.cli.verify_output import TextOutput
from cairn.cloudtrail.verify.verdicts import NOTE, Verdict, What
from cairn.cloudtrail.verify.verification import Text


@pytest.mark.parametrize("verbose", [True, False])
def test_chains_are_told_apart_and_hidden_notes_are_announced(verbose: bool) -> None:
    out = io.StringIO()
    output = TextOutput(out, io.StringIO(), verbose=verbose)
    output.write(Text("Validating\n\n", "000000000000 eu-west-1"))
    output.write(Text("files valid\n"))
    output.write(Text("Validating\n\n", "000000000000 us-east-1"))
    output.write(Verdict(what=What.log, verdict=f"{NOTE}not yet digested", bucket="b", key="k", ours=True))
    output.end()
    lines = out.getvalue().splitlines()
    assert lines[:6] == ["[000000000000 eu-west-1]", "Validating", "", "files valid", "", "[000000000000 us-east-1]"]
    assert ("1 to note (--verbose shows them)" in lines[-1]) is not verbose
