"""Records of calls written by hand, as genuine records and the guide have them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cairn.core.records.compose import EVENT_VERSION, compose, compose_intent
from cairn.core.records.event import Kind
from cairn.core.records.facts import CallFacts, S3Facts
from cairn.core.records.identity import ANONYMOUS, Identity, Session, SessionIssuer, service
from cairn.core.records.special import compose_service_event

FIELDS = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "eventCategory",
    "tlsDetails",
]
"""The order of a genuine record's fields (spec 1.2)."""

MakeCall = Callable[..., CallFacts]


def test_the_fields_and_their_order(call: MakeCall) -> None:
    event = compose(
        call(
            "kms",
            "DisableKey",
            input={"KeyId": "arn:aws:kms:eu-west-1:111122223333:key/k"},
            output={},
            error_code="KMSInternalException",
            error_message="no",
            tls={"tlsVersion": "TLSv1.3"},
            vpc_endpoint_id="vpce-1",
            vpc_endpoint_account="111122223333",
            shared_event_id="shared",
        )
    )
    assert event.parse() == {
        "eventVersion": EVENT_VERSION,
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/alice",
            "accountId": "111122223333",
            "accessKeyId": "AKIAEXAMPLE",
            "userName": "alice",
        },
        "eventTime": "2023-07-10T12:25:04Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "DisableKey",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-cli/2.13",
        "errorCode": "KMSInternalException",
        "errorMessage": "no",
        "requestParameters": {"keyId": "arn:aws:kms:eu-west-1:111122223333:key/k"},
        "responseElements": None,
        "requestID": "r-1",
        "eventID": "0a1b2c3d-0000-4000-8000-000000000000",
        "readOnly": False,
        "resources": [
            {"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": "arn:aws:kms:eu-west-1:111122223333:key/k"}
        ],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "sharedEventID": "shared",
        "vpcEndpointId": "vpce-1",
        "vpcEndpointAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3"},
    }
    assert list(event.parse()) == FIELDS


def test_what_was_not_known_is_absent_but_parameters_and_reply_are_null() -> None:
    facts = CallFacts(event_id="e", time=0, account="111122223333", region="us-east-1", service="s3", operation="")
    record = compose(facts).parse()
    assert record["userIdentity"] == {"type": "Unknown"}
    assert record["eventName"] == "Unknown"
    assert record["requestParameters"] is None
    assert record["responseElements"] is None
    assert not {"userAgent", "errorCode", "requestID", "resources", "tlsDetails", "apiVersion"} & record.keys()


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "expected"),
    [
        ("ec2", "RunInstances", "UnauthorizedOperation", 403, "Client.UnauthorizedOperation"),
        ("ec2", "RunInstances", "InternalError", 500, "Server.InternalError"),
        ("ec2", "RunInstances", "RequestLimitExceeded", 503, "Client.RequestLimitExceeded"),
        ("iam", "GetRole", "NoSuchEntity", 404, "NoSuchEntityException"),
        ("iam", "CreateRole", "EntityAlreadyExists", 409, "EntityAlreadyExistsException"),
        ("iam", "GetRole", "AccessDenied", 403, "AccessDenied"),
        ("rds", "DeleteDBInstance", "InvalidDBInstanceState", 400, "InvalidDBInstanceStateFault"),
        ("s3", "GetBucketPolicy", "NoSuchBucketPolicy", 404, "NoSuchBucketPolicy"),
        ("cloudtrail", "GetTrail", "TrailNotFoundException", 400, "TrailNotFoundException"),
        ("logs", "GetLogEvents", "AccessDeniedException", 400, "AccessDeniedException"),
        ("organizations", "LeaveOrganization", "AccessDeniedException", 400, "AccessDenied"),
    ],
)
def test_error_codes(call: MakeCall, service: str, operation: str, code: str, status: int, expected: str) -> None:
    record = compose(call(service, operation, input={}, error_code=code, error_message="m", status=status)).parse()
    assert record["errorCode"] == expected
    assert record["responseElements"] is None


