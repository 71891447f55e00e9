"""Makes the README's pictures of the console, from a made-up account.

python -m tests.browser.screenshots [FOLDER]
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.clicking import ACCOUNT, make_user, signed_in
from tests.contract.recipients import make_bucket
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.core.clock import iso_seconds

FOLDER = Path(__file__).parents[2] / "docs" / "images"
BYTES_MAX = 150_000
REGION, BUCKET, TRAIL = "us-east-1", "company-audit-logs", "company-trail"
HOUR_S, DAY_S = 3600, 86_400
PERSON = "priya"
PEOPLE = {
    "alice": ("203.0.113.24", "aws-cli/2.31.3"),
    "bob": ("203.0.113.61", "aws-cli/2.31.3"),
    "terraform": ("198.51.100.7", "APN/1.0 HashiCorp/1.0 Terraform/1.14.0"),
    "ci-deploy": ("192.0.2.10", "Boto3/1.42.1"),
}
CALLS = (
    ("s3", "CreateBucket", False, {"bucketName": "billing-exports"}),
    ("s3", "PutBucketPolicy", False, {"bucketName": "billing-exports"}),
    ("iam", "AttachRolePolicy", False, {"roleName": "deploy"}),
    ("iam", "CreateAccessKey", False, {"userName": "reporting"}),
    ("lambda", "UpdateFunctionCode20150331v2", False, {"functionName": "invoices"}),
    ("ec2", "AuthorizeSecurityGroupIngress", False, {"groupId": "sg-0f31b2a9c4d5e6f70"}),
    ("ec2", "DescribeInstances", True, {}),
    ("s3", "GetBucketLocation", True, {"bucketName": "billing-exports"}),
    ("kms", "Decrypt", True, {}),
    ("sts", "GetCallerIdentity", True, {}),
)
KEYS, KEYS_A_MINUTE = ("iam", "CreateAccessKey", False, {"userName": "reporting"}), 24
"""What becomes an insight, for ten minutes."""


def record(at: float, user: str, call: tuple[str, str, bool, dict[str, str]], error: str = "") -> dict[str, Any]:
    service, name, read_only, parameters = call
    address, agent = PEOPLE[user]
    made: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": f"AIDA{user.upper():X<17}",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}",
            "accountId": ACCOUNT,
            "accessKeyId": f"AKIA{user.upper():X<16}"[:20],
            "userName": user,
        },
        "eventTime": iso_seconds(int(at)),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": address,
        "userAgent": agent,
        "requestParameters": parameters or None,
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if error:
        made |= {"errorCode": error, "errorMessage": f"User: {user} is not authorized to perform: {service}:{name}"}
    return made


def two_days(now: float) -> Iterator[dict[str, Any]]:
    """A quiet account, busier by day, in which somebody made many access keys an hour ago."""
    dice = random.Random(7)
    for minute in range(int(now - 2.5 * DAY_S), int(now), 60):
        busy = 6 if 7 <= minute // HOUR_S % 24 < 19 else 1
        for _ in range(dice.randrange(busy + 1)):
            user, call = dice.choice(list(PEOPLE)), dice.choice(CALLS)
            denied = user == "bob" and dice.random() < 0.15
            yield record(minute + dice.random() * 59, user, call, "AccessDenied" if denied else "")
        if now - HOUR_S <= minute < now - HOUR_S + 600:
            yield from (record(minute + second, "ci-deploy", KEYS) for second in range(KEYS_A_MINUTE))


def fill(cairn: Cairn, folder: Path) -> None:
    """A trail with log files and digests, days of events, and the insight that they hold."""
    make_user(cairn, PERSON)
    make_user(cairn, "alice")
    make_bucket(cairn, BUCKET)
    trails = cairn.client("cloudtrail")
    trails.create_trail(Name=TRAIL, S3BucketName=BUCKET, EnableLogFileValidation=True, IsMultiRegionTrail=True)
    trails.start_logging(Name=TRAIL)
    now = time.time() // 60 * 60 - 120
    load(cairn, folder / "calls.json", list(two_days(now)))
    selectors = [{"InsightType": name} for name in ("ApiCallRateInsight", "ApiErrorRateInsight")]
    trails.put_insight_selectors(TrailName=TRAIL, InsightSelectors=selectors)  # which learns from what is there
    times = iso_seconds(int(now - 2.5 * DAY_S)), iso_seconds(int(now))
    found = [json.loads(line) for line in cairn.cairn("insights", "replay", *times, "--record").splitlines()]
    assert found, "a burst of calls is an insight"
    load(cairn, folder / "insights.json", found)
    change_something(cairn)
    wait_until(lambda: any(counted(cairn, now)))


def change_something(cairn: Cairn) -> None:
    """Calls that are delivered, and so are proven."""
    key = cairn.client("iam").create_access_key(UserName="alice")["AccessKey"]
    store = cairn.client("s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    for number in range(5):
        store.create_bucket(Bucket=f"billing-exports-{number}")
        store.delete_bucket(Bucket=f"billing-exports-{number}")
        cairn.cairn("flush", "--digests")


def counted(cairn: Cairn, now: float) -> list[float]:
    """Calls a minute of the insight, once the trail has counted them."""
    values: list[float] = cairn.client("cloudtrail").list_insights_metric_data(
        EventSource="iam.amazonaws.com",
        EventName="CreateAccessKey",
        InsightType="ApiCallRateInsight",
        Period=60,
        StartTime=now - HOUR_S,
        EndTime=now - HOUR_S + 600,
    )["Values"]
    return values


def load(cairn: Cairn, file: Path, records: list[dict[str, Any]]) -> None:
    file.write_text(json.dumps({"Records": records}))
    cairn.cairn("import", str(file))


def take(page: Page, cairn: Cairn, folder: Path) -> None:
    root = f"{cairn.endpoint}/console"
    signed_in(page, cairn, user=PERSON)
    for shown in ("ci-deploy", TRAIL, "CreateAccessKey"):
        expect(page.get_by_role("link", name=shown).first).to_be_visible()
    save(page, folder / "console-dashboard.png")
    page.goto(f"{root}/history?query=readonly%3Dfalse&since=1d")
    page.get_by_role("link", name="DeleteBucket").first.click()
    expect(page.get_by_role("region", name="Record as JSON")).to_be_visible()
    page.evaluate("window.scrollTo(0, 0)")
    save(page, folder / "console-history.png")
    page.goto(f"{root}/trails/{REGION}/{TRAIL}")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("All valid")).to_be_visible()
    save(page, folder / "console-verify.png")
    page.goto(f"{root}/insights")
    page.get_by_role("link", name="CreateAccessKey").first.click()
    expect(page.get_by_role("img", name="Calls a minute")).to_be_visible()
    save(page, folder / "console-insight.png")


def save(page: Page, file: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.mouse.move(640, 0)
    page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file}: {size:,} bytes")
    assert size < BYTES_MAX, f"{file} is larger than {BYTES_MAX} bytes"


def main() -> None:
    images = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        cairn = Cairn(Path(name) / "data")
        cairn.start()
        try:
            fill(cairn, Path(name))
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            take(browser.new_page(viewport={"width": 1280, "height": 900}), cairn, images)
            browser.close()
        finally:
            cairn.stop()


if __name__ == "__main__":
    main()
