"""Verdicts: what was found of one object, in the lines that `aws cloudtrail validate-logs` prints (spec 4.4)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cairn.core.clock import iso_seconds
from cairn.core.printable import printable

VALID = "valid"
INVALID = "INVALID: "
UNKNOWN = "unknown: "
NOTE = "note: "


class What(StrEnum):
    """What a verdict is about."""

    digest = "Digest file"
    log = "Log file"
    gap = "gap"
    checkpoint = "Checkpoint log"
    journal = "Journal"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the result."""

    what: What
    verdict: str
    """`valid`, or `INVALID: `, `unknown: ` or `note: ` and why."""
    bucket: str = ""
    key: str = ""
    name: str = ""
    """Of what is no object."""
    backfill: bool = False
    ours: bool = False
    """Whether only Cairn finds such a thing."""
    start: int = 0
    end: int = 0
    """Seconds since the epoch: of a digest's window, or a gap."""

    @property
    def is_invalid(self) -> bool:
        return self.verdict.startswith(INVALID)

    @property
    def is_valid(self) -> bool:
        return self.verdict == VALID

    @property
    def line(self) -> str:
        """As the CLI prints it."""
        backfill = "(backfill) " if self.backfill else ""
        if self.what is What.gap:
            between = f"{iso_seconds(self.start)} and {iso_seconds(self.end)}"
            return f"{backfill}No log files were delivered by CloudTrail between {between}"
        name = self.name or f"s3://{self.bucket}/{self.key}"
        return f"{backfill}{self.what}\t{printable(name)}\t{printable(self.verdict)}"


def as_object(verdict: Verdict) -> dict[str, object]:
    """A verdict for machines; what is not said of it is left out."""
    if verdict.what is What.gap:
        return {"what": "gap", "start": iso_seconds(verdict.start), "end": iso_seconds(verdict.end)}
    state, _, why = verdict.verdict.partition(": ")
    found: dict[str, object] = {"what": verdict.what.value.lower(), "verdict": state.lower()}
    said = {"why": why, "bucket": verdict.bucket, "key": verdict.key, "name": verdict.name}
    found |= {name: value for name, value in said.items() if value}
    if verdict.backfill:
        found["backfill"] = True
    return found | {"found_by": "cairn" if verdict.ours else "both"}


class Tally(msgspec.Struct):
    """How many of what were valid, and the time that valid digests cover, cut to what was asked for."""

    valid: int = 0
    invalid: int = 0
    backfill_valid: int = 0
    backfill_invalid: int = 0
    logs_valid: int = 0
    logs_invalid: int = 0
    unknown: int = 0
    found_start: int | None = None
    found_end: int | None = None

    def add(self, verdict: Verdict, start: int, end: int) -> None:
        """Count what the CLI counts too; `start` and `end` were asked for."""
        if verdict.verdict.startswith(UNKNOWN):
            self.unknown += 1
            return
        valid = verdict.is_valid
        if verdict.what is What.log:
            self.logs_valid += valid
            self.logs_invalid += not valid
            return
        if verdict.what is not What.digest:
            return
        if verdict.backfill:
            self.backfill_valid += valid
            self.backfill_invalid += not valid
        else:
            self.valid += valid
            self.invalid += not valid
        if valid:
            earliest, latest = max(verdict.start, start), min(verdict.end, end)
            self.found_start = earliest if self.found_start is None else min(self.found_start, earliest)
            self.found_end = latest if self.found_end is None else max(self.found_end, latest)

    @property
    def any_invalid(self) -> bool:
        return bool(self.invalid or self.backfill_invalid or self.logs_invalid)

    def footer(self, start: int, end: int) -> str:
        """The CLI's last lines."""
        text = f"Results requested for {iso_seconds(start)} to {iso_seconds(end)}\n"
        if not (self.valid or self.backfill_valid or self.invalid or self.backfill_invalid):
            return text + "No digests found\n"
        if self.found_start is None or self.found_end is None:
            text += "No valid digests found in range\n"
        else:
            text += f"Results found for {iso_seconds(self.found_start)} to {iso_seconds(self.found_end)}:\n"
        text += _ratio(self.valid, self.invalid, "digest")
        text += _ratio(self.backfill_valid, self.backfill_invalid, "backfill digest")
        return text + _ratio(self.logs_valid, self.logs_invalid, "log") + "\n"


def header(arn: str, start: int, end: int) -> str:
    """The CLI's first lines."""
    between = f"{iso_seconds(start)} and {iso_seconds(end)}"
    return f"Validating log files for trail {arn} between {between}\n\n"


def _ratio(valid: int, invalid: int, name: str) -> str:
    total = valid + invalid
    if not total:
        return ""
    text = f"\n{valid}/{total} {name} files valid"
    return text + (f", {invalid}/{total} {name} files INVALID" if invalid else "")
