"""The reference of operations says what a running Cairn serves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.running import Cairn

from cairn.wire.models import operation_names

pytestmark = pytest.mark.engine

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "operations.md"


def test_cairn_serves_what_the_reference_lists(cairn: Cairn) -> None:
    served, not_built = PAGE.read_text().split("\n## CloudWatch")[0].split("Not built yet")
    administrator = cairn.folder.administrator()
    client: Any = boto3.client(
        "cloudtrail",
        endpoint_url=cairn.endpoint,
        aws_access_key_id=administrator.access_key_id,
        aws_secret_access_key=administrator.secret_access_key,
        region_name="us-east-1",
        config=Config(parameter_validation=False, retries={"max_attempts": 0}),
    )
    refused = {operation for operation in operation_names("cloudtrail") if _is_refused(client, operation)}
    assert set(re.findall(r"`(\w+)`", not_built)) - {"UnsupportedOperationException"} == refused
    assert set(re.findall(r"`(\w+)`", served)) == operation_names("cloudtrail") - refused


def _is_refused(client: Any, operation: str) -> bool:
    """Whether Cairn does not serve the operation. An operation that is served may refuse an input of nothing."""
    try:
        client._make_api_call(operation, {})
    except ClientError as error:
        return "Cairn does not serve" in error.response["Error"]["Message"]
    return False
