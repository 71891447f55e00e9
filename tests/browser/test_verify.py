"""The end of the first tutorial by clicks: a trail is verified, and a file that was changed is named."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.clicking import picture, signed_in
from tests.contract.recipients import make_bucket
from tests.running import Cairn

pytestmark = pytest.mark.engine

BUCKET = NAME = "verified-logs"


def test_a_changed_file_is_named(cairn: Cairn, page: Page) -> None:
    make_bucket(cairn, BUCKET)
    trails = cairn.client("cloudtrail")
    arn = trails.create_trail(Name=NAME, S3BucketName=BUCKET, EnableLogFileValidation=True)["TrailARN"]
    trails.start_logging(Name=NAME)
    cairn.client("iam").create_user(UserName="delivered")
    cairn.cairn("flush", "--digests", "--trail", arn)
    signed_in(page, cairn, f"trails/us-east-1/{NAME}")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("All valid")).to_be_visible()
    expect(page.get_by_text("1/1 digest files valid")).to_be_visible()
    picture(page, "verify-valid")
    store = cairn.client("s3")
    files = [each for each in store.list_objects_v2(Bucket=BUCKET)["Contents"] if "/CloudTrail/" in each["Key"]]
    oldest = min(files, key=lambda each: each["LastModified"])  # a digest file names it: later ones may wait for theirs
    store.put_object(Bucket=BUCKET, Key=oldest["Key"], Body=b"changed")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("Not all is as it was delivered")).to_be_visible()
    expect(page.get_by_role("row", name=oldest["Key"])).to_contain_text("INVALID")
    picture(page, "verify-invalid")
