"""Answers of ListObjectsV2 that nobody should believe."""

from __future__ import annotations

import pytest

from cairn.cloudtrail.verify.listing import read_page
from cairn.core.errors import Refused

PAGE = (
    "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a%2Fb</Key>"
    "<LastModified>2023-11-14T22:13:20.000Z</LastModified></Contents></ListBucketResult>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_encoding(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert [listed.key for listed in read_page(f"{head}{PAGE}".encode(encoding)).objects] == ["a/b"]
    with pytest.raises(Refused, match="document type"):
        read_page(f"{head}<!DOCTYPE l [<!ENTITY x 'y'>]>{PAGE}".encode(encoding))
