"""A graph of calls a minute for a terminal: a line of bars, and below it where the insight is."""

from __future__ import annotations

from collections.abc import Sequence

from cairn.core.clock import iso_seconds

WIDTH = 72
_BARS = "▁▂▃▄▅▆▇█"
_NONE, _WITHIN = " ", "▔"


def graph(points: Sequence[tuple[int, int]], start: int, end: int | None, *, width: int = WIDTH) -> list[str]:
    """Lines of a graph; of more minutes than `width` each bar is the highest of several.

    Args:
        points: when a minute begins, in seconds since the epoch, and its calls; of minutes without calls there is none.
        start: of the insight, and `end`: the first second after it, None: it goes on.
    """
    first, last = points[0][0], points[-1][0]
    first, last = min(first, start), max(last, start, (end or 0) - 60)
    minutes = (last - first) // 60 + 1
    step = -(-minutes // width)
    heights = [0] * -(-minutes // step)
    for at, calls in points:
        place = (at - first) // 60 // step
        heights[place] = max(heights[place], calls)
    most = max(heights)
    within = range(start, last + 60 if end is None else end)
    columns = [range(first + place * step * 60, first + (place + 1) * step * 60) for place in range(len(heights))]
    marks = [_WITHIN if column.start < within.stop and column.stop > within.start else _NONE for column in columns]
    a_bar = "" if step == 1 else f", the highest of {step} minutes a bar"
    return [
        "".join(_bar(height, most) for height in heights) + f"  {most:,} at the most{a_bar}",
        "".join(marks).rstrip() + "  the insight",
        f"{iso_seconds(first)} to {iso_seconds(last + 60)}",
    ]


def _bar(height: int, most: int) -> str:
    """Whatever is not nothing has a bar."""
    return _BARS[-(-height * len(_BARS) // most) - 1] if height else _NONE
