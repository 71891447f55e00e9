"""Events as archives hold them: compressed one by one, with a dictionary of what events are made of."""

from __future__ import annotations

import zlib

import msgspec

from cairn.core.clock import from_iso
from cairn.core.decoding import UNREADABLE
from cairn.eventbridge.event import TIME_BYTES, BusEvent, envelope

LEVEL = 6

_FORM = b"\x01"
"""Which dictionary an event is packed with; a better one gets another number."""
_DICTIONARY = (
    b'{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","type":"IAMUser","principalId":"AIDA","arn":"arn:aws:'
    b'sts::assumed-role/","accountId":"","accessKeyId":"AKIA","userName":"","sessionContext":{"sessionIssuer":{"type":'
    b'"Role","principalId":"AROA","arn":"arn:aws:iam::role/","webIdFederationData":{},"attributes":{"creationDate":"20'
    b'26-","mfaAuthenticated":"false"}}},"eventTime":"2026-","eventSource":".amazonaws.com","eventName":"","awsRegion"'
    b':"us-east-1","sourceIPAddress":"","userAgent":"aws-cli/2. Boto3/1. Botocore/1. md/","errorCode":"AccessDenied","'
    b'errorMessage":"","requestParameters":null,"responseElements":null,"additionalEventData":{},"requestID":"","event'
    b'ID":"","readOnly":false,"resources":[],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"","'
    b'eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientP'
    b'rovidedHostHeader":"","state":"","alarmName":"","previousState":{"value":"OK"},"configuration":{},"name":"","id"'
    b':"","status":"","version":"0","id":"-","detail-type":"AWS Console Sign In via CloudTrail","detail-type":"Schedul'
    b'ed Event","detail-type":"AWS API Call via CloudTrail","source":"aws.","account":"","time":"2026-T:00Z","region":"'
    b'us-east-1","resources":[],"detail":{'
)


class _Envelope(msgspec.Struct, rename={"detail_type": "detail-type"}):
    id: str
    detail_type: str
    source: str
    account: str
    time: str
    region: str
    detail: msgspec.Raw
    resources: list[str] = []


_decoder = msgspec.json.Decoder(_Envelope)


class Kept(msgspec.Struct, frozen=True):
    """An event in the form that it is stored in."""

    time: int
    """Of the event, in seconds since the epoch."""
    size: int
    """Bytes that it counts for in SizeBytes: as in PutEvents, and the account, which gives the sizes that AWS shows."""
    packed: bytes


def pack(event: BusEvent) -> Kept:
    """An event to be stored."""
    parts = _decoder.decode(event.envelope)
    texts = (parts.source, parts.detail_type, parts.account, *parts.resources)
    packer = zlib.compressobj(LEVEL, zdict=_DICTIONARY)
    packed = _FORM + packer.compress(event.envelope) + packer.flush()
    size = TIME_BYTES + len(parts.detail) + sum(len(text.encode()) for text in texts)
    return Kept(from_iso(parts.time), size, packed)


def unpack(packed: bytes, replay: str) -> BusEvent:
    """A stored event as a replay of that name gives it to its bus.

    Raises:
        ValueError: it was not packed here, or is damaged.
    """
    if packed[:1] != _FORM:
        raise ValueError("an archived event has an unknown form")
    try:
        text = zlib.decompressobj(zdict=_DICTIONARY).decompress(packed[1:])
        parts = _decoder.decode(text)
    except (zlib.error, *UNREADABLE) as error:
        raise ValueError(f"an archived event is damaged: {error}") from error
    again = envelope(
        id=parts.id,
        detail_type=parts.detail_type,
        source=parts.source,
        account=parts.account,
        time=parts.time,
        region=parts.region,
        resources=parts.resources,
        detail=bytes(parts.detail),
        replay=replay,
    )
    return BusEvent(
        id=parts.id,
        source=parts.source,
        detail_type=parts.detail_type,
        account=parts.account,
        region=parts.region,
        envelope=again,
        replay=replay,
    )
