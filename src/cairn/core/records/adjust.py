"""Where an operation departs from its service's rule: what genuine records add, rename or leave out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cairn.core.records import dynamodb
from cairn.core.records.facts import CallFacts
from cairn.core.records.redact import HIDDEN
from cairn.core.records.resources import function_arn
from cairn.core.urls import with_password_hidden

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


def _dynamodb_item(facts: CallFacts, element: Element) -> Element:
    return dynamodb.item_call(facts.input or {})


def _dynamodb_items(facts: CallFacts, element: Element) -> Element:
    return dynamodb.many_items_call(facts.input or {})


def _dynamodb_statement(facts: CallFacts, element: Element) -> Element:
    return dynamodb.statement_call(facts.input or {})


def _put_records(facts: CallFacts, element: Element) -> Element:
    """Streams record to which partition, not what."""
    return {name: value for name, value in element.items() if name != "records"}


def _subscribed(facts: CallFacts, element: Element) -> Element:
    """The password that a subscriber's URL may carry is hidden."""
    endpoint = with_password_hidden(str(element.get("endpoint", "")), HIDDEN)
    return element | ({"endpoint": endpoint} if endpoint else {})


_ITEM_CALLS = ("DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
_MANY_ITEMS_CALLS = ("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems")
_PARTIQL_CALLS = ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction")
_INVOCATIONS = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")

REQUESTS: dict[tuple[str, str], Adjust] = {
    ("ec2", "RunInstances"): _run_instances,
    ("kms", "Decrypt"): _symmetric,
    ("kms", "Encrypt"): _symmetric,
    ("lambda", "UpdateFunctionCode"): _updated_function,
    **{("lambda", name): _invoked_function for name in _INVOCATIONS},
    **{("dynamodb", name): _dynamodb_item for name in _ITEM_CALLS},
    **{("dynamodb", name): _dynamodb_items for name in _MANY_ITEMS_CALLS},
    **{("dynamodb", name): _dynamodb_statement for name in _PARTIQL_CALLS},
    ("firehose", "PutRecordBatch"): _put_records,
    ("kinesis", "PutRecords"): _put_records,
    ("sns", "Subscribe"): _subscribed,
}

REPLIES: dict[tuple[str, str], Adjust] = {
    ("secretsmanager", "CreateSecret"): _secret_arn,
    ("secretsmanager", "PutSecretValue"): _secret_arn,
    ("secretsmanager", "PutResourcePolicy"): _secret_arn_and_name,
    **{("lambda", name): _nothing for name in _INVOCATIONS},
    **{("dynamodb", name): _nothing for name in (*_ITEM_CALLS, *_MANY_ITEMS_CALLS, *_PARTIQL_CALLS)},
}
