"""One verification of a place: every chain of digests as the AWS CLI would, and then what only Cairn can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from cairn.cloudtrail.checkpoints.leaf import key_hash
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.agreement import compare
from cairn.cloudtrail.verify.chains import SPILL_S, FoundRegion, belongs, find_regions, keys_of, log_folders
from cairn.cloudtrail.verify.checkpoint_log import ReadLog
from cairn.cloudtrail.verify.coverage import Coverage
from cairn.cloudtrail.verify.keys import PublicKeys
from cairn.cloudtrail.verify.logs import check_log_file
from cairn.cloudtrail.verify.places import Place
from cairn.cloudtrail.verify.reading import THREADS, DigestReader, InOrder
from cairn.cloudtrail.verify.verdicts import INVALID, Tally, Verdict, What, header
from cairn.cloudtrail.verify.walk import Chain, Walk, WalkedDigest
from cairn.core.clock import iso_seconds

DIGEST_THREADS = 4
_BACKFILL = "_backfill.json.gz"


class Progress(msgspec.Struct):
    """How far a verification is."""

    digests_total: int = 0
    """Found so far; grows with every region that is looked at."""
    digests: int = 0
    logs: int = 0


class Text(msgspec.Struct, frozen=True):
    """Lines of the CLI's that are no verdict."""

    text: str
    chain: str = ""
    """Whose lines begin here; the CLI does not say it, since it looks at one account and region a run."""


Item = Verdict | Text
Tell = Callable[[Progress], None]


class Verification:
    """A verification under way. `run` is to be called once.

    Args:
        trail: None: all trails that are there.
        start, end: what the CLI calls start-time and end-time, seconds since the epoch.
        logs: the checkpoint logs of the place, as far as they were read.
    """

    def __init__(
        self,
        place: Place,
        public: PublicKeys,
        *,
        trail: TrailId | None = None,
        start: int = 0,
        end: int,
        logs: tuple[ReadLog, ...] = (),
        tell: Tell | None = None,
    ) -> None:
        self._place = place
        self._public = public
        self._trail = trail
        self._start = start
        self._end = end
        self._logs = logs
        self._tell = tell
        self.progress = Progress()

    def run(self) -> Iterator[Item]:
        """All verdicts: a chain's as they are reached, with the CLI's lines around them; then Cairn's own of the
        region, and at the end those on digests of regions that are gone whole."""
        seen: set[tuple[str, str]] = set()
        judged = False
        with (
            ThreadPoolExecutor(THREADS, thread_name_prefix="verify") as files,
            ThreadPoolExecutor(DIGEST_THREADS, thread_name_prefix="digests") as digests,
        ):
            try:
                for region in find_regions(self._place, self._start, self._end):
                    seen.add((region.account, region.region))
                    judged |= any(self._wants(chain) for chain in region.chains)
                    yield from self._region(region, files, digests)
            finally:
                files.shutdown(wait=False, cancel_futures=True)  # whoever stops listening waits for no more files
                digests.shutdown(wait=False, cancel_futures=True)
        if self._trail is not None and not judged:
            yield Text(header(self._trail.arn, self._start, self._end))
            yield Text(Tally().footer(self._start, self._end))
        for log in self._logs:
            for where, logged in log.digests.items():
                if where not in seen:
                    yield from compare(self._place, logged, (), {}, self._start, self._end + SPILL_S)

    def _wants(self, chain: Chain) -> bool:
        return self._trail is None or belongs(chain, self._trail)

    def _region(self, region: FoundRegion, files: ThreadPoolExecutor, digests: ThreadPoolExecutor) -> Iterator[Item]:
        coverage = Coverage()
        ours: list[Verdict] = []
        chosen = False
        self.progress.digests_total += sum(map(len, region.chains.values()))
        for chain, keys in sorted(region.chains.items()):
            wanted = self._wants(chain)
            chosen |= wanted
            run = _ChainRun(self, chain, keys, coverage, judged=wanted)
            yield from run.items(files, digests)
            if wanted:
                ours += run.ours()
        yield from ours
        if chosen:
            chain = next(iter(region.chains))
            for folder in log_folders(self._place.prefix, chain):
                found = self._place.list(self._place.bucket, folder)
                yield from coverage.strangers(self._place.bucket, found, self._end)


