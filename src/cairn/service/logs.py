"""Log lines that a person can read, on stderr."""

from __future__ import annotations

import logging
import sys

from cairn.core.config import Settings

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_NOISY = ("botocore", "boto3", "urllib3", "asyncio", "uvicorn.access", "alembic", "signxml")
"""Some tell secrets where they debug: signxml all of an assertion."""


def log_to_stderr(settings: Settings) -> None:
    """Log at `log.level`; libraries only where they warn."""
    logging.basicConfig(stream=sys.stderr, format=FORMAT, level=settings.log.level.upper(), force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
