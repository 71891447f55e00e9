from __future__ import annotations

import json

from tests.cloudwatch.logs.rig import GROUP, Rig

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "route53.amazonaws.com"},
                "Action": "logs:PutLogEvents",
                "Resource": "*",
            }
        ],
    }
)


def test_a_policy_is_put_changed_listed_and_deleted(rig: Rig) -> None:
    answer = rig.call("PutResourcePolicy", policyName="p", policyDocument=POLICY)
    assert answer == {
        "resourcePolicy": {
            "policyName": "p",
            "policyDocument": POLICY,
            "lastUpdatedTime": rig.now_ms,
            "policyScope": "ACCOUNT",
        }
    }
    rig.clock.advance(5)
    rig.call("PutResourcePolicy", policyName="p", policyDocument=POLICY + " ")
    [policy] = rig.call("DescribeResourcePolicies")["resourcePolicies"]
    assert (policy["policyDocument"], policy["lastUpdatedTime"]) == (POLICY + " ", rig.now_ms)
    rig.call("DeleteResourcePolicy", policyName="p")
    assert rig.call("DescribeResourcePolicies")["resourcePolicies"] == []
    assert rig.refused("DeleteResourcePolicy", policyName="p").code == "ResourceNotFoundException"


def test_ten_policies_of_an_account_listed_page_by_page(rig: Rig) -> None:
    for number in range(10):
        rig.call("PutResourcePolicy", policyName=f"p{number}", policyDocument=POLICY)
    error = rig.refused("PutResourcePolicy", policyName="one more", policyDocument=POLICY)
    assert (error.code, error.message) == ("LimitExceededException", "Resource limit exceeded.")
    rig.call("PutResourcePolicy", policyName="p3", policyDocument=POLICY)
    first = rig.call("DescribeResourcePolicies", limit=6)
    rest = rig.call("DescribeResourcePolicies", limit=6, nextToken=first["nextToken"])
    found = [policy["policyName"] for page in (first, rest) for policy in page["resourcePolicies"]]
    assert found == [f"p{number}" for number in range(10)] and "nextToken" not in rest


def test_policies_that_cannot_be(rig: Rig) -> None:
    for document in ("{", "{}", "x" * 51_201, POLICY.replace("Allow", "Perhaps")):
        assert rig.refused("PutResourcePolicy", policyName="p", policyDocument=document).code == (
            "InvalidParameterException"
        )
    assert rig.refused("PutResourcePolicy", policyDocument=POLICY).code == "InvalidParameterException"
    assert rig.call("DescribeResourcePolicies")["resourcePolicies"] == []


def test_a_policy_of_a_group_changes_by_its_revision(rig: Rig) -> None:
    named = {"policyName": "p", "policyDocument": POLICY, "resourceArn": GROUP.arn}
    assert rig.refused("PutResourcePolicy", **named).code == "ResourceNotFoundException"
    rig.make()
    first = rig.call("PutResourcePolicy", **named)["revisionId"]
    assert rig.refused("PutResourcePolicy", **named).code == "OperationAbortedException"
    second = rig.call("PutResourcePolicy", **named, expectedRevisionId=first)["revisionId"]
    assert second != first
    assert rig.refused("PutResourcePolicy", **{**named, "policyName": "q"}).code == "LimitExceededException"
    assert rig.call("DescribeResourcePolicies")["resourcePolicies"] == []
    for asked in ({"resourceArn": GROUP.arn}, {"policyScope": "RESOURCE"}):
        [policy] = rig.call("DescribeResourcePolicies", **asked)["resourcePolicies"]
        assert (policy["policyScope"], policy["resourceArn"], policy["revisionId"]) == ("RESOURCE", GROUP.arn, second)
    stale = {"policyName": "p", "resourceArn": GROUP.arn, "expectedRevisionId": first}
    assert rig.refused("DeleteResourcePolicy", **stale).code == "OperationAbortedException"
    rig.call("DeleteResourcePolicy", **{**stale, "expectedRevisionId": second})
