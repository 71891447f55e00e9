"""What SeaweedFS keeps beside its data: ports, keys and configuration, made once and private."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cairn.core.durable import write_durably
from cairn.core.errors import CairnError
from cairn.core.process import random_secret
from cairn.wire.signing import Credentials

# Below the range from which systems take the ports of outgoing connections, so that nobody is likely to hold one
# of ours while the engine starts again.
PORT_FIRST, PORT_LAST = 20_000, 32_000
ADMIN_GRPC_OFFSET = 10_000
JWT_VALID_S = 60

_VALID = (datetime(2020, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))


@dataclass(frozen=True)
class Kms:
    """Where SeaweedFS asks for data keys: an endpoint that speaks AWS KMS, such as `KmsRelay`'s."""

    endpoint: str
    credentials: Credentials
    region: str = "us-east-1"


class Ports(msgspec.Struct, frozen=True):
    """Where the parts listen, all on 127.0.0.1. The admin part's gRPC port is `admin` + 10000, by weed's own rule."""

    master: int
    master_grpc: int
    volume: int
    volume_grpc: int
    filer: int
    filer_grpc: int
    s3: int
    s3_grpc: int
    admin: int


class EngineFile(msgspec.Struct, frozen=True, kw_only=True):
    """`engine.json`: what must stay the same from start to start."""

    access_key_id: str
    secret_access_key: str
    volume_key: str
    volume_read_key: str
    filer_key: str
    filer_read_key: str
    kek: str
    """Hex; wraps the data keys of SSE-S3. Objects so encrypted are lost without it."""
    ports: Ports


def engine_file(folder: Path) -> EngineFile:
    """The folder's `engine.json`, made if it is missing; ports that somebody else has taken meanwhile are replaced."""
    path = folder / "engine.json"
    if path.exists():
        try:
            engine = msgspec.json.decode(path.read_bytes(), type=EngineFile)
        except msgspec.MsgspecError as error:
            raise CairnError(
                f"{path} cannot be read: {error}", advice="Bring it back from a backup: it holds the objects' keys."
            ) from error
        wanted = msgspec.structs.astuple(engine.ports)
        if all(_is_free(port) for port in wanted) and _is_free(engine.ports.admin + ADMIN_GRPC_OFFSET):
            return engine
        engine = msgspec.structs.replace(engine, ports=_free_ports())
    else:
        engine = EngineFile(
            access_key_id=f"CAIRN{secrets.token_hex(10).upper()}",
            secret_access_key=random_secret(),
            volume_key=random_secret(),
            volume_read_key=random_secret(),
            filer_key=random_secret(),
            filer_read_key=random_secret(),
            kek=secrets.token_hex(32),
            ports=_free_ports(),
        )
    write_durably(path, msgspec.json.format(msgspec.json.encode(engine)))
    return engine


def write_configuration(folder: Path, engine: EngineFile, kms: Kms | None) -> None:
    """Write the files that weed reads from its working folder."""
    certificate, key = folder / "node.crt", folder / "node.key"
    if not (certificate.exists() and key.exists()):
        _write_certificate(certificate, key)
    write_durably(folder / "security.toml", "\n".join(_security(engine, certificate, key)).encode())
    write_durably(folder / "s3.json", msgspec.json.encode(_s3(engine, kms)))


def _security(engine: EngineFile, certificate: Path, key: Path) -> Iterator[str]:
    """Tokens on the volumes' and the filer's HTTP, mutual TLS on every gRPC port."""
    for section, secret in (
        ("jwt.signing", engine.volume_key),
        ("jwt.signing.read", engine.volume_read_key),
        ("jwt.filer_signing", engine.filer_key),
        ("jwt.filer_signing.read", engine.filer_read_key),
    ):
        yield f'[{section}]\nkey = "{secret}"\nexpires_after_seconds = {JWT_VALID_S}'
    yield f'[s3.sse]\nkek = "{engine.kek}"'
    yield f"[grpc]\nca = {_quoted(certificate)}"
    for part in ("master", "volume", "filer", "s3", "admin", "worker", "client"):
        yield f"[grpc.{part}]\ncert = {_quoted(certificate)}\nkey = {_quoted(key)}"


def _quoted(path: Path) -> str:
    return msgspec.json.encode(str(path)).decode()


def _s3(engine: EngineFile, kms: Kms | None) -> dict[str, Any]:
    keys = {"accessKey": engine.access_key_id, "secretKey": engine.secret_access_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    config: dict[str, Any] = {"identities": [{"name": "cairn", "credentials": [keys], "actions": actions}]}
    if kms is not None:
        provider = {
            "type": "aws",
            "endpoint": kms.endpoint,
            "region": kms.region,
            "access_key": kms.credentials.access_key_id,
            "secret_key": kms.credentials.secret_access_key,
            "cache_enabled": False,  # a key that was disabled must not work for another hour
            "request_timeout": 10,
            "max_retries": 1,
        }
        config["kms"] = {"default_provider": "cairn", "providers": {"cairn": provider}}
    return config


def _write_certificate(certificate: Path, key: Path) -> None:
    """One certificate, its own authority, that every part shows and trusts; nobody else has its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cairn-seaweedfs")])
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID[0])
        .not_valid_after(_VALID[1])
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .sign(private, hashes.SHA256())
    )
    encoded = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_durably(key, encoded)
    write_durably(certificate, built.public_bytes(serialization.Encoding.PEM))


def _free_ports() -> Ports:
    taken: set[int] = set()

    def draw(last: int, also: int = 0) -> int:
        while True:
            port = PORT_FIRST + secrets.randbelow(last - PORT_FIRST)
            if port not in taken and _is_free(port) and (not also or _is_free(port + also)):
                taken.update((port, port + also))
                return port

    admin = draw(PORT_LAST - ADMIN_GRPC_OFFSET, ADMIN_GRPC_OFFSET)
    others = {name: draw(PORT_LAST) for name in Ports.__struct_fields__ if name != "admin"}
    return Ports(admin=admin, **others)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
