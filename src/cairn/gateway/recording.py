"""What a call became: an intent before a write, an event before the reply is released.

The order is the promise (DESIGN 4). A write's intent is durable before the upstream sees the call, and every
outcome is durable before the client sees the end of the reply. If the journal cannot take it, the call is refused,
or let through and counted where `recording.on_failure` is `allow`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence

from prometheus_client import Counter

from cairn.core.clock import Clock
from cairn.core.config import Recording
from cairn.core.errors import AwsError, CairnError
from cairn.core.journal.journal import Appender
from cairn.core.records.compose import compose, compose_intent
from cairn.core.records.event import Event
from cairn.core.records.facts import CallFacts
from cairn.core.records.network_activity import compose_network_activity
from cairn.gateway.facts import facts_of, is_data, is_write
from cairn.gateway.replies import Outcome, head_outcome
from cairn.wire.http import Call, Response
from cairn.wire.models import output_is_events
from cairn.wire.reply import Reply
from cairn.wire.respond import error_response

log = logging.getLogger(__name__)

Make = Callable[[CallFacts], Event]

EVENTS = Counter("cairn_events", "Events recorded by this gateway.", ["category"])
DROPPED = Counter("cairn_events_dropped", "Events that could not be recorded while recording.on_failure is allow.")
REFUSED = Counter("cairn_calls_refused", "Calls refused because they could not be recorded.")


class Recorder:
    """Appends what the gateway saw to the journal.

    Args:
        wants_data: whether somebody selects the data event that a call is; asked only where settings say
            `selected`.
        wants_network: whether somebody selects the network activity event of a call that came through a VPC
            endpoint.
    """

    def __init__(
        self,
        appender: Appender,
        clock: Clock,
        settings: Recording,
        *,
        wants_data: Callable[[Call], bool],
        wants_network: Callable[[Call], bool],
    ) -> None:
        self._appender = appender
        self._clock = clock
        self._settings = settings
        self._wants_data = wants_data
        self._wants_network = wants_network

    async def intend(self, call: Call) -> None:
        """Make the intent of a write durable.

        Raises:
            AwsError: it cannot be; the call must not be sent.
        """
        if is_write(call) and not is_data(call):
            await self._append((compose_intent,), call, None)

    async def conclude(self, call: Call, response: Response, outcome: Outcome | None) -> Response:
        """The reply to give, once what became of the call is durable; of a streamed one, once its end is reached."""
        makes = self._wanted(call)
        if not makes:
            return response
        if outcome is None and output_is_events(call.service, call.operation) and not is_data(call):
            # A session that may go on for hours: it has begun, and that is what is recorded.
            outcome = head_outcome(call, response)
        if outcome is None:
            assert not isinstance(response.body, bytes)
            response.body = self._released(makes, call, response, response.body)
            return response
        try:
            await self._record(makes, call, outcome)
        except AwsError as error:
            if not isinstance(response.body, bytes) and hasattr(response.body, "aclose"):
                await response.body.aclose()
            return error_response(call, error)
        return response

    async def record(self, event: Event) -> None:
        """Make an event durable that is of no call, such as a sign-in.

        Raises:
            AwsError: it cannot be; what it tells of must not be answered as done.
        """
        try:
            await self._appender.append((event,))
            EVENTS.labels(event.header.category).inc()
        except CairnError as error:
            self._not_recorded(error.message)

    async def record_of(self, call: Call, outcome: Outcome) -> None:
        """Make the event of a call durable that was answered elsewhere than by an upstream.

        Raises:
            AwsError: it cannot be.
        """
        await self._record((compose,), call, outcome)

    def _wanted(self, call: Call) -> tuple[Make, ...]:
        """The events that are made of a call: its own, and the network activity event of its VPC endpoint's owner."""
        own = (compose,) if self._wants(call) else ()
        return (*own, compose_network_activity) if call.vpc_endpoint_id and self._wants_network(call) else own

    def _wants(self, call: Call) -> bool:
        """Whether the call's own event is recorded. Management events always are."""
        if not is_data(call) or self._settings.data_events == "all":
            return True
        return self._settings.data_events == "selected" and self._wants_data(call)

    async def _released(
        self, makes: Sequence[Make], call: Call, response: Response, body: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """`body`, its last piece held back until the outcome is durable. It breaks off where that fails."""
        outcome = head_outcome(call, response)
        outcome.reply = Reply(error_code="InternalError", error_message="The reply broke off.")
        held = b""
        try:
            async for piece in body:
                if held:
                    yield held
                outcome.bytes_out += len(piece)
                held = piece
            outcome.reply = Reply(output={})
        finally:
            await self._record(makes, call, outcome)
        if held:
            yield held

    async def _record(self, makes: Sequence[Make], call: Call, outcome: Outcome) -> None:
        call.request_id = outcome.request_id or call.request_id
        for event in await self._append(makes, call, outcome):
            EVENTS.labels(event.header.category).inc()

    async def _append(self, makes: Sequence[Make], call: Call, outcome: Outcome | None) -> Sequence[Event]:
        """Make events and append them, all or none; none where that fails and `recording.on_failure` is `allow`.

        Raises:
            AwsError: it could not be.
        """
        try:
            facts = facts_of(call, outcome, time=self._clock.now())
            events = tuple(make(facts) for make in makes)
            await self._appender.append(events)
            return events
        except CairnError as error:
            problem = error.message
        except Exception as error:  # a record that cannot be made is a call that is not recorded
            log.exception("no record can be made of %s %s", call.service, call.operation)
            problem = f"{type(error).__name__} while its record was made"
        self._not_recorded(problem)
        return ()

    def _not_recorded(self, problem: str) -> None:
        """Raises AwsError, unless `recording.on_failure` lets it pass."""
        if self._settings.on_failure == "allow":
            DROPPED.inc()
            log.error("an event was not recorded: %s", problem)
            return
        REFUSED.inc()
        raise AwsError("ServiceUnavailable", f"The call was refused because it cannot be recorded: {problem}", 503)
