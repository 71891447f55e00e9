"""Operations on subscription filters: input and output in botocore's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cairn.cloudwatch.logs import LogStore
from cairn.cloudwatch.logs.groups import DELIVERY, STANDARD
from cairn.cloudwatch.logs.identifiers import own_group
from cairn.cloudwatch.logs.joints import CompilePattern
from cairn.cloudwatch.logs.paging import LISTED_MAX, read_token, token
from cairn.cloudwatch.logs.refusals import not_of_class, pattern_of
from cairn.cloudwatch.subscriptions import payload, refusals
from cairn.cloudwatch.subscriptions.destinations import Destination, DestinationError, Destinations, Kind
from cairn.cloudwatch.subscriptions.filters import BY_STREAM, Filters, SubscriptionFilter
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]


RegexesOf = Callable[[str], int]
"""How many regular expressions a filter pattern has."""


def operations(
    store: LogStore,
    filters: Filters,
    destinations: Destinations,
    compile_pattern: CompilePattern,
    regexes_of: RegexesOf,
) -> dict[str, Operation]:
    """By name."""
    doors = _SubscriptionOperations(store, filters, destinations, compile_pattern, regexes_of)
    return {
        "PutSubscriptionFilter": doors.put_subscription_filter,
        "DescribeSubscriptionFilters": doors.describe_subscription_filters,
        "DeleteSubscriptionFilter": doors.delete_subscription_filter,
    }


class _SubscriptionOperations:
    def __init__(
        self,
        store: LogStore,
        filters: Filters,
        destinations: Destinations,
        compile_pattern: CompilePattern,
        regexes_of: RegexesOf,
    ) -> None:
        self._regexes_of = regexes_of
        self._store = store
        self._filters = filters
        self._destinations = destinations
        self._compile = compile_pattern

    def put_subscription_filter(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = self._store.groups.get(own_group(context, params["logGroupName"]))
        if group.log_class not in (STANDARD, DELIVERY):
            raise not_of_class("PutSubscriptionFilter", group.log_class)
        pattern = params["filterPattern"]
        try:
            self._compile(pattern)
        except AwsError as error:
            raise pattern_of("subscription", error) from None
        for member in ("fieldSelectionCriteria", "emitSystemFields", "applyOnTransformedLogs"):
            if params.get(member):
                raise refusals.not_supported(member)
        destination = Destination.parse(params["destinationArn"], params.get("roleArn", ""))
        if (destination.account, destination.region) != (context.account, context.region):
            raise refusals.of_another_account()
        wanted = SubscriptionFilter(
            group=group.id,
            name=params["filterName"],
            pattern=pattern,
            regexes=self._regexes_of(pattern),
            destination=destination.arn,
            role=destination.role,
            distribution=params.get("distribution", BY_STREAM),
        )
        self._filters.check_room(wanted)
        self._check(destination, group.arn)
        self._filters.put(wanted)
        return {}

    def describe_subscription_filters(self, context: Context, params: Params) -> Mapping[str, Any]:
        group, prefix = own_group(context, params["logGroupName"]), params.get("filterNamePrefix", "")
        scope = [*group, prefix]
        after = read_token(params.get("nextToken"), scope, str) or ""
        most = params.get("limit", LISTED_MAX)
        found = self._filters.page(group, prefix=prefix, after=after, most=most + 1)
        answer: dict[str, Any] = {"subscriptionFilters": [_described(filter) for filter in found[:most]]}
        return answer | ({"nextToken": token(scope, found[most - 1].name)} if len(found) > most else {})

    def delete_subscription_filter(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._filters.delete(own_group(context, params["logGroupName"]), params["filterName"])
        return {}

    def _check(self, destination: Destination, group_arn: str) -> None:
        """Raise unless the destination can be reached: a function is asked for, the others get a control message."""
        try:
            if destination.kind is Kind.FUNCTION:
                self._destinations.check(destination, group_arn=group_arn)
                return
            message = payload.control_message(self._store.now_ms())
            self._destinations.deliver(destination, message, group_arn=group_arn, partition_key=payload.OWNER)
        except DestinationError:
            if destination.kind is Kind.FUNCTION:
                raise refusals.function_refuses() from None
            raise refusals.stream_refuses(destination.kind.value) from None


def _described(filter: SubscriptionFilter) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "filterName": filter.name,
        "logGroupName": filter.group.name,
        "filterPattern": filter.pattern,
        "destinationArn": filter.destination,
        "distribution": filter.distribution,
        "applyOnTransformedLogs": False,
        "creationTime": filter.created_ms,
    }
    return answer | ({"roleArn": filter.role} if filter.role else {})
