"""What engines, upstreams and servers of users answer."""

from __future__ import annotations

import struct
import zlib

from botocore.eventstream import EventStreamBuffer

from cairn.cloudtrail.verify.listing import read_page
from cairn.core.errors import Refused
from cairn.gateway.issued import Principal, federated_caller, key_changes
from cairn.gateway.replies import read_outcome
from cairn.wire import event_stream
from cairn.wire.http import Call, Response
from cairn.wire.models import index, operation_names
from fuzz.messages import reply_of, request_of
from fuzz.recorded import TIME, record
from fuzz.target import Target, finish, parts, text

_USUAL = (
    ("s3", "PutObject"),
    ("s3", "CopyObject"),
    ("s3", "CreateBucket"),
    ("s3", "DeleteObjects"),
    ("iam", "CreateAccessKey"),
    ("iam", "CreateUser"),
    ("sts", "AssumeRole"),
    ("sts", "GetSessionToken"),
    ("sts", "AssumeRoleWithWebIdentity"),
    ("ec2", "RunInstances"),
    ("ec2", "DescribeInstances"),
    ("lambda", "CreateFunction"),
    ("lambda", "Invoke"),
    ("dynamodb", "PutItem"),
    ("kms", "Decrypt"),
    ("cloudwatch", "GetMetricData"),
    ("sqs", "SendMessage"),
    ("route53", "CreateHostedZone"),
    ("iam", "UpdateAccessKey"),
    ("cognito-identity", "GetCredentialsForIdentity"),
)


_PARAMS = {
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "RoleSessionName": "s",
    "UserName": "alice",
    "accountId": "123456789012",
    "TargetPrincipal": "123456789012",
    "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
    "Policy": "{}",
}
"""What the replies answer, as far as keys are concerned."""


def _params(reply: bytes) -> dict[str, object]:
    """What was asked for: whole, or ARNs that are none."""
    odd = (
        {"RoleArn": "role", "TargetPrincipal": "arn:", "CustomRoleArn": "role/a:b"}
        if zlib.crc32(reply) % 4 == 0
        else {}
    )
    return {**_PARAMS, **odd}


class _Directory:
    async def user(self, account: str, name: str) -> Principal | None:
        return Principal("AIDAEXAMPLE", f"arn:aws:iam::{account}:user/{name}")

    async def role(self, account: str, name: str) -> Principal | None:
        return None

    async def policy(self, account: str, arn: str) -> str | None:
        return None


def reply(data: bytes) -> None:
    """A first line with the operation, then the reply."""
    first, _, rest = data.partition(b"\n")
    service, _, operation = text(first).strip().partition(" ")
    if service not in index().services or operation not in operation_names(service):
        service, operation = _USUAL[zlib.crc32(first) % len(_USUAL)]
    status, headers, body = reply_of(rest)
    call = Call(request_of(b"POST /")[0], service, operation, "us-east-1", account="123456789012", params=_params(rest))
    outcome = finish(read_outcome(call, Response(status, headers, body)))
    assert outcome is not None
    if outcome.reply.output is not None:
        finish(key_changes(call, outcome.reply.output, _Directory(), now=TIME))
        federated_caller(call, outcome.reply.output)
    record(call, outcome)


def listing(data: bytes) -> None:
    read_page(data)


def events(data: bytes) -> None:
    """A kind and a payload, written and read again by botocore."""
    kind, payload = parts(data, 2)
    name = text(kind)[:1000]
    buffer = EventStreamBuffer()
    buffer.add_data(event_stream.event(name, payload) + event_stream.exception(name, payload))
    first, second = list(buffer)
    assert first.payload == second.payload == payload
    assert first.headers[":event-type"] == second.headers[":exception-type"] == name
    assert struct.unpack(">I", event_stream.event(name, payload)[:4])[0] == len(event_stream.event(name, payload))


TARGETS = (
    Target(
        "reply", "Replies of engines and upstreams are read as far as they can be, keys learnt, the record made.", reply
    ),
    Target("listing", "A page of ListObjectsV2, as verifying reads it.", listing, (Refused,)),
    Target("event-stream", "What is written is what botocore reads.", events),
)
