"""CloudTrail's operations on trails, as the wire knows them: input and output in botocore's names."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.cloudtrail import preconditions, refusals, tags
from cairn.cloudtrail.event_configuration import operations as configuration_operations
from cairn.cloudtrail.insights.operations import operations as insight_operations
from cairn.cloudtrail.organizations import Owners, joined
from cairn.cloudtrail.preconditions import Preconditions
from cairn.cloudtrail.selectors.operations import operations as selector_operations
from cairn.cloudtrail.topics import topic_arn
from cairn.cloudtrail.trail import Trail, TrailId, TrailSettings, check_name, parse_arn, resolve
from cairn.cloudtrail.trails import Trails
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation
from cairn.wire.validate import Validation

Params = dict[str, Any]

VALIDATION = Validation(unchecked=frozenset({"LookupEvents", "PutEventSelectors.EventSelectors"}))
"""CloudTrail has errors of its own for some input, in place of ValidationException."""
TRAILS_PER_PAGE = 100
RESOURCES_LISTED_MAX = 20
"""ARNs that ListTags takes."""


def operations(trails: Trails, checks: Preconditions, owners: Owners) -> dict[str, Operation]:
    """CloudTrail's operations on trails and their tags, by name."""
    doors = _TrailOperations(trails, checks, owners)
    return {
        "CreateTrail": doors.create_trail,
        "UpdateTrail": doors.update_trail,
        "DeleteTrail": doors.delete_trail,
        "GetTrail": doors.get_trail,
        "DescribeTrails": doors.describe_trails,
        "ListTrails": doors.list_trails,
        "StartLogging": doors.start_logging,
        "StopLogging": doors.stop_logging,
        "GetTrailStatus": doors.get_trail_status,
        "AddTags": doors.add_tags,
        "RemoveTags": doors.remove_tags,
        "ListTags": doors.list_tags,
        **selector_operations(trails, own=doors._own, seen=doors._seen),
        **configuration_operations(trails, own=doors._own, seen=doors._seen),
        **insight_operations(trails, checks, own=doors._own, seen=doors._seen),
    }


