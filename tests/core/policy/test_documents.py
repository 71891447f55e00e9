"""What is a policy, and what is told to whoever wrote one that is not."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.policy import Kind, MalformedPolicy, parse_policy
from cairn.core.policy.document import DOCUMENT_BYTES_MAX

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
BUCKET = ALLOW | {"Principal": "*"}


def policy(*statements: Any, **members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **members})


def test_one_statement_or_many_of_one_action_or_many() -> None:
    one = parse_policy(json.dumps({"Statement": ALLOW}), Kind.IDENTITY)
    assert (one.version, len(one.statements), one.id) == ("2008-10-17", 1, "")
    many = parse_policy(policy(ALLOW | {"Action": ["s3:Get*", "*"]}, ALLOW | {"Sid": "x"}, Id="i"), Kind.IDENTITY)
    assert ([pattern.text for pattern in many.statements[0].actions], many.id) == (["s3:get*", "*"], "i")
    assert many.statements[1].sid == "x"
    assert parse_policy({"Statement": [BUCKET]}, Kind.RESOURCE).statements[0].principals is not None


@pytest.mark.parametrize(
    ("document", "kind", "words"),
    [
        ("", Kind.IDENTITY, "invalid Json"),
        ("[]", Kind.IDENTITY, "JSON object"),
        ("[" * 5000, Kind.IDENTITY, "invalid Json"),
        (policy(), Kind.IDENTITY, "at least one statement"),
        ('{"Statement": "x"}', Kind.IDENTITY, "at least one statement"),
        (policy("x"), Kind.IDENTITY, "no JSON object"),
        (policy(ALLOW, Version="2013-01-01"), Kind.IDENTITY, "version"),
        (policy(ALLOW, Extra=1), Kind.IDENTITY, "unknown element Extra"),
        (policy(ALLOW | {"Actions": "*"}), Kind.IDENTITY, "unknown element Actions"),
        (policy(ALLOW | {"Effect": "allow"}), Kind.IDENTITY, "Invalid effect"),
        (policy(ALLOW | {"Action": "GetObject"}), Kind.IDENTITY, "vendor"),
        (policy(ALLOW | {"Action": []}), Kind.IDENTITY, "Action must be"),
        (policy(ALLOW | {"NotAction": "s3:*"}), Kind.IDENTITY, "not both"),
        (policy({"Effect": "Allow", "Resource": "*"}), Kind.IDENTITY, "must contain actions"),
        (policy({"Effect": "Allow", "Action": "*"}), Kind.IDENTITY, "must contain resources"),
        (policy(BUCKET), Kind.IDENTITY, "should not specify a principal"),
        (policy(ALLOW), Kind.RESOURCE, "Missing required field Principal"),
        (policy(BUCKET), Kind.TRUST, "prohibited field Resource"),
        (policy(BUCKET | {"Principal": "everybody"}), Kind.RESOURCE, "Principal must be"),
        (policy(BUCKET | {"Principal": {"AWS": "bob"}}), Kind.RESOURCE, "Invalid principal"),
        (
            policy(BUCKET | {"Principal": {"AWS": "arn:aws:iam::111122223333:user/*"}}),
            Kind.RESOURCE,
            "Invalid principal",
        ),
        (policy(BUCKET | {"Principal": {"Aws": "*"}}), Kind.RESOURCE, "Invalid principal"),
        (policy(ALLOW | {"Sid": "a"}, ALLOW | {"Sid": "a"}), Kind.IDENTITY, "unique"),
        (policy(ALLOW | {"Condition": {"StringIs": {"a": "b"}}}), Kind.IDENTITY, "Invalid Condition type"),
        (policy(ALLOW | {"Condition": {"NullIfExists": {"a": "true"}}}), Kind.IDENTITY, "Invalid Condition type"),
        (policy(ALLOW | {"Condition": {"NumericEquals": {"a": "ten"}}}), Kind.IDENTITY, "compares with"),
        (policy(ALLOW | {"Condition": {"DateLessThan": {"a": "soon"}}}), Kind.IDENTITY, "compares with"),
        (policy(ALLOW | {"Condition": {"IpAddress": {"a": "10.0.0"}}}), Kind.IDENTITY, "compares with"),
        (policy(ALLOW | {"Condition": {"Bool": {"a": "yes"}}}), Kind.IDENTITY, "compares with"),
        (policy(ALLOW | {"Condition": {"BinaryEquals": {"a": "?"}}}), Kind.IDENTITY, "base64"),
        (policy(ALLOW | {"Condition": {"StringEquals": {"a": {}}}}), Kind.IDENTITY, "values"),
        (policy(ALLOW | {"Condition": {"StringEquals": "a"}}), Kind.IDENTITY, "JSON object"),
        (
            '{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}',
            Kind.IDENTITY,
            "twice",
        ),
        (" " * (DOCUMENT_BYTES_MAX + 1), Kind.IDENTITY, "larger than"),
    ],
)
def test_what_is_wrong_is_said(document: str, kind: Kind, words: str) -> None:
    with pytest.raises(MalformedPolicy, match=words):
        parse_policy(document, kind)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Action", "Resource", "Principal", "Condition", "StringLike", "AWS"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(json_values, st.sampled_from(Kind))
def test_garbage_never_surprises(value: Any, kind: Kind) -> None:
    for document in (
        json.dumps(value),
        json.dumps({"Statement": value}),
        json.dumps({"Statement": BUCKET | {"Condition": value}}),
    ):
        with contextlib.suppress(MalformedPolicy):
            parse_policy(document, kind)
