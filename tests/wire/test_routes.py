"""What a request to a REST service may say beside its path."""

from __future__ import annotations

import pytest

from cairn.wire.routes import query_names


@pytest.mark.parametrize(
    ("service", "operation", "has", "has_not"),
    [
        ("s3", "DeleteObjectTagging", {"tagging", "versionId"}, {"uploadId", "acl"}),
        ("s3", "GetObject", {"versionId", "partNumber", "response-content-type"}, {"tagging", "uploadId"}),
        ("s3", "ListObjectsV2", {"list-type", "prefix"}, {"policy"}),
        ("appsync", "ListGraphqlApis", {"nextToken"}, {"Action", "name"}),
        ("lambda", "DeleteFunction", {"Qualifier"}, {"FunctionName", "Action"}),
    ],
)
def test_an_operation_has_its_query_and_no_other(
    service: str, operation: str, has: set[str], has_not: set[str]
) -> None:
    names = query_names(service, operation)
    assert names is not None
    assert has <= names
    assert not has_not & names


def test_some_take_any() -> None:
    assert query_names("apigateway", "GetExport") is None
