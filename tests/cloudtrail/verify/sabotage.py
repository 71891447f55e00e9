"""Sabotages, one by one, on a real bucket, and what both tools say of each: the table of docs/verify.md.

Run `python -m tests.cloudtrail.verify.sabotage` to print it.
"""

from __future__ import annotations

import gzip
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from tests.cloudtrail.verify import bucket as making
from tests.cloudtrail.verify.bucket import HOUR, Made, make_chain, public_keys
from tests.cloudtrail.verify.world import Delivered, Said, World, world

from cairn.cloudtrail.checkpoints.leaf import folder
from cairn.cloudtrail.digests.signature import new_key
from cairn.core.clock import SystemClock, iso_seconds, utc

BUCKET = "sabotaged"
HOURS = 52
"""Three calendar days, the one in the middle whole."""
FILES = 2

_INVALID = re.compile(r"^(?:\(backfill\) )?(Digest file|Log file|Checkpoint log)\t.*\t(INVALID: .*)$", re.MULTILINE)
_NUMBER = re.compile(r"\b(has|knows|the) \d+")


class Scene:
    """The bucket before the sabotage, and what was made."""

    def __init__(self, found: World) -> None:
        self.world = found
        self.start = int(SystemClock().now()) + HOUR // 2 - HOURS * HOUR
        # The last digest's window is not over yet, so that what is put now lies in a window.
        self.made = make_chain(hours=HOURS, files=FILES, bucket=BUCKET, start=self.start)
        found.s3.create_bucket(Bucket=BUCKET)
        for key, (content, metadata, _) in self.made.objects.items():
            found.put(BUCKET, key, content, metadata)
        self.whole = Delivered(BUCKET, self.made)
        self.half = self.cut(HOURS // 2)
        with found.keeper(self.half) as keeper:
            keeper.step()
        self.earlier = found.content(BUCKET)
        for key in [key for hour in range(HOURS // 2, HOURS) for key in self.of_hour(hour)]:
            self.earlier.pop(key)
        with found.keeper(self.whole) as keeper:
            keeper.step()
        self.before = found.content(BUCKET)

    def cut(self, hours: int) -> Delivered:
        delivered = Delivered(BUCKET, self.made)
        del delivered.rows[hours:]
        return delivered

    def of_hour(self, hour: int) -> list[str]:
        """A digest and the log files that it names."""
        return [self.made.digests[hour], *self.made.logs[hour]]

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.world.s3.delete_object(Bucket=BUCKET, Key=key)

    def put(self, key: str, content: bytes, metadata: dict[str, str] | None = None) -> None:
        self.world.put(BUCKET, key, content, metadata)

    def both(self) -> tuple[Said, Said]:
        start = iso_seconds(self.start)
        return self.world.validate_logs(BUCKET, start), self.world.verify(f"s3://{BUCKET}", start)


def nothing(scene: Scene) -> None:
    """nothing"""


def log_changed(scene: Scene) -> None:
    """a log file changed"""
    key = scene.made.logs[20][0]
    scene.put(key, gzip.compress(gzip.decompress(scene.made.objects[key].content).replace(b"Run", b"Ran"), mtime=0))


def log_deleted(scene: Scene) -> None:
    """a log file deleted"""
    scene.delete(scene.made.logs[20][0])


def log_moved(scene: Scene) -> None:
    """a log file moved to another name"""
    key = scene.made.logs[20][0]
    scene.delete(key)
    scene.put(key.replace(".json.gz", "x.json.gz"), scene.made.objects[key].content)


def log_added(scene: Scene) -> None:
    """a log file added"""
    scene.put(
        scene.made.logs[20][0].replace(".json.gz", "x.json.gz"), scene.made.objects[scene.made.logs[3][0]].content
    )


def digest_changed(scene: Scene) -> None:
    """a digest changed"""
    key = scene.made.digests[20]
    content, metadata, _ = scene.made.objects[key]
    scene.put(key, gzip.compress(gzip.decompress(content).replace(b"RunInst", b"RanInst") + b" ", mtime=0), metadata)


def digest_moved(scene: Scene) -> None:
    """a digest put in another's place"""
    content, metadata, _ = scene.made.objects[scene.made.digests[19]]
    scene.put(scene.made.digests[20], content, metadata)


def digest_deleted(scene: Scene) -> None:
    """a digest in the middle deleted"""
    scene.delete(scene.made.digests[20])


def metadata_stripped(scene: Scene) -> None:
    """a digest's metadata stripped"""
    key = scene.made.digests[20]
    scene.put(key, scene.made.objects[key].content)


def newest_deleted(scene: Scene) -> None:
    """the newest digest deleted, with its log files"""
    scene.delete(*scene.of_hour(HOURS - 1))


def newest_three_deleted(scene: Scene) -> None:
    """the three newest digests deleted, with their log files"""
    scene.delete(*(key for hour in range(HOURS - 3, HOURS) for key in scene.of_hour(hour)))


def adjacent_deleted(scene: Scene) -> None:
    """five adjacent digests deleted, with their log files"""
    scene.delete(*(key for hour in range(20, 25) for key in scene.of_hour(hour)))


def day_deleted(scene: Scene) -> None:
    """a whole day deleted, digests and log files"""
    day = f"/{utc(scene.start + 24 * HOUR):%Y/%m/%d}/"
    scene.delete(*(key for key in scene.before if day in key))


def everything_deleted(scene: Scene) -> None:
    """all digests and log files deleted"""
    scene.delete(*(key for key in scene.before if "CloudTrail-Checkpoint" not in key))


def log_of_checkpoints_deleted(scene: Scene) -> None:
    """the checkpoint log deleted"""
    scene.delete(*(key for key in scene.before if "CloudTrail-Checkpoint" in key))


def bucket_rolled_back(scene: Scene) -> None:
    """the bucket rolled back to an earlier state"""
    scene.world.restore(BUCKET, scene.earlier)


def both_rolled_back(scene: Scene) -> None:
    """bucket and server rolled back, and both went on"""
    scene.world.restore(BUCKET, scene.earlier)
    rest = HOURS - HOURS // 2
    other = make_chain(hours=HOURS, files=1, bucket=BUCKET, start=scene.start, records=1)
    for key in [*other.digests[HOURS // 2 :], *(key for keys in other.logs[HOURS // 2 :] for key in keys)]:
        content, metadata, _ = other.objects[key]
        scene.put(key, content, metadata)
    delivered = Delivered(BUCKET, scene.made)
    delivered.rows[-rest:] = Delivered(BUCKET, other).rows[-rest:]
    key_file = scene.world.folder / "state" / "checkpoint-key.pem"
    fresh = scene.world.folder / "rolled-back"
    fresh.mkdir()
    (fresh / key_file.name).write_bytes(key_file.read_bytes())
    scene.delete(folder(making.TRAIL, "") + "checkpoint")
    with scene.world.keeper(delivered, fresh.name) as keeper:
        keeper.step()


def key_replaced(scene: Scene) -> None:
    """everything signed anew with another key, which the server now lists"""
    key = new_key()
    with patch.object(making, "key_of", lambda region: key):
        forged: Made = make_chain(hours=HOURS, files=1, bucket=BUCKET, start=scene.start)
        scene.world.keys = public_keys("us-east-1")
    scene.delete(*(key for key in scene.before if "CloudTrail-Checkpoint" not in key))
    for name, (content, metadata, _) in forged.objects.items():
        scene.put(name, content, metadata)


Sabotage = Callable[[Scene], None]
SABOTAGES: tuple[Sabotage, ...] = (
    nothing,
    log_changed,
    log_deleted,
    log_moved,
    log_added,
    digest_changed,
    digest_moved,
    digest_deleted,
    metadata_stripped,
    newest_deleted,
    newest_three_deleted,
    adjacent_deleted,
    day_deleted,
    everything_deleted,
    log_of_checkpoints_deleted,
    bucket_rolled_back,
    both_rolled_back,
    key_replaced,
)


class Row(NamedTuple):
    """A sabotage and what both tools said."""

    what: str
    aws: Said
    cairn: Said


def rows(folder: Path, sabotages: Sequence[Sabotage] = SABOTAGES) -> Iterator[Row]:
    """Do one after the other, each on the bucket as it was."""
    with world(folder) as found:
        scene = Scene(found)
        for sabotage in sabotages:
            sabotage(scene)
            aws, cairn = scene.both()
            yield Row(str(sabotage.__doc__), aws, cairn)
            found.keys = public_keys("us-east-1")
            found.restore(BUCKET, scene.before)


def table(found: list[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| done to the bucket | `aws cloudtrail validate-logs` | `cairn verify` |", "|---|---|---|"]
    lines += [f"| {row.what} | {_told(row.aws)} | {_told(row.cairn)} |" for row in found]
    return "\n".join(lines) + "\n"


def _told(said: Said) -> str:
    """The invalid lines, counted; numbers that depend on the hour of the run left out."""
    counts = Counter((what, _NUMBER.sub(r"\1 N", why)) for what, why in _INVALID.findall(said.err))
    if said.code == 0:
        return "all valid" if "files valid" in said.out else "**exit 0**: no digests found"
    return "; ".join(f"{what.lower()} {why}" + (f" ({n} times)" if n > 1 else "") for (what, why), n in counts.items())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(table(list(rows(Path(place)))))
