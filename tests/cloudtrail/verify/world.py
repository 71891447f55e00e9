"""A real bucket with a chain, its checkpoint log and its keys, and both tools as people run them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from tests.cloudtrail.verify.bucket import TRAIL, Made, public_keys
from tests.running import BIN, _clean_environment

from cairn.account.seaweedfs import SeaweedFS
from cairn.cloudtrail.checkpoints.keeper import CheckpointKeeper, Destination
from cairn.cloudtrail.checkpoints.logs import DeliveredDigest
from cairn.cloudtrail.trail import TrailId
from cairn.core.clock import SystemClock
from cairn.core.s3_objects import S3ObjectStore
from cairn.core.state import State, metadata

RUN_S = 300


class Said(NamedTuple):
    """What a tool printed and how it ended."""

    code: int
    out: str
    err: str


class Delivered:
    """`DeliveredDigests` over what was made."""

    def __init__(self, bucket: str, *made: Made) -> None:
        self._bucket = bucket
        leaves = [leaf for chain in made for leaf in chain.leaves]
        self.rows = [DeliveredDigest(number + 1, leaf) for number, leaf in enumerate(leaves)]

    def destinations(self) -> Iterator[Destination]:
        yield Destination(TRAIL, self._bucket, "")

    def after(self, trail: TrailId, row: int, most: int) -> list[DeliveredDigest]:
        return [digest for digest in self.rows if digest.row > row][:most]


class World:
    """One S3 and one that lists public keys. `keys` may be changed at any time."""

    def __init__(self, folder: Path, engine: SeaweedFS) -> None:
        access_key, secret = engine.credentials.access_key_id, engine.credentials.secret_access_key
        self.folder = folder
        self.engine = engine
        self.endpoint = endpoint = engine.endpoint
        self.keys = public_keys("us-east-1")
        self.store = S3ObjectStore(endpoint, access_key_id=access_key, secret_access_key=secret)
        self._access = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret}
        self.s3 = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            region_name="us-east-1",
        )
        self.cloudtrail = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.cloudtrail.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.cloudtrail.shutdown()
        self.cloudtrail.server_close()
        self.s3.close()
        self.store.close()

    def put(self, bucket: str, key: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        self.store.put(bucket, key, content, sha256=hashlib.sha256(content).hexdigest(), metadata=metadata)

    def content(self, bucket: str) -> dict[str, tuple[bytes, dict[str, str]]]:
        """Everything that is in a bucket."""
        found = {}
        for info in self.store.list(bucket):
            found[info.key] = self.store.get(bucket, info.key), self.store.head(bucket, info.key).metadata
        return found

    def restore(self, bucket: str, wanted: Mapping[str, tuple[bytes, dict[str, str]]]) -> None:
        """Make a bucket what it was."""
        now = self.content(bucket)
        for key in now.keys() - wanted.keys():
            self.s3.delete_object(Bucket=bucket, Key=key)
        for key, (content, said) in wanted.items():
            if now.get(key) != (content, said):
                self.put(bucket, key, content, said)

    @contextmanager
    def keeper(self, delivered: Delivered, name: str = "state") -> Iterator[CheckpointKeeper]:
        """The step that publishes the log, with a saved state of its own."""
        data = self.folder / name
        data.mkdir(exist_ok=True)
        state = State.in_folder(data)
        metadata.create_all(state.engine)
        yield CheckpointKeeper(state, delivered, self.store, data, SystemClock())
        state.close()

    def validate_logs(self, bucket: str, start: str, *more: str) -> Said:
        """`aws cloudtrail validate-logs`, the stock one."""
        host, port = self.cloudtrail.server_address[:2]
        return self._run(
            BIN / "aws",
            *("cloudtrail", "validate-logs", "--trail-arn", TRAIL.arn, "--s3-bucket", bucket, "--start-time", start),
            *("--region", "us-east-1", "--endpoint-url", f"http://{host!s}:{port}", *more),
        )

    def verify(self, place: str, start: str, *more: str) -> Said:
        """`cairn verify`, with its own memory of checkpoints."""
        keys = self.folder / "keys.json"
        keys.write_text(json.dumps({"PublicKeyList": self.keys}))
        return self._run(
            BIN / "cairn",
            *("verify", place, "--trail", TRAIL.arn, "--start-time", start, "--keys", str(keys)),
            *("--s3-endpoint", self.endpoint, "--checkpoint", str(self.folder / "seen.json"), *more),
        )

    def _run(self, *command: str | Path) -> Said:
        places = {"XDG_DATA_HOME": str(self.folder), "AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_REGION": "us-east-1"}
        places |= {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PAGER": ""}
        done = subprocess.run(
            [str(part) for part in command],
            env=_clean_environment() | self._access | places,
            capture_output=True,
            text=True,
            timeout=RUN_S,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        world = self

        class ListPublicKeys(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                assert self.headers["x-amz-target"].endswith("ListPublicKeys")
                content = json.dumps({"PublicKeyList": world.keys}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                pass

        return ListPublicKeys


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world with an engine of its own."""
    engine = SeaweedFS(folder / "s3", logs=folder)
    engine.start()
    found = World(folder, engine)
    yield found
    found.close()
    engine.stop()
