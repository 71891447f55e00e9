"""The bucket engine: SeaweedFS in one child process, closed to everybody but us, with an fsync a put."""

from __future__ import annotations

import http.client
import logging
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from cairn.account.seaweedfs_files import ADMIN_GRPC_OFFSET, EngineFile, Kms, engine_file, write_configuration
from cairn.core.durable import private_folder
from cairn.core.errors import CairnError, ConfigurationError
from cairn.core.process import Child
from cairn.core.revival import Revival
from cairn.wire.http import Headers
from cairn.wire.signing import Credentials, sign

log = logging.getLogger(__name__)

VERSION_TESTED = (4, 48)
READY_REPLY_S = 2.0
SHELL_S = 30.0
ROOM_BYTES = 64 << 20
"""So much has to be free before it is started again that gave up writing."""
_GAVE_UP = re.compile(rb"filerldb2/\d+/\d+\.log: no space left on device")
"""LevelDB, which keeps the names of objects, writes nothing more to a log whose write failed. An end by SIGTERM takes
ten seconds, and what was answered stands a kill."""
MEMORY_SOFT_LIMIT = "512MiB"
"""What its garbage collector aims at. It sets 230 MB aside at its start, of which it touches half: with a limit near
that it collects without end, at five times the processor a call and a tenth of a core for nothing. Without one caches
grow."""
VOLUMES_MAX = 10_000
"""Every bucket has volumes of its own. A volume's file grows as it fills, so that a high limit costs nothing."""

PROBE_BUCKET = "sthree-cairn-probe"
"""A bucket of ours in the engine. No client can make one whose name begins so."""

_PROBE_KEY = "ready"
_REGION = "us-east-1"
_REPLY_BYTES_MAX = 64 << 10
_SYNCED = re.compile(r'"locationPrefix":\s*"/buckets/"[^}]*"fsync":\s*true')


class SeaweedFS:
    """An S3 endpoint with its credentials: a `weed` process of ours, or one that runs elsewhere.

    Args:
        folder: `DATA/s3`; holds objects, keys and configuration.
        logs: folder of its log file.
        setting: `engines.seaweedfs`: empty for the binary that came with Cairn, the path of another, or the
            address of a running S3 endpoint as `http://KEY:SECRET@host:port`, and then there is no child.
        kms: what answers for SSE-KMS; without it such puts are refused.
    """

    def __init__(self, folder: Path, *, logs: Path, setting: str = "", kms: Kms | None = None) -> None:
        self._folder = folder
        self._log_file = logs / "seaweedfs.log"
        self._kms = kms
        self._child: Child | None = None
        self._revival: Revival | None = None
        self._engine: EngineFile | None = None
        self._binary = Path()
        if setting.startswith(("http://", "https://")):
            self.endpoint, self.credentials = _endpoint(setting)
            return
        self._binary = _binary(setting)
        self._engine = engine_file(private_folder(folder))
        self.endpoint = f"http://127.0.0.1:{self._engine.ports.s3}"
        self.credentials = Credentials(self._engine.access_key_id, self._engine.secret_access_key)

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    @property
    def restarts(self) -> int:
        return self._child.restarts if self._child is not None else 0

    def use_kms(self, kms: Kms) -> None:
        """Say what answers for SSE-KMS, before `start`."""
        self._kms = kms

    def start(self) -> None:
        """Start the child, and return once it answers and syncs what it stores.

        Raises:
            CairnError: it is too old, did not start, or cannot be made to sync.
        """
        if self._engine is None:
            return
        _check_version(self._binary)
        write_configuration(self._folder, self._engine, self._kms)
        self._child = Child(
            "seaweedfs",
            _command(self._binary, self._folder, self._engine),
            log_file=self._log_file,
            ready=self.is_ready,
            environment=_environment(self._folder),
            folder=self._folder,
        )
        self._child.start()
        self._revival = Revival(
            self._child, self._log_file, gave_up=_GAVE_UP, has_room=self._has_room, end=signal.SIGKILL
        )
        self._revival.start()
        try:
            self._sync_each_put()
            self._leave_probe()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._child is None or self._engine is None:
            return
        if self._revival is not None:
            self._revival.stop()
        self._child.stop()
        ports = self._engine.ports
        for port in (*msgspec.structs.astuple(ports), ports.admin + ADMIN_GRPC_OFFSET):
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 # where weed puts them
                socket.unlink(missing_ok=True)

    def _has_room(self) -> bool:
        return shutil.disk_usage(self._folder).free >= ROOM_BYTES

    def is_ready(self) -> bool:
        """Whether objects can be read: the S3 door answers some time before the volumes behind it are found."""
        if self._ask("GET", "/healthz")[0] != 200:
            return False
        status, reply = self._ask("GET", f"/{PROBE_BUCKET}/{_PROBE_KEY}")
        return status == 200 or b"NoSuchBucket" in reply or b"NoSuchKey" in reply

    def _ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        parts = urlsplit(self.endpoint)
        headers = sign(
            method,
            self.endpoint + path,
            Headers([("host", parts.netloc)]),
            self.credentials,
            service="s3",
            region=_REGION,
        )
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=READY_REPLY_S)
        try:
            connection.request(method, path, body, dict(headers))
            reply = connection.getresponse()
            return reply.status, reply.read(_REPLY_BYTES_MAX)
        finally:
            connection.close()

    def _leave_probe(self) -> None:
        """Store what `is_ready` will look for from the next start on."""
        if self._ask("GET", f"/{PROBE_BUCKET}/{_PROBE_KEY}")[0] != 200:
            self._ask("PUT", f"/{PROBE_BUCKET}")
            status, reply = self._ask("PUT", f"/{PROBE_BUCKET}/{_PROBE_KEY}", b"ready")
            if status != 200:
                raise CairnError(f"SeaweedFS does not store objects: {reply[:500].decode('utf-8', 'replace')}")

    def _sync_each_put(self) -> None:
        """Have every object synced to the disk before its put is answered, and see that this is in force."""
        configured = self._shell("fs.configure")
        if not _SYNCED.search(configured):
            configured = self._shell("fs.configure -locationPrefix=/buckets/ -fsync -apply\nfs.configure")
        if not _SYNCED.search(configured):
            raise CairnError(
                "SeaweedFS does not sync its objects to the disk", advice=f"It said: {configured.strip()[-500:]}"
            )

    def _shell(self, command: str) -> str:
        assert self._engine is not None
        ports = self._engine.ports
        done = subprocess.run(
            [
                str(self._binary),
                "shell",
                f"-master=127.0.0.1:{ports.master}.{ports.master_grpc}",
                f"-filer=127.0.0.1:{ports.filer}.{ports.filer_grpc}",
            ],
            input=f"{command}\n".encode(),
            capture_output=True,
            cwd=self._folder,
            env=_environment(self._folder),
            timeout=SHELL_S,
            check=False,
        )
        return (done.stdout + done.stderr).decode("utf-8", "replace")


