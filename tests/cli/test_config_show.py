import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_secret_in_an_upstreams_address_is_not_shown(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cairn", "config", "show", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"CAIRN_UPSTREAMS_S3": "http://KEY:s3cr3t@minio:9000/base"},
        check=True,
    )
    shown = {row["key"]: row["value"] for row in map(json.loads, done.stdout.splitlines())}
    assert shown["upstreams.s3"] == "http://KEY:***@minio:9000/base"
    assert "s3cr3t" not in done.stdout
