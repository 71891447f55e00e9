"""What connections and API destinations refuse, in AWS's words. Texts marked (ours) are not known from AWS."""

from __future__ import annotations

from cairn.core.errors import AwsError


def connection_not_found(verb: str, name: str) -> AwsError:
    text = f"Failed to {verb} the connection(s). Connection '{name}' does not exist."
    return AwsError("ResourceNotFoundException", text)


def destination_not_found(verb: str, name: str) -> AwsError:
    text = f"Failed to {verb} the api-destination(s). An api-destination '{name}' does not exist."
    return AwsError("ResourceNotFoundException", text)


def connection_exists(name: str) -> AwsError:  # (ours)
    return AwsError("ResourceAlreadyExistsException", f"Connection '{name}' already exists.")


def destination_exists(name: str) -> AwsError:  # (ours)
    return AwsError("ResourceAlreadyExistsException", f"An api-destination '{name}' already exists.")


def no_such_connection(arn: str) -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", f"Connection '{arn}' does not exist.")


def too_many(what: str, limit: int) -> AwsError:  # (ours)
    return AwsError("LimitExceededException", f"An account may have {limit} {what} in a region.")


def rate_too_high(limit: int) -> AwsError:  # (ours)
    return AwsError("LimitExceededException", f"InvocationRateLimitPerSecond may be {limit} at most.")


def private_connectivity() -> AwsError:  # (ours)
    text = "Cairn has no private connectivity by VPC Lattice; it reaches what its own network reaches."
    return AwsError("ValidationException", text)
