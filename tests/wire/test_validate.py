"""Validation in AWS's words."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from cairn.core.errors import AwsError
from cairn.wire.models import operation_model, operation_names
from cairn.wire.validate import Validation, validate


def message(service: str, operation: str, input: dict[str, Any], validation: Validation | None = None) -> str:
    with pytest.raises(AwsError) as raised:
        validate(service, operation, input, *([validation] if validation else []))
    return f"{raised.value.code} {raised.value.status}: {raised.value.message}"


def test_a_required_member() -> None:
    assert message("cloudtrail", "DeleteTrail", {}) == (
        "ValidationException 400: 1 validation error detected: "
        "Value null at 'name' failed to satisfy constraint: Member must not be null"
    )


def test_several_errors_are_listed_together() -> None:
    text = message("logs", "DescribeLogGroups", {"limit": 0, "logGroupNamePrefix": "a b"})
    assert text.startswith("ValidationException 400: 2 validation errors detected: ")
    assert (
        "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1" in text
    )
    assert (
        "Value 'a b' at 'logGroupNamePrefix' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+" in text
    )


def test_lengths_ranges_and_enumerations() -> None:
    assert "less than or equal to 50" in message("cloudtrail", "LookupEvents", {"MaxResults": 51})
    assert "Member must have length greater than or equal to 1" in message(
        "logs", "CreateLogGroup", {"logGroupName": ""}
    )
    assert "Member must have length less than or equal to 512" in message(
        "logs", "CreateLogGroup", {"logGroupName": "a" * 513}
    )
    assert "at 'eventCategory' failed to satisfy constraint: Member must satisfy enum value set: [insight]" in message(
        "cloudtrail", "LookupEvents", {"EventCategory": "outsight"}
    )


@pytest.mark.parametrize(
    ("operation", "input", "path"),
    [
        ("ListTags", {"ResourceIdList": ["a", None]}, "resourceIdList.2.member"),
        ("AddTags", {"ResourceId": "a", "TagsList": [None]}, "tagsList.1.member"),
        (
            "PutEventConfiguration",
            {"AggregationConfigurations": [{"Templates": [None], "EventCategory": "Data"}]},
            "aggregationConfigurations.1.member.templates.1.member",
        ),
    ],
)
def test_lists_have_no_null(operation: str, input: dict[str, Any], path: str) -> None:
    assert f"Value null at '{path}' failed to satisfy constraint: Member must not be null" in message(
        "cloudtrail", operation, input
    )


def test_what_operations_check_themselves_has_no_null_either() -> None:
    unchecked = Validation(unchecked=frozenset({"PutEvents"}))
    validate("events", "PutEvents", {"Entries": [{"Resources": ["r"]}]}, unchecked)
    for entry, path in (
        (None, "entries.1.member"),
        ({"Resources": ["r", None]}, "entries.1.member.resources.2.member"),
    ):
        text = message("events", "PutEvents", {"Entries": [entry]}, unchecked)
        assert f"1 validation error detected: Value null at '{path}'" in text


def test_maps_have_no_null() -> None:
    text = message("logs", "TagLogGroup", {"logGroupName": "a", "tags": {"k": None}})
    assert "Value null at 'tags.k.member' failed to satisfy constraint: Member must not be null" in text


def test_members_of_lists_and_maps_have_paths() -> None:
    attribute = {"AttributeKey": "EventName"}
    text = message("cloudtrail", "LookupEvents", {"LookupAttributes": [attribute]})
    assert "Value null at 'lookupAttributes.1.member.attributeValue' failed" in text
    text = message("logs", "TagLogGroup", {"logGroupName": "a", "tags": {"k" * 129: "v"}})
    assert "at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length" in text
    text = message("events", "DescribeRule", {"Name": "a b"})
    assert "at 'name'" in text
    text = message("logs", "DescribeQueryDefinitions", {"maxResults": 5000})
    assert "at 'maxResults'" in text


def test_what_an_operation_checks_itself_is_left_to_it() -> None:
    own = Validation("InvalidParameter", 400, frozenset({"LookupEvents.MaxResults", "DeleteTrail", "*.NextToken"}))
    validate("cloudtrail", "LookupEvents", {"MaxResults": 51}, own)
    validate("cloudtrail", "DeleteTrail", {}, own)
    assert message("cloudtrail", "StartLogging", {}, own).startswith("InvalidParameter 400")


def test_long_values_are_cut_in_messages_and_not_matched() -> None:
    assert len(message("logs", "CreateLogGroup", {"logGroupName": " " * 1_000_000})) < 2000


SERVED = ["cloudtrail", "cloudtrail-data", "logs", "cloudwatch", "sns", "events"]


@pytest.mark.parametrize("service", SERVED)
def test_every_operation_can_be_checked(service: str, sampler: Any) -> None:
    for name in sorted(operation_names(service)):
        shape = operation_model(service, name).input_shape
        input = sampler(Random(name), protocol="json").value(shape) if shape is not None else {}
        try:
            validate(service, name, input)
        except AwsError as error:  # patterns: what the sampler makes up seldom matches them
            assert "Member must not be null" not in error.message, name


def test_no_message_shows_a_secret() -> None:
    def refusal(http: dict[str, object], password: str) -> str:
        basic = {"Username": "u", "Password": password}
        auth = {"BasicAuthParameters": basic, "InvocationHttpParameters": http}
        given = {"Name": "c", "AuthorizationType": "BASIC", "AuthParameters": auth}
        with pytest.raises(AwsError) as refused:
            validate("events", "CreateConnection", given)
        return refused.value.message

    assert refusal({}, "se:cret").startswith(
        "1 validation error detected: Value at 'authParameters.basicAuthParameters.password' failed to satisfy"
    )
    many = refusal({"HeaderParameters": [{"Key": "k", "Value": "secret"}] * 101}, "p")
    assert "secret" not in many and "headerParameters" in many


def test_a_service_may_tell_of_patterns_first() -> None:
    with pytest.raises(AwsError) as refused:
        validate("events", "DescribeConnection", {"Name": "a b" * 30}, Validation(patterns_first=True))
    assert refused.value.message.index("regular expression") < refused.value.message.index("length")
