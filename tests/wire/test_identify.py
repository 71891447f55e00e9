"""Which service, operation and region a request is, by hand-written requests."""

from __future__ import annotations

import string
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.wire.http import Headers, Request
from cairn.wire.identify import identify

DOMAINS = ("localhost", "localhost.localstack.cloud")


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def request(method: str, url: str, *headers: tuple[str, str], host: str = "127.0.0.1:4590") -> Request:
    path, _, query = url.partition("?")
    return Request(method, path, query, Headers([("Host", host), *headers]), _nothing())


def signed(service: str, region: str = "eu-west-1") -> tuple[str, str]:
    return (
        "Authorization",
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/{region}/{service}/aws4_request, "
        "SignedHeaders=host, Signature=0",
    )


def told(asked: Request, body: bytes | None = None) -> str:
    call = identify(asked, body, domains=DOMAINS, default_region="us-east-1")
    return f"{call.service}.{call.operation}@{call.region}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/?Action=ConfirmSubscription&TopicArn=t&Token=k", "sns.ConfirmSubscription@us-east-1"),
        ("/?Action=Unsubscribe&SubscriptionArn=s", "sns.Unsubscribe@us-east-1"),
        ("/?Action=Publish&TopicArn=t", "s3.ListBuckets@us-east-1"),
        ("/bucket/key?Action=Unsubscribe", "s3.GetObject@us-east-1"),
    ],
)
def test_links_in_messages_name_no_version(url: str, expected: str) -> None:
    assert told(request("GET", url)) == expected


COPY = ("x-amz-copy-source", "/a/b")
S3_CASES = [
    ("GET", "/", "ListBuckets"),
    ("PUT", "/bucket", "CreateBucket"),
    ("PUT", "/bucket/", "CreateBucket"),
    ("DELETE", "/bucket", "DeleteBucket"),
    ("DELETE", "/bucket?analytics", "DeleteBucketAnalyticsConfiguration"),
    ("HEAD", "/bucket", "HeadBucket"),
    ("GET", "/bucket", "ListObjects"),
    ("GET", "/bucket?prefix=acl", "ListObjects"),
    ("GET", "/bucket?list-type=2", "ListObjectsV2"),
    ("GET", "/bucket?list-type=2&prefix=x&x-id=ListObjectsV2", "ListObjectsV2"),
    ("GET", "/bucket?acl", "GetBucketAcl"),
    ("GET", "/bucket?acl=", "GetBucketAcl"),
    ("GET", "/bucket?lifecycle", "GetBucketLifecycleConfiguration"),
    ("GET", "/bucket?notification", "GetBucketNotificationConfiguration"),
    ("GET", "/bucket?analytics", "ListBucketAnalyticsConfigurations"),
    ("GET", "/bucket?analytics&id=a", "GetBucketAnalyticsConfiguration"),
    ("GET", "/bucket?uploads", "ListMultipartUploads"),
    ("GET", "/bucket?versions", "ListObjectVersions"),
    ("GET", "/bucket?policyStatus", "GetBucketPolicyStatus"),
    ("POST", "/bucket?delete", "DeleteObjects"),
    ("GET", "/bucket/key", "GetObject"),
    ("GET", "/bucket/key?versionId=1", "GetObject"),
    ("GET", "/bucket//key/", "GetObject"),
    ("GET", "/bucket/acl?response-content-type=a", "GetObject"),
    ("HEAD", "/bucket/key", "HeadObject"),
    ("GET", "/bucket/key?acl&versionId=1", "GetObjectAcl"),
    ("GET", "/bucket/key?uploadId=1", "ListParts"),
    ("GET", "/bucket/key?attributes", "GetObjectAttributes"),
    ("PUT", "/bucket/key", "PutObject"),
    ("PUT", "/bucket/key?x-id=PutObject", "PutObject"),
    ("PUT", "/bucket/key?partNumber=1&uploadId=2", "UploadPart"),
    ("PUT", "/bucket/key?tagging", "PutObjectTagging"),
    ("POST", "/bucket/key?uploads", "CreateMultipartUpload"),
    ("POST", "/bucket/key?uploadId=2", "CompleteMultipartUpload"),
    ("POST", "/bucket/key?select&select-type=2", "SelectObjectContent"),
    ("POST", "/bucket/key?restore", "RestoreObject"),
    ("DELETE", "/bucket/key", "DeleteObject"),
    ("DELETE", "/bucket/key?uploadId=2", "AbortMultipartUpload"),
    ("POST", "/WriteGetObjectResponse", "WriteGetObjectResponse"),
    ("PATCH", "/bucket/key", ""),
]


