"""The patterns of the CIS benchmark on genuine records: each matches what its meaning in plain Python says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.cloudwatch.patterns.cis import CIS, Predicate, Record

from cairn.cloudwatch.patterns import Message, PatternSet, compile_pattern

every_pattern = pytest.mark.parametrize(("pattern", "means"), CIS.values(), ids=CIS)


@pytest.fixture(scope="module")
def genuine_of() -> Callable[[Path], list[Record]]:
    kept: dict[Path, list[Record]] = {}

    def read(folder: Path) -> list[Record]:
        if folder not in kept:
            files = sorted((folder / "real-logs").glob("*.json"))
            kept[folder] = [record for file in files for record in json.loads(file.read_text())["Records"]]
        return kept[folder]

    return read


@pytest.fixture
def genuine(shared_data: Path, genuine_of: Callable[[Path], list[Record]]) -> list[Record]:
    """2,900 records of an attack on an account that was made for it."""
    return genuine_of(shared_data)


@pytest.fixture
def cases(shared_data: Path) -> list[dict[str, object]]:
    """Events with the rule that they are for, and whether it should match."""
    found: list[dict[str, object]] = json.loads(
        (shared_data / "detections" / "panther_cloudtrail_tests.json").read_text()
    )
    return found


def matching(pattern: str, records: Sequence[Record]) -> list[int]:
    compiled = compile_pattern(pattern)
    return [number for number, record in enumerate(records) if compiled.matches(Message(json.dumps(record)))]


@every_pattern
def test_a_pattern_matches_the_genuine_records_that_it_means(
    genuine: list[Record], pattern: str, means: Predicate
) -> None:
    assert matching(pattern, genuine) == [number for number, record in enumerate(genuine) if means(record)]


def test_genuine_records_have_matches_of_most_patterns_and_never_only_matches(genuine: list[Record]) -> None:
    counts = {name: len(matching(pattern, genuine)) for name, (pattern, _) in CIS.items()}
    assert counts["1 unauthorized calls"] == 60
    assert {name for name, count in counts.items() if count == 0} <= {
        "3 root", "6 failed sign-ins", "7 keys", "9 Config", "11 network ACLs", "15 organizations", "large instances",
    }  # fmt: skip
    assert max(counts.values()) < len(genuine)


@every_pattern
def test_a_pattern_matches_made_records_that_it_means_and_no_near_ones(pattern: str, means: Predicate) -> None:
    matched = [record for record in MADE if means(record)]
    assert matched
    assert [MADE[number] for number in matching(pattern, MADE)] == matched


@every_pattern
def test_a_pattern_agrees_on_events_of_detections(
    cases: list[dict[str, Record]], pattern: str, means: Predicate
) -> None:
    records = [case["event"] for case in cases if {"eventName", "eventSource", "userIdentity"} <= case["event"].keys()]
    records = [{"eventType": "", "sourceIPAddress": ""} | record for record in records]
    assert len(records) > 200
    assert matching(pattern, records) == [number for number, record in enumerate(records) if means(record)]


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("AWS.CloudTrail.UnauthorizedAPICall", "1 unauthorized calls"),
        ("AWS.Console.LoginWithoutMFA", "2 sign-in without MFA, v1.4"),
        ("AWS.IAM.PolicyModified", "4 IAM policies"),
        ("AWS.CloudTrail.Created", "5 trails"),
        ("AWS.CloudTrail.Stopped", "5 trails"),
        ("AWS.KMS.CustomerManagedKeyLoss", "7 keys"),
        ("AWS.S3.BucketPolicyModified", "8 bucket policies"),
        ("AWS.ConfigService.DisabledDeleted", "9 Config"),
        ("AWS.EC2.SecurityGroupModified", "10 security groups"),
        ("AWS.EC2.NetworkACLModified", "11 network ACLs"),
        ("AWS.EC2.GatewayModified", "12 gateways"),
        ("AWS.EC2.RouteTableModified", "13 route tables"),
        ("AWS.EC2.VPCModified", "14 VPCs"),
    ],
)
def test_what_a_detection_finds_its_pattern_matches(cases: list[dict[str, Record]], rule: str, name: str) -> None:
    events = [case["event"] for case in cases if case["rule"] == rule and case["expected"]]
    assert matching(CIS[name][0], events) == list(range(len(events)))


def test_all_together_match_what_each_does(genuine: list[Record]) -> None:
    together = PatternSet({name: compile_pattern(pattern) for name, (pattern, _) in CIS.items()})
    for record in [*genuine[::3], *MADE]:
        found = together.matching(Message(json.dumps(record)))
        assert found == [name for name, (_, means) in CIS.items() if means(record)]


def _made() -> list[Record]:
    """For every name of the patterns a record of its service and one of another; and sign-ins, root, refusals."""
    names = {
        name
        for pattern, _ in CIS.values()
        for name in pattern.replace('"', " ").replace(")", " ").replace("=", " ").split()
        if name[0].isupper()
    }
    sources = [f"{service}.amazonaws.com" for service in ("iam", "s3", "kms", "config", "organizations", "ec2")]
    made = [_record(eventName=name, eventSource=source) for name in sorted(names) for source in sources]
    made += [_record(eventName=f"{name}x") for name in sorted(names)]
    for code in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation"):
        made += [
            _record(errorCode=code),
            _record(errorCode=code, eventName="HeadBucket"),
            _record(errorCode=f"x{code}y"),
        ]
        made.append(_record(errorCode=code, sourceIPAddress="delivery.logs.amazonaws.com"))
    for kind in ("Root", "IAMUser", "root"):
        for more in ({}, {"invokedBy": "s3.amazonaws.com"}, {"invokedBy": None}):
            made += [
                _record(userIdentity={"type": kind} | more, eventType=each)
                for each in ("AwsApiCall", "AwsServiceEvent")
            ]
    for extra in ({"MFAUsed": "Yes"}, {"MFAUsed": "No"}, {}, None):
        for outcome in ({"ConsoleLogin": "Success"}, {"ConsoleLogin": "Failure"}, None):
            signed_in = {"eventName": "ConsoleLogin", "additionalEventData": extra, "responseElements": outcome}
            made += [_record(**signed_in), _record(**signed_in, userIdentity={"type": "AssumedRole"})]
            made.append(_record(**signed_in, errorMessage="Failed authentication"))
            made.append(_record(**signed_in, errorMessage="No username found in supplied account"))
    for size in ("m5.4xlarge", "c5.8xlarge", "m5.large", "4xlarge", "m5.14xlarge", "m5.4xlarge.x", None):
        made += [
            _record(eventName=name, requestParameters={"instanceType": size}) for name in ("RunInstances", "Other")
        ]
    return made


def _record(**changed: object) -> Record:
    return {
        "eventName": "ListUsers",
        "eventSource": "ec2.amazonaws.com",
        "eventType": "AwsApiCall",
        "sourceIPAddress": "192.0.2.1",
        "userIdentity": {"type": "IAMUser"},
        "requestParameters": None,
        "responseElements": None,
    } | changed


MADE = _made()
