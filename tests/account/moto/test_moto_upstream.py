"""Calls as the gateway has them, sent on to the child."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import cbor2
import pytest
from tests.account.moto.running import ACCOUNT, Running

from cairn.account.moto.upstream import MotoUpstream
from cairn.core.errors import AwsError
from cairn.core.process import free_port
from cairn.core.records.identity import Identity
from cairn.wire.client import HttpClient, read_body
from cairn.wire.http import Call, Headers, Request, Response, UpstreamUnavailable

pytestmark = pytest.mark.engine

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _call(
    service: str,
    operation: str,
    *,
    body: bytes | None = b"",
    headers: dict[str, str] | None = None,
    method: str = "POST",
    path: str = "/",
    query: str = "",
    stream: AsyncIterator[bytes] | None = None,
    account: str = ACCOUNT,
    region: str = "eu-central-1",
) -> Call:
    fields = Headers({"host": "localhost:4590", "user-agent": "region/us-gov-1", **(headers or {})}.items())
    request = Request(method, path, query, fields, stream or _nothing(), scheme="https")
    identity = Identity(type="IAMUser", account=account, access_key_id="AKIAIOSFODNN7EXAMPLE")
    return Call(request, service, operation, region, account, identity, body=body)


async def _sent(moto: Running, call: Call) -> tuple[Response, bytes]:
    client = HttpClient()
    try:
        reply = await MotoUpstream(moto.engine.url, moto.engine.secret, client=lambda: client).send(call)
        return reply, await read_body(reply, bytes_max=1 << 20)
    finally:
        await client.close()


def _run(moto: Running, call: Call) -> tuple[Response, bytes]:
    return asyncio.run(_sent(moto, call))


def test_a_form_reaches_the_account_and_region(moto: Running) -> None:
    reply, body = _run(moto, _call("sns", "CreateTopic", body=b"Action=CreateTopic&Name=t", headers=FORM))
    assert reply.status == 200
    assert f"arn:aws:sns:eu-central-1:{ACCOUNT}:t".encode() in body
    assert moto.client("sns", region="eu-central-1").list_topics()["Topics"]
    assert not moto.client("sns", region="us-east-1").list_topics()["Topics"]


def test_a_presigned_query_is_answered_without_its_signature(moto: Running) -> None:
    query = (
        "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20200101%2Fus-east-1%2Fsts%2Faws4_request"
        "&X-Amz-Date=20200101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )
    reply, body = _run(moto, _call("sts", "GetCallerIdentity", method="GET", query=query, body=None))
    assert reply.status == 200
    assert f"<Account>{ACCOUNT}</Account>".encode() in body


def test_a_streamed_body_arrives_whole(moto: Running) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b"Action=CreateTopic", b"&Name=", b"streamed"):
            yield part

    reply, body = _run(moto, _call("sns", "CreateTopic", body=None, stream=parts(), headers=FORM))
    assert reply.status == 200
    assert b":streamed<" in body


def test_a_queue_is_found_where_the_client_called(moto: Running) -> None:
    headers = {"x-amz-target": "AmazonSQS.CreateQueue", "content-type": "application/x-amz-json-1.0"}
    _, body = _run(moto, _call("sqs", "CreateQueue", body=b'{"QueueName": "q"}', headers=headers))
    assert json.loads(body) == {"QueueUrl": f"https://localhost:4590/{ACCOUNT}/q"}


@pytest.mark.parametrize(
    ("service", "operation", "path"),
    [
        ("sesv2", "ListContactLists", "/v2/email/contact-lists"),
        ("ses", "ListIdentities", "/"),
        ("timestream-query", "DescribeEndpoints", "/"),
        ("servicecatalog-appregistry", "ListApplications", "/applications"),
        ("sagemaker", "ListExperiments", "/"),
        ("elbv2", "DescribeLoadBalancers", "/"),
        ("elb", "DescribeLoadBalancers", "/"),
    ],
)
def test_services_that_sign_under_one_name_are_told_apart(
    moto: Running, service: str, operation: str, path: str
) -> None:
    targets = {"sagemaker": "SageMaker", "timestream-query": "Timestream_20181101"}
    if path != "/":
        call = _call(service, operation, method="GET", path=path, region="us-east-1")
    elif service in targets:
        headers = {"x-amz-target": f"{targets[service]}.{operation}", "content-type": "application/x-amz-json-1.1"}
        call = _call(service, operation, body=b"{}", headers=headers, region="us-east-1")
    else:
        version = {"elbv2": "2015-12-01", "elb": "2012-06-01", "ses": "2010-12-01"}[service]
        body = f"Action={operation}&Version={version}".encode()
        call = _call(service, operation, body=body, headers=FORM, region="us-east-1")
    reply, answer = _run(moto, call)
    assert reply.status == 200, answer


def test_cbor_is_answered_in_cbor(moto: Running) -> None:
    headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", "accept": "application/cbor"}

    def call(operation: str, params: object) -> Call:
        path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
        return _call("cloudwatch", operation, path=path, body=cbor2.dumps(params), headers=headers)

    put = {"DashboardName": "d", "DashboardBody": '{"widgets": []}'}
    assert _run(moto, call("PutDashboard", put))[0].status == 200
    reply, body = _run(moto, call("ListDashboards", {}))
    assert reply.headers.get("smithy-protocol") == "rpc-v2-cbor"
    assert cbor2.loads(body)["DashboardEntries"][0]["DashboardName"] == "d"
    with pytest.raises(AwsError, match="ResourceNotFound"):
        _run(moto, call("GetDashboard", {"DashboardName": "none"}))


def test_what_the_child_refuses_is_an_error_of_aws(moto: Running) -> None:
    with pytest.raises(AwsError) as refused:
        _run(moto, _call("s3", "ListBuckets", method="GET"))
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    with pytest.raises(AwsError) as refused:
        _run(moto, _call("braket", "SearchDevices", path="/devices"))
    assert refused.value.status == 501
    headers = {"x-amz-target": "DynamoDB_20120810.PutItem", "content-type": "application/x-amz-json-1.0"}
    with pytest.raises(AwsError, match="SerializationException"):
        _run(moto, _call("dynamodb", "PutItem", body=b"{not json", headers=headers))


def test_a_service_error_is_the_service_s(moto: Running) -> None:
    reply, body = _run(moto, _call("iam", "GetUser", body=b"Action=GetUser&UserName=none", headers=FORM))
    assert reply.status == 404
    assert b"<Code>NoSuchEntity</Code>" in body


def test_where_nobody_answers_it_is_unavailable() -> None:
    async def send() -> None:
        client = HttpClient()
        try:
            await MotoUpstream(f"http://127.0.0.1:{free_port()}", "x", client=lambda: client).send(
                _call("iam", "ListUsers", body=b"Action=ListUsers", headers=FORM)
            )
        finally:
            await client.close()

    with pytest.raises(UpstreamUnavailable):
        asyncio.run(send())
