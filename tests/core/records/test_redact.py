"""Nothing that is a secret stands in the record of any operation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import OperationModel, ServiceModel, Shape

from cairn.core.records import plans
from cairn.core.records.compose import compose, compose_intent
from cairn.core.records.facts import CallFacts, S3Facts
from cairn.core.records.redact import HIDDEN

SECRET = "tell-nobody-9f3c"
_session = botocore.session.get_session()
_HTTP_SERVICES = {"s3"}  # composed from headers, not from shapes: see below


def _value(shape: Shape, secret: bool, depth: int = 0) -> Any:
    """A value of `shape`, every text within it telling the secret once a sensitive shape was entered."""
    secret = secret or bool(shape.metadata.get("sensitive"))
    kind = shape.type_name
    if kind == "structure":
        if depth > 6 or shape.is_document_type:
            return {"deep": SECRET if secret else "shown"} if shape.is_document_type else {}
        return {name: _value(member, secret, depth + 1) for name, member in shape.members.items()}
    if kind == "list":
        return [_value(shape.member, secret, depth + 1)]
    if kind == "map":
        key = SECRET if shape.key.metadata.get("sensitive") or secret else "key"
        return {key: _value(shape.value, secret, depth + 1)}
    if kind == "blob":
        return SECRET.encode() if secret else b"shown"
    if kind in ("integer", "long", "float", "double"):
        return 7
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return "2023-07-10T12:25:04Z"
    return SECRET if secret else "shown"


def _facts(service: str, model: OperationModel) -> CallFacts:
    return CallFacts(
        event_id="4c3f5a52-0000-4000-8000-000000000000",
        time=1_688_990_000,
        account="111122223333",
        region="us-east-1",
        service=service,
        operation=model.name,
        operation_model=model,
        request_id="r-1",
        input=_value(model.input_shape, False) if model.input_shape is not None else None,
        output=_value(model.output_shape, False) if model.output_shape is not None else None,
    )


def _sensitive_shapes(shapes: dict[str, Any]) -> set[str]:
    """Names of the shapes that are sensitive or hold something sensitive at any depth, from the raw model."""
    inside: dict[str, set[str]] = {}
    marked = {name for name, shape in shapes.items() if shape.get("sensitive")}
    for name, shape in shapes.items():
        refs = [*shape.get("members", {}).values()] + [shape[k] for k in ("member", "key", "value") if k in shape]
        if any(ref.get("sensitive") for ref in refs):
            marked.add(name)
        for ref in refs:
            inside.setdefault(ref["shape"], set()).add(name)
    waiting = list(marked)
    while waiting:
        for parent in inside.get(waiting.pop(), set()) - marked:
            marked.add(parent)
            waiting.append(parent)
    return marked


def _raw_model(service: str) -> dict[str, Any]:
    """The model, read past botocore's loader: that one keeps them all, which is more than a gigabyte."""
    folder = Path(Loader.BUILTIN_DATA_PATH) / service
    newest = max(version.name for version in folder.iterdir() if any(version.glob("service-2.json*")))
    model: dict[str, Any] = JSONFileLoader().load_file(str(folder / newest / "service-2"))
    return model


def _operations_with_secrets(service: str) -> Iterator[OperationModel]:
    raw = _raw_model(service)
    marked = _sensitive_shapes(raw["shapes"])
    model = ServiceModel(raw, service)
    for name, operation in raw["operations"].items():
        if any(operation.get(side, {}).get("shape") in marked for side in ("input", "output")):
            yield model.operation_model(name)


