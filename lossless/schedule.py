"""Which fault strikes when: told by a seed alone, so that a run can be made again."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count

from lossless.faults import FAULTS


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault, and the seed of its dice."""

    fault: str
    seed: str

    @property
    def dice(self) -> random.Random:
        return random.Random(self.seed)


def schedule(seed: int, without: Collection[str] = ()) -> Iterator[Strike]:
    """Strikes without end: every fault once in each round, in another order each round.

    Args:
        without: names of faults that do not strike. The others keep their order and their dice.
    """
    if not FAULTS.keys() - without:
        return
    for number in count(1):
        names = sorted(FAULTS)
        random.Random(f"{seed}.{number}").shuffle(names)
        yield from (Strike(name, f"{seed}.{number}.{name}") for name in names if name not in without)
