"""The event history of the account that a person acts in, for those who may look events up."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from cairn.cloudtrail.history.history import HistoryReader
from cairn.cloudtrail.history.pages import BadToken
from cairn.cloudtrail.history.query import Condition, Pattern, Query
from cairn.cloudtrail.history.search import SECONDS_MAX, Hits, Search
from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.cloudtrail.history.summary import BUCKETS_MAX
from cairn.console.exchange import Refusal, Visit
from cairn.console.proof import Proofs
from cairn.console.questions import CATEGORIES, following, question_of, resumed, whole, within
from cairn.console.related import related_to
from cairn.console.rights import Rights
from cairn.console.rows import row_of
from cairn.console.sentences import sentence_of
from cairn.console.sessions import Person
from cairn.console.turns import Turns
from cairn.core.clock import Clock, iso_seconds
from cairn.core.errors import CairnError

ID_CHARS_MAX = 128
FIELDS_MAX = 12
ANSWER_BYTES_MAX = 16 << 20
"""Of records in one page: what is larger is asked for again with half the limit."""
THREADS = 4
THREADS_A_PERSON = 2
WAITING_MAX = 64


class Events:
    """Answers questions about events."""

    def __init__(self, history: HistoryReader, rights: Rights, proofs: Proofs, clock: Clock) -> None:
        self._history = history
        self._rights = rights
        self._proofs = proofs
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="console-events")
        self._turns = Turns(at_once=THREADS_A_PERSON, most=THREADS + WAITING_MAX)

    def close(self) -> None:
        self._threads.shutdown()

    async def page(self, visit: Visit, person: Person) -> dict[str, Any]:
        """A page of events that fit the question in the query."""
        question = self.question(visit, person)
        await self._rights.look_up(visit, person)
        question, token = resumed(question, visit.query.get("next", ""))
        hits = await self._blocking(person, self.fitting, question, token, within(visit.query))
        return {
            "events": [row_of(event) for event in hits.events],
            "next": following(question, hits.next),
            "partial": hits.partial,
            "looked": hits.looked,
        }

    async def summary(self, visit: Visit, person: Person) -> dict[str, Any]:
        """Counts of fields and over time of everything that fits."""
        question = self.question(visit, person)
        fields = [name for name in visit.query.get("fields", "").split(",") if name]
        if len(fields) > FIELDS_MAX:
            raise Refusal("ValidationException", f"fields names {FIELDS_MAX} at the most.", 400)
        buckets = whole(visit.query, "buckets", 0, 0, BUCKETS_MAX)
        await self._rights.look_up(visit, person, recorded=False)
        found = await self._blocking(person, self._summarize, question, fields, buckets, within(visit.query))
        histogram = [
            {"start": iso_seconds(each.start), "write": each.write, "read": each.read, "error": each.error}
            for each in found.histogram
        ]
        return {
            "total": found.total,
            "counts": found.counts,
            "histogram": histogram,
            "bucket_s": found.bucket_s,
            "partial": found.partial,
        }

    async def one(self, visit: Visit, person: Person, id: str) -> dict[str, Any]:
        """An event, in words, with what belongs to it."""
        event = await self.event(visit, person, id)
        related = await self._blocking(person, related_to, event, self._count)
        proof = await self._proofs.of(visit, person, event)
        return {"event": row_of(event), "sentence": sentence_of(event), "related": related, "proof": proof}

    async def event(self, visit: Visit, person: Person, id: str) -> StoredEvent:
        """The event of an id.

        Raises:
            Refusal: the account has none of that id.
        """
        if not 0 < len(id) <= ID_CHARS_MAX or not id.isprintable():
            raise Refusal("ValidationException", "This is no id of an event.", 400)
        await self._rights.look_up(visit, person)
        for category in CATEGORIES:
            query = Query((Condition("id", (Pattern(id),)),))
            question = Search(query=query, accounts=(person.account,), category=category, limit=1)
            hits = await self._blocking(person, self._history.search, question)
            if hits.events:
                found: StoredEvent = hits.events[0]
                return found
        raise Refusal("EventNotFound", f"The account has no event {id} in its history.", 404)

    def question(self, visit: Visit, person: Person) -> Search:
        """
        Raises:
            Refusal: the query asks for nothing that can be understood.
        """
        try:
            return question_of(visit.query, account=person.account, now=self._clock.now())
        except CairnError as error:
            raise Refusal.of(error) from error

    def fitting(self, question: Search, token: str = "", seconds: float = SECONDS_MAX) -> Hits:
        """A page that is not too large to send. Blocks.

        Raises:
            Refusal: the token was not given for this question.
        """
        try:
            hits = self._history.search(question, token, seconds=seconds)
            while question.limit > 1 and sum(len(event.record) for event in hits.events) > ANSWER_BYTES_MAX:
                question = msgspec.structs.replace(question, limit=question.limit // 2)
                hits = self._history.search(question, token, seconds=seconds)
        except BadToken as error:
            raise Refusal("InvalidNextTokenException", f"Invalid token: {error}.", 400) from None
        except CairnError as error:
            raise Refusal.of(error) from error
        return hits

    def _summarize(self, question: Search, fields: list[str], buckets: int, seconds: float) -> Any:
        try:
            return self._history.summarize(question, fields=fields, buckets=buckets, seconds=seconds)
        except CairnError as error:
            raise Refusal.of(error) from error

    def _count(self, question: Search) -> int:
        return self._history.summarize(question).total

    async def _blocking(self, person: Person, function: Any, *arguments: Any) -> Any:
        async with self._turns.of(person.key.identity.arn):
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
