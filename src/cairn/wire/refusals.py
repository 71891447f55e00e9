"""What a caller is told when its signature does not hold, in the words of each family of AWS services."""

from __future__ import annotations

import enum

from cairn.core.clock import iso_seconds, utc
from cairn.core.errors import AwsError

_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_MISSING = "Request is missing Authentication Token"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_EC2_MISMATCH = "AWS was not able to validate the provided access credentials"


class Dialect(enum.Enum):
    """A family of services that refuse in the same words."""

    S3 = "s3"
    EC2 = "ec2"
    QUERY = "query"
    """Query services, and those that answer XML without being S3."""
    JSON = "json"
    REST_JSON = "rest-json"


def dialect_of(service: str, protocol: str) -> Dialect:
    """The dialect of a service.

    Args:
        service: botocore's name.
        protocol: what the request speaks, in botocore's names (`rest-xml`, `json`, `smithy-rpc-v2-cbor`).
    """
    if service in ("s3", "s3control"):
        return Dialect.S3
    match protocol:
        case "ec2":
            return Dialect.EC2
        case "json" | "smithy-rpc-v2-cbor":
            return Dialect.JSON
        case "rest-json":
            return Dialect.REST_JSON
        case _:
            return Dialect.QUERY


class Reason(enum.Enum):
    """Why a request is refused before anybody looks at what it asks for."""

    UNKNOWN_KEY = enum.auto()
    """There is no such access key, or it is inactive: callers cannot tell which."""
    BAD_TOKEN = enum.auto()
    """The session token is not the key's."""
    EXPIRED_TOKEN = enum.auto()
    MISMATCH = enum.auto()
    UNSIGNED = enum.auto()
    """The operation needs a signature and there is none."""
    MALFORMED = enum.auto()
    """The signature cannot be read."""
    MALFORMED_QUERY = enum.auto()
    """The signature of a presigned URL cannot be read."""


_CODES: dict[Reason, dict[Dialect, tuple[str, int, str]]] = {
    Reason.UNKNOWN_KEY: {
        Dialect.S3: ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        Dialect.EC2: ("AuthFailure", 401, _EC2_MISMATCH),
        Dialect.QUERY: ("InvalidClientTokenId", 403, _INVALID),
        Dialect.JSON: ("UnrecognizedClientException", 400, _INVALID),
        Dialect.REST_JSON: ("UnrecognizedClientException", 403, _INVALID),
    },
    Reason.BAD_TOKEN: {
        Dialect.S3: ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        Dialect.EC2: ("AuthFailure", 401, _EC2_MISMATCH),
        Dialect.QUERY: ("InvalidClientTokenId", 403, _INVALID),
        Dialect.JSON: ("UnrecognizedClientException", 400, _INVALID),
        Dialect.REST_JSON: ("UnrecognizedClientException", 403, _INVALID),
    },
    Reason.EXPIRED_TOKEN: {
        Dialect.S3: ("ExpiredToken", 400, "The provided token has expired."),
        Dialect.EC2: ("RequestExpired", 400, "Request has expired."),
        Dialect.QUERY: ("ExpiredToken", 403, _EXPIRED),
        Dialect.JSON: ("ExpiredTokenException", 400, _EXPIRED),
        Dialect.REST_JSON: ("ExpiredTokenException", 403, _EXPIRED),
    },
    Reason.MISMATCH: {
        Dialect.S3: (
            "SignatureDoesNotMatch",
            403,
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
        ),
        Dialect.EC2: ("AuthFailure", 401, _EC2_MISMATCH),
        Dialect.QUERY: ("SignatureDoesNotMatch", 403, _MISMATCH),
        Dialect.JSON: ("InvalidSignatureException", 400, _MISMATCH),
        Dialect.REST_JSON: ("InvalidSignatureException", 403, _MISMATCH),
    },
    Reason.UNSIGNED: {
        Dialect.S3: ("AccessDenied", 403, "Access Denied"),
        Dialect.EC2: ("MissingAuthenticationToken", 403, _MISSING),
        Dialect.QUERY: ("MissingAuthenticationToken", 403, _MISSING),
        Dialect.JSON: ("MissingAuthenticationTokenException", 400, _MISSING),
        Dialect.REST_JSON: ("MissingAuthenticationTokenException", 403, _MISSING),
    },
    Reason.MALFORMED: {
        Dialect.S3: ("AuthorizationHeaderMalformed", 400, "The authorization header is malformed."),
        Dialect.EC2: ("IncompleteSignature", 400, ""),
        Dialect.QUERY: ("IncompleteSignature", 400, ""),
        Dialect.JSON: ("IncompleteSignatureException", 400, ""),
        Dialect.REST_JSON: ("IncompleteSignatureException", 403, ""),
    },
    Reason.MALFORMED_QUERY: {
        Dialect.S3: ("AuthorizationQueryParametersError", 400, ""),
        Dialect.EC2: ("IncompleteSignature", 400, ""),
        Dialect.QUERY: ("IncompleteSignature", 400, ""),
        Dialect.JSON: ("IncompleteSignatureException", 400, ""),
        Dialect.REST_JSON: ("IncompleteSignatureException", 403, ""),
    },
}


