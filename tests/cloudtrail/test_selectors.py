from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudtrail.selectors import GLOBAL_SOURCES, EventSelector, Selection, Selector
from cairn.core.records.event import Event, EventHeader

REGIONS = ("us-east-1", "eu-west-1")
ACCOUNTS = ("111122223333", "444455556666")
SOURCES = ("iam.amazonaws.com", "ec2.amazonaws.com", "kms.amazonaws.com", "sts.amazonaws.com")

headers = st.builds(
    EventHeader,
    id=st.just("id"),
    account=st.sampled_from(ACCOUNTS),
    region=st.sampled_from(REGIONS),
    category=st.sampled_from(["Management", "Data", "Insight", "NetworkActivity"]),
    time=st.just(0),
    read_only=st.booleans(),
    source=st.sampled_from(SOURCES),
    name=st.just("Name"),
)
selectors = st.builds(
    EventSelector,
    read_write=st.sampled_from(["All", "ReadOnly", "WriteOnly"]),
    management=st.booleans(),
    excluded_sources=st.sampled_from([(), ("kms.amazonaws.com",)]),
)
selections = st.builds(
    Selection,
    account=st.sampled_from(ACCOUNTS),
    home_region=st.sampled_from(REGIONS),
    multi_region=st.booleans(),
    global_events=st.booleans(),
    selectors=st.lists(selectors, min_size=1, max_size=3).map(tuple),
)


def naive(selection: Selection, header: EventHeader) -> bool:
    """The rules, written as a list of reasons against."""
    if header.account != selection.account or header.category != "Management":
        return False
    if not selection.multi_region:
        if header.region != selection.home_region:
            return False
        is_global = header.source in ("iam.amazonaws.com", "sts.amazonaws.com") and header.region == "us-east-1"
        if is_global and not selection.global_events:
            return False
    for selector in selection.selectors:
        if not selector.management or header.source in selector.excluded_sources:
            continue
        if selector.read_write == "ReadOnly" and not header.read_only:
            continue
        if selector.read_write == "WriteOnly" and header.read_only:
            continue
        return True
    return False


@given(selections, headers)
def test_a_compiled_selection_says_what_the_rules_say(selection: Selection, header: EventHeader) -> None:
    assert Selector(selection).wants(Event(header, b"{}")) == naive(selection, header)
    assert Selection.decode(selection.encode()) == selection


def test_global_services_are_those_that_record_in_us_east_1() -> None:
    assert "iam.amazonaws.com" in GLOBAL_SOURCES
    assert "ec2.amazonaws.com" not in GLOBAL_SOURCES
