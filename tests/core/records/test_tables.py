"""The tables of names, beside botocore's models and IAM's actions: no typing errors, nothing out of date."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import botocore.session
import pytest
from botocore.loaders import Loader

from cairn.core.records import data_events, ec2_names, names
from cairn.core.records.data_events import data_resource_type, is_data_event
from cairn.core.records.lookup_names import RESOURCE_NAMES
from cairn.core.records.names import api_version, event_name, event_region, event_source
from cairn.core.records.read_only import is_read_only

_session = botocore.session.get_session()
_SERVICES = _session.get_available_services()


@cache
def _names_by_source() -> dict[str, set[str]]:
    """Every eventName of the services that have data events."""
    found: dict[str, set[str]] = defaultdict(set)
    for service in _SERVICES:
        if event_source(service) not in data_events._TYPES:
            continue
        for operation, model in Loader().load_service_model(service, "service-2")["operations"].items():
            found[event_source(service)].add(event_name(service, operation, model["http"].get("requestUri", "")))
    return found


def test_every_service_with_a_name_of_its_own_is_in_botocore() -> None:
    assert set(names._SOURCE_BY_SERVICE) <= set(_SERVICES)
    assert set(_SERVICES) >= names._GLOBAL


def test_no_event_source_is_a_host_name() -> None:
    """Endpoint prefixes such as `runtime.sagemaker` or `data-ats.iot` are never sources."""
    for source in map(event_source, _SERVICES):
        assert source.removesuffix(".amazonaws.com").count(".") == 0


NOT_IN_BOTOCORE = {
    "appsync": {"GraphQL"},  # not of AWS's API but of the customer's
    "s3": {"PostObject"},  # the form that browsers send
    "s3-outposts": None,  # S3's own operations, through an outpost
    "s3express": None,
    "s3tables": {"GetTableData", "PutTableData"},
    "ssmmessages": None,
    "states": {"InvokeHTTPEndpoint"},
}


def test_data_events_are_operations_of_their_service() -> None:
    for source, operations in data_events._TYPES.items():
        label = source.removesuffix(".amazonaws.com")
        allowed = NOT_IN_BOTOCORE.get(label, set())
        if allowed is not None:
            assert set(operations) - _names_by_source()[source] - allowed == set(), source


def test_lookup_names_are_of_services() -> None:
    labels = {event_source(service).removesuffix(".amazonaws.com") for service in _SERVICES}
    assert set(RESOURCE_NAMES) <= labels


def test_older_operations_of_ec2_are_those_of_its_older_api() -> None:
    older = Loader().load_service_model("ec2", "service-2", "2015-03-01")["operations"]
    assert frozenset(older) == ec2_names.OLDER_OPERATIONS


def test_members_of_ec2_tables_are_in_the_model() -> None:
    model = _session.get_service_model("ec2")
    members = {
        name
        for operation in ec2_names.OLDER_OPERATIONS
        for shape in [model.operation_model(operation).input_shape]
        if shape is not None
        for name in shape.members
    } | {"Values"}  # of Filter
    assert set(ec2_names.LISTS) <= members
    for operation, member in [*ec2_names.MEMBERS, *ec2_names.LISTS_OF_OPERATION, *ec2_names.ITEM_LISTS]:
        assert member in model.operation_model(operation).input_shape.members
    for operation in [*ec2_names.ALWAYS, *ec2_names.RETURNING]:
        assert operation in ec2_names.OLDER_OPERATIONS


@pytest.mark.parametrize(
    ("service", "operation", "read_only"),
    [
        ("s3", "GetObject", True),
        ("s3", "HeadObject", True),
        ("s3", "ListObjectsV2", True),
        ("s3", "SelectObjectContent", True),
        ("s3", "PutObject", False),
        ("s3", "DeleteObjects", False),
        ("sts", "AssumeRole", True),
        ("sts", "AssumeRoleWithWebIdentity", True),
        ("sts", "GetSessionToken", True),
        ("kms", "Decrypt", True),
        ("kms", "GenerateDataKey", True),
        ("kms", "ReEncrypt", True),
        ("kms", "ScheduleKeyDeletion", False),
        ("cognito-identity", "GetCredentialsForIdentity", False),
        ("cloudtrail", "LookupEvents", True),
        ("cloudtrail", "StopLogging", False),
        ("dynamodb", "Scan", True),
        ("dynamodb", "Query", True),
        ("dynamodb", "BatchGetItem", True),
        ("dynamodb", "PutItem", False),
        ("lambda", "Invoke", False),
        ("lambda", "PublishVersion", False),
        ("elasticache", "TestFailover", False),
        ("ec2", "DescribeInstances", True),
        ("ec2", "RunInstances", False),
        ("iam", "SimulatePrincipalPolicy", True),
        ("cloudformation", "ValidateTemplate", True),
        ("sagemaker", "CreatePresignedDomainUrl", False),
        ("unheard-of", "GetThing", True),
        ("unheard-of", "ScanThing", True),
        ("unheard-of", "MakeThing", False),
    ],
)
def test_read_only(service: str, operation: str, read_only: bool) -> None:
    assert is_read_only(event_source(service), event_name(service, operation)) is read_only


def test_data_or_management() -> None:
    s3 = "s3.amazonaws.com"
    assert data_resource_type(s3, "GetObject") == "AWS::S3::Object"
    assert data_resource_type("dynamodb.amazonaws.com", "GetRecords") == "AWS::DynamoDB::Stream"
    assert data_resource_type("kinesis.amazonaws.com", "GetRecords") == "AWS::Kinesis::Stream"
    for name in ("CreateBucket", "GetBucketAcl", "PutBucketPolicy", "ListBuckets", "DeleteBucket"):
        assert not is_data_event(s3, name)
    assert not is_data_event("lambda.amazonaws.com", "CreateFunction20150331")
    assert is_data_event("lambda.amazonaws.com", "Invoke")
    assert not is_data_event("dynamodb.amazonaws.com", "CreateTable")


def test_regions_and_api_versions() -> None:
    assert event_region("iam", "eu-west-1") == "us-east-1"
    assert event_region("organizations", "aws-global") == "us-east-1"
    assert event_region("sts", "aws-global") == "us-east-1"
    assert event_region("sts", "eu-west-1") == "eu-west-1"
    assert event_region("globalaccelerator", "eu-west-1") == "us-west-2"
    assert api_version("route53", "ListHostedZones") == "2013-04-01"
    assert api_version("lambda", "Invoke") == "2015-03-31"
    assert api_version("lambda", "CreateFunction") == ""
