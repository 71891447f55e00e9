"""What a Host header says: a service, a region, an S3 bucket.

`sqs.eu-west-1.amazonaws.com`, `bucket.s3.eu-west-1.amazonaws.com`, `s3-eu-west-1.amazonaws.com`, and the same
under the domains that the settings name: `bucket.s3.localhost`, `bucket.localhost`, `sqs.eu-west-1.localhost`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cairn.wire.models import index

AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn")

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_S3 = re.compile(r"s3(?:-fips|-accelerate|-external-1)?(?:[.-](?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?")
_S3_EXPRESS = re.compile(r"s3express-[a-z0-9-]+")
_S3_OTHERS = {"s3-control": "s3control", "s3-control-fips": "s3control", "s3-outposts": "s3outposts"}
_ALIASES = {"queue": "sqs", "monitoring": "cloudwatch"}
_DECORATION = ("dualstack", "fips", "vpce", "aws")
_CACHED_HOSTS = 4096


@dataclass(frozen=True, slots=True)
class Host:
    """What a host name says; empty members are what it does not say."""

    services: tuple[str, ...] = ()
    """botocore's names of the services that answer under this name."""
    region: str = ""
    bucket: str = ""
    """The bucket, if the request is S3's: certain where `services` is S3, else what it would be."""


NOTHING = Host()
_UNKNOWN = ("",)  # AWS's, but no service that speaks an API here, such as an S3 website


@lru_cache(maxsize=_CACHED_HOSTS)
def parse_host(host: str, domains: tuple[str, ...]) -> Host:
    """Facts of `host` (lower case, without port), where `domains` are the names that Cairn answers under."""
    for domain in sorted((*domains, *AWS_DOMAINS), key=len, reverse=True):
        if host.endswith(f".{domain}"):
            labels = host[: -len(domain) - 1].split(".")
            return _facts(labels, ours=domain in domains)
    return NOTHING


def _facts(labels: list[str], *, ours: bool) -> Host:
    region = ""
    while len(labels) > 1 and (_REGION.fullmatch(labels[-1]) or labels[-1] in _DECORATION):
        last = labels.pop()
        region = region or (last if last not in _DECORATION else "")
    found = _s3(labels, region) or _named(labels, region, ours=ours)
    if found is not None:
        return found
    return Host(bucket=".".join(labels)) if ours else Host(_UNKNOWN, region)


def _s3(labels: list[str], region: str) -> Host | None:
    """S3's own forms, where the bucket stands before the service and may itself have dots."""
    for at in range(len(labels) - 1, -1, -1):
        bucket = ".".join(labels[:at])
        if labels[at].startswith("s3-website"):
            return Host(_UNKNOWN, region)
        if labels[at] in _S3_OTHERS:
            return Host((_S3_OTHERS[labels[at]],), region)
        if match := _S3.fullmatch(labels[at]):
            # bucket.vpce-0123.s3.eu-west-1.vpce.amazonaws.com names the endpoint, then "bucket", before the service.
            bucket = re.sub(r"(^|\.)bucket\.vpce-[0-9a-z-]+$", "", bucket)
            return Host(("s3",), region or match["region"] or "", bucket)
        if _S3_EXPRESS.fullmatch(labels[at]):
            return Host(("s3",), region, bucket)
    return None


def _named(labels: list[str], region: str, *, ours: bool) -> Host | None:
    """A service's endpoint prefix, whatever stands before it (an account, an id, and at AWS `data-` or `sync-`;
    under our own names that might be a bucket's name)."""
    prefixes = index().by_endpoint_prefix
    names = [".".join(labels[at:]).removesuffix("-fips") for at in range(len(labels))]
    if not ours:
        names.append(labels[0].partition("-")[2])
    for name in names:
        name = _ALIASES.get(name, name)
        services = prefixes.get(name) or ((name,) if name in index().services else ())
        if services:
            return Host(services, region, bucket=".".join(labels))
    return None
