"""Our records beside 2,900 genuine ones: equal but for what docs/compatibility-records.md lists."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from cairn.core.records.compose import compose

PAGE = Path(__file__).parents[3] / "docs" / "compatibility-records.md"


def test_every_difference_is_known_and_every_known_one_is_there(genuine: ModuleType, shared_data: Path) -> None:
    records = genuine.read_records(shared_data / "real-logs")
    found, compared = genuine.compare_all(records)
    assert len(records) == 2900
    assert compared > 2800
    assert set(found) == set(genuine.REASONS)


def test_the_page_of_differences_is_up_to_date(genuine: ModuleType, shared_data: Path) -> None:
    assert PAGE.read_text() == genuine.page(genuine.read_records(shared_data / "real-logs"))


def test_headers_say_what_records_say(genuine: ModuleType, shared_data: Path) -> None:
    for genuine_record in genuine.read_records(shared_data / "real-logs"):
        known = genuine.operation_of(genuine_record)
        if known is None:
            continue
        header = compose(genuine.facts_from(genuine_record, *known)).header
        assert header.id == genuine_record["eventID"]
        assert header.account == genuine_record["recipientAccountId"]
        assert header.region == genuine_record["awsRegion"]
        assert header.category == genuine_record["eventCategory"]
        assert header.read_only == genuine_record["readOnly"]
        assert header.source == genuine_record["eventSource"]
        assert header.name == genuine_record["eventName"]


def test_the_comparison_sees_what_is_wrong(genuine: ModuleType, shared_data: Path) -> None:
    """A comparison that cannot fail proves nothing: spoil a record, and the spoiled members are found."""
    record = next(r for r in genuine.read_records(shared_data / "real-logs") if r["eventName"] == "CreateRole")
    before = set(genuine.differences(record))
    record["requestParameters"]["unheardOf"] = 1
    record["managementEvent"] = False
    record["readOnly"] = True
    assert set(genuine.differences(record)) - before == {
        ("requestParameters.unheardOf", "missing"),
        ("managementEvent", "value"),
        ("readOnly", "value"),
    }
