"""A Cairn, and everything that has to hear of its calls: the histories of two accounts, five trails, a log group with a
metric filter, and rules."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.contract.recipients import allow, document, make_bucket, make_key, make_log_group, make_role, trail_arn
from tests.contract.test_tutorial import ACCOUNT, TRUST, bucket_policy
from tests.running import Cairn

from cairn.core.clock import AHEAD, set_ahead
from cairn.core.failpoints import VARIABLE

US, EU = REGIONS = ("us-east-1", "eu-west-1")
EVERYWHERE, IRELAND, SEALED, OBJECTS, THEIRS = TRAILS = (
    "lossless-everywhere",
    "lossless-ireland",
    "lossless-sealed",
    "lossless-objects",
    "lossless-theirs",
)
"""Trails, each with a bucket of its name: all regions with a log group; one region; all regions under a KMS key; data
events alone; and all regions of another account."""
HISTORY, GROUP, RULE = "history", "log group", "rule"
"""The other places that records come to."""
THINGS = "lossless-things"
"""The bucket whose objects calls are about."""
LOG_GROUP, TOLD = "CloudTrail/Lossless", "/aws/events/lossless"
ADMINISTRATOR_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"

Keys = Mapping[str, str]
"""An access key, as boto3 names its parts; empty: the administrator's."""


class Place(Protocol):
    """Where calls are made."""

    queues: Mapping[str, str]
    """URL of a queue by region."""
    theirs: Keys
    """Of the other account; empty where there is none."""

    def client(self, service: str, region: str = US, keys: Keys | None = None, *, retries: int = 5) -> Any: ...


@dataclass
class Stage:
    """Where faults strike and calls are made."""

    cairn: Cairn
    folder: Path
    """For what is not Cairn's own: armed points, the clock's file, log files to import."""
    disk: Path | None
    """The root of the small disk that the data folder is on, if this machine gave one."""
    member: str = ""
    """The other account."""
    theirs: Keys = field(default_factory=dict)
    key: str = ""
    """ARN of the KMS key of `SEALED`."""
    queues: Mapping[str, str] = field(default_factory=dict)

    @property
    def points(self) -> Path:
        """The folder whose files arm named points."""
        return self.folder / "points"

    @property
    def imports(self) -> Path:
        """The folder of log files that are imported."""
        return self.folder / "imports"

    def failure(self, *command: str) -> str:
        """What a command of Cairn's told if it did not end with 0 and in time; nothing if it did."""
        try:
            self.cairn.cairn(*command)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            return str(error)
        return ""

    def set_clock(self, seconds: float) -> None:
        """Set the wall clock of all of Cairn's processes so far ahead of this machine's."""
        set_ahead(self.folder / "clock", 0.0, wall=seconds)

    def client(self, service: str, region: str = US, keys: Keys | None = None, *, retries: int = 5) -> Any:
        return self.cairn.client(service, region=region, retries=retries, **(keys or {}))


@contextmanager
def started(data: Path, folder: Path, disk: Path | None) -> Iterator[Stage]:
    """A new Cairn in `data`, with two gateways, and all that hears of its calls; killed in the end."""
    environment = {
        "CAIRN_SERVER_GATEWAYS": "2",
        "CAIRN_DELIVERY_INTERVAL": "3s",
        "CAIRN_DIGEST_INTERVAL": "10s",
        VARIABLE: str(folder / "points"),
        AHEAD: str(folder / "clock"),
    }
    stage = Stage(Cairn(data, environment), folder, disk)
    stage.points.mkdir()
    stage.imports.mkdir()
    stage.set_clock(0)
    stage.cairn.start()
    try:
        _make_member(stage)
        make_things(stage)
        _make_trails(stage)
        for region in REGIONS:
            _make_rule(stage, region)
        yield stage
    finally:
        stage.cairn.kill()


