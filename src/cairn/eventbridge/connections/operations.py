"""Operations on connections and API destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.eventbridge.connections import parameters, refusals
from cairn.eventbridge.connections.connection import DEAUTHORIZING, DELETING, Connection
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.destination import RATE_MAX
from cairn.eventbridge.connections.destinations import Destinations
from cairn.eventbridge.connections.parameters import Parameters
from cairn.eventbridge.listing import Page, Place
from cairn.eventbridge.operations.arguments import Answer, Params, page
from cairn.wire.operation import Context, Operation

_OF_CONNECTION = {"Description": "description", "KmsKeyIdentifier": "kms_key"}
_OF_DESTINATION = {
    "Description": "description",
    "ConnectionArn": "connection",
    "InvocationEndpoint": "endpoint",
    "HttpMethod": "method",
    "InvocationRateLimitPerSecond": "rate",
}
"""Fields, by the names that operations have for them."""


class ConnectionOperations:
    """What users do with connections and API destinations.

    Args:
        allow_private: whether requests may go to servers at private addresses, and by plain http.
    """

    def __init__(self, connections: Connections, destinations: Destinations, *, allow_private: bool) -> None:
        self._connections = connections
        self._destinations = destinations
        self._allow_private = allow_private

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateConnection": self.create_connection,
            "UpdateConnection": self.update_connection,
            "DeauthorizeConnection": self.deauthorize_connection,
            "DeleteConnection": self.delete_connection,
            "DescribeConnection": self.describe_connection,
            "ListConnections": self.list_connections,
            "CreateApiDestination": self.create_api_destination,
            "UpdateApiDestination": self.update_api_destination,
            "DeleteApiDestination": self.delete_api_destination,
            "DescribeApiDestination": self.describe_api_destination,
            "ListApiDestinations": self.list_api_destinations,
        }

    def create_connection(self, context: Context, params: Params) -> Answer:
        _check_reachable(params)
        kind, given = params["AuthorizationType"], params["AuthParameters"]
        parameters.check(kind, given, allow_private=self._allow_private)
        settings = _fields(_OF_CONNECTION, params)
        return self._connections.create(Place.of(context), params["Name"], kind, given, settings).answered(new=True)

    def update_connection(self, context: Context, params: Params) -> Answer:
        _check_reachable(params)

        def change(before: Connection, secret: Parameters) -> tuple[Connection, Parameters]:
            kind = params.get("AuthorizationType", before.type)
            given = params.get("AuthParameters", {})
            if secret or given:
                secret = parameters.changed(kind, secret, given)
                parameters.check(kind, secret, allow_private=self._allow_private)
            return msgspec.structs.replace(before, type=kind, **_fields(_OF_CONNECTION, params)), secret

        return self._connections.change(Place.of(context), params["Name"], change).answered()

    def deauthorize_connection(self, context: Context, params: Params) -> Answer:
        return self._connections.deauthorize(Place.of(context), params["Name"]).answered(DEAUTHORIZING)

    def delete_connection(self, context: Context, params: Params) -> Answer:
        return self._connections.delete(Place.of(context), params["Name"]).answered(DELETING)

    def describe_connection(self, context: Context, params: Params) -> Answer:
        return self._connections.get(Place.of(context), params["Name"]).described()

    def list_connections(self, context: Context, params: Params) -> Answer:
        state = params.get("ConnectionState", "")
        wanted = Page.of(params)
        found = self._connections.page(Place.of(context), wanted, state)
        return page("Connections", [each.listed() for each in found], [each.name for each in found], wanted.limit)

    def create_api_destination(self, context: Context, params: Params) -> Answer:
        self._check_destination(params)
        settings = _fields(_OF_DESTINATION, params)
        return self._destinations.create(Place.of(context), params["Name"], settings).answered()

    def update_api_destination(self, context: Context, params: Params) -> Answer:
        self._check_destination(params)
        settings = _fields(_OF_DESTINATION, params)
        return self._destinations.change(Place.of(context), params["Name"], settings).answered()

    def delete_api_destination(self, context: Context, params: Params) -> Answer:
        self._destinations.delete(Place.of(context), params["Name"])
        return {}

    def describe_api_destination(self, context: Context, params: Params) -> Answer:
        return self._destinations.get(Place.of(context), params["Name"]).described()

    def list_api_destinations(self, context: Context, params: Params) -> Answer:
        of_connection = params.get("ConnectionArn", "")
        wanted = Page.of(params)
        found = self._destinations.page(Place.of(context), wanted, of_connection)
        return page("ApiDestinations", [each.listed() for each in found], [each.name for each in found], wanted.limit)

    def _check_destination(self, params: Params) -> None:
        if "InvocationEndpoint" in params:
            url = params["InvocationEndpoint"]
            parameters.check_endpoint("InvocationEndpoint", url, allow_private=self._allow_private)
        if params.get("InvocationRateLimitPerSecond", 1) > RATE_MAX:
            raise refusals.rate_too_high(RATE_MAX)


def _fields(names: Mapping[str, str], params: Params) -> dict[str, Any]:
    return {field: params[name] for name, field in names.items() if name in params}


def _check_reachable(params: Params) -> None:
    if "InvocationConnectivityParameters" in params:
        raise refusals.private_connectivity()
