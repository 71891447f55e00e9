"""Cairn's own commands, called as its command line calls them."""

from __future__ import annotations

import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.running import Cairn
from tests.threats.served import Keys


def command(cairn: Cairn, method: str, name: str, keys: Keys) -> tuple[int, str]:
    """Status and text of the answer; of a stream, the text of its first line."""
    body = b"{}" if method == "POST" else None
    request = AWSRequest(method, f"{cairn.endpoint}/_cairn/{name}", data=body)
    given = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys.get("aws_session_token"))
    SigV4Auth(given, "cairn", "us-east-1").add_auth(request)
    sent = urllib.request.Request(request.url, body, dict(request.headers), method=method)
    try:
        with urllib.request.urlopen(sent, timeout=30) as reply:
            return int(reply.status), reply.readline().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
