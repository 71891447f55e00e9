"""The trail: its name, its ARN, its home and its settings."""

from __future__ import annotations

import re

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.selectors import (
    DEFAULT_SELECTORS,
    AdvancedSelector,
    EventSelector,
    InsightSelector,
    Selection,
    Template,
)

NAME_CHARACTERS_MIN = 3
NAME_CHARACTERS_MAX = 128

_CHARACTERS = re.compile(r"[A-Za-z0-9._-]+")
_ADJACENT = re.compile(r"[._-]{2}")
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):trail/(?P<name>.+)")


class TrailSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What CreateTrail sets and UpdateTrail changes. Empty strings are what is not set."""

    bucket: str
    prefix: str = ""
    multi_region: bool = False
    global_events: bool = True
    validation: bool = False
    """Whether digest files are delivered."""
    kms_key: str = ""
    """ARN of the key that log files are encrypted with; empty: the bucket's own encryption."""
    topic: str = ""
    """Name or ARN, as it was given, of the SNS topic that delivered files are announced on."""
    log_group: str = ""
    """ARN of the CloudWatch log group, as it was given."""
    log_role: str = ""
    """ARN of the role to write to it with; set where `log_group` is."""
    recursive: bool = True
    """RecursiveLogging: whether what CloudTrail itself puts into the bucket is logged too."""
    selectors: tuple[EventSelector, ...] | None = None
    """None: the default, all management events."""
    advanced: tuple[AdvancedSelector, ...] = ()
    """In force in place of `selectors` where there are any."""
    aggregations: tuple[Template, ...] = ()
    """By what the trail's data events are aggregated."""
    insights: tuple[InsightSelector, ...] = ()
    """Which Insights it has. None: it has none."""
    organization: str = ""
    """`o-...` of the organization whose trail it is; empty: the account's alone."""
    members: tuple[str, ...] = ()
    """The organization's other accounts, in order, as far as they are known: they have copies of the trail."""

    @property
    def custom_selectors(self) -> bool:
        """HasCustomEventSelectors."""
        return self.selectors is not None or bool(self.advanced)


class TrailId(msgspec.Struct, frozen=True):
    """What names a trail for ever."""

    account: str
    home_region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.home_region)}:cloudtrail:{self.home_region}:{self.account}:trail/{self.name}"


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """A trail as it stands."""

    row: int
    """Its number in the saved state. A trail deleted and made again under the same name has another."""
    id: TrailId
    settings: TrailSettings
    logging: bool = False
    started: float | None = None
    """Time of the last StartLogging."""
    stopped: float | None = None
    deleted: float | None = None
    """Time of DeleteTrail. Only delivery still sees a trail that has one."""

    @property
    def arn(self) -> str:
        return self.id.arn

    def seen_in(self, region: str) -> bool:
        """Whether the trail, or its shadow, is in `region`."""
        return self.settings.multi_region or self.id.home_region == region

    @property
    def selection(self) -> Selection:
        return selection(self.id, self.settings)


def selection(trail: TrailId, settings: TrailSettings) -> Selection:
    """What a trail with these settings logs."""
    selectors = DEFAULT_SELECTORS if settings.selectors is None else settings.selectors
    return Selection(
        account=trail.account,
        home_region=trail.home_region,
        multi_region=settings.multi_region,
        global_events=settings.global_events,
        selectors=() if settings.advanced else selectors,
        advanced=tuple(msgspec.structs.replace(selector, name=None) for selector in settings.advanced),
        aggregations=settings.aggregations,
        organization=settings.organization,
        members=settings.members,
        insights=settings.insights,
        trail=trail.arn if any("Data" in one.categories for one in settings.insights) else "",
    )


def partition(region: str) -> str:
    """The partition of a region, as ARNs name it."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def check_name(name: str) -> None:
    """Raise InvalidTrailNameException unless `name` may name a trail."""
    length = len(name)
    if length < NAME_CHARACTERS_MIN:
        raise refusals.invalid_trail_name(
            f"Trail name too short. Minimum allowed length: {NAME_CHARACTERS_MIN} characters. "
            f"Specified name length: {length} characters."
        )
    if length > NAME_CHARACTERS_MAX:
        raise refusals.invalid_trail_name(
            f"Trail name too long. Maximum allowed length: {NAME_CHARACTERS_MAX} characters. "
            f"Specified name length: {length} characters."
        )
    if not (name[0].isascii() and name[0].isalnum()):
        raise refusals.invalid_trail_name("Trail name must starts with a letter or number.")
    if not (name[-1].isascii() and name[-1].isalnum()):
        raise refusals.invalid_trail_name("Trail name must ends with a letter or number.")
    if not _CHARACTERS.fullmatch(name):
        raise refusals.invalid_trail_name(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_)."
        )
    if _ADJACENT.search(name):
        raise refusals.invalid_trail_name("Trail name cannot have adjacent periods, hyphens or underscores.")
    if _IPV4.fullmatch(name):
        raise refusals.invalid_trail_name("Trail name cannot be in IP address format.")


def parse_arn(arn: str) -> TrailId:
    """The trail that `arn` names.

    Raises:
        AwsError: CloudTrailARNInvalidException, InvalidTrailNameException.
    """
    match = _ARN.fullmatch(arn)
    if match is None:
        raise refusals.invalid_trail_arn(arn)
    check_name(match["name"])
    return TrailId(match["account"], match["region"], match["name"])


def resolve(name_or_arn: str, account: str, region: str) -> TrailId:
    """The trail that a caller means: a bare name is one whose home is the called region.

    Raises:
        AwsError: CloudTrailARNInvalidException, InvalidTrailNameException.
    """
    if name_or_arn.startswith("arn:"):
        return parse_arn(name_or_arn)
    check_name(name_or_arn)
    return TrailId(account, region, name_or_arn)
