"""Where an operation departs from its service's rule: what genuine records add, rename or leave out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cairn.core.records.facts import CallFacts
from cairn.core.records.resources import function_arn

Element = dict[str, Any]
Adjust = Callable[[CallFacts, Element], Element]
"""Takes the facts and the element by the rule, and returns the element as it is written."""


def _symmetric(facts: CallFacts, element: Element) -> Element:
    """KMS names the algorithm even where the caller left it to the default."""
    return {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"} | element


def _secret_arn(facts: CallFacts, element: Element) -> Element:
    """Secrets Manager answers these with the ARN alone, and with another spelling than elsewhere."""
    return {"arn": element["aRN"]} if "aRN" in element else {}


def _secret_arn_and_name(facts: CallFacts, element: Element) -> Element:
    return {("arn" if name == "aRN" else name): value for name, value in element.items()}


def _invoked_function(facts: CallFacts, element: Element) -> Element:
    """Lambda names the function by ARN, whatever the caller called it."""
    return element | {"functionName": _function_arn(facts, str(element.get("functionName", "")))}


def _updated_function(facts: CallFacts, element: Element) -> Element:
    arn = _function_arn(facts, str(element.get("functionName", "")))
    _, partition, _, region, account, rest = arn.split(":", 5)
    name, _, qualifier = rest.partition(":")[2].partition(":")
    full = {
        "arnPrefix": {"partition": partition, "region": region, "account": account},
        "relativeId": {"functionName": name},
        "functionQualifier": {"qualifier": qualifier} if qualifier else {},
    }
    return {"fullyQualifiedArn": full} | element | {"functionName": arn, "dryRun": element.get("dryRun", False)}


def _function_arn(facts: CallFacts, name: str) -> str:
    return function_arn(name, lambda service, rest: f"arn:aws:{service}:{facts.region}:{facts.account}:{rest}")


_PER_INSTANCE = ("imageId", "minCount", "maxCount", "keyName")


def _run_instances(facts: CallFacts, element: Element) -> Element:
    """EC2 has these of RunInstances in a list of one, as its oldest API had."""
    instances = {name: element[name] for name in _PER_INSTANCE if name in element}
    rest = {name: value for name, value in element.items() if name not in _PER_INSTANCE}
    return {"instancesSet": {"items": [instances]}} | rest


def _nothing(facts: CallFacts, element: Element) -> Element:
    return {}


_SCALARS = ("S", "N", "B", "BOOL", "NULL")


def _plain_key(key: Any) -> Any:
    """A DynamoDB key without its type tags: `{"id": {"S": "7"}}` is `{"id": "7"}`."""
    if not isinstance(key, dict):
        return key
    plain = {}
    for name, value in key.items():
        tagged = next((value[tag] for tag in _SCALARS if tag in value), None) if isinstance(value, dict) else None
        plain[name] = tagged if isinstance(tagged, str | bool | int) else None
    return {name: value for name, value in plain.items() if value is not None}


_DYNAMODB_SHOWN = frozenset(
    {
        "tableName",
        "indexName",
        "consistentRead",
        "limit",
        "projectionExpression",
        "keyConditionExpression",
        "filterExpression",
        "updateExpression",
        "conditionExpression",
        "returnValues",
        "returnConsumedCapacity",
        "returnItemCollectionMetrics",
        "scanIndexForward",
        "segment",
        "totalSegments",
        "select",
        "attributesToGet",
        "shardIteratorType",
        "streamArn",
        "shardId",
    }
)


def _dynamodb_item_call(facts: CallFacts, element: Element) -> Element:
    """Item calls show keys, and of the other attributes the names: values are the table's owner's business."""
    shown = {name: value for name, value in element.items() if name in _DYNAMODB_SHOWN}
    given = facts.input or {}
    if isinstance(given.get("Key"), dict):
        shown["key"] = _plain_key(given["Key"])
    if isinstance(given.get("Item"), dict):
        shown["items"] = sorted(given["Item"])
    requests = given.get("RequestItems")
    if isinstance(requests, dict):
        shown["requestItems"] = sorted(requests)
    return shown


def _partiql(facts: CallFacts, element: Element) -> Element:
    """PartiQL statements carry values in their text, so only that there was one is told."""
    return {name: value for name, value in element.items() if name in _DYNAMODB_SHOWN}


def _put_records(facts: CallFacts, element: Element) -> Element:
    """Streams record to which partition, not what."""
    return {name: value for name, value in element.items() if name != "records"}


_ITEM_CALLS = (
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
)
_PARTIQL_CALLS = ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction")
_INVOCATIONS = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")

REQUESTS: dict[tuple[str, str], Adjust] = {
    ("ec2", "RunInstances"): _run_instances,
    ("kms", "Decrypt"): _symmetric,
    ("kms", "Encrypt"): _symmetric,
    ("lambda", "UpdateFunctionCode"): _updated_function,
    **{("lambda", name): _invoked_function for name in _INVOCATIONS},
    **{("dynamodb", name): _dynamodb_item_call for name in _ITEM_CALLS},
    **{("dynamodb", name): _partiql for name in _PARTIQL_CALLS},
    ("firehose", "PutRecordBatch"): _put_records,
    ("kinesis", "PutRecords"): _put_records,
}

REPLIES: dict[tuple[str, str], Adjust] = {
    ("secretsmanager", "CreateSecret"): _secret_arn,
    ("secretsmanager", "PutSecretValue"): _secret_arn,
    ("secretsmanager", "PutResourcePolicy"): _secret_arn_and_name,
    **{("lambda", name): _nothing for name in _INVOCATIONS},
    **{("dynamodb", name): _nothing for name in (*_ITEM_CALLS, *_PARTIQL_CALLS)},
}
