"""Makes the engine's names durable: it syncs an object's data itself, but not the index in which its name stands.

The index is LevelDB, which has handed every change to the operating system by the time a call is answered. So what
is missing is one fdatasync of its logs, and any process may ask for that. Tables and manifests LevelDB syncs itself,
before it drops the log they replace.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from cairn.core.durable import sync_folder

INDEX = Path("data", "filerldb2")


class NameSync:
    """Syncs the index of the engine in `folder` (`DATA/s3`). Calls that come meanwhile share the next sync."""

    def __init__(self, folder: Path) -> None:
        self._index = folder / INDEX
        self._synced: dict[str, tuple[int, int]] = {}  # inode and length of each log at its last sync
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None

    async def __call__(self) -> None:
        """Return once every change that was answered before this call is on the disk."""
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
            await asyncio.shield(self._running)
            return
        if self._next is None:  # the sync that runs now may have begun before our change
            self._next = asyncio.ensure_future(self._after(self._running))
        await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Future[None]) -> None:
        await asyncio.wait([running])
        self._running, self._next = self._next, None
        await self._run()

    async def _run(self) -> None:
        try:
            await asyncio.to_thread(self.sync)
        finally:
            if self._next is None:
                self._running = None

    def sync(self) -> None:
        """The same for threads: return once every change answered before is on the disk.

        A log only grows. One of the length that it was synced at has nothing new, and is not synced again: that would
        flush the disk all the same.
        """
        before, found = self._synced, {}
        for log in self._logs():
            try:
                handle = os.open(log, os.O_RDONLY)
            except FileNotFoundError:
                continue  # it became a table, which was synced
            try:
                status = os.fstat(handle)
                found[log] = (status.st_ino, status.st_size)
                if before.get(log) != found[log]:
                    os.fdatasync(handle)
            finally:
                os.close(handle)
        for folder in {Path(log).parent for log in found.keys() - before.keys()}:
            sync_folder(folder)
        self._synced = found

    def _logs(self) -> Iterator[str]:
        for part in os.scandir(self._index):
            if part.is_dir():
                yield from (entry.path for entry in os.scandir(part) if entry.name.endswith(".log"))
