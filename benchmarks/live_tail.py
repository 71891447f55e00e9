"""How smoothly the console's event history shows a live tail, in Chromium.

    python -m benchmarks.live_tail [--rate 500] [--seconds 10]

The page is a real Cairn's; its tail is one that the page is given, so that nothing is measured but the page: so many
events a second, as the server writes them, 20 ms apart. A frame of more than 50 ms is one that a person sees. Beside it
the same page whose tail tells nothing: on a busy machine that stutters, too.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import HEAD, Figure
from playwright.sync_api import Browser, CDPSession, sync_playwright
from tests.browser.clicking import USER, make_user, signed_in
from tests.running import Cairn

STUTTER_MS = 50
WARM_MS = 2000

_TAIL = """
window.EventSource = class {
  constructor() {
    const began = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) / 1000) * RATE);
      for (; sent < due; sent++) {
        const id = crypto.randomUUID();
        const row = {...ROW, id, time: new Date().toISOString(), record: {...ROW.record, eventID: id}};
        this.onmessage?.({data: JSON.stringify(row)});
      }
    }, 20);
  }
  close() { clearInterval(this.timer); }
};
"""
_MEASURE = """
(ms) => new Promise((done) => {
  const tasks = [];
  new PerformanceObserver((list) => list.getEntries().forEach((each) => tasks.push(each.duration)))
    .observe({type: "longtask"});
  const frames = [];
  let last = performance.now();
  const until = last + ms;
  const next = (now) => {
    frames.push(now - last);
    last = now;
    if (now < until) requestAnimationFrame(next);
    else done({tasks, frames: frames.slice(1)});
  };
  requestAnimationFrame(next);
})
"""


def figures(folder: Path, options: Any) -> Iterator[Figure]:
    cairn = Cairn(folder / "data")
    cairn.start()
    try:
        make_user(cairn, USER)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            still, told = (measured(browser, cairn, rate, options.seconds) for rate in (0, options.rate))
            browser.close()
    finally:
        cairn.stop()
    what = f"live tail, {options.rate} events/s"
    against = "the same page without"
    for name, unit, of, goal in (
        (f"frames of more than {STUTTER_MS} ms", "", lambda each: len(each.slow), "as many"),
        ("longest frame", "ms", lambda each: max(each.frames), ""),
        (f"tasks of more than {STUTTER_MS} ms", "", lambda each: len(each.tasks), "as many"),
        ("CPU of the page's thread", "ms/s", lambda each: each.cpu_ms / options.seconds, "below 500"),
    ):
        yield Figure(f"{what}: {name}", of(told), unit, against, of(still), goal)


@dataclass(frozen=True)
class Smoothness:
    """What a page did while its tail went on; milliseconds."""

    frames: list[float]
    tasks: list[float]
    """Those that are long: of more than 50 ms."""
    cpu_ms: float

    @property
    def slow(self) -> list[float]:
        return [frame for frame in self.frames if frame > STUTTER_MS]


def measured(browser: Browser, cairn: Cairn, rate: int, seconds: float) -> Smoothness:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    signed_in(page, cairn)
    row = page.evaluate("fetch('/console/api/events?limit=1').then((reply) => reply.json())")["events"][0]
    page.add_init_script(_TAIL.replace("RATE", str(rate)).replace("ROW", json.dumps(row)))
    page.goto(f"{cairn.endpoint}/console/history")
    page.get_by_text("Live", exact=True).click()
    page.wait_for_timeout(WARM_MS)
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _cpu_ms(tools)
    told = page.evaluate(_MEASURE, int(seconds * 1000))
    cpu_ms = _cpu_ms(tools) - before
    assert not rate or page.locator("tbody tr").count() > 1, "no events were shown"
    page.close()
    return Smoothness(told["frames"], told["tasks"], cpu_ms)


def _cpu_ms(tools: CDPSession) -> float:
    metrics = {each["name"]: each["value"] for each in tools.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=500, help="events a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    return parser.parse_args(arguments)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(HEAD)
        for figure in figures(Path(folder), options_of()):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
