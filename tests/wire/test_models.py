"""The index of services, and models read lazily."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader

from cairn.wire.models import index, input_is_streamed, operation_model, operation_names, service_model


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
