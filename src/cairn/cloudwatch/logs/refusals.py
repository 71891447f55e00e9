"""What CloudWatch Logs answers when it refuses: each error's name and text, in one place.

Texts marked (ours) are not known from AWS; the names are always the service model's.
"""

from __future__ import annotations

from cairn.core.errors import AwsError


def group_not_found() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log group does not exist.")


def stream_not_found() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log stream does not exist.")


def group_already_exists() -> AwsError:
    return AwsError("ResourceAlreadyExistsException", "The specified log group already exists")


def stream_already_exists() -> AwsError:
    return AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")


def group_protected() -> AwsError:  # (ours)
    text = "The log group has deletion protection. Turn that off first."
    return AwsError("ValidationException", text)


def too_many_tags(arn: str) -> AwsError:  # (ours)
    return AwsError("TooManyTagsException", f"The resource {arn} can have at most 50 tags.")


def limit_exceeded() -> AwsError:
    return AwsError("LimitExceededException", "Resource limit exceeded.")


def reserved_name() -> AwsError:
    return invalid_parameter("Log groups starting with AWS/ are reserved for AWS.")


def name_and_identifier() -> AwsError:
    return AwsError("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")


def no_group_named() -> AwsError:  # (ours)
    return AwsError("ValidationException", "Either LogGroup name or LogGroup ARN must be given.")


def prefix_and_pattern() -> AwsError:
    text = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
    return invalid_parameter(text)


def invalid_token() -> AwsError:
    return invalid_parameter("The specified nextToken is invalid.")


def not_of_class(operation: str, log_class: str) -> AwsError:  # (ours)
    return invalid_parameter(f"{operation} is not supported for log groups of the class {log_class}.")


def invalid_retention(days: int, allowed: tuple[int, ...]) -> AwsError:
    return invalid_parameter(
        f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
        f"Member must satisfy enum value set: {list(allowed)}"
    )


def key_not_found() -> AwsError:
    return invalid_parameter("The specified KMS Key Id could not be found.")


def key_not_allowed(arn: str) -> AwsError:
    text = f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{arn}'."
    return AwsError("AccessDeniedException", text)


def event_too_large(size: int, limit: int) -> AwsError:
    return invalid_parameter(f"Log event too large: {size} bytes exceeds limit of {limit}")


def upload_too_large(size: int, limit: int) -> AwsError:
    return invalid_parameter(f"Upload too large: {size} bytes exceeds limit of {limit}")


def not_chronological() -> AwsError:
    return invalid_parameter("Log events in a single PutLogEvents request must be in chronological order.")


def spans_too_long() -> AwsError:
    text = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    return invalid_parameter(text)


def policy_changed() -> AwsError:  # (ours)
    text = "The resource policy has changed since: its revision is another one than the expected."
    return AwsError("OperationAbortedException", text)


def policy_not_found(name: str) -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", f"Policy with name [{name}] does not exist.")


def record_not_found() -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", "The log record does not exist.")


def pattern_of(kind: str, error: AwsError) -> AwsError:
    """AWS says of which kind of filter a pattern is that does not parse; of FilterLogEvents and live tail it does not.

    Args:
        kind: `metric` or `subscription`.
    """
    return AwsError(error.code, error.message.replace("Invalid filter pattern", f"Invalid {kind} filter pattern", 1))


def invalid_parameter(text: str) -> AwsError:
    return AwsError("InvalidParameterException", text)
