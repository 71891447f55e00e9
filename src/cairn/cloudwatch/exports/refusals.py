"""What export tasks are refused with, in one place. Texts marked (ours) are not known from AWS."""

from __future__ import annotations

from cairn.cloudwatch.exports.buckets import BucketError
from cairn.core.errors import AwsError

_ADVICE = "Please check if CloudWatch Logs has been granted permission to perform this operation."


def task_not_found() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified export task does not exist.")


def task_has_ended() -> AwsError:
    return AwsError("InvalidOperationException", "The specified export task has already finished.")  # (ours)


def another_is_active() -> AwsError:
    return AwsError("LimitExceededException", "Resource limit exceeded.")


def invalid_range() -> AwsError:  # (ours)
    return AwsError("InvalidParameterException", "The start of the time range must be before its end.")


def before_group() -> AwsError:  # (ours)
    return AwsError("InvalidParameterException", "The time range ends before the log group was created.")


def bucket_unusable(error: BucketError, call: str) -> AwsError:
    """What CreateExportTask says of a bucket that refused `call`."""
    if not error.code:
        return AwsError("ServiceUnavailableException", f"The bucket cannot be asked: {error.message}", 503)
    if error.code == "NoSuchBucket":
        text = "The given bucket does not exist. Please provide a valid bucket."
    else:
        text = f"{call} call on the given bucket failed. {_ADVICE}"
    return AwsError("InvalidParameterException", text)
