"""What archives and replays refuse, in AWS's words. Texts marked (ours) are not known from AWS."""

from __future__ import annotations

from cairn.core.errors import AwsError
from cairn.eventbridge.refusals import invalid_parameter


def no_event_bus_arn(parameter: str) -> AwsError:
    return invalid_parameter(parameter, "Must contain an event bus ARN.")


def archive_not_found(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Archive {name} does not exist.")


def archive_exists(name: str) -> AwsError:
    return AwsError("ResourceAlreadyExistsException", f"Archive {name} already exists.")


def too_many_archives(limit: int) -> AwsError:  # (ours)
    return AwsError("LimitExceededException", f"An event bus may have {limit} archives.")


def replay_not_found(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Replay {name} does not exist.")


def replay_exists(name: str) -> AwsError:
    return AwsError("ResourceAlreadyExistsException", f"Replay {name} already exists.")


def too_many_replays(limit: int) -> AwsError:  # (ours)
    return AwsError("LimitExceededException", f"{limit} replays may run at a time.")


def illegal_status(name: str) -> AwsError:
    return AwsError("IllegalStatusException", f"Replay {name} is not in a valid state for this operation.")


def one_filter(operation: str) -> AwsError:
    text = f"At most one filter is allowed for {operation}. Use either : State, EventSourceArn, or NamePrefix."
    return AwsError("ValidationException", text)
