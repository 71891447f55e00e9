"""Whether a target's input settings are right, when they are put. Messages are AWS's as far as they are known."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from cairn.eventbridge.inputs.paths import InvalidPath, parse_path
from cairn.eventbridge.inputs.template import ONLY_IN_JSON, RESERVED, Template, read_template

_KINDS = ("Input", "InputPath", "InputTransformer")
_LOG_EVENT = {"timestamp", "message"}
"""What a log group's template makes, and nothing else."""
_WORD = re.compile(r"[A-Za-z0-9_$]+")
_SPACE = re.compile(r"[ \t\r\n]*")


class _NotJson(Exception):
    """A text is not JSON: `place` tells where, as AWS does."""

    def __init__(self, text: str, line: int, column: int) -> None:
        super().__init__(text)
        self.place = f'[Source: (String)"{text}"; line: {line}, column: {column}]'


def check(target_id: str, settings: Mapping[str, Any], *, arn: str = "") -> list[str]:
    """What is wrong with a target's input, in messages of a ValidationException; empty where all is well.

    Args:
        settings: botocore's `Target` as it was put.
        arn: of the target; log groups take templates of one form alone.
    """
    if sum(kind in settings for kind in _KINDS) > 1:
        return [f"Only one of Input, InputPath, or InputTransformer must be provided for target {target_id}."]
    is_log_group = ":logs:" in arn and ":log-group:" in arn
    if is_log_group and ("Input" in settings or "InputPath" in settings):
        return [
            f"Parameter(s) {'Input' if 'Input' in settings else 'InputPath'} not supported for target: {target_id}."
        ]
    if "Input" in settings:
        return _input(target_id, settings["Input"])
    if "InputPath" in settings:
        return _paths(target_id, [settings["InputPath"]])
    if "InputTransformer" not in settings:
        return []
    transformer: Mapping[str, Any] = settings["InputTransformer"]
    paths: Mapping[str, str] = transformer.get("InputPathsMap") or {}
    template = read_template(transformer["InputTemplate"])
    found = _paths(target_id, paths.values()) or _placeholders(target_id, template, paths)
    return found or _template(target_id, template, is_log_group)


def _input(target_id: str, text: str) -> list[str]:
    try:
        _values(text, one=True)
    except _NotJson as error:
        return [f"JSON syntax error in input for target {target_id}: {error.place}"]
    return []


def _paths(target_id: str, paths: Any) -> list[str]:
    try:
        for path in paths:
            parse_path(path)
    except InvalidPath:
        return [f"InputPath for target {target_id} is invalid."]
    return []


def _placeholders(target_id: str, template: Template, paths: Mapping[str, str]) -> list[str]:
    of = f"InputTemplate for target {target_id} contains"
    for name in template.names:
        if name not in paths and name not in RESERVED:
            return [f"{of} invalid placeholder {name}."]
        if name in ONLY_IN_JSON and not template.is_object:
            return [f"{of} placeholder {name} valid only for JSON template."]
    return []


def _template(target_id: str, template: Template, is_log_group: bool) -> list[str]:
    if is_log_group and not template.is_object:
        return [f"Input for target {target_id} is not a valid JSON text."]
    try:
        values = _values(template.outline, one=template.is_object)
    except _NotJson as error:
        return [f"Invalid InputTemplate for target {target_id} : {error.place}."]
    if is_log_group and set(values[0]) != _LOG_EVENT:
        form = '{"timestamp": <time>, "message": <message>}'
        return [f"The InputTemplate for target {target_id} must be of the form {form}."]
    return []


def _values(text: str, *, one: bool) -> list[Any]:
    """The JSON values that stand in a text one after the other. Raises `_NotJson`."""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    found: list[Any] = []
    position = _after_space(text, 0)
    try:
        while not found or position < len(text):
            if found and one:
                raise json.JSONDecodeError("more follows", text, position)
            value, end = decoder.raw_decode(text, position)
            found.append(value)
            position = _after_space(text, end)
    except json.JSONDecodeError as error:
        word = _WORD.match(text, error.pos)
        raise _NotJson(text, error.lineno, error.colno + (len(word[0]) if word else 1)) from error
    except (ValueError, RecursionError) as error:
        raise _NotJson(text, 1, 1) from error
    return found


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
