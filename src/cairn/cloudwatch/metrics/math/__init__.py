"""Metric math: expressions over series of points, parsed once, typed, and evaluated. Pure: no disk.

expression = and { ("OR" | "||") and }
and        = comparison { ("AND" | "&&") comparison }
comparison = sum [ ("==" | "!=" | "<=" | ">=" | "<" | ">") sum ]
sum        = product { ("+" | "-") product }
product    = unary { ("*" | "/") unary }
unary      = "-" unary | power
power      = atom [ "^" unary ]
atom       = number | string | id | FUNCTION "(" [ expression { "," expression } ] ")"
           | "[" expression { "," expression } "]" | "(" expression ")"
"""

from cairn.cloudwatch.metrics.math.evaluate import Grid, Source, evaluate
from cairn.cloudwatch.metrics.math.kinds import Kind, kind_of
from cairn.cloudwatch.metrics.math.parser import parse
from cairn.cloudwatch.metrics.math.series import TimeSeries
from cairn.cloudwatch.metrics.math.syntax import Call, MathError, Node, Number, calls, references

__all__ = [
    "Call",
    "Grid",
    "Kind",
    "MathError",
    "Node",
    "Number",
    "Source",
    "TimeSeries",
    "calls",
    "evaluate",
    "kind_of",
    "parse",
    "references",
]
