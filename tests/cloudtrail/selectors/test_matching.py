"""The compiled selection, with a naive one as judge."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.selectors import naive
from tests.conftest import SHARED_DATA
from tests.core.records.genuine import read_records

from cairn.cloudtrail.selectors import GLOBAL_SOURCES, Selection, Selector
from cairn.cloudtrail.selectors.checks import advanced_selectors, basic_selectors
from cairn.core.records.data_events import data_resource_type, resource_types
from cairn.core.records.event import Event, EventHeader, encode_record
from cairn.core.records.parse import event_from_record

ACCOUNTS = ("111122223333", "444455556666")
REGIONS = ("us-east-1", "eu-west-1")
OBJECTS = [f"arn:aws:s3:::{bucket}/{key}" for bucket in ("logs", "logs-2") for key in ("a/1", "a/2", "b")]
FUNCTIONS = [f"arn:aws:lambda:us-east-1:{ACCOUNTS[0]}:function:hello{end}" for end in ("", "2", "2:prod")]
TABLES = [f"arn:aws:dynamodb:us-east-1:{ACCOUNTS[0]}:table/{name}" for name in ("t", "t2")]
ARNS = {"AWS::S3::Object": OBJECTS, "AWS::Lambda::Function": FUNCTIONS, "AWS::DynamoDB::Table": TABLES}
USERS = ["arn:aws:iam::111122223333:user/alice", "arn:aws:sts::111122223333:assumed-role/Admin/alice"]
CALLS = [
    ("s3.amazonaws.com", "GetObject", True),
    ("s3.amazonaws.com", "PutObject", False),
    ("s3.amazonaws.com", "ListObjects", True),
    ("lambda.amazonaws.com", "Invoke", False),
    ("dynamodb.amazonaws.com", "GetItem", True),
    ("dynamodb.amazonaws.com", "GetRecords", True),
    ("kms.amazonaws.com", "Decrypt", True),
    ("iam.amazonaws.com", "CreateUser", False),
    ("ec2.amazonaws.com", "DescribeInstances", True),
]


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    source, name, read_only = draw(st.sampled_from(CALLS))
    kind = data_resource_type(source, name)
    record: dict[str, Any] = {
        "userIdentity": draw(st.sampled_from([{"type": "Unknown"}, *({"arn": arn} for arn in USERS)])),
        "eventTime": "2023-07-10T12:00:00Z",
        "eventSource": source,
        "eventName": name,
        "awsRegion": draw(st.sampled_from(REGIONS)),
        "eventID": "id",
        "readOnly": read_only,
        "eventType": draw(st.sampled_from(["AwsApiCall", "AwsServiceEvent"])),
        "recipientAccountId": draw(st.sampled_from(ACCOUNTS)),
        "eventCategory": draw(st.sampled_from(["Data" if kind else "Management", "NetworkActivity"])),
    }
    if kind and draw(st.booleans()):
        record["resources"] = draw(st.lists(entries(kind), max_size=3))
    rest = {"errorCode": "VpceAccessDenied", "vpcEndpointId": "vpce-1", "sessionCredentialFromConsole": "true"}
    return record | {field: value for field, value in rest.items() if draw(st.booleans())}


def entries(kind: str) -> st.SearchStrategy[dict[str, str]]:
    stream = {"type": "AWS::DynamoDB::Stream", "ARN": TABLES[0] + "/stream/1"}
    return st.one_of(
        st.sampled_from(ARNS.get(kind, TABLES)).map(lambda arn: {"type": kind, "ARN": arn}),
        st.sampled_from(TABLES).map(lambda arn: {"type": "AWS::DynamoDB::Table", "ARN": arn}),
        st.sampled_from(
            [
                stream,
                {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::logs/"},
                {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::logs"},
                {"ARN": TABLES[0]},
            ]
        ),
    )


def data_resources() -> st.SearchStrategy[dict[str, Any]]:
    values = {
        "AWS::S3::Object": ["arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::logs/", "arn:aws:s3:::logs/a", OBJECTS[0]],
        "AWS::Lambda::Function": ["arn:aws:lambda", *FUNCTIONS],
        "AWS::DynamoDB::Table": ["arn:aws:dynamodb", *TABLES],
    }
    return st.sampled_from(list(values)).flatmap(
        lambda kind: st.fixed_dictionaries(
            {"Type": st.just(kind), "Values": st.lists(st.sampled_from(values[kind]), max_size=3)}
        )
    )


basic = st.fixed_dictionaries(
    {
        "ReadWriteType": st.sampled_from(["All", "ReadOnly", "WriteOnly"]),
        "IncludeManagementEvents": st.booleans(),
        "DataResources": st.lists(data_resources(), max_size=3),
        "ExcludeManagementEventSources": st.sampled_from([[], ["kms.amazonaws.com"]]),
    }
).filter(lambda one: one["IncludeManagementEvents"] or one["DataResources"])


def statement(field: str, values: list[str], operators: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    lists = st.lists(st.sampled_from(values), min_size=1, max_size=2)
    tests = st.dictionaries(st.sampled_from(operators), lists, min_size=1, max_size=3)
    return tests.map(lambda found: {"Field": field} | found)


ALL = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
STARTS = tuple(operator for operator in ALL if not operator.endswith("Equals"))


@st.composite
def advanced(draw: st.DrawFn) -> dict[str, Any]:
    category = draw(st.sampled_from(["Management", "Data", "NetworkActivity"]))
    fields = [{"Field": "eventCategory", "Equals": [category]}]
    possible = []
    if category != "NetworkActivity":
        possible.append(statement("readOnly", ["true", "false"], ("Equals",)))
    if category == "Management":
        possible.append(statement("eventSource", ["kms.amazonaws.com", "rdsdata.amazonaws.com"], ("NotEquals",)))
    if category != "Management":
        possible += [
            statement("eventName", ["GetObject", "Get", "Object", "Invoke"], ALL),
            statement("userIdentity.arn", [*USERS, "arn:aws:iam", "/alice"], ALL),
        ]
    if category == "Data":
        kind = draw(st.sampled_from([*ARNS, "AWS::DynamoDB::Stream"]))
        fields.append({"Field": "resources.type", "Equals": [kind]})
        possible += [
            statement("resources.ARN", ARNS.get(kind, [TABLES[0] + "/stream/1"]), ALL),
            statement("resources.ARN", ["arn:aws:s3:::logs/", "arn:aws:s3:::logs/a", "2", "/b"], STARTS),
            statement("eventSource", ["s3.amazonaws.com", "dynamo", "aws.com"], ALL),
            statement("eventType", ["AwsApiCall", "Aws"], ALL),
            statement("sessionCredentialFromConsole", ["true"], ("Equals", "NotEquals")),
        ]
    if category == "NetworkActivity":
        fields.append({"Field": "eventSource", "Equals": [draw(st.sampled_from([source for source, *_ in CALLS]))]})
        possible += [
            statement("errorCode", ["VpceAccessDenied"], ("Equals",)),
            statement("vpcEndpointId", ["vpce-1", "vpce"], ALL),
        ]
    return {"FieldSelectors": fields + draw(st.lists(st.one_of(possible), max_size=3))}


selectors = st.one_of(
    st.tuples(st.lists(basic, min_size=1, max_size=3), st.just([])),
    st.tuples(st.just([]), st.lists(advanced(), min_size=1, max_size=4)),
)
places = st.fixed_dictionaries(
    {
        "account": st.sampled_from(ACCOUNTS),
        "home_region": st.sampled_from(REGIONS),
        "multi_region": st.booleans(),
        "global_events": st.booleans(),
    }
)


def selection_of(place: dict[str, Any], kinds: tuple[list[Any], list[Any]]) -> Selection:
    first, second = kinds
    if second:
        return Selection(**place, selectors=(), advanced=advanced_selectors(second))
    return Selection(**place, selectors=basic_selectors(first))


def event_of(record: dict[str, Any]) -> Event:
    return event_from_record(encode_record(record))


@settings(max_examples=500, deadline=None)
@given(places, selectors, st.lists(records(), min_size=1, max_size=8))
def test_a_compiled_selection_says_what_the_rules_say(
    place: dict[str, Any], kinds: tuple[list[Any], list[Any]], given_records: list[dict[str, Any]]
) -> None:
    selection = selection_of(place, kinds)
    assert Selection.decode(selection.encode()) == selection
    selector = Selector(selection)
    for record in given_records:
        event = event_of(record)
        kind = data_resource_type(record["eventSource"], record["eventName"])
        wanted = naive.logs(selection, *kinds, record, kind)
        assert selector.wants(event) == wanted
        if wanted:
            assert selector.may_want(event.header, record.get("resources", []))
            assert event.header.category in selector.categories


@settings(max_examples=50, deadline=None)
@given(places, selectors)
def test_genuine_records_are_selected_by_the_same_rules(
    genuine_events: list[tuple[dict[str, Any], Event]], place: dict[str, Any], kinds: tuple[list[Any], list[Any]]
) -> None:
    first = genuine_events[0][0]
    selection = selection_of(place | {"account": first["recipientAccountId"]}, kinds)
    selector = Selector(selection)
    for record, event in genuine_events:
        assert selector.wants(event) == naive.logs(selection, *kinds, record, "")


@pytest.fixture(scope="module")
def genuine_events() -> list[tuple[dict[str, Any], Event]]:
    folder = SHARED_DATA / "real-logs"
    if not folder.is_dir():
        pytest.skip("needs genuine log files")
    found = [(record, event_of(record)) for record in read_records(folder)]
    return [pair for pair in found if pair[1].header.category == "Management"][::5]


def test_headers_of_an_older_version_tell_the_type_by_the_event() -> None:
    old = msgspec.msgpack.encode(["id", ACCOUNTS[0], "us-east-1", "Data", 0, True, "s3.amazonaws.com", "GetObject", 0])
    header = msgspec.msgpack.decode(old, type=EventHeader)
    everything = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]
    place = {"account": ACCOUNTS[0], "home_region": "us-east-1", "multi_region": False, "global_events": True}
    assert Selector(selection_of(place, (everything, []))).wants(Event(header, b"{}"))
    lambdas = [{"DataResources": [{"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]}]}]
    assert not Selector(selection_of(place, (lambdas, []))).wants(Event(header, b"{}"))


def test_spans_that_were_saved_before_there_were_selectors_are_read() -> None:
    saved = (
        '{"account":"111122223333","home_region":"us-east-1","multi_region":true,"global_events":true,'
        '"selectors":[{"excluded_sources":["kms.amazonaws.com"]}]}'
    )
    selection = Selection.decode(saved)
    assert (selection.advanced, selection.selectors[0].data) == ((), ())


@pytest.mark.parametrize(
    "record", [b"", b"[1]", b'{"resources":7,"userIdentity":"x"}', b'{"resources":[7,{"type":7}]}']
)
def test_a_record_that_is_none_stops_nobody(record: bytes) -> None:
    place = {"account": ACCOUNTS[0], "home_region": "us-east-1", "multi_region": False, "global_events": True}
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::b/"]},
        {"Field": "userIdentity.arn", "NotEquals": ["x"]},
    ]
    selector = Selector(selection_of(place, ([], [{"FieldSelectors": fields}])))
    header = EventHeader("id", ACCOUNTS[0], "us-east-1", "Data", 0, True, "s3.amazonaws.com", "GetObject")
    assert not selector.wants(Event(header, record))


def test_global_services_are_those_that_record_in_us_east_1() -> None:
    assert "iam.amazonaws.com" in GLOBAL_SOURCES
    assert "ec2.amazonaws.com" not in GLOBAL_SOURCES


def test_an_event_is_of_the_types_it_touched_or_of_its_own() -> None:
    touched = [{"type": "AWS::DynamoDB::Table"}, {"type": "AWS::DynamoDB::Stream"}, {"ARN": "x"}]
    types = resource_types("dynamodb.amazonaws.com", "GetRecords", touched)
    assert types == ("AWS::DynamoDB::Table", "AWS::DynamoDB::Stream")
    assert resource_types("s3.amazonaws.com", "GetObject", []) == ("AWS::S3::Object",)
