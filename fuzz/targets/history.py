"""What people ask of the event history, and the files that it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from cairn.cloudtrail.history.bloom import Bloom, FilterDamaged, probe
from cairn.cloudtrail.history.columns import NAMES, Columns, ColumnsDamaged
from cairn.cloudtrail.history.manifest import FILE, ManifestDamaged, load
from cairn.cloudtrail.history.matching import RecordMatcher
from cairn.cloudtrail.history.moments import moment
from cairn.cloudtrail.history.packing import RecordDamaged, Unpacker
from cairn.cloudtrail.history.pages import BadToken, Bookmark, PageTokens
from cairn.cloudtrail.history.query import QueryError, parse_query
from cairn.console.alarm_rules import CheckRequest, checked
from cairn.console.exchange import Refusal, Visit
from cairn.console.patterns import ExplainRequest, explained
from cairn.console.questions import question_of, resumed
from cairn.console.roles import RoleRequest
from cairn.console.sign_in import SignInRequest
from cairn.console.target_inputs import PreviewRequest, preview
from cairn.console.verifications import VerifyRequest
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError, CairnError
from cairn.core.journal.batch import BatchDamaged, decode, next_link, read_header
from cairn.service.backup import read_manifest
from cairn.wire.http import split_query
from fuzz.messages import request_of
from fuzz.samples import records
from fuzz.target import Target, attempt, finish, scratch, text

_FOLDER = scratch()
_TOKENS = PageTokens(_FOLDER, TestClock())
_ASKED: dict[type, Callable[[Any], Coroutine[Any, Any, Any]] | None] = {
    SignInRequest: None,
    RoleRequest: None,
    VerifyRequest: None,
    ExplainRequest: explained,
    CheckRequest: checked,
    PreviewRequest: preview,
}
"""What the bodies of the console's requests are, and who tells what is asked, where nobody else is asked for that."""


def query(data: bytes) -> None:
    found = parse_query(text(data))
    matcher = RecordMatcher(found)
    for record in records():
        matcher.fits(record)


def page_token(data: bytes) -> None:
    bookmark = Bookmark(1, 2, 3)
    assert _TOKENS.open(_TOKENS.make(bookmark, "question"), "question") == bookmark
    try:
        _TOKENS.open(text(data), "question")
    except BadToken:
        return
    raise AssertionError("a token is taken that nobody made")


def question(data: bytes) -> None:
    """A query string of the console's event pages."""
    query = dict(split_query(data.decode("latin-1")))
    asked = question_of(query, account="123456789012", now=1_700_000_000.0)
    assert asked.accounts == ("123456789012",)
    resumed(asked, query.get("token", ""))


def visit(data: bytes) -> None:
    """A request of the console's pages: its cookie, and its body as each kind of question."""
    request, _ = request_of(data)
    arrived = Visit(request, request.decoded_path, dict(request.query_pairs()))
    arrived.cookie("cairn-session")
    _ = arrived.origin
    for kind, told in _ASKED.items():
        request, _ = request_of(data)
        try:
            asked: Any = finish(Visit(request, "/").read(kind))
        except Refusal as refusal:
            refusal.answer()
            continue
        if told is not None:
            try:
                msgspec.json.encode(asyncio.run(told(asked)))
            except Refusal as refusal:
                refusal.answer()
            except AwsError as error:
                Refusal.of(error).answer()


def moments(data: bytes) -> None:
    moment(text(data), 1_700_000_000.0, 0.0)


def files(data: bytes) -> None:
    """The same bytes as each file of a data folder, none of which may be taken for whole by chance."""
    path = _FOLDER / "file"
    path.write_bytes(data)
    (_FOLDER / FILE).write_bytes(data)
    attempt(
        (FilterDamaged, ColumnsDamaged, ManifestDamaged, RecordDamaged),
        lambda: Bloom(path).may_hold(probe(b"key")),
        lambda: Columns(path).read(NAMES),
        lambda: load(_FOLDER),
        lambda: Unpacker({0: b"dictionary"}).unpack(data, 1),
    )


def backup(data: bytes) -> None:
    (_FOLDER / "backup.json").write_bytes(data)
    read_manifest(_FOLDER)


def batch(data: bytes) -> None:
    next_link(data)
    attempt((BatchDamaged,), lambda: read_header(data))
    decode(data)


TARGETS = (
    Target(
        "history-query", "Search lines are understood or refused, and asked of genuine records.", query, (QueryError,)
    ),
    Target("page-token", "Nobody makes a token but Cairn.", page_token),
    Target("console-question", "The query of a page never leaves its account.", question, (CairnError, Refusal)),
    Target("console-request", "Cookies and bodies of the console's JSON.", visit),
    Target("moment", "Times as people type them.", moments, (CairnError,)),
    Target("history-files", "Damaged filters, columns, manifests and records are damaged, whatever is in them.", files),
    Target("backup", "A backup's list of files.", backup, (CairnError,)),
    Target("journal-batch", "Bytes of the journal are a batch or damaged.", batch, (BatchDamaged,)),
)
