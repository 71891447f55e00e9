"""The limits of a record's fields (spec 1.2), counted in bytes of UTF-8, and of its depth."""

from __future__ import annotations

from typing import Any

from cairn.core.records.event import encode_record

TEXT_BYTES_MAX = 1 << 10
"""userAgent, errorCode, errorMessage and requestID are cut to this."""
ELEMENT_BYTES_MAX = 100 << 10
"""requestParameters, responseElements and serviceEventDetails above this are left out."""
ADDITIONAL_BYTES_MAX = 28 << 10
"""additionalEventData above this is left out."""
RECORD_BYTES_MAX = 256 << 10
RECORD_DEPTH_MAX = 64
"""Objects and lists inside each other. Whoever reads a record stands deeper in calls than who wrote it, and must not
fail for it."""

_TEXTS = ("userAgent", "errorCode", "errorMessage", "requestID")
_ELEMENTS = {
    "requestParameters": ELEMENT_BYTES_MAX,
    "responseElements": ELEMENT_BYTES_MAX,
    "additionalEventData": ADDITIONAL_BYTES_MAX,
    "serviceEventDetails": ELEMENT_BYTES_MAX,
}
_SHED = ("additionalEventData", "serviceEventDetails", "responseElements", "requestParameters")
"""What a record that is too big as a whole lets go of, in this order; its resources go last."""


def cut(text: str, bytes_max: int = TEXT_BYTES_MAX) -> str:
    """`text`, or as many of its first characters as take `bytes_max` bytes."""
    if len(text) * 4 <= bytes_max:
        return text
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= bytes_max:
        return text
    return encoded[:bytes_max].decode("utf-8", "ignore")


def omitted(size: int, bytes_max: int) -> dict[str, Any]:
    """What stands for an element that is left out."""
    return {"omitted": True, "originalSize": size, "reason": f"exceeds the limit of {bytes_max >> 10} KB"}


def too_deep() -> dict[str, Any]:
    """What stands for an element that is nested more deeply than anybody's own."""
    return {"omitted": True, "reason": "nested too deeply"}


def is_deeper(value: object, depth_max: int) -> bool:
    """Whether more than `depth_max` objects and lists are inside each other."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(depth_max):
        if not level:
            return False
        level = [child for node in level for child in _children(node)]
    return bool(level)


def _children(node: Any) -> list[Any]:
    inner = node.values() if isinstance(node, dict) else node
    return [child for child in inner if isinstance(child, dict | list)]


def _encode(record: dict[str, Any]) -> bytes:
    """`record` as JSON, whatever a stranger's parameters hold. Changes `record` where something cannot be encoded."""
    try:
        return encode_record(record)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell and UTF-8 cannot
        for field, value in record.items():
            record[field] = _encodable(value)
    return encode_record(record)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(name): _encodable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value


def encode_within_limits(record: dict[str, Any]) -> bytes:
    """`record` as one line of JSON, after what is too long or too deep was cut or left out. Changes `record`."""
    for field in _TEXTS:
        value = record.get(field)
        if isinstance(value, str):
            record[field] = cut(value)
    for field in _ELEMENTS:
        if is_deeper(record.get(field), RECORD_DEPTH_MAX - 1):
            record[field] = too_deep()
    encoded = _encode(record)
    if len(encoded) <= ADDITIONAL_BYTES_MAX:
        return encoded  # nothing in it can be over its limit
    for field, bytes_max in _ELEMENTS.items():
        value = record.get(field)
        if value is not None and (size := len(encode_record(value))) > bytes_max:
            record[field] = omitted(size, bytes_max)
    encoded = encode_record(record)
    for field in _SHED:
        if len(encoded) <= RECORD_BYTES_MAX:
            break
        value = record.get(field)
        if value is not None:
            record[field] = omitted(len(encode_record(value)), RECORD_BYTES_MAX)
            encoded = encode_record(record)
    if len(encoded) > RECORD_BYTES_MAX and record.pop("resources", None) is not None:
        encoded = encode_record(record)
    return encoded
