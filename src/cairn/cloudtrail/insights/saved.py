"""A detector as bytes, and back: whoever keeps it across restarts loses nothing.

The same state gives the same bytes, in whatever order its calls came in. Values that baselines name are written once.
"""

from __future__ import annotations

from array import array

import msgspec

from cairn.cloudtrail.insights.attributions import Counts, Learnt, Share, Sketch, Values
from cairn.cloudtrail.insights.baseline import Series, Watch
from cairn.cloudtrail.insights.detector import Active, Detector
from cairn.cloudtrail.insights.expectation import Before
from cairn.cloudtrail.insights.hours import Hours
from cairn.cloudtrail.insights.insight import Statistics
from cairn.cloudtrail.insights.minutes import Minute
from cairn.cloudtrail.insights.series import Call, Scope, SeriesKey

FORM = 3
"""Of the bytes. Another one is refused: the caller learns anew from the event history."""


class FormError(ValueError):
    """The bytes are none of `dump`, or of another version's."""


class _SavedMinute(msgspec.Struct, array_like=True):
    minute: int
    key: SeriesKey
    calls: int
    few: list[tuple[Call, int]]
    many: list[Counts] | None


class _SavedActive(msgspec.Struct, array_like=True):
    key: SeriesKey
    start: int
    last: int
    before: Before
    statistics: Statistics
    usual: list[list[Share]]
    quiet: int
    calls: int
    highest: int
    counts: list[Counts]


class _Saved(msgspec.Struct, array_like=True):
    form: int
    closed: int | None
    values: list[str]
    series: list[tuple[SeriesKey, tuple[int | float, ...], int, str, bytes, bytes]]
    """Key, the numbers in order, the newest hour, how wide its cells are, the cells, and those of attributions.
    Cells are the machine's own: a state stays on the kind of machine that wrote it."""
    watches: list[tuple[Scope, tuple[int, ...], int, str, bytes, dict[int, int]]]
    minutes: list[_SavedMinute]
    active: list[_SavedActive]
    touched: list[tuple[int, SeriesKey]]
    refused: int
    forgotten: int


_SERIES = tuple(name for name in Series.__struct_fields__ if name not in ("hours", "learnt"))
_WATCH = tuple(name for name in Watch.__struct_fields__ if name not in ("hours", "missed"))
_decoder = msgspec.msgpack.Decoder(_Saved)


def dump(detector: Detector) -> bytes:
    """The state of a detector."""
    _order_values(detector)
    baselines = detector.baselines
    saved = _Saved(
        FORM,
        detector.closed,
        list(baselines.values),
        [(key, *_of_series(baselines.series[key])) for key in sorted(baselines.series)],
        [(scope, *_of_watch(baselines.watches[scope])) for scope in sorted(baselines.watches)],
        [
            _of_minute(minute, key, series[key])
            for minute, series in sorted(detector.open.minutes.items())
            for key in sorted(series)
        ],
        [_of_active(key, detector.active[key]) for key in sorted(detector.active)],
        sorted(detector.touched),
        baselines.refused,
        detector.forgotten,
    )
    return msgspec.msgpack.encode(saved)


def load(data: bytes) -> Detector:
    """The detector of which `data` is the state.

    Raises:
        FormError: it is none.
    """
    try:
        saved = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise FormError(f"no state of Insights: {error}") from error
    if saved.form != FORM:
        raise FormError(f"a state of Insights in form {saved.form}, where {FORM} is read")
    detector = Detector()
    detector.closed = saved.closed
    detector.forgotten = saved.forgotten
    detector.touched = set(saved.touched)
    baselines = detector.baselines
    baselines.refused = saved.refused
    baselines.values = Values(saved.values)
    shared: dict[str, str] = {}
    for key, numbers, newest, width, cells, learnt in saved.series:
        made = Series(**dict(zip(_SERIES, numbers, strict=True)))  # type: ignore[arg-type]  # as they were packed
        made.hours = Hours(newest, _cells(width, cells))
        made.learnt = Learnt(array("I", learnt))
        baselines.series[SeriesKey(*(shared.setdefault(text, text) for text in key))] = made
    for scope, times, newest, width, cells, missed in saved.watches:
        watch = Watch(**dict(zip(_WATCH, times, strict=True)))  # type: ignore[arg-type]  # as they were packed
        watch.hours = Hours(newest, _cells(width, cells))
        watch.missed = missed
        baselines.watches[scope] = watch
    for one in saved.minutes:
        many = None if one.many is None else _sketch(one.many)
        detector.open.minutes.setdefault(one.minute, {})[one.key] = Minute(one.calls, one.few, many)
    for insight in saved.active:
        usual = tuple(tuple(shares) for shares in insight.usual)
        detector.active[insight.key] = Active(
            insight.start,
            insight.last,
            insight.before,
            insight.statistics,
            usual,
            insight.quiet,
            insight.calls,
            insight.highest,
            _sketch(insight.counts),
        )
    return detector


def _order_values(detector: Detector) -> None:
    """Number values, and list those of a series, in an order that says nothing of how they came in."""
    baselines = detector.baselines
    named = {number for series in baselines.series.values() for number in series.learnt.numbers()}
    baselines.renumber(sorted(named, key=baselines.values.text))
    for series in baselines.series.values():
        series.learnt.sort()


def _of_series(series: Series) -> tuple[tuple[int | float, ...], int, str, bytes, bytes]:
    cells = series.hours.cells
    numbers = tuple(getattr(series, name) for name in _SERIES)
    hours = (series.hours.newest, cells.typecode, cells.tobytes())
    return (numbers, *hours, series.learnt.cells.tobytes())


def _of_watch(watch: Watch) -> tuple[tuple[int, ...], int, str, bytes, dict[int, int]]:
    cells = watch.hours.cells
    numbers = tuple(getattr(watch, name) for name in _WATCH)
    return numbers, watch.hours.newest, cells.typecode, cells.tobytes(), dict(sorted(watch.missed.items()))


def _of_minute(minute: int, key: SeriesKey, counted: Minute) -> _SavedMinute:
    many = None if counted.many is None else _counts(counted.many)
    return _SavedMinute(minute, key, counted.calls, sorted(counted.few), many)


def _of_active(key: SeriesKey, active: Active) -> _SavedActive:
    usual = [list(shares) for shares in active.usual]
    times = (active.start, active.last, active.before, active.statistics)
    return _SavedActive(key, *times, usual, active.quiet, active.calls, active.highest, _counts(active.sketch))


def _counts(sketch: Sketch) -> list[Counts]:
    return [dict(sorted(counts.items())) for counts in sketch.counts]


def _sketch(counts: list[Counts]) -> Sketch:
    sketch = Sketch()
    for mine, saved in zip(sketch.counts, counts, strict=True):
        mine.update(saved)
    return sketch


def _cells(width: str, cells: bytes) -> array[int]:
    return array(width, cells)
