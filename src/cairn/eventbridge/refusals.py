"""What EventBridge answers when it refuses: each error's name and text, in one place.

Texts marked (ours) are not known from AWS; the names are always AWS's.
"""

from __future__ import annotations

from cairn.core.errors import AwsError


def invalid(text: str) -> AwsError:
    return AwsError("ValidationException", text)


def invalid_parameter(name: str, reason: str = "") -> AwsError:
    """Args: name: of the parameter, or its value where AWS shows that."""
    return invalid(f"Parameter {name} is not valid.{f' Reason: {reason}' if reason else ''}")


def not_an_arn(value: str) -> AwsError:
    return invalid_parameter(value, "Provided Arn is not in correct format.")


def bus_not_found(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")


def bus_exists(name: str) -> AwsError:
    return AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")


def source_not_found(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Event source {name} does not exist.")


def endpoint_not_found(id: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Endpoint {id} does not exist.")


def rule_not_found(name: str, bus: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus}.")


def statement_not_found() -> AwsError:
    return AwsError("ResourceNotFoundException", "Statement with the provided id does not exist.")


def too_many() -> AwsError:
    return AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


def managed(name: str) -> AwsError:
    return AwsError("ManagedRuleException", f"{name} is a managed rule. Set 'force' parameter to true to override.")


def policy_too_long(limit: int) -> AwsError:  # (ours)
    return AwsError("PolicyLengthExceededException", f"The policy of an event bus may have {limit} bytes.")


def denied(caller: str, action: str, resource: str) -> AwsError:
    text = f"User: {caller} is not authorized to perform: {action} on resource: {resource}"
    return AwsError("AccessDeniedException", f"{text} because no resource-based policy allows the {action} action")
