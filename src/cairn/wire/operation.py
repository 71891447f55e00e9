"""What an operation of Cairn's own is: one small function, parsed input in, result or a typed error out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cairn.core.records.identity import UNKNOWN, Identity


@dataclass(frozen=True, slots=True)
class Context:
    """Who called an operation, and where."""

    account: str
    region: str
    identity: Identity = UNKNOWN
    request_id: str = ""
    source_ip: str = ""


Operation = Callable[[Context, dict[str, Any]], Mapping[str, Any]]
"""Takes the input in botocore's names, already validated against the model, and returns the output in botocore's
names (an empty mapping where there is none). It raises `AwsError` for every answer that is an error. Plain and
blocking: the door runs it in a thread."""
