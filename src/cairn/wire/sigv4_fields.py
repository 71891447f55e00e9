"""The parts of a SigV4 signature: each is read, and refused in AWS's words where it cannot be right."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Iterator
from email.utils import parsedate_tz
from functools import lru_cache

from cairn.core.clock import utc
from cairn.core.errors import AwsError
from cairn.wire.http import Request
from cairn.wire.refusals import Dialect, Reason, bad_payload_hash, not_signed, refusal, skewed, url_expired

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_CHUNKS_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNKED = (SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER, UNSIGNED_CHUNKS_TRAILER)
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

URL_SECONDS_MAX = 604_800
URL_SECONDS_DEFAULT = 900

_HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_BASIC_TIME = re.compile(r"\d{8}T\d{6}Z")
_ONCE = ("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "host")


def check_url_time(expires: str, timestamp: str, time: float, dialect: Dialect, now: float, skew: float) -> None:
    """Raises AwsError unless a URL of `timestamp` that lives for `expires` seconds may be used now."""
    if not re.fullmatch(r"-?\d{1,12}", expires):
        raise refusal(Reason.MALFORMED_QUERY, dialect, "X-Amz-Expires should be a number")
    seconds = int(expires)
    if seconds < 1:
        raise refusal(Reason.MALFORMED_QUERY, dialect, "X-Amz-Expires must be non-negative")
    if seconds > URL_SECONDS_MAX:
        text = f"X-Amz-Expires must be less than a week (in seconds) that is {URL_SECONDS_MAX}"
        raise refusal(Reason.MALFORMED_QUERY, dialect, text)
    if time > now + skew:
        if dialect is Dialect.S3:
            raise AwsError("AccessDenied", "Request is not valid yet", 403)
        raise skewed(dialect, timestamp, time, now, skew)
    if now > time + seconds:
        raise url_expired(dialect, timestamp, time + seconds, now, **{"X-Amz-Expires": expires})


def check_once(request: Request, dialect: Dialect) -> None:
    """A field that decides must not be there twice: whoever reads it next could take the other one."""
    seen = set()
    for name, _ in request.headers:
        if name in _ONCE:
            if name in seen:
                raise refusal(Reason.MALFORMED, dialect, f"The request has more than one {name} header.")
            seen.add(name)


def header_time(request: Request, dialect: Dialect) -> tuple[str, float]:
    """The request's time as in the string to sign, and in seconds."""
    text = request.headers.get("x-amz-date")
    time = basic_time(text)
    if time is not None:
        return text, time
    date = request.headers.get("date")
    if not text and (time := basic_time(date)) is not None:
        return date, time
    if not text and (time := mail_time(date)) is not None:
        return utc(time).strftime("%Y%m%dT%H%M%SZ"), time
    if dialect is Dialect.S3:
        raise AwsError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)
    text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    raise refusal(Reason.MALFORMED, dialect, text)


def mail_time(text: str) -> int | None:
    """Seconds since the epoch of `Tue, 14 Nov 2023 22:13:20 GMT`; None if it is no such time."""
    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    try:
        time = calendar.timegm(parsed[:6]) - (parsed[9] or 0)
        utc(time)
    except (ValueError, OverflowError):
        return None  # a year, an hour or a zone that no calendar has
    return time


@lru_cache(maxsize=1024)
def basic_time(text: str) -> int | None:
    """Seconds since the epoch of `20231114T221320Z`; None if it is no such time."""
    if not _BASIC_TIME.fullmatch(text) or not text.isascii():
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[9:11]), int(text[11:13]), int(text[13:15])
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def parse_credential(text: str, timestamp: str, reason: Reason, dialect: Dialect) -> tuple[str, str, str]:
    """Access key, region and service of `key/date/region/service/aws4_request`."""
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or not parts[0]:
        if dialect is Dialect.S3:
            problem = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        else:
            problem = (
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                f"got '{text}'"
            )
        raise _malformed_credential(problem, reason, dialect)
    key_id, date, region, service, term = parts
    if term != "aws4_request":
        problem = f"Credential should be scoped with a valid terminator: 'aws4_request', not '{term}'."
        raise _malformed_credential(problem, reason, dialect)
    if date != timestamp[:8]:
        if dialect is Dialect.S3:
            problem = f'Invalid credential date "{date}". This date is not the same as X-Amz-Date: "{timestamp[:8]}".'
            raise _malformed_credential(problem, reason, dialect)
        problem = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{date}' != '{timestamp[:8]}', from '{timestamp}'."
        )
        raise refusal(Reason.MISMATCH, dialect, problem)
    if not region or not service:
        raise _malformed_credential("Credential must name a region and a service.", reason, dialect)
    return key_id, region, service


def _malformed_credential(problem: str, reason: Reason, dialect: Dialect) -> AwsError:
    if dialect is Dialect.S3:
        start = (
            "Error parsing the X-Amz-Credential parameter"
            if reason is Reason.MALFORMED_QUERY
            else "The authorization header is malformed"
        )
        problem = f"{start}; {problem}"
    return refusal(reason, dialect, problem)


def parse_signed_headers(request: Request, text: str, reason: Reason, dialect: Dialect) -> tuple[str, ...]:
    """The names that the signature covers; all that must be covered are among them."""
    names = tuple(text.split(";"))
    if list(names) != sorted(set(names)) or text != text.lower() or "" in names:
        raise refusal(reason, dialect, "SignedHeaders must be lower-case names in alphabetical order, each once.")
    missing = sorted({name for name in _must_be_signed(request) if name not in names})
    if missing:
        raise not_signed(dialect, missing)
    return names


def _must_be_signed(request: Request) -> Iterator[str]:
    yield "host"
    for name, _ in request.headers:
        if name.startswith("x-amz-"):
            yield name


def parse_payload(declared: str, dialect: Dialect) -> str:
    """What is signed in the place of the body's hash; empty where the receiver has to compute it."""
    if not declared:
        if dialect is Dialect.S3:
            raise AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        return ""
    if declared == UNSIGNED_PAYLOAD or declared in CHUNKED or _HEX_SHA256.fullmatch(declared):
        return declared
    raise bad_payload_hash(dialect, declared, [UNSIGNED_PAYLOAD, *CHUNKED])


def declared_payload(request: Request) -> str:
    """What a request that nobody verifies says of its body's hash or encoding; empty if nothing that can be used."""
    declared = request.headers.get("x-amz-content-sha256")
    if declared in CHUNKED or _HEX_SHA256.fullmatch(declared):
        return declared
    is_chunked = "aws-chunked" in request.headers.get("content-encoding")
    return UNSIGNED_CHUNKS_TRAILER if is_chunked else ""
