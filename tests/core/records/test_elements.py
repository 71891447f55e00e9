"""requestParameters and responseElements of calls written by hand, as genuine records and the guide have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cairn.core.records.compose import compose
from cairn.core.records.facts import CallFacts

MakeCall = Callable[..., CallFacts]


@pytest.mark.parametrize(
    ("service", "operation", "given", "expected"),
    [
        ("sts", "GetCallerIdentity", {}, None),
        ("iam", "GetUser", {}, None),
        ("iam", "ListUsers", None, None),
        ("iam", "CreateUser", {"UserName": "u", "Path": "/"}, {"userName": "u", "path": "/"}),
        (
            "cloudtrail",
            "CreateTrail",
            {"Name": "t", "S3BucketName": "b", "TagsList": [{"Key": "k", "Value": "v"}]},
            {"name": "t", "s3BucketName": "b", "tagsList": [{"key": "k", "value": "v"}]},
        ),
        (
            "sqs",
            "CreateQueue",
            {"QueueName": "q", "Attributes": {"Policy": "x"}},
            {"queueName": "q", "attributes": {"Policy": "x"}},
        ),
        ("account", "GetRegionOptStatus", {"RegionName": "r"}, {"RegionName": "r"}),
        ("lambda", "ListFunctions", {"MaxItems": 5}, {"maxItems": 5}),
        ("guardduty", "GetDetector", {"DetectorId": "d"}, {"detectorId": "d"}),
        (
            "kms",
            "Encrypt",
            {"KeyId": "k", "Plaintext": b"x"},
            {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "keyId": "k"},
        ),
        (
            "health",
            "DescribeEventAggregates",
            {"aggregateField": "f", "filter": {"startTimes": [{"from": 1688386400}]}},
            {"aggregateField": "f", "filter": {"startTimes": [{"from": "Jul 3, 2023, 12:13:20 PM"}]}},
        ),
        (
            "ec2",
            "DescribeInstances",
            {"InstanceIds": ["i-1"]},
            {"instancesSet": {"items": [{"instanceId": "i-1"}]}, "filterSet": {}},
        ),
        (
            "ec2",
            "DescribeVpcs",
            {"Filters": [{"Name": "vpc-id", "Values": ["a", "b"]}], "DryRun": False},
            {
                "vpcSet": {},
                "filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": "a"}, {"value": "b"}]}}]},
            },
        ),
        (
            "ec2",
            "CreateSecurityGroup",
            {"Description": "d", "GroupName": "g", "VpcId": "vpc-1"},
            {"groupDescription": "d", "groupName": "g", "vpcId": "vpc-1"},
        ),
        (
            "ec2",
            "AuthorizeSecurityGroupIngress",
            {
                "GroupId": "sg-1",
                "IpPermissions": [
                    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
                ],
            },
            {
                "groupId": "sg-1",
                "ipPermissions": {
                    "items": [
                        {
                            "ipProtocol": "tcp",
                            "fromPort": 22,
                            "toPort": 22,
                            "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
                            "groups": {},
                            "ipv6Ranges": {},
                            "prefixListIds": {},
                        }
                    ]
                },
            },
        ),
        (
            "ec2",
            "RunInstances",
            {
                "ImageId": "ami-1",
                "MinCount": 1,
                "MaxCount": 2,
                "InstanceType": "t3.micro",
                "SecurityGroupIds": ["sg-1"],
            },
            {
                "instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 2}]},
                "instanceType": "t3.micro",
                "groupSet": {"items": [{"groupId": "sg-1"}]},
                "blockDeviceMapping": {},
                "monitoring": {"enabled": False},
                "disableApiTermination": False,
                "disableApiStop": False,
            },
        ),
        ("ec2", "GetEbsEncryptionByDefault", {}, {"GetEbsEncryptionByDefaultRequest": ""}),
        (
            "ec2",
            "CreateFlowLogs",
            {
                "ResourceIds": ["vpc-1"],
                "MaxAggregationInterval": 600,
                "TagSpecifications": [{"Tags": [{"Key": "k", "Value": "true"}]}],
            },
            {
                "CreateFlowLogsRequest": {
                    "ResourceId": {"tag": 1, "content": "vpc-1"},
                    "MaxAggregationInterval": 600,
                    "TagSpecification": {"Tag": {"Key": "k", "Value": True, "tag": 1}, "tag": 1},
                }
            },
        ),
        (
            "dynamodb",
            "GetItem",
            {"TableName": "t", "Key": {"id": {"S": "7"}}, "ConsistentRead": True},
            {"tableName": "t", "consistentRead": True, "key": {"id": "7"}},
        ),
        (
            "dynamodb",
            "PutItem",
            {"TableName": "t", "Item": {"b": {"S": "x"}, "a": {"N": "1"}}},
            {"tableName": "t", "item": ["b", "a"]},
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f", "InvocationType": "Event", "Payload": b"{}"},
            {"functionName": "arn:aws:lambda:eu-west-1:111122223333:function:f", "invocationType": "Event"},
        ),
    ],
)
def test_request_parameters(
    call: MakeCall, service: str, operation: str, given: dict[str, Any] | None, expected: Any
) -> None:
    assert compose(call(service, operation, input=given)).parse()["requestParameters"] == expected


@pytest.mark.parametrize(
    ("service", "operation", "output", "expected"),
    [
        ("iam", "DeleteUser", {}, None),
        ("iam", "GetRole", {"Role": {"RoleName": "r"}}, None),
        (
            "iam",
            "CreateUser",
            {"User": {"UserName": "u", "CreateDate": "2023-07-10T00:05:04Z"}},
            {"user": {"userName": "u", "createDate": "Jul 10, 2023 12:05:04 AM"}},
        ),
        (
            "sts",
            "AssumeRole",
            {"Credentials": {"AccessKeyId": "ASIA", "Expiration": "2023-07-10T12:30:04Z"}, "PackedPolicySize": 6},
            {
                "credentials": {"accessKeyId": "ASIA", "expiration": "Jul 10, 2023, 12:30:04 PM"},
                "packedPolicySize": 6,
            },
        ),
        ("sts", "GetCallerIdentity", {"Account": "1"}, None),
        ("secretsmanager", "CreateSecret", {"ARN": "arn", "Name": "n"}, {"arn": "arn"}),
        ("secretsmanager", "DeleteSecret", {"ARN": "arn", "Name": "n"}, {"aRN": "arn", "name": "n"}),
        ("secretsmanager", "GetSecretValue", {"SecretString": "x"}, None),
        (
            "rds",
            "DeleteDBSnapshot",
            {"DBSnapshot": {"DBSnapshotIdentifier": "s", "SnapshotCreateTime": "2023-07-10T12:20:17Z"}},
            {"dBSnapshotIdentifier": "s", "snapshotCreateTime": "Jul 10, 2023 12:20:17 PM"},
        ),
        ("sns", "Publish", {"MessageId": "m"}, {"messageId": "m"}),
        ("sns", "CreateTopic", {"TopicArn": "a"}, {"topicArn": "a"}),
        ("ec2", "DeleteVpc", {}, {"requestId": "r-1", "_return": True}),
        ("ec2", "CreateRoute", {"Return": True}, {"requestId": "r-1", "_return": True}),
        ("ec2", "CreateSecurityGroup", {"GroupId": "sg-1"}, {"requestId": "r-1", "_return": True, "groupId": "sg-1"}),
        (
            "ec2",
            "CreateVolume",
            {"VolumeId": "vol-1", "Size": 1, "AvailabilityZone": "a", "CreateTime": "2023-07-10T12:10:25Z", "Tags": []},
            {
                "requestId": "r-1",
                "volumeId": "vol-1",
                "size": "1",
                "zone": "a",
                "createTime": 1688991025000,
                "tagSet": {},
            },
        ),
        (
            "ec2",
            "CreateNatGateway",
            {"NatGateway": {"CreateTime": "2023-07-10T11:55:14Z", "NatGatewayAddresses": [{"IsPrimary": True}]}},
            {
                "CreateNatGatewayResponse": {
                    "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/",
                    "requestId": "r-1",
                    "natGateway": {
                        "createTime": "2023-07-10T11:55:14.000Z",
                        "natGatewayAddressSet": {"item": {"isPrimary": True}},
                    },
                }
            },
        ),
        ("lambda", "Invoke", {"StatusCode": 200}, None),
        ("dynamodb", "PutItem", {"ConsumedCapacity": {"TableName": "t"}}, None),
        (
            "rolesanywhere",
            "DeleteProfile",
            {"profile": {"createdAt": "2023-07-10T12:27:13.431264Z", "name": "p"}},
            {"profile": {"createdAt": "2023-07-10T12:27:13.431264Z", "name": "p"}},
        ),
    ],
)
def test_response_elements(call: MakeCall, service: str, operation: str, output: dict[str, Any], expected: Any) -> None:
    assert compose(call(service, operation, input={}, output=output)).parse()["responseElements"] == expected


def test_calls_that_are_turned_away_have_no_parameters_but_where_the_service_looks_first(call: MakeCall) -> None:
    def request(service: str, operation: str, given: dict[str, Any], **more: Any) -> Any:
        return compose(call(service, operation, input=given, **more)).parse()["requestParameters"]

    denied = {"error_code": "AccessDenied", "status": 403}
    assert request("sts", "AssumeRole", {"RoleArn": "r"}, **denied) is None
    assert request("iam", "CreateUser", {"UserName": "u"}, **denied) is None
    assert request("ssm", "GetParameter", {"Name": "n"}, error_code="ThrottlingException") is None
    assert request("ec2", "DeleteVpc", {"VpcId": "v"}, error_code="UnauthorizedOperation") == {"vpcId": "v"}
    assert request("iam", "GetRole", {"RoleName": "r"}, error_code="NoSuchEntity") == {"roleName": "r"}


def test_items_of_dynamodb_in_transactions_and_batches(call: MakeCall) -> None:
    def request(operation: str, given: dict[str, Any]) -> Any:
        return compose(call("dynamodb", operation, input=given)).parse()["requestParameters"]

    put = {"TableName": "t", "Item": {"id": {"S": "7"}, "x": {"S": "secret"}}, "ConditionExpression": "#A = :a"}
    delete = {"TableName": "u", "Key": {"id": {"N": "7"}}, "ExpressionAttributeValues": {":a": {"S": "secret"}}}
    assert request("TransactWriteItems", {"TransactItems": [{"Put": put}, {"Delete": delete}]}) == {
        "requestItems": [
            {"operation": "Put", "tableName": "t", "conditionExpression": "#A = :a", "items": ["id", "x"]},
            {"operation": "Delete", "tableName": "u", "key": {"id": "7"}},
        ]
    }
    assert request("BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": {"Item": {"id": {"S": "7"}}}}]}}) == {
        "requestItems": [{"operation": "Put", "tableName": "t", "items": ["id"]}]
    }
    assert request("BatchGetItem", {"RequestItems": {"t": {"Keys": [{"id": {"S": "7"}}]}}}) == {
        "requestItems": [{"operation": "Get", "tableName": "t", "key": {"id": "7"}}]
    }


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT * FROM Music WHERE Artist = 'No One'", "SELECT * FROM Music WHERE Artist = ***(Redacted)"),
        ('SELECT "a\'b 1" FROM t1 WHERE x = -1.5e3', 'SELECT "a\'b 1" FROM t1 WHERE x = ***(Redacted)'),
        ("x = 'it''s' AND y = 'z", "x = ***(Redacted) AND y = ***(Redacted)"),
        ("INSERT INTO t VALUE {'a': ?}", "INSERT INTO t VALUE {***(Redacted): ?}"),
    ],
)
def test_statements_show_no_values(call: MakeCall, statement: str, shown: str) -> None:
    facts = call("dynamodb", "ExecuteStatement", input={"Statement": statement})
    assert compose(facts).parse()["requestParameters"] == {"statement": shown}


def test_organizations_hides_names_behind_stars(call: MakeCall) -> None:
    facts = call("organizations", "CreateAccount", input={"Email": "a@example.org", "AccountName": "n"})
    facts.output = {"CreateAccountStatus": {"AccountName": "n", "RequestedTimestamp": 1688991904}}
    record = compose(facts).parse()
    assert record["requestParameters"] == {"email": "****", "accountName": "****"}
    assert record["responseElements"] == {
        "createAccountStatus": {"accountName": "****", "requestedTimestamp": "Jul 10, 2023 12:25:04 PM"}
    }
