"""Operations on log groups: their life, their settings, their tags."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.encryption import Keys, QueryKeys, check_key
from cairn.cloudwatch.logs.groups import DELIVERY, STANDARD, Group, Groups, Wanted
from cairn.cloudwatch.logs.identifiers import identified, own_group
from cairn.cloudwatch.logs.joints import FilterCounts
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.paging import LISTED_MAX, read_token, token
from cairn.cloudwatch.logs.tags import check_tags
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""What PutRetentionPolicy takes."""

_QUERY_RESULTS = re.compile(r"arn:aws[a-z-]*:logs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):query-result:\*")


def group_operations(
    groups: Groups, query_keys: QueryKeys, keys: Keys, filter_counts: FilterCounts
) -> dict[str, Operation]:
    """By name."""
    doors = _GroupOperations(groups, query_keys, keys, filter_counts)
    return {
        "CreateLogGroup": doors.create_log_group,
        "DeleteLogGroup": doors.delete_log_group,
        "DescribeLogGroups": doors.describe_log_groups,
        "ListLogGroups": doors.list_log_groups,
        "PutRetentionPolicy": doors.put_retention_policy,
        "DeleteRetentionPolicy": doors.delete_retention_policy,
        "AssociateKmsKey": doors.associate_kms_key,
        "DisassociateKmsKey": doors.disassociate_kms_key,
        "PutLogGroupDeletionProtection": doors.put_log_group_deletion_protection,
        "TagLogGroup": doors.tag_log_group,
        "UntagLogGroup": doors.untag_log_group,
        "ListTagsLogGroup": doors.list_tags_log_group,
        "TagResource": doors.tag_resource,
        "UntagResource": doors.untag_resource,
        "ListTagsForResource": doors.list_tags_for_resource,
    }


