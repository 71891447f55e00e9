"""Configuration: flag > `CAIRN_*` > `cairn.toml` > default. An unknown key is an error with "did you mean".

The sections below are the whole reference: a field's annotation is its type, its docstring-like `doc` what the
reference says of it. `Settings.origin` tells where each value came from (`cairn config show --origin`).
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from cairn.core.errors import ConfigurationError

ANYTHING_ELSE = "*"
"""The key of `[upstreams]` that stands for every service that is not named; `DEFAULT` in the environment."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


class Duration(float):
    """Seconds, written as `5s`, `15m`, `1h`, `90d` or `250ms`."""

    @classmethod
    def parse(cls, text: str) -> Duration:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", text.strip())
        if match is None:
            raise ValueError("a duration such as 5s, 15m, 1h or 90d")
        return cls(float(match[1]) * _SECONDS[match[2]])


class Size(int):
    """Bytes, written as `512KB`, `50MB` or `10GB` (powers of 1024)."""

    @classmethod
    def parse(cls, text: str) -> Size:
        match = re.fullmatch(r"(\d+)\s*([KMGT]?B)?", text.strip().upper())
        if match is None:
            raise ValueError("a size such as 512KB, 50MB or 10GB")
        return cls(int(match[1]) * _BYTES[match[2] or ""])


def setting(default: Any, doc: str) -> Any:
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata={"doc": doc})
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class Server:
    host: str = setting("127.0.0.1", "Address the gateway listens on.")
    port: int = setting(4590, "Port the gateway listens on.")
    gateways: int = setting(1, "Gateway processes that share the port. About one a core under load.")
    domains: list[str] = setting(
        ["localhost", "localhost.localstack.cloud"],
        "Host names under which `bucket.s3.DOMAIN` and `bucket.DOMAIN` are virtual-host requests. With "
        "`auth.mode = trust` browsers are answered under these names and addresses alone.",
    )
    trusted_proxies: list[str] = setting([], "Networks whose X-Forwarded-For and X-Forwarded-Proto are believed.")
    body_bytes_max: Size = setting(Size(16 << 20), "Largest request body that is not streamed (all but S3 objects).")
    tls_certificate: str = setting("", "PEM file of the certificate chain; empty: plain HTTP.")
    tls_key: str = setting("", "PEM file of the certificate's private key.")


@dataclass(frozen=True)
class Account:
    id: str = setting("000000000000", "The account of the administrator that `cairn up` makes.")
    region: str = setting("us-east-1", "The region taken where a request names none.")


@dataclass(frozen=True)
class Auth:
    mode: Literal["verify", "trust"] = setting(
        "verify", "`verify` checks every signature; `trust` accepts any key and listens on loopback alone."
    )
    skew: Duration = setting(Duration(900), "How far a request's time may be from this machine's.")
    iam: Literal["own", "enforce"] = setting(
        "own",
        "Which calls need a permission in `verify` mode: those to Cairn's `own` services and commands; `enforce`: "
        "those to the embedded account too.",
    )
    federation: Literal["verify", "trust"] = setting(
        "verify",
        "Whose tokens open roles of the embedded account in `verify` mode: those that an identity provider of the "
        "account has signed; `trust`: any, whoever made them.",
    )
    allow_private_providers: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether OpenID Connect providers at private addresses are asked for their keys; `auto`: where the gateway "
        "listens on loopback alone.",
    )


@dataclass(frozen=True)
class Recording:
    on_failure: Literal["refuse", "allow"] = setting(
        "refuse", "What happens to a call that cannot be recorded: it is refused, or let through and counted."
    )
    data_events: Literal["selected", "all", "none"] = setting(
        "selected", "Which data events are recorded: those that a trail which logs selects, all, or none."
    )


@dataclass(frozen=True)
class JournalSettings:
    keep: Duration = setting(Duration(7 * 86400), "How long a batch stays after every sink has it.")
    bytes_max: Size = setting(Size(20 << 30), "Size at which the journal refuses appends.")
    replicas: int = setting(1, "Copies of the journal in a NATS cluster.")
    queue_events_max: int = setting(20_000, "Events that may wait for an append; one more is refused with 503.")


@dataclass(frozen=True)
class StateSettings:
    url: str = setting("", "SQLAlchemy URL of the saved state; empty: SQLite in the data folder.")


@dataclass(frozen=True)
class History:
    retention: Duration = setting(Duration(90 * 86400), "How long an event stays, from its arrival.")
    segment_events: int = setting(1_000_000, "Events in a segment before it is sealed.")
    lookup_rate: float = setting(0.0, "LookupEvents calls a second, account and region; 0: no limit. AWS has 2.")


@dataclass(frozen=True)
class Delivery:
    interval: Duration = setting(Duration(300), "How often log files are delivered. AWS: about every five minutes.")
    file_bytes_max: Size = setting(Size(50 << 20), "Largest log file before compression.")
    retry_for: Duration = setting(Duration(30 * 86400), "How long an undeliverable file, or its notice, is retried.")


