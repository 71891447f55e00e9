"""Filter patterns of log groups, log events, and tokens of their pages."""

from __future__ import annotations

import base64
from functools import partial

from cairn.cloudwatch.logs.events import Place
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.pages import Gap
from cairn.cloudwatch.logs.paging import read_token
from cairn.cloudwatch.logs.paging import token as make_token
from cairn.cloudwatch.logs.records import discovered, pointed
from cairn.cloudwatch.metrics import tokens as metric_tokens
from cairn.cloudwatch.patterns import compile_pattern
from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.pattern_set import PatternSet
from cairn.core.errors import AwsError
from cairn.wire.operation import Context
from fuzz.samples import records
from fuzz.target import Target, attempt, parts, text

_OTHERS = {
    text: compile_pattern(text)
    for text in (
        '{ $.eventName = "ConsoleLogin" }',
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.a = 1) }',
        "ERROR -WARN",
    )
}


def pattern(data: bytes) -> None:
    """A pattern and a message. Many patterns together match what each matches by itself."""
    line, message = parts(data, 2)
    found = compile_pattern(text(line))
    together = PatternSet({**_OTHERS, "": found})
    for content in (message, *records()):
        read = Message(text(content))
        alone = found.matches(read)
        assert ("" in together.matching(Message(text(content)))) == alone, "together is not as alone"
        if alone:
            found.extracted(read)
            for selector in found.selectors:
                found.value(read, selector)


def log_event(data: bytes) -> None:
    found = discovered(text(data))
    assert len(found) <= 1000


def log_token(data: bytes) -> None:
    """A token as it is sent, and the JSON inside one."""
    assert read_token(make_token(["a"], "b"), ["a"], str) == "b"
    for token in (text(data), base64.urlsafe_b64encode(data).decode()):
        attempt(
            (AwsError,),
            partial(read_token, token, ["a"], str),
            partial(Gap.of_token, token),
            partial(pointed, _NoStore(), "123456789012", "us-east-1", token),  # type: ignore[arg-type]
            partial(metric_tokens.read_token, _CONTEXT, {"NextToken": token}),
        )


_CONTEXT = Context(account="123456789012", region="us-east-1")


class _NoStore:
    def read(self, group: GroupId, *, start_ms: int, end_ms: int, after: Place | None) -> object:
        return iter(())


TARGETS = (
    Target(
        "filter-pattern",
        "Filter patterns match or are invalid; many together match as each alone.",
        pattern,
        (AwsError,),
    ),
    Target("log-event", "Fields of log events are found in bounded numbers.", log_event),
    Target("log-token", "Tokens of log groups and metrics.", log_token),
)
