"""One target under Atheris, guided by coverage: `python -m fuzz.engine MODULE TARGET [options] FOLDER...`."""

from __future__ import annotations

import importlib
import logging
import sys
from random import Random

import atheris


def main() -> None:
    module, name, *arguments = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=["cairn"], enable_loader_override=False):
        from fuzz.mutation import mutate
        from fuzz.target import INPUT_BYTES_MAX

        family = importlib.import_module(module)
    target = next(found for found in family.TARGETS if found.name == name)

    def mutator(data: bytes, size_max: int, seed: int) -> bytes:
        random = Random(seed)
        return mutate(data, random, size_max) if random.random() < 0.5 else atheris.Mutate(data, len(data))

    options = ["-timeout=20", "-rss_limit_mb=3000", f"-max_len={INPUT_BYTES_MAX}", "-print_final_stats=1", "-reload=0"]
    atheris.Setup([sys.argv[0], *options, *arguments], target, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