def refusal(reason: Reason, dialect: Dialect, text: str = "", **members: object) -> AwsError:
    """The error of `reason`, with `text` in place of the usual message where it is given.

    Args:
        members: further members of the answer; only S3 gives any.
    """
    code, status, message = _CODES[reason][dialect]
    return AwsError(code, text or message, status, **(members if dialect is Dialect.S3 else {}))


def skewed(dialect: Dialect, timestamp: str, time: float, now: float, skew: float) -> AwsError:
    """The request's time (`timestamp` as sent, `time` in seconds) is further than `skew` from `now`."""
    if dialect is Dialect.S3:
        return AwsError(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
            RequestTime=timestamp,
            ServerTime=iso_seconds(now),
            MaxAllowedSkewMilliseconds=str(int(skew * 1000)),
        )
    if dialect is Dialect.EC2:
        return AwsError("RequestExpired", "Request has expired.", 400)
    if time < now:
        text, edge, sign = f"Signature expired: {timestamp} is now earlier than", now - skew, "-"
    else:
        text, edge, sign = f"Signature not yet current: {timestamp} is still later than", now + skew, "+"
    text = f"{text} {_basic(edge)} ({_basic(now)} {sign} {skew / 60:g} min.)"
    return refusal(Reason.MISMATCH, dialect, text)


def url_expired(dialect: Dialect, timestamp: str, ended: float, now: float, **members: object) -> AwsError:
    """A presigned URL of `timestamp` that ended at `ended` is used at `now`."""
    if dialect is Dialect.S3:
        return AwsError(
            "AccessDenied",
            "Request has expired",
            403,
            **members,
            Expires=iso_seconds(ended),
            ServerTime=iso_seconds(now),
        )
    if dialect is Dialect.EC2:
        return AwsError("RequestExpired", "Request has expired.", 400)
    return refusal(
        Reason.MISMATCH, dialect, f"Signature expired: {timestamp} is now earlier than {_basic(now)} ({_basic(ended)})"
    )


def not_signed(dialect: Dialect, names: list[str]) -> AwsError:
    """Headers that a signature must cover are outside of it."""
    if dialect is Dialect.S3:
        return AwsError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            403,
            HeadersNotSigned=", ".join(names),
        )
    if "host" in names:
        return refusal(
            Reason.MISMATCH, dialect, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        )
    text = ", ".join(f"'{name}'" for name in names)
    return refusal(Reason.MISMATCH, dialect, f"{text} must be a 'SignedHeader' in the AWS Authorization.")


def unsupported_algorithm(dialect: Dialect, algorithm: str) -> AwsError:
    """The signature is of a kind that is not verified here, such as SigV4A."""
    if dialect is Dialect.S3:
        return AwsError(
            "InvalidRequest",
            f"The authorization mechanism you have provided ({algorithm}) is not supported. "
            "Please use AWS4-HMAC-SHA256.",
        )
    return refusal(Reason.MALFORMED, dialect, f"Unsupported AWS 'algorithm': '{algorithm}'.")


def two_mechanisms(dialect: Dialect) -> AwsError:
    """A request is signed in its header and in its query."""
    text = (
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
        "or the Authorization header should be specified"
    )
    return AwsError("InvalidArgument", text) if dialect is Dialect.S3 else refusal(Reason.MALFORMED, dialect, text)


def bad_payload_hash(dialect: Dialect, declared: str, allowed: list[str]) -> AwsError:
    """x-amz-content-sha256 is none of the values it may have."""
    text = f"x-amz-content-sha256 must be {', '.join(allowed)}, or a valid sha256 value."
    if dialect is Dialect.S3:
        return AwsError("InvalidArgument", text, ArgumentName="x-amz-content-sha256", ArgumentValue=declared)
    return refusal(Reason.MISMATCH, dialect, text)


def _basic(seconds: float) -> str:
    return utc(seconds).strftime("%Y%m%dT%H%M%SZ")
