"""Names and ARNs of buses and rules: what is written can be read, and anything else is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.core.errors import AwsError
from cairn.eventbridge.arns import RuleId, bus_named, resource_of
from cairn.eventbridge.event import BusId
from cairn.eventbridge.rules.rule import rule_arn

NAME = st.from_regex(r"[.\-_A-Za-z0-9]{1,64}", fullmatch=True)
PARTNER = st.from_regex(r"aws\.partner(/[.\-_A-Za-z0-9]{1,20}){2,3}", fullmatch=True)
BUSES = st.builds(
    BusId,
    st.from_regex(re.compile(r"\d{12}", re.ASCII), fullmatch=True),
    st.sampled_from(["us-east-1", "eu-north-1", "cn-north-1", "us-gov-west-1"]),
    NAME | PARTNER,
)


@settings(deadline=None)
@given(BUSES, NAME)
def test_arns_are_read_as_they_are_written(bus: BusId, rule: str) -> None:
    assert resource_of(bus.arn) == bus
    assert resource_of(rule_arn(bus, rule)) == RuleId(bus, rule)
    assert bus_named(bus.arn, "000000000000", bus.region) == bus
    assert bus_named(bus.name, bus.account, bus.region) == bus
    with pytest.raises(AwsError, match="is not in the region"):
        bus_named(bus.arn, bus.account, "ap-south-1")


@settings(deadline=None)
@given(st.text(max_size=80) | BUSES.map(lambda bus: bus.arn.replace(":event-bus", ":archive")))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(AwsError, match="Provided Arn is not in correct format"):
        resource_of(text)


def test_the_default_bus_is_meant_where_none_is_named() -> None:
    assert bus_named(None, "111122223333", "us-east-1") == BusId("111122223333", "us-east-1", "default")