@pytest.mark.parametrize(("method", "url", "operation"), S3_CASES)
def test_s3_in_the_path(method: str, url: str, operation: str) -> None:
    assert told(request(method, url, signed("s3"))) == f"s3.{operation}@eu-west-1"


@pytest.mark.parametrize(("method", "url", "operation"), S3_CASES)
@pytest.mark.parametrize(
    "host",
    ["bucket.localhost:4590", "bucket.s3.localhost", "bucket.s3.eu-west-1.localhost.localstack.cloud",
     "bucket.s3.eu-west-1.amazonaws.com", "bucket.s3-eu-west-1.amazonaws.com", "bucket.s3.amazonaws.com",
     "bucket.s3-accelerate.dualstack.amazonaws.com", "bucket.s3.dualstack.eu-west-1.amazonaws.com"],
)  # fmt: skip
def test_s3_in_the_host(method: str, url: str, operation: str, host: str) -> None:
    if not url.startswith("/bucket"):
        return
    path = "/" + url.removeprefix("/bucket").removeprefix("/")
    call = identify(request(method, path, signed("s3"), host=host), domains=DOMAINS)
    assert (call.service, call.operation, call.region, call.host_bucket) == ("s3", operation, "eu-west-1", "bucket")


def test_copies_are_told_by_their_header() -> None:
    assert told(request("PUT", "/bucket/key", COPY, signed("s3"))) == "s3.CopyObject@eu-west-1"
    part = request("PUT", "/bucket/key?partNumber=1&uploadId=2", COPY, signed("s3"))
    assert told(part) == "s3.UploadPartCopy@eu-west-1"


def test_a_bucket_with_dots_in_the_host() -> None:
    call = identify(request("GET", "/k", host="my.own.bucket.s3.us-west-2.amazonaws.com"), domains=DOMAINS)
    assert (call.host_bucket, call.operation, call.region) == ("my.own.bucket", "GetObject", "us-west-2")


def test_a_form_upload() -> None:
    form = ("Content-Type", "multipart/form-data; boundary=x")
    assert told(request("POST", "/bucket", form)) == "s3.PostObject@us-east-1"
    assert told(request("POST", "/", form, host="bucket.s3.localhost")) == "s3.PostObject@us-east-1"


def test_presigned_requests() -> None:
    credential = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-west-2%2Fs3%2Faws4_request"
    assert told(request("GET", f"/b/k?{credential}")) == "s3.GetObject@us-west-2"
    assert told(request("PUT", "/b/k?AWSAccessKeyId=AKID&Signature=x&Expires=1")) == "s3.PutObject@us-east-1"
    sts = request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&" + credential.replace("s3", "sts"))
    assert told(sts) == "sts.GetCallerIdentity@us-west-2"


def test_sigv4a_names_its_region_in_a_header() -> None:
    authorization = ("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/s3/aws4_request, Signature=0")
    region_set = ("X-Amz-Region-Set", "eu-north-1")
    assert told(request("GET", "/b/k", authorization, region_set)) == "s3.GetObject@eu-north-1"


@pytest.mark.parametrize(
    ("target", "signing", "expected"),
    [
        ("DynamoDB_20120810.PutItem", "dynamodb", "dynamodb.PutItem"),
        ("DynamoDBStreams_20120810.ListStreams", "dynamodb", "dynamodbstreams.ListStreams"),
        ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrail", "cloudtrail", "cloudtrail.GetTrail"),
        ("CloudTrail_20131101.LookupEvents", "cloudtrail", "cloudtrail.LookupEvents"),
        ("AmazonSQS.SendMessage", "sqs", "sqs.SendMessage"),
        ("Timestream_20181101.Query", "timestream", "timestream-query.Query"),
        ("Timestream_20181101.WriteRecords", "timestream", "timestream-write.WriteRecords"),
        ("GraniteServiceVersion20100801.PutMetricData", "monitoring", "cloudwatch.PutMetricData"),
        ("Logs_20140328.NoSuchThing", "logs", "logs."),
        ("Nobody_1.Nothing", "logs", "logs."),
    ],
)  # fmt: skip
def test_targets(target: str, signing: str, expected: str) -> None:
    assert told(request("POST", "/", ("X-Amz-Target", target), signed(signing))) == f"{expected}@eu-west-1"


