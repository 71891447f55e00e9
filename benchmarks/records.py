"""How fast records are composed, looked up and imported: calls a second on one core, and what is added to bare JSON.

python benchmarks/records.py [PATH of a folder with genuine log files]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session
import msgspec

from cairn.core.records.compose import compose
from cairn.core.records.facts import CallFacts, S3Facts
from cairn.core.records.identity import Identity
from cairn.core.records.lookup import lookup_facts
from cairn.core.records.parse import event_from_record

SECONDS = 1.0
_session = botocore.session.get_session()
_alice = Identity(
    type="IAMUser",
    account="111122223333",
    principal_id="AIDAEXAMPLE",
    arn="arn:aws:iam::111122223333:user/alice",
    access_key_id="AKIAEXAMPLE",
    user_name="alice",
)
_tls = {
    "tlsVersion": "TLSv1.3",
    "cipherSuite": "TLS_AES_128_GCM_SHA256",
    "clientProvidedHostHeader": "b.s3.example.org",
}


def _call(service: str, operation: str, **more: Any) -> CallFacts:
    facts = CallFacts(
        event_id="0a1b2c3d-0000-4000-8000-000000000000",
        time=1_688_991_904.75,
        account="111122223333",
        region="us-east-1",
        service=service,
        operation=operation,
        operation_model=_session.get_service_model(service).operation_model(operation),
        identity=_alice,
        source_ip="192.0.2.1",
        user_agent="aws-cli/2.13 Python/3.11",
        request_id="96W1YMJ1V4ZQ9AE6",
        tls=_tls,
    )
    for name, value in more.items():
        setattr(facts, name, value)
    return facts


_tags = [{"Key": "team", "Value": "a"}, {"Key": "stage", "Value": "test"}]
CALLS = {
    "s3 GetObject": _call(
        "s3",
        "GetObject",
        s3=S3Facts(
            bucket="b",
            key="path/to/an/object",
            host="b.s3.example.org",
            headers=(("host", "b.s3.example.org"), ("x-amz-date", "x"), ("x-amz-content-sha256", "y")),
            bytes_out=4096,
            id_2="jjgOwRxJ0ncQCFTvYKs=",
        ),
    ),
    "iam CreateRole": _call(
        "iam",
        "CreateRole",
        input={"RoleName": "r", "Path": "/", "AssumeRolePolicyDocument": "x" * 300, "Tags": _tags},
        output={
            "Role": {
                "RoleName": "r",
                "Path": "/",
                "RoleId": "AROAEXAMPLE",
                "Arn": "arn:aws:iam::111122223333:role/r",
                "CreateDate": "2023-07-10T12:25:04Z",
                "AssumeRolePolicyDocument": "x" * 300,
                "Tags": _tags,
            }
        },
    ),
    "ec2 RunInstances": _call(
        "ec2",
        "RunInstances",
        input={
            "ImageId": "ami-1",
            "MinCount": 1,
            "MaxCount": 1,
            "InstanceType": "t3.micro",
            "SecurityGroupIds": ["sg-1"],
            "TagSpecifications": [{"ResourceType": "instance", "Tags": _tags}],
        },
        output={
            "ReservationId": "r-1",
            "OwnerId": "111122223333",
            "Groups": [],
            "Instances": [
                {
                    "InstanceId": "i-1",
                    "ImageId": "ami-1",
                    "State": {"Code": 0, "Name": "pending"},
                    "LaunchTime": "2023-07-10T12:25:04Z",
                    "Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "default"},
                    "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "g"}],
                    "Tags": _tags,
                }
            ],
        },
    ),
    "dynamodb GetItem": _call("dynamodb", "GetItem", input={"TableName": "t", "Key": {"id": {"S": "7"}}}, output={}),
}


def rate(work: Callable[[], object], each: int = 1) -> float:
    """Times a second that `work`, which counts for `each`, can be done."""
    work()
    done, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        for _ in range(max(1, 100 // each)):
            work()
            done += each
    return done / elapsed


def main() -> None:
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    for name, facts in CALLS.items():
        record = compose(facts).parse()
        bare = rate(partial(encode, record))
        ours = rate(partial(compose, facts))
        print(f"compose {name:18} {ours:10,.0f} /s   {ours / bare:.2f} of encoding its JSON alone")
    if len(sys.argv) > 1:
        records = [r for f in Path(sys.argv[1]).glob("*.json") for r in json.loads(f.read_bytes())["Records"]]
        raws = [json.dumps(record).encode() for record in records]
        bare = rate(lambda: [encode(decode(raw)) for raw in raws], len(raws))
        ours = rate(lambda: [event_from_record(raw) for raw in raws], len(raws))
        print(f"import  {len(raws)} genuine      {ours:10,.0f} /s   {ours / bare:.2f} of parsing and encoding alone")
        ours = rate(lambda: [lookup_facts(record) for record in records], len(records))
        print(f"lookup facts            {ours:10,.0f} /s")


if __name__ == "__main__":
    main()
