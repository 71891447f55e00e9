"""Operations on export tasks: input and output in botocore's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.exports import files, refusals
from cairn.cloudwatch.exports.buckets import BucketError, Buckets
from cairn.cloudwatch.exports.tasks import Task, Tasks
from cairn.cloudwatch.logs import LogStore
from cairn.cloudwatch.logs.groups import STANDARD
from cairn.cloudwatch.logs.identifiers import own_group
from cairn.cloudwatch.logs.paging import LISTED_MAX, read_token, token
from cairn.cloudwatch.logs.refusals import not_of_class
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

DEFAULT_PREFIX = "exportedlogs"


def operations(tasks: Tasks, store: LogStore, buckets: Buckets) -> dict[str, Operation]:
    """By name."""
    doors = _ExportOperations(tasks, store, buckets)
    return {
        "CreateExportTask": doors.create_export_task,
        "DescribeExportTasks": doors.describe_export_tasks,
        "CancelExportTask": doors.cancel_export_task,
    }


class _ExportOperations:
    def __init__(self, tasks: Tasks, store: LogStore, buckets: Buckets) -> None:
        self._tasks = tasks
        self._store = store
        self._buckets = buckets

    def create_export_task(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = self._store.groups.get(own_group(context, params["logGroupName"]))
        if group.log_class != STANDARD:
            raise not_of_class("CreateExportTask", group.log_class)
        if params["from"] > params["to"]:
            raise refusals.invalid_range()
        if params["to"] < group.oldest_ms(self._store.now_ms()):
            raise refusals.before_group()
        wanted = Task(
            account=context.account,
            region=context.region,
            name=params.get("taskName", ""),
            group_name=group.id.name,
            stream_prefix=params.get("logStreamNamePrefix", ""),
            from_ms=params["from"],
            to_ms=params["to"],
            bucket=params["destination"],
            prefix=params.get("destinationPrefix", "").strip("/") or DEFAULT_PREFIX,
        )
        self._tasks.check_room(context.account, context.region)
        self._check(wanted, group.arn)
        return {"taskId": self._tasks.create(wanted)}

    def describe_export_tasks(self, context: Context, params: Params) -> Mapping[str, Any]:
        task, status = params.get("taskId", ""), params.get("statusCode", "")
        scope = [context.account, context.region, task, status]
        before = read_token(params.get("nextToken"), scope, tuple[int, str])
        most = params.get("limit", LISTED_MAX)
        found = self._tasks.page(
            context.account, context.region, task=task, status=status, before=before, most=most + 1
        )
        answer: dict[str, Any] = {"exportTasks": [_described(each) for each in found[:most]]}
        if len(found) > most:
            answer["nextToken"] = token(scope, [found[most - 1].created_ms, found[most - 1].id])
        return answer

    def cancel_export_task(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._tasks.cancel(context.account, context.region, params["taskId"])
        return {}

    def _check(self, task: Task, source: str) -> None:
        """Raise unless the bucket is there and takes files of the log group."""
        try:
            self._buckets.check(task.bucket, source=source)
        except BucketError as error:
            raise refusals.bucket_unusable(error, "GetBucketAcl") from None
        try:
            self._buckets.put(task.bucket, files.test_key(task.prefix), files.TEST_CONTENT, source=source)
        except BucketError as error:
            raise refusals.bucket_unusable(error, "PutObject") from None


def _described(task: Task) -> dict[str, Any]:
    execution: dict[str, Any] = {"creationTime": task.created_ms}
    if task.completed_ms is not None:
        execution["completionTime"] = task.completed_ms
    answer: dict[str, Any] = {
        "taskId": task.id,
        "logGroupName": task.group_name,
        "from": task.from_ms,
        "to": task.to_ms,
        "destination": task.bucket,
        "destinationPrefix": task.prefix,
        "status": {"code": task.status, "message": task.message},
        "executionInfo": execution,
    }
    return answer | ({"taskName": task.name} if task.name else {})
