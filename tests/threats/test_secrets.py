"""Secrets that calls tell, looked for in every byte that Cairn writes: where nothing has to keep one, it is nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from tests.contract.recipients import make_bucket, make_log_group, make_role
from tests.running import Cairn
from tests.threats.scanning import Needles, found_in
from tests.threats.telling import Told, tell

pytestmark = pytest.mark.engine

ACCOUNT_STATE = {"data/account/state/state.db"}
KEY_TABLE = {"data/state.db"}
RECORDS = {"data/journal/*", "data/history/*", "data/cloudwatch/logs.db", "delivered/*"}
"""Journal, history, log group and log files: whatever is in one record is in each of them."""

KEPT = {
    **dict.fromkeys(
        [
            "a private key",
            "the seed of an MFA device",
            "told at the console",
            "a kept secret",
            "a kept binary",
            "a secure parameter",
            "a function's environment",
            "an instance's user data",
            "a key pair",
            "a database's password",
            "a warehouse's password",
            "a client's secret",
            "a member's password",
            "a message of a queue",
            "an attribute of an item",
            "a record of a stream",
        ],
        ACCOUNT_STATE,  # the services that were given them to keep
    ),
    **dict.fromkeys(["the secret of a session", "the secret of a federated user"], KEY_TABLE),  # SigV4 needs them
    "the secret of an access key": KEY_TABLE | ACCOUNT_STATE,
    "the administrator's secret": KEY_TABLE | ACCOUNT_STATE | {"data/credentials.json"},
    **dict.fromkeys(  # CloudTrail's records have them; without the secret beside them they are worth nothing
        ["the token of a session", "the token of a federated user", "the token of a link"], KEY_TABLE | RECORDS
    ),
    "the password of an endpoint": {"data/cloudwatch/sns.db"},  # SNS sends it
    "a token of a subscription": RECORDS,  # used up by the call that tells it
}
"""What has to keep which of them. Everything else is told to Cairn and is nowhere."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Told]]:
    """The folder of a Cairn that was told everything, delivered it and stopped; what it wrote to stderr lies beside."""
    folder = tmp_path_factory.mktemp("told")
    upstream = Told()
    elsewhere = f"http://AKIDELSEWHERE:{upstream.new('a secret of an upstream')}@127.0.0.1:1"
    settings = {"CAIRN_RECORDING_DATA_EVENTS": "all", "CAIRN_AUTH_FEDERATION": "trust"}
    running = Cairn(folder / "data", settings | {"CAIRN_UPSTREAMS_ATHENA": elsewhere})
    running.start()
    group = make_log_group(running, "told", "us-east-1")
    trails = running.client("cloudtrail")
    trails.create_trail(
        Name="told",
        S3BucketName=make_bucket(running, "told-logs"),
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=make_role(running, "told", group, "us-east-1"),
    )
    every = [{"Field": "eventCategory", "Equals": ["Management"]}]
    objects = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ]
    trails.put_event_selectors(
        TrailName="told", AdvancedEventSelectors=[{"FieldSelectors": every}, {"FieldSelectors": objects}]
    )
    trails.start_logging(Name="told")
    administrator = running.folder.administrator()
    upstream.heard("the administrator's secret", administrator.secret_access_key)
    tell(running, upstream)
    with pytest.raises(Exception, match="ServiceUnavailable"):
        running.client("athena").list_work_groups()
    running.cairn("flush")
    _fetch(running, folder / "delivered")
    assert running.stop() == 0
    yield folder, upstream


def _fetch(cairn: Cairn, folder: Path) -> None:
    """The delivered log files, which the bucket engine keeps encrypted."""
    folder.mkdir()
    s3 = cairn.client("s3")
    for number, listed in enumerate(s3.list_objects_v2(Bucket="told-logs", Prefix="AWSLogs/")["Contents"]):
        content = s3.get_object(Bucket="told-logs", Key=listed["Key"])["Body"].read()
        (folder / str(number)).write_bytes(content)


def test_no_secret_is_where_nothing_has_to_keep_it(told: tuple[Path, Told]) -> None:
    folder, secrets = told
    found = found_in(folder, Needles(secrets.texts))
    stray = {
        name: strays
        for name, paths in found.items()
        if (strays := {path for path in paths if not any(fnmatch(path, kept) for kept in KEPT.get(name, ()))})
    }
    assert stray == {}
    unseen = {
        name: places
        for name, kept in KEPT.items()
        if (places := {place for place in kept if not any(fnmatch(path, place) for path in found.get(name, ()))})
    }
    assert unseen == {}, "what has to keep it does not, or cannot be looked into"
    assert set(KEPT) <= set(secrets.texts)
    assert len(secrets.texts) > 60
