"""Which chains of digests a place holds, and their keys."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from cairn.cloudtrail.digests.digest import FOLDER, parse_key
from cairn.cloudtrail.logfile import FOLDER as LOG_FOLDER
from cairn.cloudtrail.logfile import FOLDERS
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.places import ROOT, Place, folders
from cairn.cloudtrail.verify.walk import Chain
from cairn.core.clock import utc

SPILL_S = 3600
"""A digest that ends so much later than what was asked for may still name its log files."""

_DAY_S = 86_400
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")


class FoundRegion(NamedTuple):
    """An account's folder of digests in a region, with the chains of all trails in it."""

    account: str
    region: str
    organization: str
    chains: dict[Chain, list[str]]
    """Keys of each, oldest first."""


def find_regions(place: Place, start: int, end: int) -> Iterator[FoundRegion]:
    """What is in a place, a region at a time; of digests, those that ended within [`start`, `end` + SPILL_S]."""
    root = f"{place.prefix}/{ROOT}" if place.prefix else ROOT
    for name in folders(place, place.bucket, root):
        if _ACCOUNT.fullmatch(name):
            yield from _of_account(place, root, name, "", start, end)
        elif _ORGANIZATION.fullmatch(name):
            for account in folders(place, place.bucket, f"{root}{name}/"):
                yield from _of_account(place, root, account, name, start, end)


def keys_of(place: Place, bucket: str, chain: Chain, start: int, end: int) -> list[str]:
    """A chain's keys, oldest first."""
    root = f"{place.prefix}/{ROOT}" if place.prefix else ROOT
    found = _region(place, bucket, root, chain.account, chain.region, chain.organization, start, end)
    return found.chains.get(chain, [])


def log_folders(prefix: str, chain: Chain) -> list[str]:
    """Where the log files of a chain's account and region are; each ends with a slash."""
    return [
        "/".join(filter(None, (prefix, "AWSLogs", chain.organization, chain.account, folder, chain.region))) + "/"
        for folder in (LOG_FOLDER, *FOLDERS.values())
    ]


def belongs(chain: Chain, trail: TrailId) -> bool:
    """Whether a chain is one of this trail, which may be an organization's."""
    same = (chain.trail, chain.home_region) == (trail.name, trail.home_region)
    return same and (bool(chain.organization) or chain.account == trail.account)


def _of_account(
    place: Place, root: str, account: str, organization: str, start: int, end: int
) -> Iterator[FoundRegion]:
    folder = "/".join(filter(None, (root.rstrip("/"), organization, account, FOLDER))) + "/"
    for region in folders(place, place.bucket, folder):
        yield _region(place, place.bucket, root, account, region, organization, start, end)


def _region(
    place: Place, bucket: str, root: str, account: str, region: str, organization: str, start: int, end: int
) -> FoundRegion:
    chains: dict[Chain, list[str]] = defaultdict(list)
    folder = "/".join(filter(None, (root.rstrip("/"), organization, account, FOLDER, region))) + "/"
    day = f"{utc(start):%Y/%m/%d}/"  # SeaweedFS takes a folder without the slash for all that is in it
    for listed in place.list(bucket, folder, after=folder + day):
        name = parse_key(listed.key)
        if name is None or (name.account, name.region) != (account, region):
            continue
        if name.end > end + SPILL_S + _DAY_S:
            break
        if start <= name.end <= end + SPILL_S:
            chains[Chain(account, region, name.trail, name.home_region, organization)].append(listed.key)
    for keys in chains.values():
        keys.sort(key=_order)  # stores that keep folders do not all list in the order of whole keys
    return FoundRegion(account, region, organization, dict(chains))


def _order(key: str) -> tuple[str, str]:
    return key.rpartition("/")[0], key
