"""XML turned into JSON the way that S3's and EC2's records show: texts that look like a value become that value."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DIGITS_MAX = 15  # longer numbers would lose digits, and stay texts


def typed(text: Any) -> Any:
    """`text` as a truth value or a number if it reads like one."""
    if not isinstance(text, str):
        return text
    if text in ("true", "false"):
        return text == "true"
    if text and len(text) <= _DIGITS_MAX and _NUMBER.fullmatch(text) and text != "-0":
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return text


def typed_tree(node: Any) -> Any:
    """A parsed XML document with every text in it `typed`."""
    if isinstance(node, dict):
        return {name: item if name == "xmlns" else typed_tree(item) for name, item in node.items()}
    if isinstance(node, list):
        return [typed_tree(item) for item in node]
    return typed(node)