class _TrailOperations:
    def __init__(self, trails: Trails, checks: Preconditions, owners: Owners) -> None:
        self._trails = trails
        self._checks = checks
        self._owners = owners

    def create_trail(self, context: Context, params: Params) -> Mapping[str, Any]:
        check_name(params["Name"])
        settings = _changed(TrailSettings(bucket=params["S3BucketName"]), params)
        tagged = tags.check(_pairs(params.get("TagsList", [])))
        organization = self._owners.creator(context.account) if params.get("IsOrganizationTrail") else None
        owner = context.account if organization is None else organization.management
        trail = TrailId(owner, context.region, params["Name"])
        settings = joined(settings, organization)
        self._trails.check_room(trail, settings)
        settings = self._checks.check(trail, settings, params)
        return _summary(self._trails.create(trail, settings, tagged))

    def update_trail(self, context: Context, params: Params) -> Mapping[str, Any]:
        trail = self._own(context, params["Name"])
        settings = _changed(trail.settings, params)
        turns = params.get("IsOrganizationTrail", _of_organization(trail)) != _of_organization(trail)
        organization = self._owners.converter(context.account, trail) if turns else None
        if turns:
            settings = joined(settings, organization)
        settings = self._checks.check(trail.id, settings, {*params, "S3BucketName"} if turns else params)
        given = params | ({"KmsKeyId": settings.kms_key} if params.get("KmsKeyId") else {})

        def change(now: TrailSettings) -> TrailSettings:
            return joined(_changed(now, given), organization) if turns else _changed(now, given)

        return _summary(self._trails.update(trail.id, change))

    def delete_trail(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._trails.delete(self._own(context, params["Name"]).id)
        return {}

    def get_trail(self, context: Context, params: Params) -> Mapping[str, Any]:
        return {"Trail": _description(self._seen(context, params["Name"]))}

    def describe_trails(self, context: Context, params: Params) -> Mapping[str, Any]:
        shadows = params.get("includeShadowTrails", True)
        names = params.get("trailNameList", [])
        asked = {resolve(name, context.account, context.region) for name in names}
        by_arn = {parse_arn(name) for name in names if name.startswith("arn:")}  # those are found wherever they are

        def described(trail: Trail) -> bool:
            if asked and trail.id not in asked:
                return False
            if _is_at_home(trail, context):
                return True
            return shadows and (trail.seen_in(context.region) or trail.id in by_arn)

        return {
            "trailList": [_description(each) for each in self._trails.of_account(context.account) if described(each)]
        }

    def list_trails(self, context: Context, params: Params) -> Mapping[str, Any]:
        after = _read_token(params.get("NextToken", ""), context.account)
        rest = [trail for trail in self._trails.of_account(context.account) if _place(trail) > after]
        page = rest[:TRAILS_PER_PAGE]
        answer: dict[str, Any] = {
            "Trails": [
                {"TrailARN": trail.arn, "Name": trail.id.name, "HomeRegion": trail.id.home_region} for trail in page
            ]
        }
        if len(rest) > len(page):
            answer["NextToken"] = _token(context.account, page[-1])
        return answer

    def start_logging(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._trails.start_logging(self._own(context, params["Name"]).id)
        return {}

    def stop_logging(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._trails.stop_logging(self._own(context, params["Name"]).id)
        return {}

    def get_trail_status(self, context: Context, params: Params) -> Mapping[str, Any]:
        return self._trails.status(self._seen(context, params["Name"]), context.region)

    def add_tags(self, context: Context, params: Params) -> Mapping[str, Any]:
        trail = self._tagged(context, params["ResourceId"])
        self._trails.add_tags(trail, tags.check(_pairs(params["TagsList"])))
        return {}

    def remove_tags(self, context: Context, params: Params) -> Mapping[str, Any]:
        trail = self._tagged(context, params["ResourceId"])
        self._trails.remove_tags(trail, [tag["Key"] for tag in params["TagsList"]])
        return {}

    def list_tags(self, context: Context, params: Params) -> Mapping[str, Any]:
        lists = []
        if len(params["ResourceIdList"]) > RESOURCES_LISTED_MAX:
            raise refusals.too_many_resources(RESOURCES_LISTED_MAX)
        for arn in params["ResourceIdList"]:
            found = self._trails.tags(self._tagged(context, arn))
            tag_list = [{"Key": key, "Value": value} if value else {"Key": key} for key, value in found.items()]
            lists.append({"ResourceId": arn, "TagsList": tag_list})
        return {"ResourceTagList": lists}

    def _own(self, context: Context, name_or_arn: str) -> Trail:
        """The trail, for an operation that changes it: only in its home region, and by those who may."""
        trail = self._found(context, name_or_arn)
        self._owners.check_change(context.account, trail)
        if trail.id.home_region != context.region:
            raise refusals.invalid_home_region(trail.id.home_region)
        return trail

    def _seen(self, context: Context, name_or_arn: str) -> Trail:
        """The trail, for an operation that reads it: a shadow does, by its ARN."""
        trail = self._found(context, name_or_arn)
        if not trail.seen_in(context.region):
            raise refusals.trail_not_found(trail.arn, context.account)
        return trail

    def _found(self, context: Context, name_or_arn: str) -> Trail:
        named = resolve(name_or_arn, context.account, context.region)
        if named.account == context.account:
            return self._trails.get(named)
        for trail in self._trails.of_account(context.account):  # a copy of its organization's trail
            if trail.id == named:
                return trail
        raise refusals.trail_not_found(named.arn, context.account)

    def _tagged(self, context: Context, arn: str) -> Trail:
        """The trail whose tags are meant: by ARN, in its home region. Members do not see tags of copies."""
        if any(f":{kind}/" in arn for kind in ("eventdatastore", "channel", "dashboard")):
            raise refusals.resource_type_not_supported(arn)
        trail = parse_arn(arn)
        if trail.home_region != context.region:
            raise refusals.wrong_region_in_arn(context.region)
        try:
            found = self._found(context, arn)
        except AwsError as error:
            raise refusals.resource_not_found(arn) if error.code == "TrailNotFoundException" else error from None
        if trail.account != context.account and not self._owners.administers(context.account, found):
            raise refusals.wrong_account_in_arn(context.account)
        return found


def _changed(settings: TrailSettings, params: Params) -> TrailSettings:
    """`settings` with what CreateTrail's or UpdateTrail's input changes in them.

    Raises:
        AwsError: the input is invalid, whatever the trail.
    """
    multi_region = params.get("IsMultiRegionTrail", settings.multi_region)
    # Turned on with all regions. The way back leaves them on, as Terraform's tests against AWS have it.
    global_events = params.get("IncludeGlobalServiceEvents", settings.global_events or multi_region)
    if multi_region and not global_events:
        raise refusals.multi_region_needs_global_events()
    new = msgspec.structs.replace(
        settings,
        bucket=params.get("S3BucketName", settings.bucket),
        prefix=params.get("S3KeyPrefix", settings.prefix),
        multi_region=multi_region,
        global_events=global_events,
        validation=params.get("EnableLogFileValidation", settings.validation),
        kms_key=params.get("KmsKeyId", settings.kms_key),
        topic=params.get("SnsTopicName", settings.topic),
        log_group=params.get("CloudWatchLogsLogGroupArn", settings.log_group),
        log_role=params.get("CloudWatchLogsRoleArn", settings.log_role),
        recursive=params.get("RecursiveLogging", settings.recursive),
    )
    preconditions.check_settings(new)
    return new


def _summary(trail: Trail) -> dict[str, Any]:
    """A trail as CreateTrail and UpdateTrail answer it: what is not set is left out."""
    settings = trail.settings
    answer: dict[str, Any] = {"Name": trail.id.name, "S3BucketName": settings.bucket}
    if settings.prefix:
        answer["S3KeyPrefix"] = settings.prefix
    if settings.topic:
        answer |= {"SnsTopicName": settings.topic, "SnsTopicARN": topic_arn(trail.id, settings.topic)}
    answer |= {
        "IncludeGlobalServiceEvents": settings.global_events,
        "IsMultiRegionTrail": settings.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": settings.validation,
    }
    if settings.log_group:
        answer |= {"CloudWatchLogsLogGroupArn": settings.log_group, "CloudWatchLogsRoleArn": settings.log_role}
    if settings.kms_key:
        answer["KmsKeyId"] = settings.kms_key
    answer["IsOrganizationTrail"] = _of_organization(trail)
    if not settings.recursive:
        answer["RecursiveLogging"] = False
    return answer


def _description(trail: Trail) -> dict[str, Any]:
    """A trail as GetTrail and DescribeTrails answer it."""
    return _summary(trail) | {
        "HomeRegion": trail.id.home_region,
        "HasCustomEventSelectors": trail.settings.custom_selectors,
        "HasInsightSelectors": bool(trail.settings.insights),
    }


def _pairs(tag_list: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(tag["Key"], tag.get("Value", "")) for tag in tag_list]


def _of_organization(trail: Trail) -> bool:
    return bool(trail.settings.organization)


def _is_at_home(trail: Trail, context: Context) -> bool:
    """Whether it is neither a shadow nor a copy."""
    return (trail.id.account, trail.id.home_region) == (context.account, context.region)


def _place(trail: Trail) -> list[str]:
    return [trail.id.home_region, trail.id.name, trail.id.account]


def _token(account: str, last: Trail) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([account, *_place(last)])).decode()


def _read_token(token: str, account: str) -> list[str]:
    """Where the page that a token was given with ended; no token stands before all."""
    if not token:
        return []
    try:
        owner, *place = msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[str, str, str, str])
    except (ValueError, *UNREADABLE):
        raise refusals.invalid_token() from None
    if owner != account:
        raise refusals.invalid_token()
    return place
