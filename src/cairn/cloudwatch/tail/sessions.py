"""Beginning sessions of live tail: StartLiveTail's input, and how many there may be."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cairn.cloudwatch.logs import GroupId, LogStore
from cairn.cloudwatch.logs.groups import STANDARD
from cairn.cloudwatch.logs.identifiers import identified
from cairn.cloudwatch.logs.joints import CompilePattern
from cairn.cloudwatch.logs.refusals import not_of_class
from cairn.cloudwatch.tail.session import Session, Wanted
from cairn.core.errors import AwsError
from cairn.wire.operation import Context

OPERATION = "StartLiveTail"
SESSION_S_MAX = 3 * 3600.0
UPDATE_EVERY_S = 1.0
SESSIONS_MAX = 15
"""Of an account in a region, in one process."""

Params = dict[str, Any]


class Sessions:
    """The sessions of one process."""

    def __init__(self, store: LogStore, compile_pattern: CompilePattern) -> None:
        self._store = store
        self._compile = compile_pattern
        self._open: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def begin(self, context: Context, params: Params) -> Session:
        """A session that shows what comes in from now on.

        Raises:
            AwsError: InvalidParameterException, ResourceNotFoundException.
        """
        names, prefixes = params.get("logStreamNames") or (), params.get("logStreamNamePrefixes") or ()
        groups = [self._group(context, given) for given in params["logGroupIdentifiers"]]
        if names and prefixes:
            raise _invalid("Only one of logStreamNames and logStreamNamePrefixes can be given.")
        if (names or prefixes) and len(groups) != 1:
            raise _invalid("logStreamNames and logStreamNamePrefixes can be given for one log group only.")
        wanted = Wanted(
            groups=frozenset(groups),
            streams=frozenset(names),
            prefixes=tuple(prefixes),
            matches=self._compile(params.get("logEventFilterPattern", "")),
        )
        return Session(self._store, wanted)

    @contextmanager
    def counted(self, context: Context) -> Iterator[None]:
        """While a session is open.

        Raises:
            AwsError: LimitExceededException: there are too many.
        """
        key = context.account, context.region
        with self._lock:
            if self._open[key] >= SESSIONS_MAX:
                text = f"An account can have {SESSIONS_MAX} sessions of Live Tail at a time."  # (ours)
                raise AwsError("LimitExceededException", text)
            self._open[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[key] -= 1

    def _group(self, context: Context, given: str) -> GroupId:
        group = self._store.groups.get(identified(context, given))
        if group.log_class != STANDARD:
            raise not_of_class(OPERATION, group.log_class)
        return group.id


def start_document(context: Context, params: Params) -> Mapping[str, Any]:
    """What the client is told of its session, as `sessionStart`."""
    told: dict[str, Any] = {"requestId": context.request_id, "sessionId": str(uuid.uuid4())}
    names = ("logGroupIdentifiers", "logStreamNames", "logStreamNamePrefixes", "logEventFilterPattern")
    return told | {name: params.get(name, "" if name == "logEventFilterPattern" else []) for name in names}


def _invalid(text: str) -> AwsError:  # (ours)
    return AwsError("InvalidParameterException", text)
