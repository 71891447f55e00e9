"""Fuzz parsers of bytes from outside.

    python -m fuzz --minutes 10            every target for so long
    python -m fuzz event-pattern leaf      these
    python -m fuzz event-pattern FILE      one input again, as it was found

Exit code 1 where an input fails. It is kept in fuzz/findings.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from fuzz.campaign import Run, fuzz
from fuzz.table import TARGETS


def main() -> int:
    options = _parser().parse_args()
    if options.list:
        for target in TARGETS.values():
            print(f"{target.name:22} {target.proves}")
        return 0
    names = [name for name in options.what if name in TARGETS]
    files = [Path(name) for name in options.what if name not in TARGETS]
    if missing := [str(path) for path in files if not path.is_file()]:
        print(f"no target and no file: {', '.join(missing)}; `python -m fuzz --list` lists the targets")
        return 2
    if files:
        return _again(names, files)
    return _run(names or list(TARGETS), round(options.minutes * 60), options.keep)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="targets, or a target and files of inputs")
    parser.add_argument("--minutes", type=float, default=10, help="how long each target is fuzzed (10)")
    parser.add_argument("--keep", action="store_true", help="add inputs that reach something new to the corpus")
    parser.add_argument("--list", action="store_true", help="list the targets")
    return parser


def _again(names: list[str], files: list[Path]) -> int:
    if len(names) != 1:
        print("name one target, and the files of its inputs")
        return 2
    for path in files:
        TARGETS[names[0]](path.read_bytes())
        print(f"{path}: nothing found")
    return 0


def _run(names: list[str], seconds: int, keep: bool) -> int:
    failed = 0
    for number, name in enumerate(names, 1):
        run = fuzz(TARGETS[name], seconds, _tell(f"[{number}/{len(names)}] "), keep=keep)
        told = f"{run.runs:,} inputs, {run.rate:,}/s, coverage {run.coverage:,}, findings {len(run.findings)}"
        print(f"{name}: {told}", flush=True)
        failed += not run.is_clean
        _report(run)
    return 1 if failed else 0


def _tell(head: str) -> Callable[[str], None]:
    def tell(line: str) -> None:
        if sys.stdout.isatty():
            print(f"\r{head}{line}\x1b[K", end="\r", flush=True)

    return tell


def _report(run: Run) -> None:
    if not run.is_clean:
        print(run.trace)
    for path in run.findings:
        data = path.read_bytes()
        print(f"  {len(data)} bytes, in hex: {data[:400].hex()}{'…' if len(data) > 400 else ''}")
        print(f"  again: python -m fuzz {run.target} {path}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
