"""boto3's clients for what Cairn does by itself: of the embedded account, or of wherever `[upstreams]` says.

The embedded account is asked past the gateway: what services do by themselves is no call of anybody's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from cairn.account.moto.wire_names import ACCOUNT, OPERATION, SECRET
from cairn.core.config import Settings
from cairn.core.folder import Runtime
from cairn.service.elsewhere import ATTEMPTS, CONNECT_S, READ_S, Clients, elsewhere

CONNECTIONS_MAX = 16
"""Of a client: as many as there are threads that deliver."""

ClientOf = Callable[[str], Any]
"""The client for what an ARN names."""


def clients_of(service: str, settings: Settings, runtime: Runtime) -> tuple[ClientOf, bool]:
    """The clients of a service wherever it is, and whether that is the embedded account. That one lets us do anything,
    so that whoever asks it has to ask its policies first; elsewhere whoever answers says no himself."""
    endpoint = elsewhere(settings, service)
    if endpoint is not None:
        return Clients(service, endpoint).of, False
    return EmbeddedClients(service, runtime).of_arn, True


class EmbeddedClients:
    """Clients of one service, one an account and Region."""

    def __init__(self, service: str, runtime: Runtime) -> None:
        self._service = service
        self._runtime = runtime
        self._made: dict[tuple[str, str], Any] = {}

    def of_arn(self, arn: str) -> Any:
        _, _, _, region, account, _ = arn.split(":", 5)
        return self.of(account, region)

    def of(self, account: str, region: str) -> Any:
        key = account, region
        if key not in self._made:
            client = boto3.session.Session().client(
                self._service,
                region_name=region,
                endpoint_url=self._runtime.moto_url,
                aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
                aws_secret_access_key="-",  # noqa: S106 - the account believes the header
                config=Config(
                    connect_timeout=CONNECT_S,
                    read_timeout=READ_S,
                    retries={"total_max_attempts": ATTEMPTS},
                    max_pool_connections=CONNECTIONS_MAX,
                ),
            )
            client.meta.events.register("before-call", functools.partial(self._name, account))
            self._made[key] = client
        return self._made[key]

    def _name(self, account: str, model: Any, params: dict[str, Any], **_more: object) -> None:
        headers = {SECRET: self._runtime.moto_secret, ACCOUNT: account, OPERATION: model.name}
        params["headers"].update(headers)
