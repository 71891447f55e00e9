"""What the tests of records share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import botocore.session
import pytest

from cairn.core.records.facts import CallFacts
from cairn.core.records.identity import Identity

_session = botocore.session.get_session()
ALICE = Identity(
    type="IAMUser",
    account="111122223333",
    principal_id="AIDAEXAMPLE",
    arn="arn:aws:iam::111122223333:user/alice",
    access_key_id="AKIAEXAMPLE",
    user_name="alice",
)


class MakeCall(Protocol):
    """Makes the facts of a call that alice made in eu-west-1 on 2023-07-10 at 12:25:04."""

    def __call__(self, service: str, operation: str, **more: Any) -> CallFacts: ...


@pytest.fixture(scope="session")
def call() -> MakeCall:
    return _call


def _call(service: str, operation: str, **more: Any) -> CallFacts:
    facts = CallFacts(
        event_id="0a1b2c3d-0000-4000-8000-000000000000",
        time=1_688_991_904.75,
        account="111122223333",
        region="eu-west-1",
        service=service,
        operation=operation,
        operation_model=_session.get_service_model(service).operation_model(operation),
        identity=ALICE,
        source_ip="192.0.2.1",
        user_agent="aws-cli/2.13",
        request_id="r-1",
    )
    for name, value in more.items():
        setattr(facts, name, value)
    return facts


@pytest.fixture(scope="session")
def genuine() -> ModuleType:
    """The comparison with genuine records, which is also a script."""
    spec = importlib.util.spec_from_file_location("genuine_records", Path(__file__).parent / "genuine.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
