"""The index of services, and models read lazily."""

from __future__ import annotations

import gc
import weakref

import pytest
from botocore.loaders import Loader

from cairn.core.errors import AwsError
from cairn.core.records.plans import plans_of
from cairn.wire.models import (
    MODELS_KEPT,
    index,
    input_is_streamed,
    operation_model,
    operation_names,
    service_model,
)
from cairn.wire.parse import _inputs
from cairn.wire.protocols import Protocol
from cairn.wire.reply import _outputs
from cairn.wire.respond import _replies
from cairn.wire.writers.errors import write_error


def test_the_index_says_what_the_whole_models_say() -> None:
    loader = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    assert set(index().services) == set(loader.list_available_services("service-2"))
    for name in ("s3", "cloudwatch", "mq", "mediapackage", "sns", "elbv2"):  # among them files that begin otherwise
        metadata = loader.load_service_model(name, "service-2")["metadata"]
        service = index().services[name]
        assert service.endpoint_prefix == metadata["endpointPrefix"]
        assert service.signing_name == metadata.get("signingName", metadata["endpointPrefix"])
        assert service.target_prefix == metadata.get("targetPrefix", "")
        assert service.api_version == metadata["apiVersion"]
        assert service.protocols[0] == metadata["protocol"]


def test_services_that_share_a_name() -> None:
    assert set(index().by_signing_name["rds"]) == {"rds", "neptune", "docdb"}
    assert index().by_target_prefix["DynamoDBStreams_20120810"] == ("dynamodbstreams",)


def test_models_are_kept_and_have_no_documentation() -> None:
    model = service_model("cloudtrail")
    assert model is service_model("cloudtrail")
    assert operation_model("cloudtrail", "CreateTrail").documentation == ""


def test_models_go_when_others_were_called_since_and_all_that_was_made_of_them_too() -> None:
    services = ["cloudtrail", "ec2", "iam", "lambda", "s3", "cloudfront"]  # one a protocol at least
    for service in services:
        for operation in service_model(service).operation_names:
            for protocol in map(Protocol, index().services[service].protocols):
                for catalogue in (_inputs, _outputs, _replies):
                    catalogue.get(service, operation, protocol)
            plans_of(service, operation, operation_model(service, operation))
        write_error(Protocol(index().services[service].protocols[0]), service, AwsError("NoSuchEntity", "none"), "id")
    models = [weakref.ref(service_model(service)) for service in services]
    shapes = [weakref.ref(model().shape_for(model().shape_names[0])) for model in models]
    for service in sorted(set(index().services) - set(services))[:MODELS_KEPT]:
        service_model(service)
    gc.collect()
    assert [service for service, model in zip(services, models, strict=True) if model() is not None] == []
    assert [service for service, shape in zip(services, shapes, strict=True) if shape() is not None] == []
    assert service_model("iam").operation_model("CreateUser").input_shape.members


def test_unknown_names() -> None:
    with pytest.raises(KeyError):
        service_model("nothing")
    with pytest.raises(KeyError):
        operation_model("s3", "GetNothing")
    with pytest.raises(KeyError):
        operation_names("../../etc")


def test_streamed_inputs() -> None:
    assert input_is_streamed("s3", "PutObject")
    assert input_is_streamed("s3", "UploadPart")
    assert not input_is_streamed("s3", "PutBucketPolicy")
    assert not input_is_streamed("lambda", "Invoke")
    assert not input_is_streamed("s3", "PostObject")