@dataclass(frozen=True)
class Digest:
    interval: Duration = setting(Duration(3600), "How often digest files are delivered.")
    backfill_after: Duration = setting(
        Duration(86400), "How late a digest may be before each one that was missed is made up for by itself."
    )
    kms_key: str = setting(
        "",
        "KMS key that signs digest files: an ARN, or the `alias/...` or `mrk-...` that each region's KMS has. "
        "Empty: keys in the data folder.",
    )


@dataclass(frozen=True)
class CloudWatch:
    absent_differs: Literal["no", "yes"] = setting(
        "no",
        "Whether `!=` in a JSON filter pattern holds where the property is missing. AWS's guide does not say; people "
        "report that it does not.",
    )


@dataclass(frozen=True)
class Sns:
    url: str = setting(
        "", "Address of the gateway in the links of messages, `{region}` in it the topic's; empty: where it listens."
    )
    allow_private_endpoints: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether messages go to http and https endpoints at private addresses; `auto`: where the gateway listens on "
        "loopback alone.",
    )
    confirmation_mails_an_hour: int = setting(
        20, "How many mails that ask for a confirmation an address is sent in an hour, whoever subscribes it."
    )


@dataclass(frozen=True)
class EventBridge:
    allow_private_endpoints: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether API destinations may be at private addresses, and called by plain http; `auto`: where the gateway "
        "listens on loopback alone.",
    )


@dataclass(frozen=True)
class Smtp:
    host: str = setting("", "The relay that mail goes out through; empty: none, and no mail is sent.")
    port: int = setting(25, "Its port: 25, 587 with `starttls`, 465 with `tls`.")
    sender: str = setting("cairn@localhost", "Address that mail comes from.")
    user: str = setting("", "Name to log in with; empty: no login.")
    password: str = setting("", "Its password.")
    password_file: str = setting("", "File that holds the password.")
    tls: Literal["none", "starttls", "tls"] = setting("none", "How the connection is protected.")


@dataclass(frozen=True)
class Engines:
    nats: str = setting("", "Path of a nats-server binary, or address (nats://...) of a running one.")
    nats_credentials: str = setting("", "Credentials file for a running nats-server.")
    seaweedfs: str = setting("", "Path of a weed binary, or address (http://...) of a running S3 endpoint.")


@dataclass(frozen=True)
class VpcEndpoint:
    """An entry of `[vpc_endpoints]`."""

    account: str = setting("", "The account that owns it; empty: `account.id`.")
    networks: list[str] = setting([], "Clients in these networks call through it.")
    hosts: list[str] = setting([], "Calls to these host names, or to names below them, come through it.")
    services: list[str] = setting([], "The services that it is for, by botocore's names; empty: all.")
    policy: str = setting("", "File of its policy, JSON; empty: it allows everything.")


@dataclass(frozen=True)
class Log:
    level: Literal["debug", "info", "warning", "error"] = setting("info", "How much Cairn logs.")


@dataclass(frozen=True)
class Settings:
    """All settings. Built by `load`, or directly in tests."""

    server: Server = field(default_factory=Server)
    account: Account = field(default_factory=Account)
    auth: Auth = field(default_factory=Auth)
    recording: Recording = field(default_factory=Recording)
    journal: JournalSettings = field(default_factory=JournalSettings)
    state: StateSettings = field(default_factory=StateSettings)
    history: History = field(default_factory=History)
    delivery: Delivery = field(default_factory=Delivery)
    digest: Digest = field(default_factory=Digest)
    cloudwatch: CloudWatch = field(default_factory=CloudWatch)
    sns: Sns = field(default_factory=Sns)
    eventbridge: EventBridge = field(default_factory=EventBridge)
    smtp: Smtp = field(default_factory=Smtp)
    engines: Engines = field(default_factory=Engines)
    log: Log = field(default_factory=Log)
    upstreams: dict[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": 'Where a service\'s calls go instead of the embedded account: `s3 = "http://minio:9000"`; "cairn" '
            "for what Cairn serves itself where `*` names an endpoint."
        },
    )
    vpc_endpoints: dict[str, VpcEndpoint] = field(
        default_factory=dict,
        metadata={"doc": "VPC endpoints, a section an endpoint: `[vpc_endpoints.vpce-0a1b2c3d]`."},
    )
    origin: dict[str, str] = field(default_factory=dict, compare=False)

    def reaches_private(self, choice: Literal["auto", "yes", "no"]) -> bool:
        """Whether private addresses may be asked where a setting says `choice`."""
        return self.server.host in LOOPBACK if choice == "auto" else choice == "yes"


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Settings:
    """Settings from all four places.

    Args:
        flags: by dotted key; a value of None means the flag was not given.
        file: `cairn.toml`; a missing file holds nothing.

    Raises:
        ConfigurationError: a key is unknown or a value does not fit.
    """
    given: dict[str, tuple[Any, str]] = {}
    if file is not None and file.is_file():
        given |= {key: (value, str(file)) for key, value in _from_file(file)}
    given |= {key: (value, origin) for key, value, origin in _from_environment(environ)}
    given |= {key: (value, "flag") for key, value in (flags or {}).items() if value is not None}

    sections: dict[str, dict[str, Any]] = {}
    origin: dict[str, str] = {}
    fields = dict(known_keys())
    for key, (value, where) in given.items():
        section, _, name = key.partition(".")
        if section == "upstreams":
            sections.setdefault(section, {})[name] = str(value)
        elif section == "vpc_endpoints":
            sections.setdefault(section, {})[name] = _vpc_endpoint(key, value, where)
        elif key in fields:
            sections.setdefault(section, {})[name] = _convert(key, value, fields[key].type, where)
        else:
            raise _unknown(key, where, fields)
        origin[key] = where
    built: dict[str, Any] = {name: sections.pop(name, {}) for name in ("upstreams", "vpc_endpoints")}
    for name, cls in _section_types():
        built[name] = cls(**sections.get(name, {}))
    return Settings(**built, origin=origin)


