"""Data events from the journal into the files of the trails that select them."""

from __future__ import annotations

import msgspec
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.redeliver import Redelivery
from cairn.cloudtrail.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector
from cairn.core.records.event import Event, encode_record

OBJECTS_OF_B = EventSelector(
    read_write="WriteOnly",
    management=False,
    data=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3:::b/",)),),
)


def with_object(event: Event, key: str) -> Event:
    record = event.parse() | {"resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{key}"}]}
    return Event(event.header, encode_record(record))


def test_data_events_reach_the_trails_that_select_them_and_no_others(rig: Rig) -> None:
    rig.trail("management")
    rig.trail("objects", bucket="other-logs", selectors=(OBJECTS_OF_B,), multi_region=True)
    kinds = {"category": "Data", "source": "s3.amazonaws.com"}
    created = rig.event("CreateBucket", source="s3.amazonaws.com")
    wanted = [with_object(rig.event("PutObject", **kinds), key) for key in ("b/one", "b/two")]
    wanted.append(with_object(rig.event("PutObject", region="eu-west-1", **kinds), "b/far"))
    others = [
        with_object(rig.event("PutObject", **kinds), "bb/one"),
        with_object(rig.event("GetObject", read_only=True, **kinds), "b/one"),
        with_object(rig.event("PutObject", account="444455556666", **kinds), "b/one"),
        rig.event("PutItem", category="Data", source="dynamodb.amazonaws.com"),
    ]
    rig.record(created, *wanted, *others)
    rig.deliver()
    assert rig.records("logs") == [created.record]
    assert sorted(rig.records("other-logs")) == sorted(event.record for event in wanted)
    rig.check()


def test_an_event_is_judged_by_the_selectors_that_were_in_force_when_it_was_recorded(rig: Rig) -> None:
    trail = rig.trail("objects", selectors=(OBJECTS_OF_B,))
    kinds = {"category": "Data", "source": "s3.amazonaws.com"}
    before = rig.record(with_object(rig.event("PutObject", **kinds), "b/one"), rig.event())
    rig.trails.update(trail.id, lambda old: msgspec.structs.replace(old, selectors=None))
    after = rig.record(with_object(rig.event("PutObject", **kinds), "b/two"), rig.event())
    rig.deliver()
    assert sorted(rig.records()) == sorted([before[0].record, after[1].record])
    rig.check()


def test_network_activity_has_files_of_its_own(rig: Rig) -> None:
    network = AdvancedSelector(
        fields=(
            FieldSelector(field="eventCategory", equals=("NetworkActivity",)),
            FieldSelector(field="eventSource", equals=("s3.amazonaws.com",)),
        )
    )
    management = AdvancedSelector(fields=(FieldSelector(field="eventCategory", equals=("Management",)),))
    trail = rig.trail("both", advanced=(network, management))
    kinds = {"category": "NetworkActivity", "source": "s3.amazonaws.com"}
    wanted = [rig.event("GetObject", **kinds), rig.event(), rig.event("PutObject", **kinds), rig.event()]
    rig.record(*wanted, rig.event("ListKeys", category="NetworkActivity", source="kms.amazonaws.com"))
    rig.deliver()
    folders = {key.split("/")[2]: (key, records) for key, records in rig.files().items()}
    assert folders["CloudTrail-NetworkActivity"][1] == [wanted[0].record, wanted[2].record]
    assert folders["CloudTrail"][1] == [wanted[1].record, wanted[3].record]
    assert f"/{ACCOUNT}_CloudTrail-NetworkActivity_us-east-1_" in folders["CloudTrail-NetworkActivity"][0]
    rig.check()
    kept = dict(rig.files())
    for key in kept:
        rig.store.delete("logs", key)
    again = Redelivery(rig.state, rig.journal, rig.store, rig.folder / "spool", rig.clock)
    assert [file.outcome for file in again.redeliver(trail.id, 0, rig.clock.now())] == ["put", "put"]
    assert rig.files() == kept
