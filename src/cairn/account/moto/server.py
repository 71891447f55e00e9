"""The child process: `python -m cairn.account.moto.server OPTIONS`, where OPTIONS is a file that only we can read."""

from __future__ import annotations

import logging
import os
import signal
import stat
import sys
import threading
from pathlib import Path

import msgspec

from cairn.account.moto.wire_names import S3Access
from cairn.core.clock import SystemClock
from cairn.core.durable import lock_folder, private_folder
from cairn.core.errors import CairnError

log = logging.getLogger("cairn.account.moto")

RECURSION_MAX = 20_000
"""Depth to which state may be nested; the thread that copies it has the stack for that."""


MOTO_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What moto reads from its environment, most of it when it is imported."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine tells its child."""

    folder: str
    port: int
    secret: str
    s3: S3Access | None = None
    """Where buckets are, for what services read from them and write to them."""


def read_options(path: Path) -> Options:
    """The options, from a file that is ours and that nobody else can read.

    Raises:
        CairnError: others could have read or written it.
    """
    status = path.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise CairnError(f"{path} holds a secret and must be its owner's alone", advice=f"chmod 600 {path}")
    return msgspec.json.decode(path.read_bytes(), type=Options)


def main(options_file: Path) -> None:
    """Restore the state, answer until SIGTERM, save what is left."""
    clock = SystemClock()
    started = clock.monotonic()
    options = read_options(options_file)
    folder = private_folder(Path(options.folder))
    lock = lock_folder(folder)  # noqa: F841 - held while we live

    os.environ.update(MOTO_SETTINGS)
    from cairn.account.moto.account import Account  # imports moto, which takes a second
    from cairn.account.moto.listener import Listener

    account = Account(folder, options.s3)
    listener = Listener("127.0.0.1", options.port, account.front(options.secret).respond)
    account.start()
    log.info("ready after %.2f s", clock.monotonic() - started)

    def stop(*_: object) -> None:
        threading.Thread(target=listener.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    listener.serve_forever()
    account.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.setrecursionlimit(RECURSION_MAX)
    try:
        main(Path(sys.argv[1]))
    except CairnError as error:
        log.error("%s %s", error.message, error.advice)
        sys.exit(error.exit_code)