class _ChainRun:
    """One chain. A chain that is not judged is still walked: its log files may lie beside those that are."""

    def __init__(
        self, verification: Verification, chain: Chain, keys: list[str], coverage: Coverage, *, judged: bool
    ) -> None:
        self._of = verification
        self._chain = chain
        self._keys = keys
        self._coverage = coverage
        self._judged = judged
        self._tally = Tally()
        self._read: dict[bytes, bytes] = {}
        self._holes: list[Verdict] = []
        self._logs = [log for log in verification._logs if belongs(chain, log.trail)]

    def items(self, files: ThreadPoolExecutor, digests: ThreadPoolExecutor) -> Iterator[Item]:
        of = self._of
        if self._judged:
            yield Text(header(self._arn, of._start, of._end), f"{self._chain.account} {self._chain.region}")
        pending = InOrder[Verdict](files)
        for backfill in (False, True):
            keys = [key for key in self._keys if key.endswith(_BACKFILL) is backfill]
            for verdict in self._walk(keys, backfill, pending, digests):
                self._tally.add(verdict, of._start, of._end)
                of.progress.logs += verdict.what is What.log
                of.progress.digests += verdict.what is What.digest
                if of._tell is not None:
                    of._tell(of.progress)
                if self._judged:
                    yield verdict
        if self._judged:
            yield Text(self._tally.footer(of._start, of._end))

    def ours(self) -> Iterator[Verdict]:
        """What the log says of the chain, or where there is none, where its digests do not abut."""
        of = self._of
        for log in self._logs:
            logged = log.digests.get((self._chain.account, self._chain.region), {})
            yield from compare(of._place, logged, self._keys, self._read, of._start, of._end + SPILL_S)
        if not self._logs:
            yield from self._holes

    @property
    def _arn(self) -> str:
        asked = self._of._trail
        return (asked or TrailId(self._chain.account, self._chain.home_region, self._chain.trail)).arn

    def _walk(
        self, keys: list[str], backfill: bool, pending: InOrder[Verdict], digests: ThreadPoolExecutor
    ) -> Iterator[Verdict]:
        of, place = self._of, self._of._place
        walk = Walk(
            self._chain,
            place.bucket,
            list(keys),
            read=DigestReader(place, digests, place.bucket, keys),
            relist=partial(self._relist, backfill),
            public=of._public,
            signed=self._signed,
            start=of._start,
            backfill=backfill,
        )
        missing_since = 0
        newer_start = 0
        for found in walk.digests():
            if isinstance(found, Verdict):
                if found.what is What.digest:
                    missing_since = newer_start
                pending.put(found)
                yield from pending.ready()
                continue
            verdict = found.verdict
            if found.sha256:
                self._read[key_hash(verdict.bucket, verdict.key)] = found.sha256
            pending.put(verdict)
            if found.content is not None:
                if missing_since and verdict.end < missing_since:
                    self._holes.append(self._hole(verdict.end, missing_since))
                missing_since, newer_start = 0, verdict.start
                self._take(found, pending)
            yield from pending.ready()
        yield from pending.ready(left=0)

    def _take(self, found: WalkedDigest, pending: InOrder[Verdict]) -> None:
        """A digest that may be believed: its log files are due."""
        assert found.content is not None
        self._coverage.add(found.content, found.verdict.start, found.verdict.end)
        if self._judged:
            for named in found.content.get("logFiles") or ():
                pending.submit(partial(check_log_file, self._of._place, named))

    def _hole(self, start: int, end: int) -> Verdict:
        name = f"{self._chain.account} {self._chain.region} {self._chain.trail}"
        why = f"{INVALID}those between {iso_seconds(start)} and {iso_seconds(end)} are gone"
        return Verdict(what=What.digest, verdict=why, name=name, ours=True, start=start, end=end)

    def _relist(self, backfill: bool, bucket: str, end: int) -> list[str]:
        keys = keys_of(self._of._place, bucket, self._chain, self._of._start, end)
        return [key for key in keys if key.endswith(_BACKFILL) is backfill]

    def _signed(self, bucket: str, key: str) -> str | None:
        return next(filter(None, (log.signature(bucket, key) for log in self._logs)), None)
