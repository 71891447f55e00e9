"""One figure of a benchmark: what was measured, beside its floor or its rival from the same run."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = f"{'':<46}{'value':>12} {'unit':<10}{'against':<24}{'its value':>12}{'ratio':>8}  {'goal':<10}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table. Ratios are what counts: machines differ, and so does what else runs on them."""

    name: str
    value: float
    unit: str
    against: str = ""
    """The floor or the rival."""
    against_value: float | None = None
    goal: str = ""
    """Of the ratio where there is one, else of the value."""
    note: str = ""

    def __str__(self) -> str:
        ratio = f"{self.value / self.against_value:.2f}" if self.against_value else ""
        other = _number(self.against_value) if self.against_value is not None else ""
        row = f"{self.name:<46}{_number(self.value):>12} {self.unit:<10}{self.against:<24}{other:>12}{ratio:>8}"
        return f"{row}  {self.goal:<10}  {self.note}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
