"""Event selectors and data events with the stock AWS CLI and boto3: what a trail selects is delivered, once, and no
other data event is even recorded."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.looking import Journaled
from tests.contract.test_tutorial import ACCOUNT, bucket_policy
from tests.running import Cairn

pytestmark = pytest.mark.engine

LOGS, TRAIL = "selected-logs", "selecting"
SEEN_S = 1.0
"""How soon each gateway records what a trail was told to select; documented in docs/event-selectors.md."""
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/items"


@pytest.fixture(scope="module")
def selecting(cairn: Cairn) -> Iterator[Cairn]:
    """A Cairn with a trail that logs to a bucket of its own, and things to call."""
    s3 = cairn.client("s3")
    for bucket in (LOGS, "chosen", "chosen-not"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=LOGS, Policy=json.dumps(bucket_policy(LOGS)))
    make_things(cairn)
    cairn.aws("cloudtrail", "create-trail", "--name", TRAIL, "--s3-bucket-name", LOGS)
    yield cairn
    cairn.aws("cloudtrail", "delete-trail", "--name", TRAIL)


def make_things(cairn: Cairn) -> None:
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    iam = cairn.client("iam")
    role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"} | trust))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return event\n")
    for name in ("hello", "hello2"):
        cairn.client("lambda").create_function(
            FunctionName=name,
            Role=role["Role"]["Arn"],
            Runtime="python3.12",
            Handler="main.handler",
            Code={"ZipFile": packed.getvalue()},
        )
    cairn.client("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def select(cairn: Cairn, kind: str, selectors: list[dict[str, Any]]) -> dict[str, Any]:
    """Put selectors with the CLI, read them back, and wait until every gateway knows them."""
    put: dict[str, Any] = cairn.aws(
        "cloudtrail", "put-event-selectors", "--trail-name", TRAIL, f"--{kind}", json.dumps(selectors)
    )
    assert cairn.aws("cloudtrail", "get-event-selectors", "--trail-name", TRAIL) == put
    cairn.client("cloudtrail").start_logging(Name=TRAIL)
    time.sleep(SEEN_S)
    return put


def select_quickly(cairn: Cairn, selector: dict[str, Any]) -> None:
    """The same for one basic selector, with boto3."""
    cairn.client("cloudtrail").put_event_selectors(TrailName=TRAIL, EventSelectors=[selector])
    cairn.client("cloudtrail").start_logging(Name=TRAIL)
    time.sleep(SEEN_S)


def delivered(cairn: Cairn) -> list[dict[str, Any]]:
    """The records of every file in the bucket, which is emptied."""
    cairn.cairn("flush")
    s3 = cairn.client("s3")
    records: list[dict[str, Any]] = []
    for item in s3.list_objects_v2(Bucket=LOGS).get("Contents", []):
        records += json.loads(gzip.decompress(s3.get_object(Bucket=LOGS, Key=item["Key"])["Body"].read()))["Records"]
        s3.delete_object(Bucket=LOGS, Key=item["Key"])
    return records


def call_everything(cairn: Cairn) -> None:
    s3, functions, items = cairn.client("s3"), cairn.client("lambda"), cairn.client("dynamodb")
    cairn.aws("s3api", "put-object", "--bucket", "chosen", "--key", "in/one")
    s3.put_object(Bucket="chosen", Key="out/one", Body=b"text")
    s3.put_object(Bucket="chosen-not", Key="in/one", Body=b"text")
    assert s3.get_object(Bucket="chosen", Key="in/one")["Body"].read() == b""
    assert s3.get_object(Bucket="chosen-not", Key="in/one")["Body"].read() == b"text"
    s3.list_objects_v2(Bucket="chosen")
    functions.invoke(FunctionName="hello", Payload=b"{}")
    functions.invoke(FunctionName="hello2", Payload=b"{}")
    items.put_item(TableName="items", Item={"id": {"S": "1"}, "secret": {"S": "hush"}})
    items.get_item(TableName="items", Key={"id": {"S": "1"}})


def told(record: dict[str, Any]) -> tuple[str, str]:
    """What a data event did, and to what."""
    touched = record["resources"][0]
    return record["eventName"], touched.get("ARN") or touched["ARNPrefix"]


def test_basic_selectors(selecting: Cairn) -> None:
    given = [
        {
            "ReadWriteType": "WriteOnly",
            "IncludeManagementEvents": True,
            "DataResources": [
                {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::chosen/in"]},
                {"Type": "AWS::Lambda::Function", "Values": [FUNCTION + "hello"]},
            ],
            "ExcludeManagementEventSources": [],
        },
        {
            "ReadWriteType": "ReadOnly",
            "IncludeManagementEvents": False,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::chosen-not/"]}],
            "ExcludeManagementEventSources": [],
        },
    ]
    assert select(selecting, "event-selectors", given)["EventSelectors"] == given
    call_everything(selecting)
    selecting.client("sns").create_topic(Name="selected")
    records = delivered(selecting)
    data = [record for record in records if record["eventCategory"] == "Data"]
    assert Counter(map(told, data)) == {
        ("PutObject", "arn:aws:s3:::chosen/in/one"): 1,
        ("Invoke", FUNCTION + "hello"): 1,
        ("GetObject", "arn:aws:s3:::chosen-not/in/one"): 1,
    }
    management = [record for record in records if record["eventCategory"] == "Management"]
    assert "CreateTopic" in {record["eventName"] for record in management}
    assert all(not record["readOnly"] for record in management)
    found = selecting.client("cloudtrail").get_trail(Name=TRAIL)["Trail"]
    assert found["HasCustomEventSelectors"] is True
    check_shapes({record["eventName"]: record for record in data})


def check_shapes(records: dict[str, dict[str, Any]]) -> None:
    put, get, invoke = records["PutObject"], records["GetObject"], records["Invoke"]
    assert put["requestParameters"] == {"bucketName": "chosen", "Host": "127.0.0.1", "key": "in/one"}
    assert get["additionalEventData"]["bytesTransferredOut"] == 4
    assert put["resources"][1] == {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::chosen"}
    assert invoke["requestParameters"]["functionName"] == FUNCTION + "hello"
    assert invoke["additionalEventData"] == {"functionVersion": FUNCTION + "hello:$LATEST"}
    assert all(record["managementEvent"] is False for record in records.values())


def test_advanced_selectors(selecting: Cairn) -> None:
    given = [
        {
            "Name": "Objects, but not below in/",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {
                    "Field": "resources.ARN",
                    "StartsWith": ["arn:aws:s3:::chosen"],
                    "NotStartsWith": ["arn:aws:s3:::chosen/in"],
                },
                {"Field": "eventName", "NotEquals": ["GetObject"]},
            ],
        },
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
                {"Field": "resources.ARN", "Equals": [TABLE]},
                {"Field": "readOnly", "Equals": ["false"]},
                {"Field": "userIdentity.arn", "EndsWith": [":user/administrator"]},
            ],
        },
    ]
    assert select(selecting, "advanced-event-selectors", given)["AdvancedEventSelectors"] == given
    delivered(selecting)
    call_everything(selecting)
    records = delivered(selecting)
    assert Counter(told(record) for record in records) == {
        ("PutObject", "arn:aws:s3:::chosen/out/one"): 1,
        ("PutObject", "arn:aws:s3:::chosen-not/in/one"): 1,
        ("ListObjects", "arn:aws:s3:::chosen/"): 1,
        ("PutItem", TABLE): 1,
    }
    (item,) = [record for record in records if record["eventName"] == "PutItem"]
    assert item["requestParameters"] == {"tableName": "items", "item": ["id", "secret"]}
    found = selecting.client("cloudtrail").lookup_events()["Events"]
    assert not {event["EventName"] for event in found} & {"PutObject", "ListObjects", "PutItem"}
    assert selecting.cairn("search", "name=PutObject", code=1).strip() in ("", "Nothing was found.")


def test_what_put_event_selectors_says_of_itself(selecting: Cairn) -> None:
    """As a genuine record has it (spec 1.7)."""
    select_quickly(selecting, {"ReadWriteType": "All"})
    delivered(selecting)
    nothing = [{"Type": "AWS::S3::Object", "Values": []}, {"Type": "AWS::Lambda::Function", "Values": []}]
    given = {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": False, "DataResources": nothing}
    selecting.client("cloudtrail").put_event_selectors(TrailName=TRAIL, EventSelectors=[given])
    selecting.client("cloudtrail").put_event_selectors(TrailName=TRAIL, EventSelectors=[{}])
    records = [record for record in delivered(selecting) if record["eventName"] == "PutEventSelectors"]
    (record,) = records  # the first is recorded when it is no longer selected
    assert record["requestParameters"] == {"trailName": TRAIL, "eventSelectors": [{}]}
    assert record["responseElements"] == {
        "trailARN": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{TRAIL}",
        "eventSelectors": [
            {
                "readWriteType": "All",
                "includeManagementEvents": True,
                "dataResources": [],
                "excludeManagementEventSources": [],
            }
        ],
    }


def test_data_events_that_no_trail_selects_are_not_recorded(selecting: Cairn) -> None:
    select_quickly(selecting, {})
    journal = Journaled(selecting)
    reply = selecting.client("s3").put_object(Bucket="chosen", Key="in/two", Body=b"x")
    with pytest.raises(AssertionError, match="0 records"):
        journal.of_reply(reply)
    select_quickly(selecting, {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]})
    reply = selecting.client("s3").put_object(Bucket="chosen", Key="in/two", Body=b"x")
    assert journal.of_reply(reply)["requestParameters"]["key"] == "in/two"
    reply = selecting.client("lambda").invoke(FunctionName="hello")
    with pytest.raises(AssertionError, match="0 records"):
        journal.of_reply(reply)
    selecting.client("cloudtrail").stop_logging(Name=TRAIL)
    time.sleep(SEEN_S)
    reply = selecting.client("s3").put_object(Bucket="chosen", Key="in/two", Body=b"x")
    with pytest.raises(AssertionError, match="0 records"):
        journal.of_reply(reply)
    journal.close()


def test_network_activity_through_a_vpc_endpoint(selecting: Cairn) -> None:
    """The endpoint is in `conftest.py`."""
    fields = [
        {"Field": "eventCategory", "Equals": ["NetworkActivity"]},
        {"Field": "eventSource", "Equals": ["sns.amazonaws.com"]},
        {"Field": "vpcEndpointId", "Equals": ["vpce-0a1b2c3d4e5f"]},
    ]
    trails = selecting.client("cloudtrail")
    trails.put_event_selectors(TrailName=TRAIL, AdvancedEventSelectors=[{"FieldSelectors": fields}])
    trails.start_logging(Name=TRAIL)
    time.sleep(SEEN_S)
    delivered(selecting)
    direct = selecting.client("sns")
    topic = direct.create_topic(Name="through")["TopicArn"]
    through = f"http://localhost:{selecting.port}"
    selecting.aws("sns", "publish", "--topic-arn", topic, "--message", "m", "--endpoint-url", through)
    selecting.cairn("flush")
    (item,) = selecting.client("s3").list_objects_v2(Bucket=LOGS)["Contents"]
    assert item["Key"].startswith(f"AWSLogs/{ACCOUNT}/CloudTrail-NetworkActivity/us-east-1/")
    (record,) = delivered(selecting)
    assert (record["eventName"], record["eventType"]) == ("Publish", "AwsVpceEvent")
    assert record["userIdentity"]["userName"] == "administrator"
    assert record["vpcEndpointAccountId"] == record["recipientAccountId"] == ACCOUNT
    assert "requestParameters" not in record


@pytest.mark.parametrize(
    ("kind", "selectors", "text"),
    [
        ("event-selectors", [{"ReadWriteType": "read-only"}], "Value read-only for ReadWriteType is invalid."),
        (
            "event-selectors",
            [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::*"]}]}],
            "Value arn:aws:s3:::* for DataResources.Values is invalid.",
        ),
        (
            "advanced-event-selectors",
            [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}],
            "Field resources.type is required",
        ),
    ],
)
def test_errors_as_the_cli_shows_them(selecting: Cairn, kind: str, selectors: list[Any], text: str) -> None:
    command = ["cloudtrail", "put-event-selectors", "--trail-name", TRAIL, f"--{kind}", json.dumps(selectors)]
    error = selecting.aws(*command, fails=True)
    assert "(InvalidEventSelectorsException)" in error
    assert text in error
