"""Which service, operation and region a request asks for.

In order of what can be trusted: the credential scope that the client signed for, X-Amz-Target, the path of
smithy's rpc-v2-cbor, Action of the query protocols, the Host header, and for REST services the path. A request that
nothing of this explains is S3's, whose buckets and keys may be called anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cairn.core.regions import is_region
from cairn.wire.hosts import Host, parse_host
from cairn.wire.http import Call, Request, split_query
from cairn.wire.models import index, operation_names
from cairn.wire.protocols import FORM
from cairn.wire.routes import Fit, rest_matcher
from cairn.wire.s3_routes import CONTROL_PATH, OUTPOSTS_PATH, s3_operation

_ACTION_BODY_BYTES = 1 << 20  # Action stands among the first parameters; nobody hides it behind a megabyte

_SIGNING_ALIASES = {
    "s3-object-lambda": ("s3",),
    "s3express": ("s3", "s3control"),
    "s3-outposts": ("s3", "s3control", "s3outposts"),
    "opensearch": ("opensearch", "es"),
    "IngestionService": ("importexport",),
}
"""Names that clients sign for and no model has, or that mean more services than the models say."""

_PREFERRED = ("s3", "rds", "elbv2", "ses", "opensearch", "lambda", "timestream-write", "kinesisanalyticsv2")
"""Of services that share a name and an operation, those that are meant unless something says otherwise."""

_LINKS = {name: ("sns", name) for name in ("ConfirmSubscription", "Unsubscribe")}
"""Actions that links in SNS's messages name, without a version and at whatever host the gateway has."""

_UNSIGNED_REST = ("sso", "sso-oidc", "signin")
_BEARER_REST = ("bedrock-runtime", "bedrock", "bedrock-agent-runtime", "bedrock-agent", "codecatalyst")
"""REST services that clients call without SigV4 and without a telling host; only a path that is theirs counts."""


def identify(
    request: Request, body: bytes | None = None, *, domains: Iterable[str] = (), default_region: str = "us-east-1"
) -> Call:
    """What `request` asks for.

    Never fails: what cannot be told stays empty in the call (`wire.respond.unidentified` is the answer to give).
    The query protocols name their operation in the body, so where the operation is empty and the body was not
    given, read the body and ask again; no call whose body should be streamed is among them.

    Args:
        body: the whole body, if it was read.
        domains: host names that Cairn answers under (`server.domains`).
        default_region: where nothing names a region.
    """
    host = parse_host(request.host, tuple(domains))
    query = dict(split_query(request.query)) if request.query else {}
    signed_region, signing_name = credential_scope(request, query)
    asked = _Asked(request, query, body, host, signing_name)
    service, operation = asked.operation()
    return Call(
        request=request,
        service=service,
        operation=operation,
        region=signed_region if is_region(signed_region) else host.region or default_region,
        body=body,
        host_bucket=host.bucket if service == "s3" else "",
    )


def credential_scope(request: Request, query: Mapping[str, str]) -> tuple[str, str]:
    """Region and signing name that the client signed for; empty where it did not sign. SigV2 names neither, but
    today only S3 takes it."""
    authorization = request.headers.get("authorization")
    if authorization.startswith("AWS4-"):
        start = authorization.find("Credential=")
        credential = authorization[start + 11 :].partition(",")[0].strip() if start >= 0 else ""
    elif authorization.startswith("AWS ") or ("AWSAccessKeyId" in query and "Action" not in query):
        return "", "s3"
    else:
        credential = query.get("X-Amz-Credential", "")
    parts = credential.rsplit("/", 3)
    if len(parts) < 4 or parts[3] != "aws4_request":
        return "", ""
    if "X-Amz-Region-Set" in query or authorization.startswith("AWS4-ECDSA"):  # SigV4A: no region in its scope
        regions = request.headers.get("x-amz-region-set") or query.get("X-Amz-Region-Set", "")
        return regions.partition(",")[0].replace("*", ""), parts[2]
    return parts[1], parts[2]


def action_parameters(request: Request, body: bytes | None) -> Mapping[str, str]:
    """The parameters among which Action and Version are, in the query or in a form; empty if there are none."""
    if "Action=" in request.query:
        return dict(split_query(request.query))
    if not body or not request.headers.get("content-type").lower().startswith(FORM):
        return {}
    return dict(split_query(body[:_ACTION_BODY_BYTES].decode("utf-8", "replace")))


