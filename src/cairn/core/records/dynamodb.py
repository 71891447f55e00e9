"""Data events of DynamoDB: keys are shown, of other attributes the names, and no values of statements."""

from __future__ import annotations

import re
from typing import Any

from cairn.core.records.casing import lower_first

_SHOWN = frozenset(
    {
        "AttributesToGet",
        "ConditionExpression",
        "ConsistentRead",
        "ExpressionAttributeNames",
        "FilterExpression",
        "IndexName",
        "KeyConditionExpression",
        "Limit",
        "ProjectionExpression",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
        "ScanIndexForward",
        "Segment",
        "Select",
        "TableName",
        "TotalSegments",
        "UpdateExpression",
    }
)
"""Members of requests that hold no item's values. Expressions name their values by placeholders."""

_SCALARS = ("S", "N", "B", "BOOL")
_REDACTED = "***(Redacted)"
_LITERAL = re.compile(
    r"'(?:[^']|'')*(?:'|$)"  # a text, or the start of one that never ends
    r"|(?<![\w\"$])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)"
    r'|("(?:[^"]|"")*")'  # a name, which stays
)


def item_call(given: dict[str, Any]) -> dict[str, Any]:
    """requestParameters of a call on one item or of a query, from its input."""
    shown = {lower_first(name): value for name, value in given.items() if name in _SHOWN}
    if isinstance(given.get("Key"), dict):
        shown["key"] = _plain(given["Key"])
    if isinstance(given.get("Item"), dict):
        shown["item"] = list(given["Item"])
    return shown


def many_items_call(given: dict[str, Any]) -> dict[str, Any]:
    """requestParameters of a transaction or a batch: one entry an item, whatever table it is in."""
    shown = {lower_first(name): value for name, value in given.items() if name in _SHOWN}
    entries: list[dict[str, Any]] = []
    transaction, batch = given.get("TransactItems"), given.get("RequestItems")
    for item in transaction if isinstance(transaction, list) else ():
        entries += _operations(item, "")
    for table, requests in batch.items() if isinstance(batch, dict) else ():
        if isinstance(requests, dict):  # BatchGetItem
            keys = requests.get("Keys")
            gets = [{"Key": key} for key in keys] if isinstance(keys, list) else []
            entries += [entry for get in gets for entry in _operations({"Get": get}, table)]
        for request in requests if isinstance(requests, list) else ():
            entries += _operations(request, table)
    return {"requestItems": entries} | shown


def _operations(item: Any, table: str) -> list[dict[str, Any]]:
    entries = []
    for operation, given in item.items() if isinstance(item, dict) else ():
        if isinstance(operation, str) and isinstance(given, dict):
            entry = {"operation": operation.removesuffix("Request")} | ({"tableName": table} if table else {})
            rest = item_call(given)
            if "item" in rest:
                rest["items"] = rest.pop("item")
            entries.append(entry | rest)
    return entries


def statement_call(given: dict[str, Any]) -> dict[str, Any]:
    """requestParameters of PartiQL calls, the literals of their statements redacted."""
    shown = {lower_first(name): value for name, value in given.items() if name in _SHOWN}
    if isinstance(given.get("Statement"), str):
        shown["statement"] = redact_statement(given["Statement"])
    for member in ("Statements", "TransactStatements"):
        statements = given.get(member)
        if isinstance(statements, list):
            texts = [each.get("Statement") for each in statements if isinstance(each, dict)]
            shown["requestItems"] = [{"statement": redact_statement(text)} for text in texts if isinstance(text, str)]
    return shown


def redact_statement(statement: str) -> str:
    """`statement` with every literal text and number in it redacted, those of keys too: which they are is not known."""
    return _LITERAL.sub(lambda found: found[1] or _REDACTED, statement)


def _plain(key: dict[str, Any]) -> dict[str, Any]:
    """A key without its type tags: `{"id": {"S": "7"}}` is `{"id": "7"}`."""
    plain = {}
    for name, value in key.items():
        tagged = next((value[tag] for tag in _SCALARS if tag in value), None) if isinstance(value, dict) else None
        if isinstance(tagged, str | bool | int | float):
            plain[name] = tagged
    return plain
