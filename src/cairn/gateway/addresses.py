"""Where a request really comes from, when proxies stand in front of the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from cairn.core.errors import ConfigurationError
from cairn.wire.http import Headers


class TrustedProxies:
    """The networks whose X-Forwarded-For and X-Forwarded-Proto are believed.

    Raises:
        ConfigurationError: one of `networks` is none.
    """

    def __init__(self, networks: Sequence[str] = ()) -> None:
        try:
            self._networks = [ip_network(network) for network in networks]
        except ValueError as error:
            raise ConfigurationError(
                f"server.trusted_proxies: {error}", advice="Give networks such as 10.0.0.0/8 or addresses."
            ) from error

    def trusts(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def origin(self, peer: str, scheme: str, headers: Headers) -> tuple[str, str]:
        """The client's address and the scheme it used.

        The forwarded addresses are read from the right, and the first that is no proxy of ours is the client: what
        stands further left was written by the client itself.
        """
        if not self._networks or not self.trusts(peer):
            return peer, scheme
        client = peer
        hops = [hop.strip() for field in headers.all("x-forwarded-for") for hop in field.split(",") if hop.strip()]
        for hop in reversed(hops):
            try:
                client = str(ip_address(hop))
            except ValueError:
                break
            if not self.trusts(client):
                break
        forwarded = headers.get("x-forwarded-proto").split(",")[-1].strip().lower()
        return client, forwarded if forwarded in ("http", "https") else scheme