def test_an_object_call_of_s3(call: MakeCall) -> None:
    s3 = S3Facts(
        bucket="b",
        key="path/obj",
        host="b.s3.eu-west-1.amazonaws.com",
        headers=(("x-amz-storage-class", "STANDARD_IA"), ("content-type", "text/plain")),
        response_headers=(("x-amz-server-side-encryption", "AES256"), ("x-amz-version-id", "v1"), ("etag", "e")),
        bytes_in=7,
        id_2="abc=",
    )
    tls = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "h"}
    event = compose(call("s3", "PutObject", s3=s3, tls=tls))
    record = event.parse()
    assert (event.header.category, event.header.read_only) == ("Data", False)
    assert record["userAgent"] == "[aws-cli/2.13]"
    assert record["managementEvent"] is False
    assert record["requestParameters"] == {
        "bucketName": "b",
        "Host": "b.s3.eu-west-1.amazonaws.com",
        "x-amz-storage-class": "STANDARD_IA",
        "key": "path/obj",
    }
    assert record["responseElements"] == {"x-amz-server-side-encryption": "AES256", "x-amz-version-id": "v1"}
    assert record["additionalEventData"] == {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 7,
        "SSEApplied": "Default_SSE_S3",
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": "abc=",
        "bytesTransferredOut": 0,
    }
    assert record["resources"] == [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/path/obj"},
        {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"},
    ]


def test_bucket_calls_of_s3(call: MakeCall) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "true"}]}
    put = call("s3", "PutBucketPolicy", s3=S3Facts(bucket="b", host="h", query=(("policy", ""),), body=policy))
    record = compose(put).parse()
    assert record["requestParameters"] == {"bucketPolicy": policy, "bucketName": "b", "Host": "h", "policy": ""}
    assert record["eventCategory"] == "Management"
    tagging = {"Tagging": {"xmlns": "http://x/2006-03-01/", "TagSet": {"Tag": {"Key": "k", "Value": "true"}}}}
    put = call("s3", "PutBucketTagging", s3=S3Facts(bucket="b", query=(("tagging", ""),), body=tagging))
    parameters = compose(put).parse()["requestParameters"]
    assert parameters["Tagging"]["TagSet"]["Tag"] == {"Key": "k", "Value": True}
    listing = call("s3", "ListObjectsV2", s3=S3Facts(bucket="b", query=(("list-type", "2"), ("prefix", "p"))))
    record = compose(listing).parse()
    assert record["eventName"] == "ListObjects"
    assert record["requestParameters"] == {"bucketName": "b", "list-type": "2", "prefix": "p"}
    assert record["resources"][0] == {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/"}
    create = compose(call("s3", "CreateBucket", s3=S3Facts(bucket="b"))).parse()
    assert "resources" not in create
    assert create["responseElements"] is None


def test_names_regions_and_versions(call: MakeCall) -> None:
    record = compose(call("iam", "ListUsers", input={})).parse()
    assert record["awsRegion"] == "us-east-1"
    assert compose(call("sts", "GetCallerIdentity")).header.region == "eu-west-1"
    assert compose(call("lambda", "CreateFunction")).header.name == "CreateFunction20150331"
    assert compose(call("lambda", "GetFunction")).header.name == "GetFunction20150331v2"
    assert compose(call("lambda", "GetFunctionCodeSigningConfig")).header.name == "GetFunctionCodeSigningConfig"
    assert compose(call("cloudwatch", "DescribeAlarms")).header.source == "monitoring.amazonaws.com"
    assert compose(call("stepfunctions", "ListActivities")).header.source == "states.amazonaws.com"
    assert compose(call("logs", "CreateLogGroup")).parse()["apiVersion"] == "20140328"
    assert compose(call("elbv2", "DescribeLoadBalancers")).parse()["apiVersion"] == "2015-12-01"


def test_a_service_that_calls_for_somebody_stands_in_three_places(call: MakeCall) -> None:
    record = compose(
        call("kms", "Decrypt", input={}, invoked_by="secretsmanager.amazonaws.com", tls={"a": "b"})
    ).parse()
    assert record["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"
    assert record["sourceIPAddress"] == record["userAgent"] == "secretsmanager.amazonaws.com"
    assert "tlsDetails" not in record
    own = compose(call("s3", "GetBucketAcl", identity=service("cloudtrail.amazonaws.com"), s3=S3Facts())).parse()
    assert own["userIdentity"] == {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    assert own["userAgent"] == "cloudtrail.amazonaws.com"


def test_console_sessions(call: MakeCall) -> None:
    record = compose(call("ec2", "DescribeVpcs", input={}, from_console=True, tls={"tlsVersion": "TLSv1.3"})).parse()
    assert record["sessionCredentialFromConsole"] == "true"
    assert "tlsDetails" not in record


def test_identities() -> None:
    issuer = SessionIssuer(type="Role", principal_id="AROA", arn="arn:aws:iam::1:role/r", account="1", user_name="r")
    session = Session(created=1_688_990_801, mfa=True, issuer=issuer, source_identity="alice")
    assumed = Identity(
        type="AssumedRole", principal_id="AROA:s", arn="a", account="1", access_key_id="ASIA", session=session
    )
    assert assumed.record() == {
        "type": "AssumedRole",
        "principalId": "AROA:s",
        "arn": "a",
        "accountId": "1",
        "accessKeyId": "ASIA",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROA",
                "arn": "arn:aws:iam::1:role/r",
                "accountId": "1",
                "userName": "r",
            },
            "attributes": {"creationDate": "2023-07-10T12:06:41Z", "mfaAuthenticated": "true"},
            "sourceIdentity": "alice",
        },
    }
    assert list(assumed.record()) == ["type", "principalId", "arn", "accountId", "accessKeyId", "sessionContext"]
    assert "accessKeyId" not in assumed.record("rds.amazonaws.com")
    assert ANONYMOUS.record() == {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    web = Identity(type="WebIdentityUser", user_name="u", identity_provider="accounts.google.com")
    assert web.record() == {"type": "WebIdentityUser", "userName": "u", "identityProvider": "accounts.google.com"}


def test_an_intent_is_the_record_that_stands_if_nothing_follows(call: MakeCall) -> None:
    facts = call("iam", "CreateUser", input={"UserName": "u"})
    intent = compose_intent(facts)
    record = intent.parse()
    assert intent.header.kind is Kind.INTENT
    assert intent.header.id == compose(facts).header.id
    assert record["requestParameters"] == {"userName": "u"}
    assert record["responseElements"] is None
    assert record["errorCode"] == "OutcomeUnknown"
    assert "unknown" in record["errorMessage"]
    assert facts.error_code == ""
    assert compose_intent(call("ec2", "DeleteVpc", input={})).parse()["errorCode"] == "OutcomeUnknown"


def test_a_service_event_has_no_type_and_no_request_id() -> None:
    event = compose_service_event(
        event_id="e",
        time=0,
        account="111122223333",
        region="us-east-1",
        source="kms.amazonaws.com",
        name="RotateKey",
        details={"keyId": "k"},
    )
    record = event.parse()
    assert record["userIdentity"] == {"accountId": "111122223333", "invokedBy": "kms.amazonaws.com"}
    assert record["serviceEventDetails"] == {"keyId": "k"}
    assert record["eventType"] == "AwsServiceEvent"
    assert "requestID" not in record


def test_an_operation_without_a_model_is_recorded_without_parameters(call: MakeCall) -> None:
    facts = call("iam", "ListUsers", input={"A": 1})
    facts.operation, facts.operation_model = "MakeCoffee", None
    record = compose(facts).parse()
    assert record["eventName"] == "MakeCoffee"
    assert record["requestParameters"] is None
