"""Everything on one machine: the engines, then the worker and the gateways; stopped the other way round."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from shutil import which
from typing import Protocol

from cairn.account.kms_relay import KmsRelay, http_kms
from cairn.account.moto.engine import MotoEngine
from cairn.account.moto.wire_names import S3Access
from cairn.account.seaweedfs import SeaweedFS
from cairn.core.clock import SystemClock
from cairn.core.config import Settings, as_environment
from cairn.core.durable import lock_folder
from cairn.core.folder import Administrator, DataFolder, Runtime
from cairn.core.journal.engine import JournalEngine
from cairn.core.process import Child
from cairn.gateway.keys import KeyTable
from cairn.gateway.serve import listen
from cairn.service.digest_keys import check_digest_key
from cairn.service.elsewhere import endpoints, s3_elsewhere
from cairn.service.joints import AccountDirectory, administrator_key
from cairn.service.logs import log_to_stderr
from cairn.service.saved import migrate, open_state

ADMINISTRATOR = "administrator"
ADMINISTRATOR_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


class _Part(Protocol):
    """What is started, and ready when `start` returns; `stop` may be called whether it was or not."""

    def start(self) -> object: ...

    def stop(self) -> None: ...


def up(folder: DataFolder, settings: Settings, announce: Callable[[str], None]) -> None:
    """Run everything, and return after SIGINT or SIGTERM, once all of it has stopped."""
    log_to_stderr(settings)
    endpoints(settings)  # what is wrong with settings is said before anything starts
    check_digest_key(settings)
    stop = stop_signals()
    folder.make()
    with ExitStack() as stack:
        stack.enter_context(lock_folder(folder.path))
        listening = stack.enter_context(listen(settings))
        migrate(folder, settings)
        runtime = _start_engines(stack, folder, settings)
        folder.save(runtime)
        stack.callback(folder.run_file.unlink, missing_ok=True)
        gateways = (f"gateway-{number}" for number in range(settings.server.gateways))
        _start(
            stack,
            _child(folder, settings, "worker"),
            *(_child(folder, settings, name, listening) for name in gateways),
        )
        for line in _ready_lines(folder, runtime):
            announce(line)
        stop.wait()
        announce("Stopping.")


def stop_signals() -> threading.Event:
    """Set by SIGINT and SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _start_engines(stack: ExitStack, folder: DataFolder, settings: Settings) -> Runtime:
    # The account's services reach buckets, and the buckets ask the account's KMS: each is told of the other first.
    access, buckets = _buckets(folder, settings)
    moto = MotoEngine(folder.account, log_file=folder.logs / "moto.log", s3=access)
    engines: list[_Part] = [JournalEngine(folder.journal, settings), moto]
    if buckets is not None:
        relay = KmsRelay(http_kms(moto.url, moto.headers))
        relay.start()
        stack.callback(relay.stop)
        buckets.use_kms(relay.kms)
        engines.append(buckets)
    _start(stack, *engines)

    _make_administrator(folder, settings, moto)
    host = settings.server.host if settings.server.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    scheme = "https" if settings.server.tls_certificate else "http"
    return Runtime(
        pid=os.getpid(),
        endpoint=f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.server.port}",
        certificate=settings.server.tls_certificate and str(Path(settings.server.tls_certificate).resolve()),
        s3_url=buckets.endpoint if buckets is not None else "",
        s3_access_key_id=buckets.credentials.access_key_id if buckets is not None else "",
        s3_secret_access_key=buckets.credentials.secret_access_key if buckets is not None else "",
        moto_url=moto.url,
        moto_secret=moto.secret,
    )


def _buckets(folder: DataFolder, settings: Settings) -> tuple[S3Access | None, SeaweedFS | None]:
    """How the account's other services reach S3, and the engine to start for it, unless it is elsewhere."""
    elsewhere = s3_elsewhere(settings)
    if elsewhere is None:
        engine = SeaweedFS(folder.buckets, logs=folder.logs, setting=settings.engines.seaweedfs)
        url, credentials = engine.endpoint, engine.credentials
    elif elsewhere.credentials is None:
        return None, None
    else:
        engine, url, credentials = None, elsewhere.url, elsewhere.credentials
    access = S3Access(url=url, access_key_id=credentials.access_key_id, secret_access_key=credentials.secret_access_key)
    return access, engine


def _make_administrator(folder: DataFolder, settings: Settings, moto: MotoEngine) -> None:
    """The first user, made once; its key is in the account, in the key table and in `credentials.json`."""
    made = moto.ensure_user(settings.account.id, ADMINISTRATOR, ADMINISTRATOR_POLICY)
    state = open_state(folder, settings)
    KeyTable(state, SystemClock(), AccountDirectory(moto.questions)).put(administrator_key(made))
    state.close()
    folder.save(
        Administrator(
            account=settings.account.id,
            region=settings.account.region,
            user_name=ADMINISTRATOR,
            access_key_id=made.access_key_id,
            secret_access_key=made.secret_access_key,
        )
    )


def _child(folder: DataFolder, settings: Settings, name: str, listening: socket.socket | None = None) -> Child:
    """The worker or a gateway. It is ready once it has written its process id to a file of its name."""
    command = [sys.executable, "-m", "cairn", name.partition("-")[0], "--data", str(folder.path)]
    if listening is not None:
        command += ["--name", name, "--socket", str(listening.fileno())]
    ready_file = folder.ready_file(name)
    ready_file.unlink(missing_ok=True)
    child = Child(
        name,
        command,
        log_file=folder.logs / f"{name}.log",
        ready=lambda: ready_file.exists() and ready_file.read_text() == str(child.pid),
        environment=os.environ | as_environment(settings),
        pass_fds=(listening.fileno(),) if listening is not None else (),
    )
    return child


def _start(stack: ExitStack, *parts: _Part) -> None:
    """Start them beside each other, and return once all are ready.

    Raises:
        CairnError: one of them did not become ready.
    """
    for part in parts:
        stack.callback(part.stop)
    with ThreadPoolExecutor(len(parts)) as pool:
        starting = [pool.submit(part.start) for part in parts]
    for each in starting:
        each.result()


def _ready_lines(folder: DataFolder, runtime: Runtime) -> Iterator[str]:
    administrator = folder.administrator()
    yield f"Cairn is ready at {runtime.endpoint}"
    yield f"Console: {runtime.endpoint}/console"
    yield f"  account {administrator.account}, region {administrator.region}, user {administrator.user_name}"
    yield f"  AWS_ACCESS_KEY_ID={administrator.access_key_id}"
    yield f"  AWS_SECRET_ACCESS_KEY={administrator.secret_access_key}"
    yield f'In another shell: eval "$({_program()} env --data {quote(str(folder.path))})"    Ctrl-C stops it.'


def _program() -> str:
    """`cairn` as it can be typed: by name where the shell finds it, or else the one beside this Python."""
    return "cairn" if which("cairn") else quote(str(Path(sys.executable).with_name("cairn")))
