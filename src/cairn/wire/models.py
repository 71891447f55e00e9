"""The shapes of AWS: botocore's service models, read when first needed.

Two layers. The index knows of every service its few names (from the first kilobytes of each model file, tens of
milliseconds in all); a whole model is loaded only for a service that somebody calls, and goes when many others were
called since. Whoever makes something of a model's shapes keeps it by the model, weakly, so that it goes with it.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel, StructureShape

_MODEL = "service-2"
_HEAD_BYTES = 8192  # of a model file, decompressed; its metadata ends well before

MODELS_KEPT = 64
"""Whole models in memory, those of the services called last: all 430 would take 200 MB, and one is read in a few ms."""
_OPERATIONS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Service:
    """What the index knows of a service."""

    name: str
    """botocore's: `s3`, `iam`, `stepfunctions`."""
    protocols: tuple[str, ...]
    """What its clients may speak, the preferred one first: `json`, `query`, `ec2`, `rest-json`, `rest-xml`,
    `smithy-rpc-v2-cbor`."""
    endpoint_prefix: str
    signing_name: str
    target_prefix: str
    """Before the dot of X-Amz-Target; empty where it has none."""
    api_version: str
    json_version: str
    xml_namespace: str

    @property
    def is_rest(self) -> bool:
        return self.protocols[0].startswith("rest")


@dataclass(frozen=True, slots=True)
class Index:
    """Every service, and who answers to which name. Several services may share one."""

    services: dict[str, Service]
    by_signing_name: dict[str, tuple[str, ...]]
    by_endpoint_prefix: dict[str, tuple[str, ...]]
    by_target_prefix: dict[str, tuple[str, ...]]
    """By the whole prefix, and by what follows its last dot."""


class _FileLoader(JSONFileLoader):
    """botocore's, with a JSON reader that is many times faster and without the documentation, most of a file."""

    def load_file(self, file_path: str) -> Any:
        for path, read in ((Path(f"{file_path}.json"), Path.read_bytes), (Path(f"{file_path}.json.gz"), _read_gzip)):
            if path.is_file():
                return _without_documentation(msgspec.json.decode(read(path)))
        return None


def _loader() -> Loader:
    """A loader keeps all that it ever loaded."""
    return Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False, file_loader=_FileLoader()
    )


@cache
def index() -> Index:
    """The index of all services that botocore knows."""
    loader = _loader()
    services = {name: _service(loader, name) for name in loader.list_available_services(_MODEL)}
    signing: dict[str, tuple[str, ...]] = {}
    endpoint: dict[str, tuple[str, ...]] = {}
    target: dict[str, tuple[str, ...]] = {}
    for service in services.values():
        _add(signing, service.signing_name, service.name)
        _add(endpoint, service.endpoint_prefix, service.name)
        if service.target_prefix:
            _add(target, service.target_prefix, service.name)
            _add(target, service.target_prefix.rpartition(".")[2], service.name)
    return Index(services, signing, endpoint, target)


@lru_cache(MODELS_KEPT)
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service.

    Raises:
        KeyError: there is no such service.
    """
    if service not in index().services:
        raise KeyError(service)
    data = _loader().load_service_model(service, _MODEL)
    return ServiceModel(data, service_name=service)


@cache
def operation_names(service: str) -> frozenset[str]:
    return frozenset(service_model(service).operation_names)


def operation_model(service: str, operation: str) -> OperationModel:
    """botocore's model of an operation.

    Raises:
        KeyError: there is no such service, or it has no such operation.
    """
    try:
        return service_model(service).operation_model(operation)
    except OperationNotFoundError as error:
        raise KeyError(f"{service}.{operation}") from error


@lru_cache(_OPERATIONS_KEPT)
def input_is_streamed(service: str, operation: str) -> bool:
    """Whether a request's body is data of any size (an object, an archive, events) and no parameter."""
    if operation not in operation_names(service):
        return False
    model = operation_model(service, operation)
    return bool(model.has_event_stream_input) or _streams(model.input_shape)


@lru_cache(_OPERATIONS_KEPT)
def output_is_streamed(service: str, operation: str) -> bool:
    """Whether a reply's body is data of any size (an object, events) and no part of the output."""
    if operation not in operation_names(service):
        return False
    model = operation_model(service, operation)
    return bool(model.has_event_stream_output) or _streams(model.output_shape)


@lru_cache(_OPERATIONS_KEPT)
def output_is_events(service: str, operation: str) -> bool:
    """Whether a reply is a stream of events."""
    return operation in operation_names(service) and bool(operation_model(service, operation).has_event_stream_output)


def _streams(shape: StructureShape | None) -> bool:
    if shape is None or "payload" not in shape.serialization:
        return False
    # botocore's `has_streaming_input` takes every blob for a stream; it has the trait itself nowhere else.
    return bool(shape.members[shape.serialization["payload"]]._shape_model.get("streaming"))


def _service(loader: Loader, name: str) -> Service:
    metadata = _metadata(loader, name)
    namespace = metadata.get("xmlNamespace") or ""
    return Service(
        name=name,
        protocols=tuple(metadata.get("protocols") or (metadata["protocol"],)),
        endpoint_prefix=metadata["endpointPrefix"],
        signing_name=metadata.get("signingName") or metadata["endpointPrefix"],
        target_prefix=metadata.get("targetPrefix", ""),
        api_version=metadata["apiVersion"],
        json_version=metadata.get("jsonVersion", "1.0"),
        xml_namespace=namespace if isinstance(namespace, str) else namespace["uri"],
    )


def _metadata(loader: Loader, name: str) -> dict[str, Any]:
    version = loader.determine_latest_version(name, _MODEL)
    path = Path(Loader.BUILTIN_DATA_PATH) / name / version / f"{_MODEL}.json.gz"
    if path.is_file():
        head = zlib.decompressobj(31).decompress(path.read_bytes(), _HEAD_BYTES).decode("utf-8", "ignore")
        start = head.find('"metadata"')
        if start >= 0:
            start = head.index("{", start)
            try:
                metadata: dict[str, Any] = json.JSONDecoder().raw_decode(head, start)[0]
            except ValueError:
                pass
            else:
                return metadata
    whole: dict[str, Any] = loader.load_service_model(name, _MODEL)["metadata"]
    return whole


def _add(names: dict[str, tuple[str, ...]], key: str, service: str) -> None:
    if service not in names.get(key, ()):
        names[key] = (*names.get(key, ()), service)


def _read_gzip(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def _without_documentation(value: Any) -> Any:
    """`value` without the texts named `documentation`; a member of that name (an object) stays."""
    if isinstance(value, dict):
        if isinstance(value.get("documentation"), str):
            del value["documentation"]
        for inner in value.values():
            _without_documentation(inner)
    elif isinstance(value, list):
        for inner in value:
            _without_documentation(inner)
    return value
