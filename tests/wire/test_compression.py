import gzip

import pytest

from cairn.core.errors import AwsError
from cairn.wire.compression import inflated, may_be_compressed


def test_a_body_is_inflated_up_to_its_limit() -> None:
    body = gzip.compress(b"a" * 1_000)
    assert inflated(body, 1_000) == b"a" * 1_000
    with pytest.raises(AwsError) as caught:
        inflated(body, 999)
    assert caught.value.status == 413
    assert inflated(gzip.compress(b""), 0) == b""


@pytest.mark.parametrize("body", [b"", b"Action=PutMetricData", gzip.compress(b"a" * 100, mtime=0)[:-5], b"\x1f\x8b"])
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        inflated(body, 1_000)
    assert caught.value.code == "SerializationException"


def test_only_operations_whose_model_says_so_take_compressed_bodies() -> None:
    assert may_be_compressed("cloudwatch", "PutMetricData")
    assert not may_be_compressed("cloudwatch", "PutDashboard")
    assert not may_be_compressed("s3", "PutObject")
    assert not may_be_compressed("", "")