def _make_member(stage: Stage) -> None:
    """Another account, and an administrator of it with a key that does not end."""
    organizations = stage.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(Email="member@example.com", AccountName="member")
    stage.member = made["CreateAccountStatus"]["AccountId"]
    role = f"arn:aws:iam::{stage.member}:role/OrganizationAccountAccessRole"
    visit = session_keys(stage.client("sts").assume_role(RoleArn=role, RoleSessionName="lossless"))
    iam = stage.client("iam", keys=visit)
    iam.create_user(UserName="caller")
    iam.attach_user_policy(UserName="caller", PolicyArn=ADMINISTRATOR_POLICY)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    stage.theirs = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def session_keys(reply: Mapping[str, Any]) -> Keys:
    """What AssumeRole gave."""
    given = reply["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def make_things(place: Place) -> None:
    """What calls are about."""
    place.client("s3").create_bucket(Bucket=THINGS)
    place.queues = {
        region: place.client("sqs", region).create_queue(QueueName="lossless")["QueueUrl"] for region in REGIONS
    }
    place.client("kms").create_alias(
        AliasName="alias/lossless", TargetKeyId=place.client("kms").create_key()["KeyMetadata"]["KeyId"]
    )
    iam = place.client("iam")
    iam.create_user(UserName="lossless")
    iam.create_role(RoleName="lossless", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName="lossless", PolicyArn=ADMINISTRATOR_POLICY)


def _make_trails(stage: Stage) -> None:
    stage.key = make_key(stage.cairn, trail_arn(SEALED, US), US)
    group = make_log_group(stage.cairn, LOG_GROUP, US)
    counted = {"metricNamespace": "Lossless", "metricName": "Records", "metricValue": "1"}
    stage.client("logs").put_metric_filter(
        logGroupName=LOG_GROUP, filterName="all", filterPattern="{ $.eventID = * }", metricTransformations=[counted]
    )
    logs = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": make_role(stage.cairn, "logs", group, US)}
    for name, region, settings in (
        (EVERYWHERE, US, {"IsMultiRegionTrail": True, **logs}),
        (IRELAND, EU, {"IncludeGlobalServiceEvents": False}),
        (SEALED, US, {"IsMultiRegionTrail": True, "KmsKeyId": stage.key}),
        (OBJECTS, US, {}),
        (THEIRS, US, {"IsMultiRegionTrail": True}),
    ):
        make_trail_bucket(stage, name)
        trail = stage.client("cloudtrail", region, owner_keys(stage, name))
        trail.create_trail(Name=name, S3BucketName=name, EnableLogFileValidation=True, **settings)
        if name == OBJECTS:
            things = {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{THINGS}/"]}
            selector = {"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": [things]}
            trail.put_event_selectors(TrailName=name, EventSelectors=[selector])
        trail.start_logging(Name=name)


def owner_keys(stage: Stage, trail: str) -> Keys:
    return stage.theirs if trail == THEIRS else {}


def trail_arn_of(stage: Stage, trail: str) -> str:
    return trail_arn(trail, EU if trail == IRELAND else US, stage.member if trail == THEIRS else ACCOUNT)


def make_trail_bucket(stage: Stage, trail: str) -> None:
    """The bucket of a trail, which lets CloudTrail in, and the administrator's account read."""
    if trail != THEIRS:
        make_bucket(stage.cairn, trail)
        return
    s3 = stage.client("s3", keys=stage.theirs)
    s3.create_bucket(Bucket=trail)
    policy = json.loads(json.dumps(bucket_policy(trail)).replace(ACCOUNT, stage.member))
    where = [f"arn:aws:s3:::{trail}", f"arn:aws:s3:::{trail}/*"]
    auditor = allow(["s3:ListBucket", "s3:GetObject"], where, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    s3.put_bucket_policy(Bucket=trail, Policy=document(*policy["Statement"], auditor))


def _make_rule(stage: Stage, region: str) -> None:
    """A rule that tells a log group of every call in a region, of those that only read too."""
    group = make_log_group(stage.cairn, TOLD, region)
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    policy = document(allow(actions, group, Principal={"Service": "events.amazonaws.com"}))
    stage.client("logs", region).put_resource_policy(policyName="rules", policyDocument=policy)
    events = stage.client("events", region)
    pattern = {"detail-type": ["AWS API Call via CloudTrail"]}
    state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    events.put_rule(Name="everything", EventPattern=json.dumps(pattern), State=state)
    events.put_targets(Rule="everything", Targets=[{"Id": "group", "Arn": group.removesuffix(":*")}])
