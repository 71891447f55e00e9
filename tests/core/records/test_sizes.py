"""The limits of a record's fields hold whatever is in them."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.core.records.compose import compose
from cairn.core.records.facts import CallFacts, S3Facts
from cairn.core.records.sizes import (
    ELEMENT_BYTES_MAX,
    RECORD_BYTES_MAX,
    RECORD_DEPTH_MAX,
    TEXT_BYTES_MAX,
    cut,
    encode_within_limits,
    is_deeper,
)

_iam = botocore.session.get_session().get_service_model("iam")


def _call(**more: Any) -> dict[str, Any]:
    facts = CallFacts(
        event_id="e",
        time=0,
        account="111122223333",
        region="us-east-1",
        service="iam",
        operation="PutRolePolicy",
        operation_model=_iam.operation_model("PutRolePolicy"),
    )
    for name, value in more.items():
        setattr(facts, name, value)
    return compose(facts).parse()


@given(st.text(), st.integers(0, 40))
def test_cutting_keeps_whole_characters(text: str, bytes_max: int) -> None:
    short = cut(text, bytes_max)
    assert len(short.encode()) <= bytes_max
    assert text.startswith(short)
    if len(text.encode()) > bytes_max:
        assert len(text[: len(short) + 1].encode()) > bytes_max
    else:
        assert short == text


def test_texts_are_cut_by_bytes() -> None:
    record = _call(user_agent="ü" * 2000, error_code="E" * 2000, error_message="é" * 2000, request_id="r" * 2000)
    for field in ("userAgent", "errorCode", "errorMessage", "requestID"):
        assert TEXT_BYTES_MAX - 2 < len(record[field].encode()) <= TEXT_BYTES_MAX


@pytest.mark.parametrize("depth", [RECORD_DEPTH_MAX - 1, RECORD_DEPTH_MAX, 950])
def test_what_is_nested_more_deeply_than_others_can_read_is_left_out(depth: int) -> None:
    deep: Any = "x"
    for level in range(depth):
        deep = [deep] if level % 2 else {"a": deep}
    record = json.loads(encode_within_limits({"eventName": "Converse", "requestParameters": deep}))
    assert not is_deeper(record, RECORD_DEPTH_MAX)
    if depth < RECORD_DEPTH_MAX:
        assert record["requestParameters"] == deep
    else:
        assert record["requestParameters"] == {"omitted": True, "reason": "nested too deeply"}


def test_the_brackets_of_s3_stay_around_what_was_cut() -> None:
    record = _call(service="s3", operation="GetObject", operation_model=None, s3=S3Facts(), user_agent="a" * 2000)
    assert len(record["userAgent"]) == TEXT_BYTES_MAX
    assert record["userAgent"].endswith("]")


def test_large_parameters_leave_a_marker_and_the_rest_of_the_record() -> None:
    almost = _call(input={"RoleName": "r", "PolicyDocument": "x" * (ELEMENT_BYTES_MAX - 100)})
    assert almost["requestParameters"]["roleName"] == "r"
    record = _call(input={"RoleName": "r", "PolicyDocument": "x" * ELEMENT_BYTES_MAX})
    assert record["requestParameters"]["omitted"] is True
    assert record["requestParameters"]["originalSize"] > ELEMENT_BYTES_MAX
    assert record["eventName"] == "PutRolePolicy"


_blob = st.integers(0, 300_000).map(lambda size: {"x": "y" * size})
_fields = ["requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(_fields), _blob), st.integers(0, 3000), st.integers(0, 200_000))
def test_no_record_is_larger_than_the_limit(elements: dict[str, Any], resources: int, agent: int) -> None:
    record = {
        "userAgent": "ü" * agent,
        **elements,
        "resources": [{"ARN": "arn:aws:s3:::" + "b" * 100}] * resources,
        "eventID": "e",
    }
    encoded = encode_within_limits(record)
    assert len(encoded) <= RECORD_BYTES_MAX
    decoded = json.loads(encoded)
    assert decoded["eventID"] == "e"
    for field in elements:
        assert field in decoded
        assert len(json.dumps(decoded[field])) <= ELEMENT_BYTES_MAX + 10


_texts = st.text(st.characters(categories=["L", "N", "P", "Cs", "Cc"]), max_size=12)
_arns = st.sampled_from(["arn:", "arn:aws:iam::1", "arn:aws:lambda:r:1:function:f:2", "arn:aws:kms:r:1:key/k", ":::::"])
_scalars = _arns | st.none() | st.booleans() | st.integers() | st.floats() | _texts | st.binary(max_size=4)
_names = (
    st.sampled_from(
        [
            "RoleName",
            "RoleArn",
            "KeyId",
            "TableName",
            "Names",
            "QueueUrl",
            "TransactItems",
            "Tags",
            "Filters",
            "IpPermissions",
            "Key",
            "Item",
            "FunctionName",
            "Name",
        ]
    )
    | _texts
)
_values = st.recursive(_scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(_names, v, max_size=4))
_inputs = st.dictionaries(_names, _values, max_size=4)
_operations = [
    ("iam", "CreateRole"),
    ("ec2", "AuthorizeSecurityGroupIngress"),
    ("ec2", "CreateFlowLogs"),
    ("ec2", "RunInstances"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "BatchExecuteStatement"),
    ("lambda", "UpdateFunctionCode"),
    ("lambda", "Invoke"),
    ("kms", "Encrypt"),
    ("rds", "CreateDBInstance"),
    ("ssm", "DeleteParameters"),
    ("sqs", "SendMessage"),
    ("kinesis", "PutRecord"),
    ("secretsmanager", "CreateSecret"),
    ("sts", "AssumeRole"),
]
_session = botocore.session.get_session()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_operations), _inputs | st.none(), _inputs | st.none(), _texts)
def test_no_input_is_too_odd_for_a_record(
    called: tuple[str, str], given_input: dict[str, Any] | None, output: dict[str, Any] | None, text: str
) -> None:
    service, operation = called
    model = _session.get_service_model(service).operation_model(operation)
    record = _call(
        service=service,
        operation=operation,
        operation_model=model,
        input=given_input,
        output=output,
        user_agent=text,
        error_message=text,
    )
    assert record["eventName"].startswith(operation)
    assert "requestParameters" in record


def test_what_is_nested_too_deeply_leaves_a_marker() -> None:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(20_000):
        value = {"M": {"a": value}}
    model = _session.get_service_model("dynamodb").operation_model("CreateTable")
    deep: Any = "x"
    for _ in range(20_000):
        deep = {"a": deep}
    assert _call(input={"PolicyDocument": deep})["requestParameters"]["omitted"] is True
    item = _call(service="dynamodb", operation="UpdateItem", operation_model=model, input={"Key": value})
    assert item["eventName"] == "UpdateItem"
    body = S3Facts(bucket="b", body={"Tagging": deep})
    record = _call(service="s3", operation="PutBucketTagging", operation_model=None, s3=body)
    assert record["requestParameters"]["omitted"] is True


def test_names_that_are_no_names_are_not_recorded_as_such() -> None:
    assert _call(operation="Create\x00Role", operation_model=None)["eventName"] == "Unknown"
    assert len(_call(operation="A" * 5000, operation_model=None)["eventName"]) == 256
