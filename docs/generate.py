"""Writes `docs/reference/` from the code. Run by `make docs`; a test fails while a page is out of date."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from prometheus_client import REGISTRY

from cairn.account.s3.operations import OPERATIONS, Answer
from cairn.cli.app import COMMANDS, app
from cairn.cli.config_command import written
from cairn.cloudtrail.delegation import operations as delegation_operations
from cairn.cloudtrail.digests.operations import operations as key_operations
from cairn.cloudtrail.history import History
from cairn.cloudtrail.insights.data_operations import operations as insights_operations
from cairn.cloudtrail.operations import operations as trail_operations
from cairn.core.clock import SystemClock
from cairn.core.config import Duration, Settings, Size, VpcEndpoint, known_keys
from cairn.core.folder import DataFolder, Runtime
from cairn.service import gateway as _gateway  # noqa: F401 - importing declares the metrics
from cairn.service import worker as _worker  # noqa: F401
from cairn.service.cloudwatch import CloudWatch
from cairn.service.eventbridge import EventBridge
from cairn.wire.models import operation_names

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py; do not edit. -->"

_TYPES = {Duration: "duration", Size: "size", int: "whole number", float: "number", str: "text"}
_SHELL = ("--install-completion", "--show-completion")
_S3_ANSWERS = {
    Answer.ENGINE: "Passed to SeaweedFS",
    Answer.STATE: "Answered from saved state",
    Answer.NONE: "Not supported (`NotImplemented`, 501)",
}

_CONFIGURATION = """\
# Configuration

A flag stands above an environment variable, that above `cairn.toml` in the data folder (or `--config FILE`), that
above the default. An unknown key is an error. `cairn config show --origin` tells each value and where it came from.

A duration is written `250ms`, `5s`, `15m`, `1h`, `90d`; a size `512KB`, `50MB`, `10GB` (powers of 1024); a list in the
environment with commas. A key `section.name` is `name` under `[section]` in the file, and `CAIRN_SECTION_NAME` in the
environment. The server reads its settings when it starts.
"""

_UPSTREAMS = """\

A key is a service's name in botocore, or `*` for every service that is not named. In the environment:
`CAIRN_UPSTREAMS_S3`. Calls are signed anew with the credentials in the URL (`http://KEY:SECRET@host:port`, `/` and `+`
written as `%2F` and `%2B`), or else with the caller's own, where Cairn knows the key's secret.
"""

_VPC_ENDPOINTS = """\

Only in `cairn.toml`. What they bring: [event selectors](../event-selectors.md).
"""

_COMMANDS_TEXT = """\
# Commands

Every command has `--help`. `cairn --version` prints the version; `cairn --debug COMMAND` prints the trace of an error.

Data goes to stdout and messages to stderr. Exit codes: 0 ok, 1 found a problem, 2 usage, 3 configuration, 4 cannot
reach the server, 5 the server said no, 130 interrupted.
"""

_CLOUDTRAIL = """\
# Operations

## CloudTrail

Served by Cairn itself. Where they differ from AWS: [compatibility](../compatibility.md).

"""

_NOT_BUILT = """\

Not built yet. They answer `UnsupportedOperationException`, and the call is recorded:

"""

_STREAMED = {"logs": ("StartLiveTail",)}
"""Answered by streams, which are no function of an input."""

_BESIDE = {"logs": "CloudWatch Logs", "cloudwatch": "CloudWatch", "sns": "SNS", "events": "EventBridge"}
"""Services that Cairn answers beside CloudTrail, by botocore's names."""

_BESIDE_TEXT = """\

## CloudWatch, SNS and EventBridge

Served by Cairn itself, unless `[upstreams]` sends a service elsewhere. Their other operations go on to the embedded
account, and answer `UnsupportedOperation` where that knows them no more than Cairn. Where they differ from AWS:
[compatibility](../compatibility.md).
"""

_STS_AND_S3 = """\

## STS

`GetCallerIdentity` is answered by the gateway, which verified the signature. The rest is answered by the embedded
account, or by the upstream.

## S3

Where the embedded account has the buckets. Remarks on single operations: [S3: who answers what](../s3-operations.md).
"""

_OTHERS = """\

## Other services

The embedded account passes them to moto. One that moto lacks answers with an error, and is recorded like any call.
"""

_METRICS = """\
# Metrics

`GET /metrics`, without a signature, answers in Prometheus' text format for every process, told apart by the label
`process` (`gateway-0`, `worker`). Gateways share the port: the one that is met answers its own metrics as they are now,
and those of the others as they were up to 5 seconds ago. Take sums over `process`.

`cairn_events_dropped_total` must stay 0.

| metric | type | labels | meaning |
|---|---|---|---|"""


def pages() -> dict[str, str]:
    """Every page by its name, as the code would have it."""
    return {
        "configuration.md": _page(_configuration()),
        "commands.md": _page(_commands()),
        "operations.md": _page(_operations()),
        "metrics.md": _page(_metrics()),
    }


def _page(lines: Iterator[str]) -> str:
    return "\n".join([NOTE, *lines]).rstrip() + "\n"