class _GroupOperations:
    def __init__(self, groups: Groups, query_keys: QueryKeys, keys: Keys, filter_counts: FilterCounts) -> None:
        self._groups = groups
        self._query_keys = query_keys
        self._keys = keys
        self._filter_counts = filter_counts

    def create_log_group(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = own_group(context, params["logGroupName"])
        if group.name.lower().startswith("aws/"):
            raise refusals.reserved_name()
        tags = check_tags(params.get("tags", {}))
        key = params.get("kmsKeyId", "")
        if key:
            check_key(self._keys, key, group)
        self._groups.create(
            group,
            log_class=params.get("logGroupClass", STANDARD),
            kms_key=key,
            protected=params.get("deletionProtectionEnabled", False),
            tags=tags,
        )
        return {}

    def delete_log_group(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._groups.delete(own_group(context, params["logGroupName"]))
        return {}

    def describe_log_groups(self, context: Context, params: Params) -> Mapping[str, Any]:
        prefix, part = params.get("logGroupNamePrefix", ""), params.get("logGroupNamePattern", "")
        identifiers = params.get("logGroupIdentifiers")
        if prefix and part:
            raise refusals.prefix_and_pattern()
        if identifiers is not None and (prefix or part or params.get("logGroupClass")):
            raise refusals.invalid_parameter("logGroupIdentifiers cannot be given with another filter.")  # (ours)
        wanted = Wanted(
            account=context.account,
            region=context.region,
            prefix=prefix,
            parts=[part] if part else (),
            log_class=params.get("logGroupClass", ""),
            names=_names(context, identifiers) if identifiers is not None else None,
        )
        found, answer = self._page(context, "groups", wanted, params, params.get("limit", LISTED_MAX))
        sizes, counts = self._groups.stored_bytes(found), self._filter_counts([group.id for group in found])
        listed = [_description(group, sizes[group.id], counts.get(group.id, 0)) for group in found]
        return {"logGroups": listed, **answer}

    def list_log_groups(self, context: Context, params: Params) -> Mapping[str, Any]:
        if params.get("dataSources") or params.get("fieldIndexNames"):
            return {"logGroups": []}  # there are neither, so that no group has one
        pattern = params.get("logGroupNamePattern", "")
        wanted = Wanted(
            account=context.account,
            region=context.region,
            parts=pattern.split("|") if pattern else (),
            log_class=params.get("logGroupClass", ""),
            tags=[(tag["key"], tag.get("values", [])) for tag in params.get("logGroupTags", [])],
        )
        found, answer = self._page(context, "list", wanted, params, params.get("limit", LISTED_MAX))
        return {"logGroups": [_summary(group) for group in found], **answer}

    def put_retention_policy(self, context: Context, params: Params) -> Mapping[str, Any]:
        days = params["retentionInDays"]
        if days not in RETENTION_DAYS:
            raise refusals.invalid_retention(days, RETENTION_DAYS)
        self._set_retention(context, params, days)
        return {}

    def delete_retention_policy(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._set_retention(context, params, None)
        return {}

    def associate_kms_key(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = _keyed(context, params)
        check_key(self._keys, params["kmsKeyId"], group)
        if group is None:
            self._query_keys.put(context.account, context.region, params["kmsKeyId"])
        else:
            self._groups.change(group, kms_key=params["kmsKeyId"])
        return {}

    def disassociate_kms_key(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = _keyed(context, params)
        if group is None:
            self._query_keys.put(context.account, context.region, "")
        else:
            self._groups.change(group, kms_key="")
        return {}

    def put_log_group_deletion_protection(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = identified(context, params["logGroupIdentifier"])
        self._groups.change(group, protected=params["deletionProtectionEnabled"])
        return {}

    def tag_log_group(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._groups.add_tags(own_group(context, params["logGroupName"]), check_tags(params["tags"]))
        return {}

    def untag_log_group(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._groups.remove_tags(own_group(context, params["logGroupName"]), params["tags"])
        return {}

    def list_tags_log_group(self, context: Context, params: Params) -> Mapping[str, Any]:
        return {"tags": self._groups.tags(own_group(context, params["logGroupName"]))}

    def tag_resource(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._groups.add_tags(identified(context, params["resourceArn"]), check_tags(params["tags"]))
        return {}

    def untag_resource(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._groups.remove_tags(identified(context, params["resourceArn"]), params["tagKeys"])
        return {}

    def list_tags_for_resource(self, context: Context, params: Params) -> Mapping[str, Any]:
        return {"tags": self._groups.tags(identified(context, params["resourceArn"]))}

    def _page(
        self, context: Context, kind: str, wanted: Wanted, params: Params, limit: int
    ) -> tuple[list[Group], dict[str, str]]:
        scope = [kind, context.account, context.region]
        after = read_token(params.get("nextToken"), scope, str) or ""
        found = self._groups.page(wanted, after=after, limit=limit + 1)
        if len(found) <= limit:
            return found, {}
        return found[:limit], {"nextToken": token(scope, found[limit - 1].id.name)}

    def _set_retention(self, context: Context, params: Params, days: int | None) -> None:
        group = own_group(context, params["logGroupName"])
        if self._groups.get(group).log_class == DELIVERY:
            raise refusals.not_of_class("A retention policy", DELIVERY)
        self._groups.change(group, retention_days=days)


def _names(context: Context, identifiers: Sequence[str]) -> list[str]:
    return [identified(context, identifier).name for identifier in identifiers]


def _keyed(context: Context, params: Params) -> GroupId | None:
    """The group whose key is meant; None: the account's results of queries.

    Raises:
        AwsError: InvalidParameterException, ResourceNotFoundException.
    """
    name, identifier = params.get("logGroupName"), params.get("resourceIdentifier")
    if (name is None) == (identifier is None):
        text = "Either logGroupName or resourceIdentifier must be given, and not both."
        raise refusals.invalid_parameter(text)  # (ours)
    if name is not None:
        return own_group(context, name)
    assert identifier is not None
    results = _QUERY_RESULTS.fullmatch(identifier)
    if results is None:
        return identified(context, identifier)
    if (results["account"], results["region"]) != (context.account, context.region):
        raise refusals.invalid_parameter(f"{identifier} is not of this account and Region.")  # (ours)
    return None


def _summary(group: Group) -> dict[str, Any]:
    return {"logGroupName": group.id.name, "logGroupArn": group.arn, "logGroupClass": group.log_class}


def _description(group: Group, stored_bytes: int, filters: int) -> dict[str, Any]:
    answer = {
        "logGroupName": group.id.name,
        "creationTime": group.created_ms,
        "metricFilterCount": filters,
        "arn": f"{group.arn}:*",
        "storedBytes": stored_bytes,
        "logGroupClass": group.log_class,
        "logGroupArn": group.arn,
        "deletionProtectionEnabled": group.protected,
    }
    if group.retention_days is not None:
        answer["retentionInDays"] = group.retention_days
    if group.kms_key:
        answer["kmsKeyId"] = group.kms_key
    return answer
