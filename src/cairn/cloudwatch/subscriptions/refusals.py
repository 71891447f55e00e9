"""What subscription filters are refused with, in one place. Texts marked (ours) are not known from AWS."""

from __future__ import annotations

from cairn.core.errors import AwsError

_NAMES = {"kinesis": "Kinesis stream", "firehose": "Firehose stream", "sqs": "SQS queue"}


def filter_not_found() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified subscription filter does not exist.")


def too_many_filters() -> AwsError:
    return AwsError("LimitExceededException", "Resource limit exceeded.")


def not_a_destination(vendor: str) -> AwsError:
    if not vendor:
        return _invalid("The destinationArn is not valid.")  # (ours)
    return _invalid(f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}")


def role_not_wanted(vendor: str) -> AwsError:
    return _invalid(f"destinationArn for vendor {vendor} cannot be used with roleArn")


def role_missing(vendor: str) -> AwsError:
    return _invalid(f"destinationArn for vendor {vendor} cannot be used without roleArn")


def of_another_account() -> AwsError:  # (ours)
    return _invalid("The destination must be in the account and region of the log group.")


def function_refuses() -> AwsError:
    return _invalid(
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
        "function."
    )


def stream_refuses(vendor: str) -> AwsError:
    name = _NAMES[vendor]
    if vendor == "sqs":  # (ours)
        return _invalid(f"Could not deliver test message to specified {name}. Check if the given {name} exists.")
    state = name.replace("Kinesis", "kinesis") if vendor == "kinesis" else name
    return _invalid(
        f"Could not deliver test message to specified {name}. Check if the given {state} is in ACTIVE state."
    )


def not_supported(what: str) -> AwsError:  # (ours)
    return _invalid(f"Cairn does not support {what} of subscription filters.")


def _invalid(text: str) -> AwsError:
    return AwsError("InvalidParameterException", text)
