from __future__ import annotations

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from cairn.wire import event_stream


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.text(min_size=1, max_size=40), st.text(max_size=300), max_size=4),
            st.binary(max_size=999),
        ),
        max_size=4,
    )
)
def test_botocore_reads_what_is_written(messages: list[tuple[dict[str, str], bytes]]) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(event_stream.message(headers, payload) for headers, payload in messages))
    assert [(read.headers, read.payload) for read in buffer] == messages


def test_a_changed_byte_shows() -> None:
    whole = bytearray(event_stream.event("sessionStart", b"{}"))
    whole[-6] ^= 1
    buffer = EventStreamBuffer()
    buffer.add_data(bytes(whole))
    with pytest.raises(Exception, match="Checksum mismatch"):
        next(iter(buffer))


def test_kinds_of_messages() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(event_stream.initial_response("application/x-amz-json-1.1"))
    buffer.add_data(event_stream.exception("SessionTimeoutException", b'{"message":"over"}'))
    first, second = buffer
    assert (first.headers[":event-type"], first.payload) == ("initial-response", b"{}")
    assert second.to_response_dict()["status_code"] == 400
    assert second.headers[":exception-type"] == "SessionTimeoutException"
