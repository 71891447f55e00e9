"""How `cairn verify` prints: as `aws cloudtrail validate-logs` does, or JSON; what only Cairn finds stands apart."""

from __future__ import annotations

from enum import StrEnum
from typing import TextIO

import msgspec

from cairn.cloudtrail.verify.verdicts import NOTE, UNKNOWN, Verdict, What, as_object
from cairn.cloudtrail.verify.verification import Item, Text
from cairn.core.printable import printable, printable_lines

OURS = "Checked by Cairn alone:"


class Form(StrEnum):
    text = "text"
    json = "json"
    jsonl = "jsonl"


class Counts(msgspec.Struct):
    """How many verdicts there were of each kind."""

    valid: int = 0
    invalid: int = 0
    unknown: int = 0
    notes: int = 0
    ours: int = 0
    """Of the invalid ones, those that only Cairn finds."""

    def add(self, verdict: Verdict) -> None:
        self.valid += verdict.is_valid
        self.invalid += verdict.is_invalid
        self.unknown += verdict.verdict.startswith(UNKNOWN)
        self.notes += verdict.verdict.startswith(NOTE)
        self.ours += verdict.ours and verdict.is_invalid


class TextOutput:
    """The lines of the AWS CLI, what is wrong on stderr, and an empty line around each of those."""

    def __init__(self, out: TextIO, err: TextIO, *, verbose: bool) -> None:
        self.counts = Counts()
        self._out = out
        self._err = err
        self._verbose = verbose
        self._spaced = True
        self._ours = False
        self._any = False

    def write(self, item: Item) -> None:
        if isinstance(item, Text):
            self._ours = False
            self._space()
            if item.chain:
                chain = printable(item.chain)
                self._out.write(f"\n[{chain}]\n" if self._any else f"[{chain}]\n")
                self._any = True
            self._out.write(printable_lines(item.text))
            return
        self.counts.add(item)
        if item.ours and not self._ours:
            self._ours = True
            self._space()
            self._out.write(f"{OURS}\n\n")
        if item.is_invalid or item.what is What.gap or item.verdict.startswith(UNKNOWN):
            self._out.flush()
            self._err.write(f"{item.line}\n\n" if self._spaced else f"\n{item.line}\n\n")
            self._spaced = True
        elif self._verbose or item.what in (What.checkpoint, What.journal):
            self._spaced = False
            self._out.write(f"{item.line}\n")

    def end(self) -> None:
        self._space()
        counts = self.counts
        how = " (--verbose shows them)" if counts.notes and not self._verbose else ""
        self._out.write(f"{OURS} {counts.ours} INVALID, {counts.notes} to note{how}\n")
        if counts.unknown:
            self._out.write(f"{counts.unknown} digest files could not be verified: no signature of them is known\n")

    def _space(self) -> None:
        if not self._spaced:
            self._out.write("\n")
            self._spaced = True


class JsonOutput:
    """An object a verdict, a line each, or one list of them."""

    def __init__(self, out: TextIO, *, lines: bool, verbose: bool) -> None:
        self.counts = Counts()
        self._out = out
        self._lines = lines
        self._verbose = verbose
        self._first = True

    def write(self, item: Item) -> None:
        if isinstance(item, Text):
            return
        self.counts.add(item)
        if not self._verbose and item.is_valid and item.what in (What.digest, What.log):
            return
        self._object(as_object(item))

    def end(self) -> None:
        self._object({"what": "summary"} | msgspec.to_builtins(self.counts))
        if not self._lines:
            self._out.write("\n]\n")

    def _object(self, found: dict[str, object]) -> None:
        if not self._lines:
            self._out.write("[\n" if self._first else ",\n")
        self._first = False
        self._out.write(msgspec.json.encode(found).decode() + ("\n" if self._lines else ""))