@dataclass(frozen=True)
class Key:
    """One key of the reference."""

    type: Any
    default: Any
    doc: str


def known_keys() -> Iterator[tuple[str, Key]]:
    """Every dotted key but those of `upstreams`, whose names are services'."""
    for section, cls in _section_types():
        hints = get_type_hints(cls)
        default = cls()
        for spec in dataclasses.fields(cls):
            yield (
                f"{section}.{spec.name}",
                Key(hints[spec.name], getattr(default, spec.name), spec.metadata["doc"]),
            )


def value_of(settings: Settings, key: str) -> Any:
    """The value that `settings` has for a dotted key."""
    section, _, name = key.partition(".")
    return getattr(getattr(settings, section), name)


def _section_types() -> Iterator[tuple[str, Any]]:
    for name, hint in get_type_hints(Settings).items():
        if dataclasses.is_dataclass(hint):
            yield name, hint


def _from_file(file: Path) -> Iterator[tuple[str, Any]]:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from error
    for section, values in content.items():
        if not isinstance(values, dict):
            raise ConfigurationError(
                f"{file}: {section} stands outside a section",
                advice="Put it under a heading such as [server].",
            )
        for name, value in values.items():
            yield f"{section}.{name}", value


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    names = {f"CAIRN_{key.replace('.', '_').upper()}": key for key, _ in known_keys()}
    for name, value in environ.items():
        if name.startswith("CAIRN_UPSTREAMS_"):
            service = name.removeprefix("CAIRN_UPSTREAMS_").lower().replace("_", "-")
            yield f"upstreams.{ANYTHING_ELSE if service == 'default' else service}", value, name
        elif name in names:
            yield names[name], value, name
        elif name.startswith("CAIRN_") and name not in ("CAIRN_DATA", "CAIRN_ENDPOINT"):
            close = difflib.get_close_matches(name, names, n=1)
            advice = f"Did you mean {close[0]}?" if close else "`cairn config show` lists all keys."
            raise ConfigurationError(f"unknown setting {name} in the environment", advice=advice)


def _vpc_endpoint(key: str, value: Any, where: str) -> VpcEndpoint:
    hints = get_type_hints(VpcEndpoint)
    fields = {f"{key}.{name}": Key(hint, "", "") for name, hint in hints.items()}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{key} in {where} is no section", advice=f"Write [{key}], and its keys below it.")
    members = {}
    for name, member in value.items():
        if name not in hints:
            raise _unknown(f"{key}.{name}", where, fields)
        members[name] = _convert(f"{key}.{name}", member, hints[name], where)
    return VpcEndpoint(**members)


def _unknown(key: str, where: str, fields: Mapping[str, Key]) -> ConfigurationError:
    close = difflib.get_close_matches(key, fields, n=1)
    advice = f"Did you mean {close[0]}?" if close else "`cairn config show` lists all keys."
    return ConfigurationError(f"unknown setting {key} in {where}", advice=advice)


def _convert(key: str, value: Any, hint: Any, where: str) -> Any:
    try:
        return _converted(value, hint)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{key} = {value!r} in {where}: it takes {error}") from error


def _converted(value: Any, hint: Any) -> Any:
    if get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        raise ValueError("one of " + ", ".join(map(str, get_args(hint))))
    if get_origin(hint) is list:
        return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else list(value)
    if hint in (Duration, Size):
        return hint.parse(value) if isinstance(value, str) else hint(value)
    if hint is int:
        try:
            return int(value)
        except (ValueError, TypeError):
            raise ValueError("a whole number") from None
    if hint is float:
        try:
            return float(value)
        except (ValueError, TypeError):
            raise ValueError("a number") from None
    return str(value)


def as_environment(settings: Settings) -> dict[str, str]:
    """The flags that `settings` were loaded with, as the variables that give another process the same settings."""
    flags = [key for key, origin in settings.origin.items() if origin == "flag"]
    return {f"CAIRN_{key.replace('.', '_').upper()}": str(value_of(settings, key)) for key in flags}
