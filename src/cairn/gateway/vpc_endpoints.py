"""VPC endpoints: which one a call came through, and whether the endpoint's policy lets it.

There is no network of ours to tell by. So `[vpc_endpoints]` says of each endpoint which clients, or which host names,
stand for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cairn.core.clock import Clock
from cairn.core.config import Settings, VpcEndpoint
from cairn.core.errors import ConfigurationError
from cairn.core.policy import (
    Decision,
    Kind,
    MalformedPolicy,
    Policy,
    Principal,
    Reason,
    Request,
    evaluate_alone,
    parse_policy,
)
from cairn.gateway.conditions import condition_keys
from cairn.gateway.denial import denial
from cairn.gateway.permissions import PermissionsOf, permissions_of
from cairn.wire.http import Call


class _Endpoint(NamedTuple):
    id: str
    account: str
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    hosts: tuple[str, ...]
    services: frozenset[str]
    policy: Policy | None


class VpcEndpoints:
    """All endpoints of `[vpc_endpoints]`.

    Args:
        special: services that know themselves which permissions their calls need.

    Raises:
        ConfigurationError: a network is none, or a policy cannot be read.
    """

    def __init__(self, settings: Settings, clock: Clock, *, special: Mapping[str, PermissionsOf]) -> None:
        self._endpoints = [
            _endpoint(name, entry, settings.account.id) for name, entry in settings.vpc_endpoints.items()
        ]
        self._clock = clock
        self._special = special

    def enter(self, call: Call) -> None:
        """Note on an identified `call` which endpoint it came through, if any."""
        for endpoint in self._endpoints:
            if _came_through(call, endpoint):
                call.vpc_endpoint_id, call.vpc_endpoint_account = endpoint.id, endpoint.account
                return

    def check(self, call: Call) -> None:
        """Return if the policy of the endpoint that a parsed `call` came through lets it go on.

        Raises:
            AwsError: it does not. `call.vpc_endpoint_denied` is then set.
        """
        if not call.vpc_endpoint_id:
            return
        policy = next(endpoint.policy for endpoint in self._endpoints if endpoint.id == call.vpc_endpoint_id)
        if policy is None:
            return
        keys = condition_keys(call, now=self._clock.now())
        for permission in self._special.get(call.service, permissions_of)(call):
            context = {**keys, **permission.keys}
            principal = Principal.of(call.identity)
            request = Request(principal, permission.action, permission.resource, context)
            decision = evaluate_alone(request, policy)
            if not decision.allowed:
                call.vpc_endpoint_denied = True
                denied = decision.reason is Reason.DENIED_RESOURCE
                reason = Reason.DENIED_ENDPOINT if denied else Reason.NO_ENDPOINT
                raise denial(call, permission, Decision(False, reason, permission.action))


def _came_through(call: Call, endpoint: _Endpoint) -> bool:
    if endpoint.services and call.service not in endpoint.services:
        return False
    if any(call.request.host == host or call.request.host.endswith(f".{host}") for host in endpoint.hosts):
        return True
    try:
        client = ipaddress.ip_address(call.request.client)
    except ValueError:
        return False
    return any(client in network for network in endpoint.networks)


def _endpoint(name: str, entry: VpcEndpoint, account: str) -> _Endpoint:
    key = f"vpc_endpoints.{name}"
    try:
        networks = tuple(ipaddress.ip_network(network) for network in entry.networks)
    except ValueError as error:
        raise ConfigurationError(f"{key}.networks: {error}", advice="Give networks such as 10.0.0.0/8.") from error
    policy = None
    if entry.policy:
        try:
            policy = parse_policy(Path(entry.policy).read_text("utf-8"), Kind.RESOURCE)
        except (OSError, ValueError, MalformedPolicy) as error:
            advice = "Give the path of a JSON document in the form of a VPC endpoint policy."
            raise ConfigurationError(f"{key}.policy: {entry.policy} cannot be read: {error}", advice=advice) from error
    hosts = tuple(host.lower() for host in entry.hosts)
    return _Endpoint(name, entry.account or account, networks, hosts, frozenset(entry.services), policy)
