"""What a run tells people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lossless.audit import of_imports, unknown_outcomes
from lossless.collect import Found
from lossless.load import Call
from lossless.stage import HISTORY

SHOWN_MAX = 50


@dataclass
class Run:
    """One run: what it did, and what came of it."""

    seed: int
    calls: Sequence[Call]
    peak_mb: Mapping[str, float]
    seconds: float = 0.0
    """During which calls were made."""
    audit_seconds: float = 0.0
    found: Found = field(default_factory=dict)
    strikes: list[tuple[str, str]] = field(default_factory=list)
    """Faults, and what each did."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Faults that this machine could not have, and why."""
    wrong: list[str] = field(default_factory=list)


def lines_of(run: Run) -> Iterator[str]:
    """The report, line by line."""
    outcomes = Counter(call.outcome for call in run.calls)
    imports = of_imports(run.calls)
    answered = outcomes["answered"] - imports
    recorded, unknown = unknown_outcomes(run.calls, run.found, HISTORY)
    yield ""
    yield f"calls      {answered:,} answered in {run.seconds:.0f} s ({answered / run.seconds:.0f}/s)"
    yield f"imports    {imports:,} records"
    yield f"faults     {len(run.strikes)}, of {len({fault for fault, _ in run.strikes})} kinds"
    for name, why in run.left_out.items():
        yield f"LEFT OUT   {name}: {why}"
    yield (
        f"not answered: {outcomes['unanswered']:,} whose connection broke, {outcomes['refused']:,} refused with 5xx; "
        f"{recorded:,} of them are recorded all the same, {unknown:,} as of unknown outcome"
    )
    yield ""
    yield "place                  records   calls that belong there"
    for place, records in run.found.items():
        wanted = sum(place in call.places and call.outcome == "answered" for call in run.calls)
        yield f"{place:20} {len(records):>9,} {wanted:>10,}"
    yield ""
    yield "memory     " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in sorted(run.peak_mb.items()))
    yield f"audit      {run.audit_seconds:.0f} s"
    yield ""
    yield from run.wrong[:SHOWN_MAX]
    if len(run.wrong) > SHOWN_MAX:
        yield f"and {len(run.wrong) - SHOWN_MAX:,} more"
    yield "LOST OR TWICE: see above" if run.wrong else "Every answered call is there, once."
    yield f"Again with the same faults: make lossless SEED={run.seed}"
