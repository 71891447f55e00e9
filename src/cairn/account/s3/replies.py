"""Replies in S3's words: errors, documents, and the headers that every reply has."""

from __future__ import annotations

import base64
import hashlib

from cairn.account.s3.xml import Element, element, render
from cairn.core.errors import AwsError
from cairn.wire.http import Call, Headers, Response

_STATUS_CODES = {
    "AccessDenied": 403,
    "BucketAlreadyExists": 409,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NotImplemented": 501,
    "OperationAborted": 409,
}


def canonical_id(account: str) -> str:
    """The canonical user id of an account: 64 hex digits, always the same."""
    return hashlib.sha256(f"cairn canonical user {account}".encode()).hexdigest()


def error(code: str, message: str, status: int = 0, **members: object) -> AwsError:
    """An error of S3's, its status from the table above if none is given."""
    return AwsError(code, message, status or _STATUS_CODES.get(code, 400), **members)


def no_such_bucket(bucket: str) -> AwsError:
    return error("NoSuchBucket", "The specified bucket does not exist", BucketName=bucket)


def access_denied(message: str = "Access Denied") -> AwsError:
    return error("AccessDenied", message)


def not_implemented(what: str) -> AwsError:
    return error("NotImplemented", f"{what} is not supported by this endpoint")


def identify(headers: Headers, call: Call) -> Headers:
    """Set what names the reply: the call's id, and S3's second one."""
    headers.set("x-amz-request-id", call.request_id)
    headers.set("x-amz-id-2", host_id(call))
    headers.set("server", "AmazonS3")
    return headers


def host_id(call: Call) -> str:
    return base64.b64encode(hashlib.sha384(call.request_id.encode()).digest()).decode()


def empty(call: Call, status: int = 200, *headers: tuple[str, str]) -> Response:
    return Response(status, identify(Headers([*headers, ("content-length", "0")]), call))


def document(call: Call, content: bytes, *, content_type: str = "application/xml", status: int = 200) -> Response:
    headers = Headers([("content-type", content_type), ("content-length", str(len(content)))])
    return Response(status, identify(headers, call), content)


def xml(call: Call, root: Element) -> Response:
    return document(call, render(root))


def failure(call: Call, problem: AwsError) -> Response:
    """`problem` as S3 writes it. A HEAD has no body."""
    root = element("Error", element("Code", problem.code), element("Message", problem.message))
    for name, value in problem.members.items():
        root.append(element(name, str(value)))
    root.append(element("RequestId", call.request_id))
    root.append(element("HostId", host_id(call)))
    content = render(root).replace(b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', b"", 1)
    response = document(call, content, status=problem.status)
    if call.request.method == "HEAD" or problem.status == 304:
        response.body = b""
    return response