def test_rpc_v2_cbor() -> None:
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    asked = request("POST", path, ("smithy-protocol", "rpc-v2-cbor"), signed("monitoring"))
    assert told(asked) == "cloudwatch.PutMetricData@eu-west-1"


FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")


@pytest.mark.parametrize(
    ("signing", "body", "expected"),
    [
        ("iam", b"Action=CreateUser&Version=2010-05-08&UserName=a", "iam.CreateUser@eu-west-1"),
        ("ec2", b"Action=RunInstances&Version=2016-11-15", "ec2.RunInstances@eu-west-1"),
        ("ec2", b"Action=RunInstances&Version=2014-10-01", "ec2.RunInstances@eu-west-1"),
        ("elasticloadbalancing", b"Action=DescribeTags&Version=2012-06-01", "elb.DescribeTags@eu-west-1"),
        ("elasticloadbalancing", b"Action=DescribeTags&Version=2015-12-01", "elbv2.DescribeTags@eu-west-1"),
        ("rds", b"Action=CreateDBInstance&Version=2014-10-31", "rds.CreateDBInstance@eu-west-1"),
        ("ses", b"Action=SendEmail&Version=2010-12-01", "ses.SendEmail@eu-west-1"),
        ("monitoring", b"Action=PutMetricData&Version=2010-08-01", "cloudwatch.PutMetricData@eu-west-1"),
        ("sqs", b"Action=SendMessage&Version=2012-11-05", "sqs.SendMessage@eu-west-1"),
        ("iam", b"Action=Nonsense&Version=2010-05-08", "iam.@eu-west-1"),
        ("", b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "sts.AssumeRoleWithWebIdentity@us-east-1"),
        ("", b"Action=AssumeRoleWithSAML&Version=2011-06-15", "sts.AssumeRoleWithSAML@us-east-1"),
    ],
)  # fmt: skip
def test_actions_in_the_body(signing: str, body: bytes, expected: str) -> None:
    asked = request("POST", "/", FORM, *([signed(signing)] if signing else []))
    assert told(asked, body) == expected
    if signing:  # without the body it is the service alone, or no more than a guess at it
        assert told(asked).split(".")[1].startswith("@")


@pytest.mark.parametrize(
    ("signing", "method", "url", "expected"),
    [
        ("lambda", "GET", "/2015-03-31/functions/", "lambda.ListFunctions"),
        ("lambda", "POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax/invocations", "lambda.Invoke"),
        ("lambda", "GET", "/2018-10-31/layers?find=LayerVersion&Arn=a", "lambda.GetLayerVersionByArn"),
        ("apigateway", "GET", "/restapis", "apigateway.GetRestApis"),
        ("apigateway", "POST", "/restapis?mode=import", "apigateway.ImportRestApi"),
        ("apigateway", "GET", "/v2/apis", "apigatewayv2.GetApis"),
        ("execute-api", "POST", "/@connections/abc", "apigatewaymanagementapi.PostToConnection"),
        ("execute-api", "POST", "/%40connections/abc", "apigatewaymanagementapi.PostToConnection"),
        ("ses", "POST", "/v2/email/outbound-emails", "sesv2.SendEmail"),
        ("es", "GET", "/2021-01-01/opensearch/domain/x", "opensearch.DescribeDomain"),
        ("es", "GET", "/2015-01-01/es/domain/x", "es.DescribeElasticsearchDomain"),
        ("bedrock", "POST", "/model/m/converse", "bedrock-runtime.Converse"),
        ("bedrock", "GET", "/foundation-models", "bedrock.ListFoundationModels"),
        ("iotdata", "POST", "/topics/a%2Fb", "iot-data.Publish"),
        ("cloudtrail-data", "POST", "/PutAuditEvents?channelArn=x", "cloudtrail-data.PutAuditEvents"),
        ("route53", "POST", "/2013-04-01/hostedzone", "route53.CreateHostedZone"),
        ("route53", "POST", "/2013-04-01/hostedzone/", "route53.CreateHostedZone"),
        ("securityhub", "PATCH", "/actionTargets/arn:aws:securityhub:a/b/c", "securityhub.UpdateActionTarget"),
        ("glacier", "POST", "/-/vaults/v/tags?operation=remove", "glacier.RemoveTagsFromVault"),
        ("lambda", "GET", "/nothing/like/this", "lambda."),
        ("no-such-service", "GET", "/nothing/like/this", "."),
    ],
)  # fmt: skip
def test_rest(signing: str, method: str, url: str, expected: str) -> None:
    assert told(request(method, url, signed(signing))) == f"{expected}@eu-west-1"


