"""The console's API on a real Cairn: events, files, calls, health, and that rights hold everywhere."""

from __future__ import annotations

import csv
import gzip
import http.client
import io
import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.contract.browsing import Browser
from tests.contract.recipients import make_bucket
from tests.contract.test_console_sign_in import ACCOUNT, PASSWORD, make_user
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn import __version__
from cairn.console.openapi import document
from cairn.console.proof import FILES_MAX

pytestmark = pytest.mark.engine

HOSTILE = '=HYPERLINK("http://evil")</bdi><script>alert(1)</script>'


@pytest.fixture(scope="module")
def browser(cairn: Cairn) -> Browser:
    return Browser(cairn).as_administrator()


def found(browser: Browser, query: str, count: int = 1, **more: Any) -> list[dict[str, Any]]:
    """The events that a query finds, once there are as many."""
    wait_until(lambda: len(browser.get("/events", query=query, **more).json["events"]) >= count)
    events: list[dict[str, Any]] = browser.get("/events", query=query, **more).json["events"]
    return events


def post_import(cairn: Cairn, record: str) -> None:
    """Put a record into the history that is of another account."""
    file = cairn.folder.path.parent / "of-another.json"
    file.write_text('{"Records": [' + record + "]}")
    cairn.cairn("import", str(file))


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is as the OpenAPI document says, as far as the document goes."""
    if "$ref" in schema:
        return fits(value, document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return any(fits(value, each) for each in schema["anyOf"])
    kinds = {"string": str, "boolean": bool, "integer": int, "object": dict, "array": list, "null": type(None)}
    if not isinstance(value, kinds[schema["type"]]):
        return False
    if schema["type"] == "object":
        members = schema.get("properties", {})
        further = schema.get("additionalProperties", True)
        return all(name in value for name in schema.get("required", ())) and all(
            fits(item, members[name]) if name in members else further is True or (further and fits(item, further))
            for name, item in value.items()
        )
    if schema["type"] == "array" and "items" in schema:
        return all(fits(item, schema["items"]) for item in value)
    return True


def answered_as_documented(browser: Browser, method: str, path: str, template: str, **query: Any) -> Any:
    reply = browser.ask(method, f"/api{path}", **query)
    responses = document()["paths"][template][method.lower()]["responses"]
    told = responses["200" if reply.status == 200 else "default"]
    schema = told["content"]["application/json"]["schema"]
    assert fits(reply.json, schema), (path, reply.json)
    return reply.json


def test_answers_are_as_the_document_says(browser: Browser) -> None:
    event = found(browser, "name=ConsoleLogin -error=*")[0]
    assert answered_as_documented(browser, "GET", "/openapi.json", "/openapi.json") == document()
    answered_as_documented(browser, "GET", "/session", "/session")
    answered_as_documented(browser, "GET", "/events", "/events", limit=3)
    answered_as_documented(browser, "GET", "/events", "/events", limit="many")
    answered_as_documented(browser, "GET", "/events", "/events", within=100)
    answered_as_documented(browser, "GET", "/events", "/events", within=99)
    counted = {"query": "source=signin", "fields": "name,user", "buckets": 10, "since": "1h"}
    summary = answered_as_documented(browser, "GET", "/events/summary", "/events/summary", **counted)
    assert summary["total"] == sum(each["write"] + each["read"] + each["error"] for each in summary["histogram"])
    assert dict(summary["counts"]["name"])["ConsoleLogin"] >= 1
    detail = answered_as_documented(browser, "GET", f"/events/{event['id']}", "/events/{id}")
    assert detail["event"] == event
    assert "signed in to the console from 127.0.0.1" in detail["sentence"]
    assert {each["reason"] for each in detail["related"]} >= {"Same source address"}
    assert all(each["count"] >= 1 for each in detail["related"])
    answered_as_documented(browser, "GET", "/events/nosuch", "/events/{id}")
    answered_as_documented(browser, "GET", "/health", "/health")
    settings = answered_as_documented(browser, "GET", "/settings", "/settings")
    assert settings["server"] == {
        "version": __version__,
        "account": ACCOUNT,
        "region": "us-east-1",
        "authMode": "verify",
        "authIam": "own",
    }
    assert browser.ask("GET", "/settings.json").json == settings


def test_pages_lead_on_though_times_are_relative(browser: Browser) -> None:
    for number in range(5):
        assert browser.call("iam", "CreateGroup", GroupName=f"paged-{number}").status == 200
    found(browser, "resource=paged-*", 5)
    seen, token = [], ""
    while True:
        page = browser.get("/events", query="resource=paged-*", since="1h", limit=2, next=token).json
        seen += [event["requestId"] for event in page["events"]]
        token = page["next"]
        if not token:
            break
        time.sleep(1.1)  # what `1h` means has moved
    assert len(seen) == len(set(seen)) == 5
    for forged in ("1.2.AAAA", "nonsense", "0.99999999999." + "A" * 60):
        assert browser.get("/events", next=forged).code == "InvalidNextTokenException"


@pytest.mark.parametrize(
    "query",
    [
        {"query": "nosuchfield=1"},
        {"query": '"open'},
        {"since": "yesterday"},
        {"limit": "0"},
        {"limit": "1001"},
        {"category": "Data"},
        {"order": "odd"},
        {"region": ",".join(["us-east-1"] * 60)},
        {"region": "us-east-1,../../../other"},
    ],
)
def test_what_cannot_be_understood_is_400(browser: Browser, query: dict[str, str]) -> None:
    assert browser.get("/events", **query).status == 400


def test_nothing_but_a_region_becomes_one_in_a_record(browser: Browser) -> None:
    """Keys of log files are made of it."""
    for path in ("/events", "/events/summary", "/events/x", "/events/tail", "/events/download", "/health", "/files"):
        assert browser.get(path, region="../../../other", bucket="b", key="k").status == 400, path
    assert browser.ask("GET", "/history.json", region="../../../other").status == 400
    assert browser.ask("GET", "/events/x", region="../../../other").status == 400
    assert browser.get("/events", query="region=..*").json["events"] == []


def test_only_the_own_accounts_events_are_seen(cairn: Cairn, browser: Browser) -> None:
    stranger = {"recipientAccountId": "111122223333", "eventID": "11111111-2222-4333-8444-555566667777"}
    shown = found(browser, "name=ConsoleLogin")[0]["record"]
    post_import(cairn, json.dumps(shown | stranger))
    wait_until(lambda: "111122223333" in cairn.cairn("search", "account=111122223333", code=None))
    assert browser.get(f"/events/{stranger['eventID']}").code == "EventNotFound"
    assert browser.get("/events", query="account=111122223333").json["events"] == []
    assert browser.get("/events", query="-account=000000000000").json["events"] == []
    assert browser.get("/events/summary", query="-account=000000000000").json["total"] == 0


def test_who_may_nothing_sees_nothing(cairn: Cairn) -> None:
    cairn.client("iam").create_user(UserName="nobody-much")
    cairn.client("iam").create_login_profile(UserName="nobody-much", Password=PASSWORD)
    curious = Browser(cairn)
    assert curious.sign_in(account=ACCOUNT, user="nobody-much", password=PASSWORD).status == 200
    for path in ("/events", "/events/summary", "/events/x", "/events/tail", "/events/download", "/health"):
        assert curious.get(path).status == 403, path
    assert curious.call("cloudtrail", "DescribeTrails").status in (400, 403)
    denied = found(Browser(cairn).as_administrator(), "name=LookupEvents user=nobody-much error=AccessDenied*")
    assert denied[0]["record"]["sessionCredentialFromConsole"] == "true"
    for path in ("/events", "/session", "/health", "/files"):
        assert Browser(cairn).get(path).code == "NotSignedIn", path


def test_hostile_values_are_harmless(cairn: Cairn, browser: Browser) -> None:
    make_user(cairn, "=cmd@evil")
    hostile = Browser(cairn, headers={"user-agent": HOSTILE})
    assert hostile.sign_in(account=ACCOUNT, user="=cmd@evil", password="wrong").status == 401
    event = found(browser, 'name=ConsoleLogin user="=cmd@evil"')[0]
    assert event["record"]["userAgent"] == HOSTILE
    reply = browser.get("/events/download", format="csv", query='user="=cmd@evil"')
    assert reply.headers["content-type"].startswith("text/csv")
    assert "attachment" in reply.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(reply.body.decode())))
    assert rows[0][0] == "Event ID"
    assert "'=cmd@evil" in rows[1]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    whole = browser.get("/events/download", format="json", query='user="=cmd@evil"').json
    assert whole["Records"][0] == event["record"]
    page = browser.ask("GET", f"/events/{event['id']}")
    assert page.status == 200
    assert b"=cmd@evil" in page.body
    assert b"<script" not in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]


def test_an_events_page_asks_again_before_it_asks_to_sign_in(cairn: Cairn, browser: Browser) -> None:
    event = found(browser, "name=ConsoleLogin -error=*")[0]
    stranger = Browser(cairn)
    first = stranger.ask("GET", f"/events/{event['id']}")
    assert b'http-equiv="refresh"' in first.body
    assert event["id"].encode() in first.body
    again = stranger.ask("GET", f"/events/{event['id']}", again=1)
    assert (again.status, b"/console/sign-in?then=%2Fevents%2F" in again.body) == (401, True)
    shown = browser.ask("GET", f"/events/{event['id']}")
    assert b"signed in to the console" in shown.body
    assert browser.ask("GET", "/events/%22%3E%3Cscript%3E").status == 404


def test_every_list_is_json_too(browser: Browser) -> None:
    assert browser.ask("GET", "/history.json", query="name=ConsoleLogin").json["events"]
    assert "trailList" in browser.ask("GET", "/trails.json").json
    for name in ("insights", "log-groups", "metric-filters", "metrics", "alarms", "rules", "settings", "health"):
        assert browser.ask("GET", f"/{name}.json").status == 200, name


def test_a_list_as_json_takes_what_narrows_it(browser: Browser) -> None:
    for name in ("narrowed-a", "narrowed-b"):
        assert browser.call("logs", "CreateLogGroup", logGroupName=name).status == 200
    listed = browser.ask("GET", "/log-groups.json", prefix="narrowed-b").json["logGroups"]
    assert [group["logGroupName"] for group in listed] == ["narrowed-b"]
    browser.call("events", "CreateEventBus", Name="narrowed")
    browser.call("events", "PutRule", Name="there", EventBusName="narrowed", EventPattern='{"source": ["a"]}')
    assert [rule["Name"] for rule in browser.ask("GET", "/rules.json", bus="narrowed").json["Rules"]] == ["there"]
    assert browser.ask("GET", "/rules.json").json["Rules"] == []
    alarm = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    alarm |= {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    browser.call("cloudwatch", "PutMetricAlarm", AlarmName="part", **alarm)
    browser.call("cloudwatch", "PutCompositeAlarm", AlarmName="whole", AlarmRule='ALARM("part")')
    alarms = browser.ask("GET", "/alarms.json", state="INSUFFICIENT_DATA").json
    assert [each["AlarmName"] for each in alarms["MetricAlarms"]] == ["part"]
    assert "whole" in [each["AlarmName"] for each in browser.ask("GET", "/alarms.json").json["CompositeAlarms"]]


def test_why_an_event_is_not_meant(browser: Browser) -> None:
    path, event = "/event-patterns/explanation", {"source": "aws.iam", "detail": {"eventName": "DeleteUser"}}
    body = {"pattern": '{"source": ["aws.iam"], "detail": {"eventName": ["CreateUser"]}}', "event": event}
    reply = browser.ask("POST", f"/api{path}", body)
    assert fits(reply.json, document()["components"]["schemas"]["Explanation"])
    assert reply.json["unmet"] == [{"field": "detail.eventName", "wanted": ["CreateUser"], "found": ["DeleteUser"]}]
    refused = browser.ask("POST", f"/api{path}", body | {"pattern": "{"})
    assert (refused.status, refused.json["error"]["code"]) == (400, "InvalidEventPatternException")


def test_a_rule_of_a_composite_alarm_is_checked_before_it_is_put(browser: Browser) -> None:
    def check(rule: str, **states: str) -> dict[str, Any]:
        told: dict[str, Any] = browser.ask("POST", "/api/alarm-rules/check", {"rule": rule, "states": states}).json
        assert fits(told, document()["components"]["schemas"]["RuleCheck"])
        return told

    rule = 'ALARM("a") AND NOT OK(b)'
    assert check(rule) == {"error": "", "place": None, "children": ["a", "b"], "holds": None}
    assert check(rule, a="ALARM", b="ALARM")["holds"] is True
    assert check(rule, a="ALARM", b="OK")["holds"] is False
    wrong = check("ALARM(a) and OK(b)")
    assert (wrong["error"], wrong["place"]) == ("Unsupported token 'and' at char 9", 9)
    nested = check("(" * 200)
    assert ("nested" in nested["error"], nested["place"]) == (True, None)


def test_what_a_target_would_be_sent(browser: Browser) -> None:
    def preview(event: str = '{"time": "2026-11-28T12:00:00Z", "detail": {"n": 1.50}}', **settings: Any) -> Any:
        body = {"target": {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:1:q"} | settings, "event": event}
        return browser.ask(
            "POST", "/api/target-inputs/preview", body | {"ruleArn": "arn:rule", "ruleName": "rule"}
        ).json

    whole = preview()
    assert fits(whole, document()["components"]["schemas"]["Preview"])
    assert whole["sent"] == '{"time":"2026-11-28T12:00:00Z","detail":{"n":1.50}}'
    assert preview(InputPath="$.detail.n")["sent"] == "1.50"
    template = '{"n": <n>, "rule": <aws.events.rule-name>, "at": <aws.events.event.ingestion-time>}'
    transformer = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": template}
    made = preview(InputTransformer=transformer)
    assert made == {"problems": [], "sent": '{"n":1.50,"rule":"rule","at":"2026-11-28T12:00:00Z"}', "sound": True}
    (problem,) = preview(InputTransformer=transformer | {"InputTemplate": "<m>"})["problems"]
    assert problem == "InputTemplate for target t contains invalid placeholder m."
    unsound = preview('{"detail": {"n": "a\\"b"}}', InputTransformer=transformer | {"InputTemplate": '{"n": "<n>"}'})
    assert (unsound["problems"], unsound["sound"]) == ([], False)
    assert "JSON" in preview(Input="{")["problems"][0]
    assert preview("[]")["error"]["code"] == "ValidationException"


def test_a_trail_is_json_too(cairn: Cairn, browser: Browser) -> None:
    bucket = make_bucket(cairn, "console-json")
    cairn.client("cloudtrail").create_trail(Name="console.json", S3BucketName=bucket)
    told = browser.ask("GET", "/trails/us-east-1/console.json.json").json
    assert told["Trail"]["S3BucketName"] == bucket
    assert told["Status"]["IsLogging"] is False
    assert browser.ask("GET", "/trails/us-east-1/nosuch-trail.json").code == "TrailNotFoundException"
    cairn.client("cloudtrail").delete_trail(Name="console.json")


def test_log_files_are_read_as_the_person(cairn: Cairn, browser: Browser) -> None:
    make_bucket(cairn, "console-logs")
    cairn.client("s3").put_object(Bucket="console-logs", Key="a b/ö.json", Body=b'{"Records": []}')
    cairn.client("s3").put_object(Bucket="console-logs", Key="big", Body=bytes(9 << 20))
    cairn.client("s3").put_object(Bucket="console-logs", Key="page.html", Body=b"<script>alert(1)</script>")
    assert browser.get("/files", bucket="console-logs", key="a b/ö.json").json == {"Records": []}
    page = browser.get("/files", bucket="console-logs", key="page.html")
    assert page.headers["content-type"].startswith("text/plain")
    assert "sandbox" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    saved = browser.get("/files", bucket="console-logs", key="page.html", download=1)
    assert "attachment" in saved.headers["content-disposition"]
    assert browser.get("/files", bucket="console-logs", key="big").status in (413, 503)
    assert browser.get("/files", bucket="console-logs", key="none").code == "NoSuchKey"


@pytest.mark.parametrize(
    ("kind", "is_kept_apart"),
    [("text/html", True), ("image/svg+xml", True), ("x", True), ("image/png", False), ("application/pdf", False)],
)
def test_links_to_objects_are_no_pages_of_the_console(cairn: Cairn, kind: str, is_kept_apart: bool) -> None:
    bucket = make_bucket(cairn, "console-links")
    s3 = cairn.client("s3")
    s3.put_object(Bucket=bucket, Key="page", Body=b"<script>1</script>", ContentType=kind)
    link = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "page"}))
    connection = http.client.HTTPConnection("127.0.0.1", cairn.port, timeout=20)
    with closing(connection):
        connection.request("GET", f"{link.path}?{link.query}")
        reply = connection.getresponse()
        policy = reply.getheader("content-security-policy") or ""
    assert (reply.status, reply.getheader("content-type")) == (200, kind)
    assert ("sandbox" in policy, "allow-same-origin" in policy) == (is_kept_apart, False)
    signed = s3.get_object(Bucket=bucket, Key="page")["ResponseMetadata"]["HTTPHeaders"]
    assert "content-security-policy" not in signed


def test_an_event_is_proven_by_the_files_that_hold_it(cairn: Cairn, browser: Browser) -> None:
    bucket = make_bucket(cairn, "console-proof")
    trails = cairn.client("cloudtrail")
    arn = trails.create_trail(Name="console-proof", S3BucketName=bucket, EnableLogFileValidation=True)["TrailARN"]
    trails.start_logging(Name="console-proof")
    assert browser.call("sqs", "CreateQueue", QueueName="proven").status == 200
    event = found(browser, "resource=*proven name=CreateQueue")[0]
    cairn.cairn("flush", "--digests", "--trail", arn)
    proof = browser.get(f"/events/{event['id']}").json["proof"]
    assert fits(proof, document()["components"]["schemas"]["EventDetail"]["properties"]["proof"])
    assert (proof["more"], proof["denied"]) == (False, False)
    (file,) = [each for each in proof["files"] if each["bucket"] == bucket]
    assert file["trail"].endswith("trail/console-proof")
    assert file["intact"] is True
    assert "CloudTrail-Digest" in file["digest"]["key"]
    log = browser.get("/files", bucket=file["bucket"], key=file["key"]).json
    assert event["id"] in [record["eventID"] for record in log["Records"]]
    s3 = cairn.client("s3")
    delivered = s3.get_object(Bucket=bucket, Key=file["key"])["Body"].read()
    forgeries = {
        "another form": gzip.compress(json.dumps(log).encode() + b" "),
        "without the event": gzip.compress(b'{"Records":[]}'),
        "one more member": delivered + gzip.compress(b'{"Records":[]}'),
        "cut off": delivered[:-9],
        "no gzip": b"nonsense",
        "deleted": b"",
    }
    for how, forged in forgeries.items():
        s3.put_object(Bucket=bucket, Key=file["key"], Body=forged)
        if how == "deleted":
            s3.delete_object(Bucket=bucket, Key=file["key"])
        files = browser.get(f"/events/{event['id']}").json["proof"]["files"]
        assert [each["intact"] for each in files if each["bucket"] == bucket] == [False], how
    s3.put_object(Bucket=bucket, Key=file["key"], Body=delivered)
    files = browser.get(f"/events/{event['id']}").json["proof"]["files"]
    assert [each["intact"] for each in files if each["bucket"] == bucket] == [True]
    trails.delete_trail(Name="console-proof")


def test_whoever_may_not_see_trails_is_not_told_where_they_deliver(cairn: Cairn, browser: Browser) -> None:
    bucket = make_bucket(cairn, "console-hidden")
    trails = cairn.client("cloudtrail")
    arn = trails.create_trail(Name="console-hidden", S3BucketName=bucket)["TrailARN"]
    trails.start_logging(Name="console-hidden")
    users = cairn.client("iam")
    users.create_user(UserName="looker")
    users.create_login_profile(UserName="looker", Password=PASSWORD)
    allowed = {"Effect": "Allow", "Action": ["cloudtrail:LookupEvents", "s3:GetObject"], "Resource": "*"}

    def allow(*statements: dict[str, Any]) -> None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        users.put_user_policy(UserName="looker", PolicyName="looks", PolicyDocument=policy)

    allow(allowed)
    assert browser.call("sqs", "CreateQueue", QueueName="hidden").status == 200
    event = found(browser, "resource=*hidden name=CreateQueue")[0]
    cairn.cairn("flush", "--trail", arn)
    assert bucket in [each["bucket"] for each in browser.get(f"/events/{event['id']}").json["proof"]["files"]]
    looker = Browser(cairn)
    assert looker.sign_in(account=ACCOUNT, user="looker", password=PASSWORD).status == 200
    told = looker.get(f"/events/{event['id']}")
    assert told.json["proof"] == {"files": [], "more": False, "denied": True}
    assert bucket.encode() not in told.body
    region = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    allow(allowed, {"Effect": "Allow", "Action": "cloudtrail:DescribeTrails", "Resource": "*", "Condition": region})
    wait_until(lambda: not looker.get(f"/events/{event['id']}").json["proof"]["denied"])
    assert bucket in [each["bucket"] for each in looker.get(f"/events/{event['id']}").json["proof"]["files"]]
    trails.delete_trail(Name="console-hidden")


def test_files_that_were_not_looked_into_are_told_of(cairn: Cairn, browser: Browser) -> None:
    bucket = make_bucket(cairn, "console-many")
    names = [f"console-many-{number}" for number in range(FILES_MAX + 1)]
    trails = cairn.client("cloudtrail", region="eu-south-1")
    arns = [trails.create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=True)["TrailARN"] for name in names]
    for name in names:
        trails.start_logging(Name=name)
    assert browser.call("sqs", "CreateQueue", QueueName="looked-into").status == 200
    event = found(browser, "resource=*looked-into name=CreateQueue")[0]
    for arn in arns:
        cairn.cairn("flush", "--trail", arn)
    proof = browser.get(f"/events/{event['id']}").json["proof"]
    assert (len(proof["files"]), proof["more"]) == (FILES_MAX, True)
    for name in names:
        trails.delete_trail(Name=name)


def test_calls_have_awss_errors_and_no_others(browser: Browser) -> None:
    assert browser.call("cloudtrail", "GetTrail", Name="nosuch-trail").code == "TrailNotFoundException"
    assert browser.call("cloudtrail", "NoSuchOperation").status == 404
    assert browser.call("nosuchservice", "Get").status == 404
    assert browser.call("cloudtrail", "GetTrail", Nmae="x").status == 400
    assert browser.call("s3", "GetObject", Bucket="b", Key="k").code == "UnsupportedOperation"
    assert browser.call("sts", "GetCallerIdentity", region="../../etc").status == 400
    assert browser.ask("POST", "/api/aws/sts/GetCallerIdentity", {"region": "us-east-1", "more": 1}).status == 400
    large = {"region": "us-east-1", "input": {"Name": "x" * (2 << 20)}}
    assert browser.ask("POST", "/api/aws/cloudtrail/GetTrail", large).status == 413
    key = browser.call("kms", "CreateKey").json["KeyMetadata"]["KeyId"]
    sealed = browser.call("kms", "Encrypt", KeyId=key, Plaintext="aGVsbG8=").json["CiphertextBlob"]
    assert browser.call("kms", "Decrypt", CiphertextBlob=sealed).json["Plaintext"] == "aGVsbG8="


def test_a_call_is_nothing_that_a_client_could_not_send(cairn: Cairn, browser: Browser) -> None:
    bucket = make_bucket(cairn, "console-calls")
    cairn.client("s3").put_object(Bucket=bucket, Key="key", Body=b"x")
    smuggled = browser.call("s3", "HeadObject", Bucket=bucket, Key="key", IfMatch="a\r\nx-moto-account: 111122223333")
    assert (smuggled.status, smuggled.code) == (400, "ValidationException")
    nested: dict[str, Any] = {"S": "x"}
    for _ in range(300):
        nested = {"M": {"a": nested}}
    assert browser.call("dynamodb", "PutItem", TableName="t", Item={"a": nested}).status == 400
    assert browser.call("cloudtrail", "LookupEvents", StartTime=1e30).status == 400
    for key in ("status", "search"):  # commands of ours are no objects
        assert browser.get("/files", bucket="_cairn", key=key).code == "NoSuchBucket"


def test_no_time_and_no_header_is_our_fault(browser: Browser) -> None:
    assert browser.get("/events", since="99999999999999999999h").status == 200
    for origin in ("http://[", "http://[::1", "null", "http://", "//"):
        stranger = Browser(browser.cairn, browser.cookie, headers={"origin": origin})
        assert stranger.get("/session").code == "Forbidden", origin


def followed(cairn: Cairn, browser: Browser) -> Iterator[dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", cairn.port, timeout=20)
    headers = {"cookie": f"cairn_session={browser.cookie}"}
    connection.request("GET", "/console/api/events/tail?query=name%3DCreateGroup", None, headers)
    reply = connection.getresponse()
    assert reply.getheader("content-type") == "text/event-stream"
    with closing(connection), closing(reply):
        for line in reply:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])
            elif line.startswith((b"retry", b":")):
                yield {}


def test_the_live_tail_shows_events_and_ends_with_the_session(cairn: Cairn) -> None:
    make_user(cairn, "follower")
    browser = Browser(cairn)
    browser.sign_in(account=ACCOUNT, user="follower", password=PASSWORD)
    events = followed(cairn, browser)
    assert next(events) == {}
    browser.call("iam", "CreateGroup", GroupName="tailed-by-console")
    seen = next(event for event in events if event)
    assert (seen["name"], seen["user"]) == ("CreateGroup", "follower")
    assert found(browser, "resource=tailed-by-console")[0] == seen
    browser.ask("DELETE", "/api/session")
    assert all(event == {} for event in events)


def test_the_pages_say_what_browsers_must_know(cairn: Cairn) -> None:
    browser = Browser(cairn)
    moved = browser.ask("GET", "")
    assert (moved.status, moved.headers["location"]) == (308, "/console/")
    for path in ("/", "/history", "/sign-in", "/trails/new"):
        page = browser.ask("GET", path)
        assert page.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"
    assert browser.ask("GET", "/assets/../../../../etc/passwd").status == 404
    assert browser.ask("GET", "/assets/%2e%2e/%2e%2e/api.py").status == 404
    assert browser.ask("PUT", "/history").status == 405
    cairn.client("s3").create_bucket(Bucket="console")
    cairn.client("s3").put_object(Bucket="console", Key="history", Body=b"mine")
    assert cairn.client("s3").get_object(Bucket="console", Key="history")["Body"].read() == b"mine"
