"""A browser's upload to S3: a multipart form whose fields come first and whose file is read as a stream."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message

from cairn.core.errors import AwsError

FIELDS_BYTES_MAX = 20_480
"""All that may stand before the file. AWS has the same limit."""
FIELDS_MAX = 200

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


@dataclass(slots=True)
class FormUpload:
    """A form, read as far as its file."""

    fields: dict[str, str]
    """By name in lower case."""
    file_name: str
    content: AsyncIterator[bytes]
    """The file. It raises `AwsError` where the form breaks off."""

    @property
    def key(self) -> str:
        """The object's key, in which `${filename}` stands for the file's name without its folders."""
        name = self.file_name.replace("\\", "/").rpartition("/")[2]
        return self.fields.get("key", "").replace("${filename}", name)


async def read_form(body: AsyncIterator[bytes], content_type: str) -> FormUpload:
    """The form in `body`.

    Raises:
        AwsError: it is malformed, has no file, or too much stands before the file.
    """
    reader = _Reader(body)
    delimiter = b"--" + _boundary(content_type).encode()
    await reader.until(delimiter)
    fields: dict[str, str] = {}
    while True:
        if (await reader.take(2)) != b"\r\n":  # "--" ends the form
            raise AwsError("InvalidArgument", "POST requires exactly one file upload per request.")
        name, file_name = _disposition(await reader.until(b"\r\n\r\n"))
        if name == "file":
            return FormUpload(fields, file_name, reader.stream(b"\r\n" + delimiter))
        if name in fields or len(fields) >= FIELDS_MAX:
            raise _malformed()
        fields[name] = _text(await reader.until(b"\r\n" + delimiter))


class _Reader:
    """Reads up to marks."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._buffer = bytearray()
        self._taken = 0

    async def until(self, mark: bytes) -> bytes:
        """What stands before `mark`, which is passed over."""
        start = 0
        while (at := self._buffer.find(mark, start)) < 0:
            start = max(len(self._buffer) - len(mark), 0)
            self._check(len(self._buffer))
            await self._more()
        self._check(at)
        found = bytes(self._buffer[:at])
        self._pass(at + len(mark))
        return found

    async def take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self._more()
        found = bytes(self._buffer[:count])
        self._pass(count)
        return found

    async def stream(self, mark: bytes) -> AsyncIterator[bytes]:
        """What stands before `mark`, in pieces. What follows it is read, and let go."""
        while (at := self._buffer.find(mark)) < 0:
            ready = len(self._buffer) - len(mark) + 1
            if ready > 0:
                piece = bytes(self._buffer[:ready])
                del self._buffer[:ready]
                yield piece
            await self._more()
        if at:
            yield bytes(self._buffer[:at])
        self._buffer.clear()
        async for _ in self._body:
            pass

    def _check(self, waiting: int) -> None:
        if self._taken + waiting > FIELDS_BYTES_MAX:
            raise AwsError(
                "MaxPostPreDataLengthExceededError",
                "Your POST request fields preceding the upload file were too large.",
            )

    async def _more(self) -> None:
        piece = await anext(self._body, None)
        if piece is None:
            raise _malformed()
        self._buffer += piece

    def _pass(self, count: int) -> None:
        del self._buffer[:count]
        self._taken += count


def _boundary(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_boundary("")
    if message.get_content_type() != "multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise _malformed()
    return boundary


def _disposition(head: bytes) -> tuple[str, str]:
    """A part's name in lower case and its file's name."""
    for line in _text(head).split("\r\n"):
        field, _, value = line.partition(":")
        if field.strip().lower() == "content-disposition":
            message = Message()
            message["content-disposition"] = value.strip()
            name, file_name = message.get_param("name", "", "content-disposition"), message.get_filename("")
            if message.get_content_disposition() == "form-data" and isinstance(name, str) and name:
                return name.lower(), file_name
    raise _malformed()


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _malformed() from None


def _malformed() -> AwsError:
    return AwsError("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
