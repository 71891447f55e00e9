"""Telling API destinations: one call of the server that a rule's target names."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.eventbridge.connections import errors
from cairn.eventbridge.connections.connection import AUTHORIZED, DEAUTHORIZED, Connection
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.destination import Destination
from cairn.eventbridge.connections.destinations import Destinations
from cairn.eventbridge.connections.errors import DestinationError
from cairn.eventbridge.connections.oauth import TokenError, Tokens
from cairn.eventbridge.connections.pacing import Pace
from cairn.eventbridge.connections.parameters import OAUTH, Parameters
from cairn.eventbridge.connections.request import build
from cairn.wire.outgoing import Answer, Outgoing, OutgoingError

WHOLE_S = 5.0
"""For a call in all, as in AWS."""
TURN_S = 0.25
"""How long a call waits for its turn where a destination is called at its rate limit; it is put off if it would take
longer."""
RETRY_AFTER_MAX_S = 86400.0

_UNAUTHORIZED = (401, 407)
_TRIED_AGAIN = (*_UNAUTHORIZED, 409, 429)


class ApiDestinations:
    """Used by many threads of one process.

    Args:
        outgoing: gives up after `WHOLE_S`.
    """

    def __init__(
        self, connections: Connections, destinations: Destinations, outgoing: Outgoing, tokens: Tokens, clock: Clock
    ) -> None:
        self._connections = connections
        self._destinations = destinations
        self._outgoing = outgoing
        self._tokens = tokens
        self._clock = clock
        self._pace = Pace(clock)
        self._never = threading.Event()

    def send(self, arn: str, payload: bytes, http_parameters: Mapping[str, Any]) -> None:
        """Call the destination of this ARN. Returns once its server has taken the payload.

        Args:
            payload: what the target's input settings made of the event.
            http_parameters: HttpParameters of the target, their JSON paths replaced by values.

        Raises:
            DestinationError: it was not told.
        """
        destination = self._destinations.by_arn(arn)
        if destination is None:
            raise DestinationError(errors.NO_RESOURCE, f"there is no API destination {arn}", final=True)
        connection = self._connections.by_arn(destination.connection)
        if connection is None:
            raise DestinationError(errors.NO_RESOURCE, f"there is no connection {destination.connection}", final=True)
        parameters = self._parameters(connection)
        self._take_turn(destination)
        token = self._token(connection, parameters)
        answer = self._call(destination, payload, http_parameters, parameters, token)
        if token and answer.status in _UNAUTHORIZED:
            token = self._token(connection, parameters, refused=token)
            answer = self._call(destination, payload, http_parameters, parameters, token)
        self._judge(connection, answer)

    def _parameters(self, connection: Connection) -> Parameters:
        if not connection.sealed or (connection.state == DEAUTHORIZED and connection.type != OAUTH):
            text = f"the connection {connection.arn} is {connection.state}"
            raise DestinationError(errors.NO_PERMISSIONS, text, unreachable=True)
        try:
            return self._connections.secrets_of(connection)
        except CairnError as error:
            raise DestinationError(errors.NO_PERMISSIONS, error.message, unreachable=True) from error

    def _take_turn(self, destination: Destination) -> None:
        has_turn, seconds = self._pace.wait_s(destination.row, destination.rate, TURN_S)
        if not has_turn:
            text = f"{destination.arn} is called {destination.rate} times a second at most"
            raise DestinationError(errors.THROTTLING, text, retry_after_s=seconds, tried=False)
        if seconds > 0:
            self._clock.wait(self._never, seconds)

    def _token(self, connection: Connection, parameters: Parameters, *, refused: str = "") -> str:
        if connection.type != OAUTH:
            return ""
        try:
            token = self._tokens.get(connection, parameters, refused=refused)
        except TokenError as error:
            if error.denied:
                self._connections.note(connection, DEAUTHORIZED, str(error))
            code = errors.TIMEOUT if error.timed_out else errors.NO_PERMISSIONS
            raise DestinationError(code, str(error), unreachable=True) from error
        if connection.state != AUTHORIZED:
            self._connections.note(connection, AUTHORIZED)
        return token

    def _call(
        self, destination: Destination, payload: bytes, target: Mapping[str, Any], parameters: Parameters, token: str
    ) -> Answer:
        request = build(destination.method, destination.endpoint, payload, target, parameters, token)
        try:
            return self._outgoing.request(request.method, request.url, request.headers, request.body)
        except OutgoingError as error:
            if error.refused:
                raise DestinationError(errors.INVALID_PARAMETER, str(error), final=True) from error
            code = errors.TIMEOUT if error.timed_out else errors.CONNECTION_FAILURE
            raise DestinationError(code, str(error), unreachable=True) from error

    def _judge(self, connection: Connection, answer: Answer) -> None:
        """Raise DestinationError unless the server has taken the payload."""
        if 200 <= answer.status < 300:
            return
        text = f"the destination answered {answer.status}"
        if answer.status in _UNAUTHORIZED and connection.type != OAUTH:
            self._connections.note(connection, DEAUTHORIZED, f"A destination answered {answer.status}.")
        final = answer.status not in _TRIED_AGAIN and answer.status < 500
        after = 0.0 if final else self._retry_after(answer.headers.get("retry-after", ""))
        raise DestinationError(errors.ERROR_FROM_TARGET, text, final=final, retry_after_s=after)

    def _retry_after(self, text: str) -> float:
        """Seconds that a Retry-After header asks for; 0 where it says nothing."""
        if text.isascii() and text.isdigit():
            return min(float(text), RETRY_AFTER_MAX_S)
        try:
            seconds = parsedate_to_datetime(text).timestamp() - self._clock.now()
        except (ValueError, OverflowError):
            return 0.0
        return min(max(seconds, 0.0), RETRY_AFTER_MAX_S)