def test_s3_control_shares_the_name_of_s3() -> None:
    asked = request("GET", "/v20180820/configuration/publicAccessBlock", signed("s3"))
    assert told(asked) == "s3control.GetPublicAccessBlock@eu-west-1"
    asked = request("GET", "/S3Outposts/ListEndpoints", signed("s3-outposts"))
    assert told(asked) == "s3outposts.ListEndpoints@eu-west-1"


@pytest.mark.parametrize(
    ("host", "method", "url", "expected"),
    [
        ("sqs.eu-central-1.amazonaws.com", "POST", "/", "sqs.@eu-central-1"),
        ("lambda.eu-central-1.localhost", "GET", "/2015-03-31/functions/", "lambda.ListFunctions@eu-central-1"),
        ("streams.dynamodb.eu-central-1.amazonaws.com", "POST", "/", "dynamodbstreams.@eu-central-1"),
        ("data-servicediscovery.eu-central-1.amazonaws.com", "POST", "/", "servicediscovery.@eu-central-1"),
        ("portal.sso.eu-central-1.amazonaws.com", "GET", "/assignment/accounts", "sso.ListAccounts@eu-central-1"),
        ("oidc.eu-central-1.amazonaws.com", "POST", "/token", "sso-oidc.CreateToken@eu-central-1"),
        (
            "123456789012.execute-api.eu-central-1.amazonaws.com",
            "GET",
            "/my/own",
            "apigatewaymanagementapi.@eu-central-1",
        ),
        ("nobody-knows.eu-central-1.amazonaws.com", "GET", "/my/own", ".@eu-central-1"),
        ("bucket.s3-website-us-east-1.amazonaws.com", "GET", "/index.html", ".@us-east-1"),
        ("127.0.0.1:4590", "GET", "/public-bucket/key", "s3.GetObject@us-east-1"),
        ("[::1]:4590", "GET", "/public-bucket/key", "s3.GetObject@us-east-1"),
        ("localhost:4590", "HEAD", "/public-bucket", "s3.HeadBucket@us-east-1"),
        ("localhost:4590", "POST", "/client/register", "sso-oidc.RegisterClient@us-east-1"),
    ],
)
def test_unsigned_calls(host: str, method: str, url: str, expected: str) -> None:
    assert told(request(method, url, host=host)) == expected


def test_cognito_needs_no_signature() -> None:
    asked = request("POST", "/", ("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"))
    assert told(asked) == "cognito-idp.InitiateAuth@us-east-1"


TEXT = st.text(string.printable, max_size=40)


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "BREW", ""]), TEXT, TEXT, TEXT, TEXT, TEXT, st.binary(max_size=40)
)
def test_garbage_is_never_an_exception(
    method: str, path: str, query: str, host: str, authorization: str, target: str, body: bytes
) -> None:
    for prefix in ("", "AWS4-HMAC-SHA256 Credential=", "AWS "):
        headers = [("Authorization", prefix + authorization), ("X-Amz-Target", target), ("smithy-protocol", "x"), FORM]
        call = identify(request(method, f"/{path}?{query}", *headers, host=host), body, domains=DOMAINS)
        assert isinstance(call.service, str)


@pytest.mark.parametrize(
    ("region", "taken"),
    [
        ("RegionOne", "RegionOne"),
        ("auto", "auto"),
        ("us-gov-west-1", "us-gov-west-1"),
        *((odd, "us-east-1") for odd in ("..", ".", "a b", "x" * 33, "", "\u00e9", "<script>")),
    ],
)
def test_what_cannot_stand_in_a_log_files_key_is_no_region(region: str, taken: str) -> None:
    call = identify(request("GET", "/b/k", signed("s3", region)), None, domains=DOMAINS, default_region="us-east-1")
    assert call.region == taken
