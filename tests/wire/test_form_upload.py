"""Forms that browsers upload: read as far as the file, which streams, however the network cuts them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.errors import AwsError
from cairn.wire.form_upload import FIELDS_BYTES_MAX, FormUpload, read_form

TYPE = "multipart/form-data; boundary=b0und"


def encoded(fields: dict[str, str], content: bytes, file_name: str = "a.txt", after: bytes = b"") -> bytes:
    parts = [
        f'--b0und\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--b0und\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\nContent-Type: text/plain'
    return b"".join(parts) + head.encode() + b"\r\n\r\n" + content + b"\r\n--b0und" + (after or b"--\r\n")


async def pieces_of(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(body: bytes, size: int = 1 << 16, content_type: str = TYPE) -> tuple[FormUpload, bytes]:
    async def whole() -> tuple[FormUpload, bytes]:
        form = await read_form(pieces_of(body, size), content_type)
        return form, b"".join([piece async for piece in form.content])

    return asyncio.run(whole())


CONTENT = st.lists(st.sampled_from([b"\r\n", b"--", b"b0un", b"--b0un", b"\r\n--b0un", b"x", b"\x00"])).map(b"".join)


@given(content=CONTENT, size=st.integers(1, 40), value=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])))
def test_it_is_read_whole_however_it_is_cut(content: bytes, size: int, value: str) -> None:
    form, found = read(encoded({"Key": "k", "x-amz-meta-a": value}, content), size)
    assert found == content
    assert form.fields == {"key": "k", "x-amz-meta-a": value}
    assert form.file_name == "a.txt"


@given(st.binary(max_size=300), st.integers(1, 50))
def test_rubbish_is_refused(body: bytes, size: int) -> None:
    with pytest.raises(AwsError):
        read(body, size)


def test_fields_after_the_file_do_not_count() -> None:
    after = b'\r\nContent-Disposition: form-data; name="acl"\r\n\r\npublic-read\r\n--b0und--'
    form, found = read(encoded({"key": "k"}, b"x", after=after))
    assert (form.fields, found) == ({"key": "k"}, b"x")


@pytest.mark.parametrize("name", ["photo.jpg", "C:\\\\My Pictures\\\\photo.jpg", "../up/photo.jpg"])
def test_the_files_name_in_the_key(name: str) -> None:
    form, _ = read(encoded({"key": "user/${filename}"}, b"", file_name=name))
    assert form.key == "user/photo.jpg"


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (encoded({"key": "k"}, b"x")[:-6], TYPE, "MalformedPOSTRequest"),
        (b"--b0und--\r\n", TYPE, "InvalidArgument"),
        (encoded({"key": "k"}, b"x"), "multipart/form-data", "MalformedPOSTRequest"),
        (encoded({"key": "x" * FIELDS_BYTES_MAX}, b"x"), TYPE, "MaxPostPreDataLengthExceededError"),
        (encoded({"key": "1", "KEY": "2"}, b"x"), TYPE, "MalformedPOSTRequest"),
    ],
)
def test_what_is_no_upload_is_refused(body: bytes, content_type: str, code: str) -> None:
    with pytest.raises(AwsError) as caught:
        read(body, content_type=content_type)
    assert caught.value.code == code
