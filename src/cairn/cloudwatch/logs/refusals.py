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


def invalid_parameter(text: str) -> AwsError:
    return AwsError("InvalidParameterException", text)
