"""What a Cairn answers itself: operations of AWS's services, and commands. Taken from the code, so that what is new is
attacked too."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.running import Cairn
from tests.wire.conftest import Sampler

from cairn.core.config import Settings
from cairn.service.gateway import GatewayProcess
from cairn.wire.models import operation_model

GENERATE = Path(__file__).parents[2] / "docs" / "generate.py"

Keys = dict[str, str]


class Own(NamedTuple):
    """An operation that Cairn answers."""

    service: str
    """By botocore's name."""
    operation: str


class Answer(NamedTuple):
    """What a call was answered."""

    code: str
    """Of the error; empty where there was none."""
    text: str
    """The error's message, or the whole answer."""


@cache
def own_operations() -> tuple[Own, ...]:
    """Every one, as the reference lists them."""
    spec = importlib.util.spec_from_file_location("generate", GENERATE)
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    served = {"cloudtrail": generate.cloudtrail_operations(), **generate.beside_operations()}
    return tuple(Own(service, name) for service in sorted(served) for name in sorted(served[service]))


def commands(cairn: Cairn) -> list[tuple[str, str]]:
    """Method and name of every command of a gateway, streams among them."""
    admin = GatewayProcess(cairn.folder, Settings(), "counted")._answering._admin
    return sorted([*admin._answers, *(("GET", name) for name in admin._streams)])


def client_of(cairn: Cairn, service: str, keys: Keys) -> Any:
    """A client that sends whatever it is given, once."""
    return _client(cairn.endpoint, service, tuple(keys.items()))


@cache
def _client(endpoint: str, service: str, keys: tuple[tuple[str, str], ...]) -> Any:
    config = Config(parameter_validation=False, retries={"max_attempts": 0}, inject_host_prefix=False, read_timeout=20)
    return boto3.Session(**dict(keys), region_name="us-east-1").client(service, endpoint_url=endpoint, config=config)


def made_up(own: Own) -> dict[str, Any]:
    """An input with the members that must be there, and no others."""
    shape = operation_model(own.service, own.operation).input_shape
    if shape is None:
        return {}
    sampler = Sampler(Random(f"{own.service}.{own.operation}"), protocol="json", sparse=1.0, plain=True)
    return {name: sampler.value(shape.members[name]) for name in shape.required_members}


def answer_of(client: Any, own: Own, given: dict[str, Any]) -> Answer:
    """What a call is answered. Of a stream, only that it began."""
    try:
        reply = client._make_api_call(own.operation, given)
    except ClientError as error:
        return Answer(error.response["Error"]["Code"], error.response["Error"]["Message"])
    reply.pop("ResponseMetadata", None)
    for value in reply.values():
        if hasattr(value, "close"):
            value.close()
    return Answer("", repr(reply))
