"""Who may be believed without a proof: programs of this machine, and pages that it shows of its own.

A browser reaches loopback for any page that it shows. A foreign page calls from its own origin; or its name is made to
lead to this machine, and then the Host header is that name.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from cairn.core.errors import AwsError
from cairn.wire.hosts import AWS_DOMAINS
from cairn.wire.http import Request


class Neighbours:
    """Knows them by what browsers say of a page.

    Args:
        domains: names that lead to this machine and to nobody else's pages (`server.domains`).
    """

    def __init__(self, domains: Iterable[str]) -> None:
        self._domains = tuple(domain.lower() for domain in ("localhost", *domains))

    def check(self, request: Request) -> None:
        """
        Raises:
            AwsError: a page from elsewhere asks.
        """
        headers = request.headers
        host = request.host.rstrip(".")
        if host and not (_is_address(host) or self._is_ours(host) or _is_below(host, AWS_DOMAINS)):
            raise _refusal(f"Host {host} is not this machine's", advice=" Add it to server.domains if it is.")
        origin = headers.get("origin").lower()
        if origin:
            _, _, named = origin.partition("://")
            if not self._is_here(named.rpartition(":")[0] if named.rpartition(":")[2].isdigit() else named):
                raise _refusal(f"A page of {origin} asks")
        elif headers.get("sec-fetch-site") == "cross-site":
            raise _refusal("A page of another site asks")

    def _is_here(self, host: str) -> bool:
        return self._is_ours(host) or (_is_address(host) and ip_address(host.strip("[]")).is_loopback)

    def _is_ours(self, host: str) -> bool:
        return host in self._domains or _is_below(host, self._domains)


def _is_below(host: str, domains: Iterable[str]) -> bool:
    return any(host.endswith(f".{domain}") for domain in domains)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _refusal(why: str, advice: str = "") -> AwsError:
    return AwsError("AccessDenied", f"{why}: in trust mode only programs and pages of this machine may.{advice}", 403)