def _endpoint(setting: str) -> tuple[str, Credentials]:
    parts = urlsplit(setting)
    if not parts.hostname or not parts.username or not parts.password:
        raise ConfigurationError(
            f"engines.seaweedfs = {parts.scheme}://{parts.hostname or ''} names no credentials",
            advice="Write it as http://ACCESS_KEY:SECRET@host:port.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}", Credentials(unquote(parts.username), unquote(parts.password))


def _binary(setting: str) -> Path:
    if setting:
        path = Path(setting).expanduser()
        if not path.is_file():
            raise ConfigurationError(f"engines.seaweedfs = {setting}: there is no such file")
        return path
    beside = Path(sys.executable).with_name("weed")
    found = beside if beside.is_file() else shutil.which("weed")
    if found is None:
        raise ConfigurationError(
            "the SeaweedFS binary is missing", advice="Install Cairn again, or set engines.seaweedfs to a path."
        )
    return Path(found)


def _check_version(binary: Path) -> None:
    said = subprocess.run([str(binary), "version"], capture_output=True, timeout=SHELL_S, check=False).stdout.decode()
    match = re.search(r"\b(\d+)\.(\d+)\b", said)
    if match is None:
        raise ConfigurationError(f"{binary} is not SeaweedFS: it says {said.strip()[:200]!r}")
    version = (int(match[1]), int(match[2]))
    if version < VERSION_TESTED:
        raise ConfigurationError(
            f"SeaweedFS {match[0]} is too old", advice=f"Cairn needs {VERSION_TESTED[0]}.{VERSION_TESTED[1]} or later."
        )
    if version != VERSION_TESTED:
        log.warning("SeaweedFS %s was not tested with this Cairn", match[0])


def _command(binary: Path, folder: Path, engine: EngineFile) -> list[str]:
    """`weed mini`: master, volumes, filer and S3 in one process that is ready in half a second."""
    ports = engine.ports
    data = private_folder(folder / "data")
    (data / "mini.options").unlink(missing_ok=True)  # it would bring back an earlier start's options
    return [
        *(str(binary), "-logtostderr=true", "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        "-disableHttp",  # of master and filer: they are spoken to by gRPC, which wants our certificate
        *("-webdav=false", "-admin.ui=false", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-master.port={ports.master}", f"-master.port.grpc={ports.master_grpc}"),
        *(f"-volume.port={ports.volume}", f"-volume.port.grpc={ports.volume_grpc}"),
        *(f"-filer.port={ports.filer}", f"-filer.port.grpc={ports.filer_grpc}"),
        *(f"-s3.port={ports.s3}", f"-s3.port.grpc={ports.s3_grpc}", f"-admin.port={ports.admin}"),
        *("-master.telemetry=false", f"-volume.max={VOLUMES_MAX}", "-volume.preStopSeconds=0"),
        *("-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false", f"-s3.config={folder / 's3.json'}"),
    ]


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours: AWS_* and S3_BUCKET would change what it does, and HOME what it reads."""
    return {"HOME": str(folder), "GOMEMLIMIT": MEMORY_SOFT_LIMIT}
