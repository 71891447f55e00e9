"""Telling API destinations: one call of the server that a rule's target names."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.eventbridge.connections.connection import AUTHORIZED, DEAUTHORIZED, Connection
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.destination import Destination
from cairn.eventbridge.connections.destinations import Destinations
from cairn.eventbridge.connections.dynamic import resolved
from cairn.eventbridge.connections.oauth import TokenError, Tokens
from cairn.eventbridge.connections.pacing import Pace
from cairn.eventbridge.connections.parameters import OAUTH, Parameters
from cairn.eventbridge.connections.request import build
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.wire.outgoing import Answer, Outgoing, OutgoingError

WHOLE_S = 5.0
"""For a call in all, as in AWS."""
TURN_S = 5.0
"""How long a call waits for its turn where a destination is called at its rate limit; it is tried again later if that
would take longer."""
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
        self._closed = threading.Event()

    def close(self) -> None:
        """Have nobody wait for a turn any more."""
        self._closed.set()

    def send(self, destination_arn: str, payload: bytes, event: bytes, parameters: Mapping[str, Any]) -> None:
        """Call a destination. Returns once its server has taken the payload.

        Args:
            payload: what the target's input settings made of the event.
            event: its envelope, which JSON paths in parameters are looked up in.
            parameters: HttpParameters of the target.

        Raises:
            DeliveryError: it was not told. The message shows no secret.
        """
        destination = self._destinations.by_arn(destination_arn)
        if destination is None:
            raise DeliveryError(codes.NO_RESOURCE, f"there is no API destination {destination_arn}", final=True)
        connection = self._connections.by_arn(destination.connection)
        if connection is None:
            raise DeliveryError(codes.NO_RESOURCE, f"there is no connection {destination.connection}", final=True)
        own, target = self._parameters(connection), resolved(parameters, event)
        self._take_turn(destination)
        token = self._token(connection, own)
        answer = self._call(destination, payload, target, own, token)
        if token and answer.status in _UNAUTHORIZED:
            token = self._token(connection, own, refused=token)
            answer = self._call(destination, payload, target, own, token)
        self._judge(connection, answer)

    def _parameters(self, connection: Connection) -> Parameters:
        if not connection.sealed or (connection.state == DEAUTHORIZED and connection.type != OAUTH):
            text = f"the connection {connection.arn} is {connection.state}"
            raise DeliveryError(codes.NO_PERMISSIONS, text, unreachable=True)
        try:
            return self._connections.secrets_of(connection)
        except CairnError as error:
            raise DeliveryError(codes.NO_PERMISSIONS, error.message, unreachable=True) from error

    def _take_turn(self, destination: Destination) -> None:
        has_turn, seconds = self._pace.wait_s(destination.row, destination.rate, TURN_S)
        if not has_turn or (seconds > 0 and self._clock.wait(self._closed, seconds)):
            text = f"{destination.arn} is called {destination.rate} times a second at most"
            raise DeliveryError(codes.THROTTLING, text, unreachable=True, retry_after_s=seconds, tried=False)

    def _token(self, connection: Connection, parameters: Parameters, *, refused: str = "") -> str:
        if connection.type != OAUTH:
            return ""
        try:
            token = self._tokens.get(connection, parameters, refused=refused)
        except TokenError as error:
            if error.denied:
                self._connections.note(connection, DEAUTHORIZED, str(error))
            code = codes.TIMEOUT if error.timed_out else codes.NO_PERMISSIONS
            raise DeliveryError(code, str(error), unreachable=True) from error
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
                raise DeliveryError(codes.INVALID_PARAMETER, str(error), final=True) from error
            code = codes.TIMEOUT if error.timed_out else codes.CONNECTION_FAILURE
            raise DeliveryError(code, str(error), unreachable=True) from error

    def _judge(self, connection: Connection, answer: Answer) -> None:
        """Raise DeliveryError unless the server has taken the payload."""
        if 200 <= answer.status < 300:
            return
        text = f"the destination answered {answer.status}"
        if answer.status in _UNAUTHORIZED and connection.type != OAUTH:
            self._connections.note(connection, DEAUTHORIZED, f"A destination answered {answer.status}.")
        final = answer.status not in _TRIED_AGAIN and answer.status < 500
        after = 0.0 if final else self._retry_after(answer.headers.get("retry-after", ""))
        raise DeliveryError(codes.ERROR_FROM_TARGET, text, final=final, retry_after_s=after)

    def _retry_after(self, text: str) -> float:
        """Seconds that a Retry-After header asks for; 0 where it says nothing."""
        if text.isascii() and text.isdigit():
            return min(float(text), RETRY_AFTER_MAX_S)
        try:
            seconds = parsedate_to_datetime(text).timestamp() - self._clock.now()
        except (ValueError, OverflowError):
            return 0.0
        return min(max(seconds, 0.0), RETRY_AFTER_MAX_S)
