"""errorCode as records have it, from the code on the wire (spec 1.2, field 9)."""

from __future__ import annotations

from botocore.model import OperationModel

OUTCOME_UNKNOWN = "OutcomeUnknown"
"""errorCode of a write whose intent is known and whose outcome is not. Not AWS's: AWS has no such record."""
OUTCOME_UNKNOWN_MESSAGE = (
    "The call was sent on, and the process that waited for its reply ended before recording it. "
    "Whether the call took effect is unknown."
)

_DENIED = "AccessDeniedException"
_DENIED_PLAINLY = frozenset(
    {"ce", "dynamodb", "ec2-instance-connect", "kms", "lambda", "organizations", "secretsmanager"}
)
"""JSON services whose refusals are `AccessDenied`, without the Exception, in genuine records."""

_ALWAYS_CLIENT = frozenset({"RequestLimitExceeded"})  # a 503, and yet the client's fault
_PREFIXES = ("Client.", "Server.")

_REFUSALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "Throttling",
        "ThrottlingException",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
"""Codes of calls that are turned away before anybody looks at their parameters."""

_LOOKS_FIRST = frozenset({"ce", "ec2", "rds", "s3", "s3control", "secretsmanager"})
"""Services that record the parameters of calls that they turn away."""


def error_code(service: str, code: str, status: int, model: OperationModel | None) -> str:
    """`code` as the record of a call of `service` has it; empty for a success."""
    if not code or code == OUTCOME_UNKNOWN:
        return code
    if service == "ec2":
        if code.startswith(_PREFIXES):
            return code
        return ("Server." if status >= 500 and code not in _ALWAYS_CLIENT else "Client.") + code
    if code == _DENIED and service in _DENIED_PLAINLY:
        return "AccessDenied"
    if service != "s3" and model is not None:
        return _shape_name(code, model)
    return code


def _shape_name(code: str, model: OperationModel) -> str:
    """Services of the query protocol record an error by the name of its shape: `NoSuchEntity` with an Exception."""
    for shape in model.error_shapes:
        if shape.name != code and shape.metadata.get("error", {}).get("code") == code:
            return str(shape.name)
    return code


def hides_parameters(service: str, code: str) -> bool:
    """Whether a call that failed with `code` is recorded without its parameters."""
    return code in _REFUSALS and service not in _LOOKS_FIRST
