"""The facts of one call: all that is known of it when its record is composed.

Whoever saw the call fills this in, with botocore's names and values as they were on the wire. What the record
makes of them (names, casing, redaction, what is left out) is `compose`'s business alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.model import OperationModel

from cairn.core.records.identity import UNKNOWN, Identity

Pairs = tuple[tuple[str, str], ...]
"""Names and values in the order in which they stood on the wire, repeats kept."""


@dataclass(slots=True, kw_only=True)
class S3Facts:
    """What a record of S3 says in HTTP's own words."""

    bucket: str = ""
    key: str = ""
    """Decoded; empty for calls on the bucket or on no bucket."""
    host: str = ""
    """The Host header, as sent but without its port."""
    query: Pairs = ()
    """Decoded. Members of a presigned query may be among them: the record leaves signatures out."""
    headers: Pairs = ()
    """Request header fields, lower-case names. The record takes its few from them."""
    body: dict[str, Any] | None = None
    """A parsed XML body in its original case with its root element, such as
    `{"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}`; or a parsed JSON one (a bucket policy)."""
    response_headers: Pairs = ()
    """Lower-case names."""
    bytes_in: int = 0
    """Length of the request's body, decoded of aws-chunked."""
    bytes_out: int = 0
    """Length of the reply's body as the client received it."""
    signature_version: str = "SigV4"
    """`SigV4` or `SigV2`; empty for a call without a signature."""
    authentication_method: str = "AuthHeader"
    """`AuthHeader`, `QueryString`; empty for a call without a signature."""
    id_2: str = ""
    """x-amz-id-2 of the reply."""


@dataclass(slots=True, kw_only=True)
class CallFacts:
    """One call. `event_id`, `time`, `account`, `region` always stand; the rest as far as it is known."""

    event_id: str
    time: float
    """When the request completed, seconds since the epoch."""
    account: str
    """recipientAccountId: whose history the record goes to. For most calls the caller's account."""
    region: str
    """Region of the endpoint. Services that are global are recorded in us-east-1 whatever stands here."""
    service: str = ""
    """botocore's name, such as `stepfunctions`."""
    operation: str = ""
    """botocore's name, such as `ListObjectsV2`."""
    operation_model: OperationModel | None = None
    """None where botocore does not know the operation: its parameters are then not recorded."""
    identity: Identity = UNKNOWN
    source_ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    input: dict[str, Any] | None = None
    """In botocore's names; None where it could not be parsed or the call has none."""
    output: dict[str, Any] | None = None
    """In botocore's names; None for an error. Blobs and streams are not looked at."""
    error_code: str = ""
    """As on the wire: `NoSuchEntity`, `InvalidVpcID.NotFound`, `AccessDeniedException`. Empty for a success."""
    error_message: str = ""
    status: int = 200
    """HTTP status of the reply; from 500 on the error is the server's."""
    s3: S3Facts | None = None
    """For calls of services `s3` and `s3control`."""
    tls: dict[str, str] = field(default_factory=dict)
    """tlsDetails in the record's own names: tlsVersion, cipherSuite, clientProvidedHostHeader, keyExchange.
    Empty on plain HTTP."""
    vpc_endpoint_id: str = ""
    vpc_endpoint_account: str = ""
    vpc_endpoint_denied: bool = False
    """Whether it was the endpoint's policy that denied the call."""
    from_console: bool = False
    """The console made the call with the session of somebody signed in."""
    invoked_by: str = ""
    """The AWS service that made the call for its caller, such as `cloudformation.amazonaws.com`."""
    shared_event_id: str = ""
    """Joins the records of one call in the histories of several accounts."""
