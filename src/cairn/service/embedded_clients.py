"""boto3's clients of the embedded account, past the gateway: what services do by themselves is no call of anybody's."""

from __future__ import annotations

import functools
from typing import Any

import boto3
from botocore.config import Config

from cairn.account.moto.wire_names import ACCOUNT, OPERATION, SECRET
from cairn.core.folder import Runtime

CONNECT_S = 5.0
READ_S = 20.0


class EmbeddedClients:
    """Clients of one service, one an account and Region."""

    def __init__(self, service: str, runtime: Runtime) -> None:
        self._service = service
        self._runtime = runtime
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, account: str, region: str) -> Any:
        key = account, region
        if key not in self._made:
            client = boto3.session.Session().client(
                self._service,
                region_name=region,
                endpoint_url=self._runtime.moto_url,
                aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
                aws_secret_access_key="-",  # noqa: S106 - the account believes the header
                config=Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": 2}),
            )
            client.meta.events.register("before-call", functools.partial(self._name, account))
            self._made[key] = client
        return self._made[key]

    def _name(self, account: str, model: Any, params: dict[str, Any], **_more: object) -> None:
        headers = {SECRET: self._runtime.moto_secret, ACCOUNT: account, OPERATION: model.name}
        params["headers"].update(headers)
