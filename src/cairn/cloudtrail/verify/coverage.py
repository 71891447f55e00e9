"""Log files that no digest names: what the digests of a region cover, against what is in the bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cairn.cloudtrail.checkpoints.leaf import key_hash
from cairn.cloudtrail.verify.places import Listed
from cairn.cloudtrail.verify.verdicts import INVALID, NOTE, Verdict, What

EDGE_S = 300
"""A log file that was stored so shortly before a window's end may have been counted to the next window."""


class Coverage:
    """What the valid digests of an account and region name, and the time that they cover.

    Takes about 100 bytes a log file.
    """

    def __init__(self) -> None:
        self._named: set[bytes] = set()
        self._windows: list[tuple[int, int]] = []

    def add(self, digest: Mapping[str, Any], start: int, end: int) -> None:
        """A digest with its window."""
        for named in digest.get("logFiles") or ():
            self._named.add(key_hash(str(named["s3Bucket"]), str(named["s3Object"])))
        self._windows.append((start, end))

    def strangers(self, bucket: str, found: Iterator[Listed], end: int) -> Iterator[Verdict]:
        """Verdicts on objects that lie where log files do, and are named by none.

        Those that were stored after the last digest wait for the next; those of a time that no digest covers, or
        stored after `end`, are not judged at all.
        """
        windows = _joined(self._windows)
        if not windows:
            return
        newest = windows[-1][1]
        for listed in found:
            if listed.modified > end or key_hash(bucket, listed.key) in self._named:
                continue
            if listed.modified > newest - EDGE_S:
                verdict = f"{NOTE}not yet digested"
            elif any(start <= listed.modified < end - EDGE_S for start, end in windows):
                verdict = f"{INVALID}no digest file names it"
            else:
                continue
            yield Verdict(what=What.log, verdict=verdict, bucket=bucket, key=listed.key, ours=True)


def _joined(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Windows that abut or overlap made one, oldest first."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined
