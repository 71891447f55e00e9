"""Credentials and region of a command: those that every tool of AWS's would take."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from botocore.session import Session

from cairn.cli.credentials import find_credentials, find_region
from cairn.core.errors import Unreachable
from cairn.wire.signing import Credentials


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only source there is, besides what a test sets."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    file.write_text("[default]\naws_access_key_id = of-file\naws_secret_access_key = secret\nregion = eu-west-1\n")
    return file


@pytest.mark.parametrize(
    ("environment", "key", "token"),
    [
        ({}, "of-file", ""),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}, "a", ""),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}, "a", "t"),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SECURITY_TOKEN": "t"}, "a", "t"),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "default"}, "a", ""),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "s"}, "of-file", ""),
    ],
)
def test_credentials_are_those_that_botocore_finds(
    environment: dict[str, str], key: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = find_credentials()()
    theirs = Session().get_credentials().get_frozen_credentials()
    assert found == Credentials(theirs.access_key, theirs.secret_key, theirs.token or "")
    assert (found.access_key_id, found.session_token) == (key, token)


def test_without_credentials_a_person_is_told_what_to_set(profile: Path) -> None:
    profile.write_text("")
    with pytest.raises(Unreachable) as told:
        find_credentials()
    assert "AWS_ACCESS_KEY_ID" in told.value.advice


def test_the_region_is_the_environments_or_the_profiles(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_region() == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert find_region() == "eu-west-2"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    assert find_region() == "eu-west-3"
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    profile.write_text("")
    assert find_region() == "us-east-1"