def services_signed_for(signing_name: str) -> tuple[str, ...]:
    """The services that a signature for `signing_name` may be meant for."""
    names = index()
    return (
        _SIGNING_ALIASES.get(signing_name)
        or names.by_signing_name.get(signing_name)
        or names.by_endpoint_prefix.get(signing_name, ())
    )


@dataclass(slots=True)
class _Asked:
    """One request, and the evidence in it."""

    request: Request
    query: Mapping[str, str]
    body: bytes | None
    host: Host
    signing_name: str

    def operation(self) -> tuple[str, str]:
        """Service and operation, each empty if it cannot be told."""
        services = self._services()
        if services[:1] == ("s3",) and not self._is_s3_control(services):
            return self._s3()
        found = self._by_target(services) or self._by_action(services)
        if found is not None:
            return found
        if services:
            return self._by_path(services) or (services[0], "")
        return ("", "") if self.signing_name else self._unsigned()

    def _services(self) -> tuple[str, ...]:
        """Who may be meant, the likeliest first: those the client signed for, else those the host names."""
        if not self.signing_name:
            return self.host.services
        services = services_signed_for(self.signing_name)
        return tuple(sorted(services, key=lambda name: (name not in self.host.services, *_preference(name))))

    def _is_s3_control(self, services: tuple[str, ...]) -> bool:
        """Whether it is S3 Control's, which shares S3's signing name. A bucket that is called as its paths begin
        cannot be reached by them: those calls are S3 Control's."""
        return "s3control" in services and self.request.path.startswith((CONTROL_PATH, OUTPOSTS_PATH))

    def _s3(self) -> tuple[str, str]:
        request = self.request
        return "s3", s3_operation(request.method, request.path, self.host.bucket, self.query, request.headers)

    def _by_target(self, services: tuple[str, ...]) -> tuple[str, str] | None:
        """By X-Amz-Target, or the path of rpc-v2-cbor, which names the same two things."""
        target = self.request.headers.get("x-amz-target")
        if self.request.path.startswith("/service/") and "smithy-protocol" in self.request.headers:
            parts = self.request.path.split("/")
            target = f"{parts[2]}.{parts[4]}" if len(parts) == 5 and parts[3] == "operation" else target
        prefix, _, operation = target.rpartition(".")
        names = index().by_target_prefix
        candidates = names.get(prefix) or names.get(prefix.rpartition(".")[2])
        if not candidates:
            return None
        return _first_with(operation, sorted(candidates, key=lambda name: (name not in services, *_preference(name))))

    def _by_action(self, services: tuple[str, ...]) -> tuple[str, str] | None:
        """By Action and Version, which the query protocols have in the query or in a form."""
        parameters = action_parameters(self.request, self.body)
        action, version = parameters.get("Action", ""), parameters.get("Version", "")
        if not action:
            return None
        if not services and not version and action in _LINKS and self.request.path == "/":
            return _LINKS[action]
        known = index().services
        speaks = [name for name in services or known if name in known and not known[name].is_rest]
        dated = [name for name in speaks if known[name].api_version == version]
        if not services:
            speaks = sorted(dated, key=_preference)
        elif dated:
            speaks = dated
        return _first_with(action, speaks) if speaks else None

    def _by_path(self, services: Iterable[str]) -> tuple[str, str] | None:
        """By the path, for REST services. The host's own service first, then who has more of it literally."""
        request, known = self.request, index().services
        found: tuple[str, str] | None = None
        best: tuple[bool, Fit] | None = None
        for name in services:
            if name not in known or not known[name].is_rest or name == "s3":
                continue
            match = rest_matcher(name).match(request.method, request.path, self.query, request.headers)
            if match is not None and (best is None or (name in self.host.services, match[1]) > best):
                found, best = (name, match[0]), (name in self.host.services, match[1])
        return found

    def _unsigned(self) -> tuple[str, str]:
        """A call that nobody signed, at a host that says nothing: the few services that allow it, else S3."""
        if self.request.headers.get("authorization").startswith("Bearer "):
            found = self._by_path(_BEARER_REST)
        else:
            found = self._by_path(_UNSIGNED_REST)
        return found or self._s3()


def _preference(name: str) -> tuple[int, str]:
    return (_PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)), name


def _first_with(operation: str, services: Sequence[str]) -> tuple[str, str]:
    """The first of `services` that has `operation`; if none has, the first and no operation."""
    for service in services:
        if operation in operation_names(service):
            return service, operation
    return services[0], ""
