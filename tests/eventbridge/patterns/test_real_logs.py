"""Rules as accounts have them, on genuine records, each with what it means in plain Python."""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.eventbridge.patterns import naive

from cairn.eventbridge.patterns import compile_rules, parse_pattern

Record = dict[str, Any]


def _arn(record: Record) -> str:
    return str(record["userIdentity"].get("arn", ""))


def _from(record: Record, block: str) -> bool:
    try:
        return ipaddress.ip_address(record["sourceIPAddress"]) in ipaddress.ip_network(block)
    except ValueError:
        return False


def _at_least(value: object, least: int) -> bool:
    return isinstance(value, int) and value >= least


RULES: dict[str, tuple[dict[str, Any], Callable[[Record], bool]]] = {
    "calls of a service": ({"source": ["aws.iam"]}, lambda record: record["eventSource"] == "iam.amazonaws.com"),
    "some calls": (
        {"detail": {"eventName": ["GetCallerIdentity", "AssumeRole", "ConsoleLogin"]}},
        lambda record: record["eventName"] in ("GetCallerIdentity", "AssumeRole", "ConsoleLogin"),
    ),
    "no reads": (
        {"detail": {"readOnly": [False], "eventName": [{"anything-but": {"prefix": ["Get", "List", "Describe"]}}]}},
        lambda record: (
            record.get("readOnly") is False and not record["eventName"].startswith(("Get", "List", "Describe"))
        ),
    ),
    "errors": ({"detail": {"errorCode": [{"exists": True}]}}, lambda record: "errorCode" in record),
    "successes": ({"detail": {"errorCode": [{"exists": False}]}}, lambda record: "errorCode" not in record),
    "refusals": (
        {"detail": {"errorCode": [{"prefix": "AccessDenied"}, {"suffix": "UnauthorizedOperation"}]}},
        lambda record: (
            record.get("errorCode", "").startswith("AccessDenied")
            or record.get("errorCode", "").endswith("UnauthorizedOperation")
        ),
    ),
    "root or no MFA": (
        {
            "detail": {
                "userIdentity": {
                    "$or": [
                        {"type": ["Root"]},
                        {"sessionContext": {"attributes": {"mfaAuthenticated": ["false"]}}},
                    ]
                }
            }
        },
        lambda record: (
            record["userIdentity"].get("type") == "Root"
            or record["userIdentity"].get("sessionContext", {}).get("attributes", {}).get("mfaAuthenticated") == "false"
        ),
    ),
    "users of some path": (
        {"detail": {"userIdentity": {"arn": [{"wildcard": "arn:aws:iam::*:user/*"}]}}},
        lambda record: _arn(record).startswith("arn:aws:iam::") and ":user/" in _arn(record)[len("arn:aws:iam::") :],
    ),
    "agents of any case": (
        {"detail": {"userAgent": [{"prefix": {"equals-ignore-case": "BOTO3/"}}, {"wildcard": "*terraform*"}]}},
        lambda record: (
            (record.get("userAgent") or "").lower().startswith("boto3/")
            or "terraform" in (record.get("userAgent") or "")
        ),
    ),
    "from a network": (
        {"detail": {"sourceIPAddress": [{"cidr": "0.0.0.0/1"}]}},
        lambda record: _from(record, "0.0.0.0/1"),
    ),
    "no answer": ({"detail": {"responseElements": [None]}}, lambda record: record.get("responseElements", "") is None),
    "many results": (
        {"detail": {"requestParameters": {"maxResults": [{"numeric": [">=", 100]}]}}},
        lambda record: _at_least((record.get("requestParameters") or {}).get("maxResults"), 100),
    ),
    "events of services": (
        {"detail-type": [{"anything-but": "AWS API Call via CloudTrail"}]},
        lambda record: record["eventType"] != "AwsApiCall",
    ),
    "nothing": ({"detail": {"eventName": [{"exists": False}]}}, lambda record: False),
}


def _event(record: Record) -> Record:
    kind = "API Call" if record["eventType"] == "AwsApiCall" else "Service Event"
    return {
        "version": "0",
        "id": record["eventID"],
        "detail-type": f"AWS {kind} via CloudTrail",
        "source": "aws." + record["eventSource"].partition(".")[0],
        "account": record.get("recipientAccountId"),
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": record,
    }


def test_rules_on_genuine_records(shared_data: Path) -> None:
    matcher = compile_rules({name: parse_pattern(json.dumps(pattern)) for name, (pattern, _) in RULES.items()})
    files = sorted((shared_data / "real-logs").glob("*.json"))
    records = [record for path in files for record in json.loads(path.read_bytes())["Records"]]
    assert len(records) > 2_000
    counts: Counter[str] = Counter()
    for number, record in enumerate(records):
        event = _event(record)
        matched = matcher.match(event)
        assert matched == {name for name, (_, means) in RULES.items() if means(record)}
        if number % 20 == 0:
            assert matched == {name for name, (pattern, _) in RULES.items() if naive.matches(pattern, event)}
        counts.update(matched)
    assert set(counts) == set(RULES) - {"nothing"}


def test_fields_in_arrays_of_genuine_records(shared_data: Path) -> None:
    """Each record's own values, taken from two elements of an array, and from one."""
    files = sorted((shared_data / "real-logs").glob("*.json"))
    records = [record for path in files for record in json.loads(path.read_bytes())["Records"]]
    tried = 0
    for record in records:
        resources = [each for each in record.get("resources") or () if {"ARN", "accountId"} <= set(each)]
        if len(resources) < 1:
            continue
        tried += 1
        extra = {"ARN": "arn:aws:s3:::other", "accountId": "000000000000"}
        event = {"detail": {**record, "resources": [*resources, extra]}}
        for one in resources:
            same = {"detail": {"resources": {"ARN": [one["ARN"]], "accountId": [one["accountId"]]}}}
            mixed = {"detail": {"resources": {"ARN": [one["ARN"]], "accountId": [extra["accountId"]]}}}
            matcher = compile_rules(
                {"same": parse_pattern(json.dumps(same)), "mixed": parse_pattern(json.dumps(mixed))}
            )
            assert matcher.match(event) == {"same"}
    assert tried