def test_no_operation_of_any_service_tells_a_sensitive_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "_cache", {})  # not to keep the models of all services
    told, tried = [], 0
    for service in _session.get_available_services():
        if service in _HTTP_SERVICES:
            continue
        plans._cache.clear()
        for model in _operations_with_secrets(service):
            facts = _facts(service, model)
            tried += 1
            if SECRET.encode() in compose(facts).record or SECRET.encode() in compose_intent(facts).record:
                told.append(f"{service}:{model.name}")
    assert tried > 2500
    assert told == []


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("iam", "CreateLoginProfile", {"UserName": "u", "Password": SECRET}),
        ("iam", "ChangePassword", {"OldPassword": SECRET, "NewPassword": SECRET}),
        ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "d", "MasterUserPassword": SECRET}),
        ("redshift", "CreateCluster", {"ClusterIdentifier": "c", "MasterUserPassword": SECRET}),
        ("secretsmanager", "CreateSecret", {"Name": "n", "SecretString": SECRET}),
        ("secretsmanager", "PutSecretValue", {"SecretId": "n", "SecretBinary": SECRET.encode()}),
        ("kms", "Encrypt", {"KeyId": "k", "Plaintext": SECRET.encode()}),
        ("ssm", "PutParameter", {"Name": "n", "Value": SECRET}),
        ("ssm", "SendCommand", {"DocumentName": "d", "Parameters": {"commands": [SECRET]}}),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Environment": {"Variables": {"K": SECRET}}}),
        ("lambda", "Invoke", {"FunctionName": "f", "Payload": SECRET.encode()}),
        ("sns", "Publish", {"TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": SECRET, "Subject": SECRET}),
        ("sns", "Subscribe", {"TopicArn": "arn:aws:sns:us-east-1:1:t", "Endpoint": f"https://user:{SECRET}@h/p"}),
        ("sqs", "SendMessage", {"QueueUrl": "http://h/1/q", "MessageBody": SECRET}),
        ("ec2", "RunInstances", {"ImageId": "ami-1", "UserData": SECRET}),
        ("ec2", "CreateLaunchTemplate", {"LaunchTemplateName": "n", "LaunchTemplateData": {"UserData": SECRET}}),
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"id": {"S": SECRET}}}),
        ("dynamodb", "ExecuteStatement", {"Statement": f"INSERT INTO t VALUE {{'a': '{SECRET}'}}"}),
        ("kinesis", "PutRecords", {"StreamName": "s", "Records": [{"Data": SECRET.encode(), "PartitionKey": "p"}]}),
        ("cognito-identity", "GetCredentialsForIdentity", {"IdentityId": "i", "Logins": {"p": SECRET}}),
        ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": "r", "RoleSessionName": "s", "WebIdentityToken": SECRET}),
        ("elasticache", "CreateReplicationGroup", {"ReplicationGroupId": "g", "AuthToken": SECRET}),
    ],
)
def test_what_cloudtrail_lists_is_hidden_or_left_out(service: str, operation: str, given: dict[str, Any]) -> None:
    facts = _facts(service, _session.get_service_model(service).operation_model(operation))
    facts.input, facts.output = given, {}
    record = compose(facts).record
    assert SECRET.encode() not in record
    assert b"requestParameters" in record


def test_hiding_replaces_the_value_and_leaving_out_removes_the_member() -> None:
    put = _facts("ssm", _session.get_service_model("ssm").operation_model("PutParameter"))
    put.input = {"Name": "n", "Value": SECRET}
    assert compose(put).parse()["requestParameters"] == {"name": "n", "value": HIDDEN}
    create = _facts("iam", _session.get_service_model("iam").operation_model("CreateAccessKey"))
    create.input = {"UserName": "u"}
    create.output = {"AccessKey": {"UserName": "u", "AccessKeyId": "AKIA", "SecretAccessKey": SECRET}}
    assert compose(create).parse()["responseElements"] == {"accessKey": {"userName": "u", "accessKeyId": "AKIA"}}


def test_temporary_keys_show_their_token_and_not_their_secret() -> None:
    facts = _facts("sts", _session.get_service_model("sts").operation_model("AssumeRole"))
    facts.input = {"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "s"}
    facts.output = {"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": SECRET, "SessionToken": "t"}}
    assert compose(facts).parse()["responseElements"] == {"credentials": {"accessKeyId": "ASIA", "sessionToken": "t"}}


def test_s3_shows_no_signature_token_or_customer_key() -> None:
    model = _session.get_service_model("s3").operation_model("PutObject")
    facts = _facts("s3", model)
    facts.s3 = S3Facts(
        bucket="b",
        key="k",
        host="b.s3.amazonaws.com",
        query=(
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", SECRET),
            ("X-Amz-Signature", SECRET),
            ("X-Amz-Security-Token", SECRET),
            ("Signature", SECRET),
            ("AWSAccessKeyId", SECRET),
        ),
        headers=(
            ("authorization", SECRET),
            ("x-amz-security-token", SECRET),
            ("x-amz-server-side-encryption-customer-key", SECRET),
            ("x-amz-server-side-encryption-customer-key-md5", SECRET),
            ("x-amz-copy-source-server-side-encryption-customer-key", SECRET),
            ("x-amz-mfa", SECRET),
            ("x-amz-meta-password", SECRET),
            ("x-amz-server-side-encryption-context", SECRET),
            ("x-amz-acl", "private"),
            ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
            ("cookie", SECRET),
        ),
        body={"Password": SECRET},
    )
    event = compose(facts)
    assert SECRET.encode() not in event.record
    assert event.parse()["requestParameters"] == {
        "bucketName": "b",
        "Host": "b.s3.amazonaws.com",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "x-amz-acl": "private",
        "x-amz-server-side-encryption-customer-algorithm": "AES256",
        "key": "k",
    }
