"""Where a call goes: Cairn itself, an endpoint that the configuration names, or the embedded account."""

from __future__ import annotations

from collections.abc import Mapping

from cairn.core.errors import AwsError
from cairn.wire.http import Call, Upstream


class Routes:
    """The first that fits: one operation of ours, a service by name, everything else (`*`).

    Args:
        operations: by (service, operation): calls that the gateway answers although their service is elsewhere.
        services: by botocore's service name.
        default: everything else; None refuses it.
    """

    def __init__(
        self,
        *,
        operations: Mapping[tuple[str, str], Upstream],
        services: Mapping[str, Upstream],
        default: Upstream | None,
    ) -> None:
        self._operations = operations
        self._services = services
        self._default = default

    def to(self, call: Call) -> Upstream:
        """The upstream for `call`.

        Raises:
            AwsError: no upstream is configured for its service.
        """
        upstream = (
            self._operations.get((call.service, call.operation)) or self._services.get(call.service) or self._default
        )
        if upstream is None:
            raise AwsError(
                "ServiceUnavailable",
                f"No upstream is configured for {call.service}: set upstreams.{call.service} or upstreams.*.",
                503,
            )
        return upstream