def _configuration() -> Iterator[str]:
    yield _CONFIGURATION
    for section, keys in groupby(known_keys(), key=lambda item: item[0].partition(".")[0]):
        yield f"\n## {section}\n"
        yield "| key | type | default | meaning |"
        yield "|---|---|---|---|"
        for key, spec in keys:
            default = f"`{written(spec.default)}`" if spec.default not in ("", []) else "none"
            yield _row(f"`{key}`", _type(spec.type), default, spec.doc)
    yield "\n## upstreams\n"
    yield Settings.__dataclass_fields__["upstreams"].metadata["doc"]
    yield _UPSTREAMS
    yield "\n## vpc_endpoints\n"
    yield Settings.__dataclass_fields__["vpc_endpoints"].metadata["doc"]
    yield _VPC_ENDPOINTS
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for spec in fields(VpcEndpoint):
        yield _row(f"`{spec.name}`", _type(get_type_hints(VpcEndpoint)[spec.name]), "none", spec.metadata["doc"])


def _type(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(hint))
    return "list" if get_origin(hint) is list else _TYPES[hint]


def _commands() -> Iterator[str]:
    yield _COMMANDS_TEXT
    root: Any = typer.main.get_command(app)
    for name in COMMANDS:
        for full_name, command in _leaves(f"cairn {name}", root.get_command(None, name)):
            yield f"\n## {full_name}\n"
            yield from _usage(full_name, command)


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    yield from ((f"{name} {inner_name}", leaf) for inner_name, leaf in inner.items())
    if not inner:
        yield name, command


def _usage(name: str, command: Any) -> Iterator[str]:
    shown = [param for param in command.params if not param.hidden and param.opts[0] not in _SHELL]
    words = [_word(param) for param in shown if not param.opts[0].startswith("-")]
    yield f"`{' '.join([name, *words, '[OPTIONS]'])}`\n"
    yield " ".join(command.help.split()) + "\n"
    yield "| argument or option | meaning | default |"
    yield "|---|---|---|"
    for param in shown:
        spelled = [f"`{option}`" for option in param.opts] if param.opts[0].startswith("-") else [f"`{_word(param)}`"]
        yield _row(", ".join(spelled), _meaning(param), _default(param))


def _word(argument: Any) -> str:
    name = argument.name.upper()
    return f"[{name}...]" if argument.nargs == -1 else name


def _meaning(param: Any) -> str:
    meaning = param.help or ""
    choices = getattr(param.type_descriptor.annotation, "__members__", ())
    if choices:
        meaning += f" One of {', '.join(f'`{name}`' for name in choices)}."
    return f"{meaning} In the environment: `{param.envvar}`." if param.envvar else meaning


def _default(param: Any) -> str:
    if isinstance(param.show_default, str):
        return param.show_default
    return "" if param.default in (None, False) else f"`{param.default}`"


def _operations() -> Iterator[str]:
    served = cloudtrail_operations()
    yield _CLOUDTRAIL
    yield _listed(served)
    yield _NOT_BUILT
    yield _listed(operation_names("cloudtrail") - served)
    yield _BESIDE_TEXT
    for service, names in beside_operations().items():
        yield f"### {_BESIDE[service]}\n"
        yield f"{_listed(names)}\n"
        yield f"Not among them: {_listed(operation_names(service) - names)}\n"
    yield _STS_AND_S3
    for answer, title in _S3_ANSWERS.items():
        yield f"\n{title}:\n"
        yield _listed(name for name, operation in OPERATIONS.items() if operation.answer is answer)
    yield _OTHERS


def cloudtrail_operations() -> set[str]:
    """The operations of CloudTrail that a gateway serves; tests/contract/test_reference.py asks one that runs."""
    nothing: Any = None  # their names do not depend on what they work with
    with tempfile.TemporaryDirectory() as folder:
        reader = History(Path(folder), Settings().history, SystemClock()).reader()
        try:
            trails = {*trail_operations(nothing, nothing, nothing), *delegation_operations(nothing)}
            insights = insights_operations(nothing, nothing, nothing, nothing, nothing)
            return {*trails, *reader.operations(), *insights, *key_operations(nothing, nothing)}
        finally:
            reader.close()


def beside_operations() -> dict[str, set[str]]:
    """The operations that a gateway serves of services beside CloudTrail."""
    with tempfile.TemporaryDirectory() as path:
        folder = DataFolder(Path(path))
        folder.make()
        folder.save(Runtime(pid=os.getpid(), endpoint="http://127.0.0.1:4590"))
        cloudwatch = CloudWatch(folder, Settings(), SystemClock())
        eventbridge = EventBridge(folder, Settings(), SystemClock())
        served = cloudwatch.operations() | eventbridge.operations()
        eventbridge.close()
        cloudwatch.close()
    return {service: {*operations, *_STREAMED.get(service, ())} for service, operations in served.items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) + "."


def _metrics() -> Iterator[str]:
    yield _METRICS
    for family in sorted(REGISTRY.collect(), key=lambda family: family.name):
        if family.name.startswith("cairn_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels: tuple[str, ...] = getattr(REGISTRY._names_to_collectors[family.name], "_labelnames", ())
            yield _row(f"`{name}`", family.type, ", ".join(f"`{label}`" for label in labels), family.documentation)
    yield "\nBeside them stand those of the Prometheus client itself (`process_*`, `python_*`)."


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
