"""A second, slow reading of the guide's rules on selectors, to judge the compiled one by.

It looks at the whole record alone and knows no header, and reads selectors in botocore's names.
"""

from __future__ import annotations

from typing import Any

from cairn.cloudtrail.selectors import Selection

Record = dict[str, Any]

PREFIXES = {
    "AWS::S3::Object": "arn:aws:s3",
    "AWS::Lambda::Function": "arn:aws:lambda",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb",
}
GLOBAL = ("iam", "sts", "cloudfront", "organizations", "route53", "route53domains", "signin", "shield", "waf")


def logs(
    selection: Selection, basic: list[dict[str, Any]], advanced: list[dict[str, Any]], record: Record, kind: str
) -> bool:
    """Whether a trail at the selection's place and with these selectors logs the record.

    Args:
        kind: the `resources.type` that the event is of by its name.
    """
    if record["recipientAccountId"] != selection.account:
        return False
    if not selection.multi_region:
        if record["awsRegion"] != selection.home_region:
            return False
        service = record["eventSource"].removesuffix(".amazonaws.com")
        if record["awsRegion"] == "us-east-1" and service in GLOBAL and not selection.global_events:
            return False
    if advanced:
        return any(all(holds(field, record, one, kind) for field in one["FieldSelectors"]) for one in advanced)
    return any(basic_logs(one, record, kind) for one in basic)


def basic_logs(selector: dict[str, Any], record: Record, kind: str) -> bool:
    if selector["ReadWriteType"] != "All" and record["readOnly"] != (selector["ReadWriteType"] == "ReadOnly"):
        return False
    if record["eventCategory"] == "Management":
        excluded = selector["ExcludeManagementEventSources"]
        return selector["IncludeManagementEvents"] and record["eventSource"] not in excluded
    if record["eventCategory"] != "Data":
        return False
    for resource in selector["DataResources"]:
        for value in resource["Values"]:
            if resource["Type"] not in types(record, kind):
                continue
            if value in (PREFIXES[resource["Type"]], "arn:aws:s3:::"):
                return True
            for arn in arns(record, resource["Type"]):
                if arn == value or (resource["Type"] == "AWS::S3::Object" and arn.startswith(value)):
                    return True
    return False


def holds(field: dict[str, Any], record: Record, selector: dict[str, Any], kind: str) -> bool:
    values = field_values(field["Field"], record, selector, kind)
    for value in values:
        if value in field.get("NotEquals", []):
            return False
        if any(value.startswith(part) for part in field.get("NotStartsWith", [])):
            return False
        if any(value.endswith(part) for part in field.get("NotEndsWith", [])):
            return False
    if not any(field.get(operator) for operator in ("Equals", "StartsWith", "EndsWith")):
        return True
    for value in values:
        if value in field.get("Equals", []):
            return True
        if any(value.startswith(part) for part in field.get("StartsWith", [])):
            return True
        if any(value.endswith(part) for part in field.get("EndsWith", [])):
            return True
    return False


def field_values(name: str, record: Record, selector: dict[str, Any], kind: str) -> list[str]:
    if name == "readOnly":
        return ["true" if record["readOnly"] else "false"]
    if name == "resources.type":
        return types(record, kind)
    if name == "resources.ARN":
        chosen = [one["Equals"][0] for one in selector["FieldSelectors"] if one["Field"] == "resources.type"]
        return arns(record, chosen[0])
    if name == "userIdentity.arn":
        return [record["userIdentity"]["arn"]] if "arn" in record["userIdentity"] else []
    return [record[name]] if name in record else []


def types(record: Record, kind: str) -> list[str]:
    return [one["type"] for one in record.get("resources", []) if "type" in one] or [kind]


def arns(record: Record, kind: str) -> list[str]:
    found = [one for one in record.get("resources", []) if one.get("type") == kind]
    return [one["ARN"] if "ARN" in one else one["ARNPrefix"] for one in found]
