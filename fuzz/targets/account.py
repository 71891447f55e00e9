"""Documents that say who may do what."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache

from cairn.account.s3 import acl, documents
from cairn.account.s3.buckets import Bucket
from cairn.account.s3.policy import check_policy, is_public
from cairn.account.s3.xml import parse as parse_xml
from cairn.account.s3.xml import render
from cairn.cloudtrail.selectors import Selection, Selector
from cairn.cloudtrail.selectors.checks import selectors_from
from cairn.cloudwatch.sns.filter_policy.grammar import PolicyError, parse_filter_policy
from cairn.cloudwatch.sns.policies import Source, service_may, with_statement, without_statement
from cairn.cloudwatch.sns.retries import (
    BadPolicy,
    check_subscription_policy,
    check_topic_policy,
    effective_subscription_policy,
    effective_topic_policy,
    http_policy,
)
from cairn.core.errors import AwsError
from cairn.core.policy.document import Kind, MalformedPolicy, Policy, parse_policy
from cairn.core.policy.evaluate import Request, evaluate, evaluate_alone
from cairn.core.policy.patterns import Wild, glob
from cairn.core.policy.principals import Principal
from cairn.wire.parse import parse_input
from cairn.wire.validate import validate
from fuzz.messages import request_of
from fuzz.samples import events
from fuzz.target import Target, attempt, parts, text

_CONTEXT: Mapping[str, str | list[str]] = {
    "aws:SourceIp": "192.0.2.7", "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit",
    "aws:SourceAccount": "123456789012", "aws:CurrentTime": "2023-11-14T22:13:20Z", "aws:EpochTime": "1700000000",
    "aws:SecureTransport": "true", "aws:TagKeys": ["a", "b"], "aws:username": "alice", "s3:prefix": "home/alice",
    "s3:x-amz-acl": "bucket-owner-full-control", "aws:PrincipalArn": "arn:aws:iam::123456789012:user/alice",
}  # fmt: skip
_POST = request_of(b"POST /\nX-Amz-Target: a.PutEventSelectors\n\n")[0]
_BUCKET = Bucket("logs", "123456789012", "us-east-1", 0.0)
_ALICE = Principal(account="123456789012", arn="arn:aws:iam::123456789012:user/alice", unique_id="AIDAEXAMPLE")
_REQUESTS = tuple(
    Request(principal, action, resource, _CONTEXT)
    for principal in (
        _ALICE,
        Principal(service="cloudtrail.amazonaws.com"),
        Principal(),
        Principal(account="1", is_root=True),
    )
    for action, resource in (("s3:PutObject", "arn:aws:s3:::logs/AWSLogs/a"), ("iam:PassRole", "*"))
)


def policy(data: bytes) -> None:
    document = text(data)
    for kind in Kind:
        try:
            found = parse_policy(document, kind)
        except MalformedPolicy:
            continue
        _decide(found)
    source = Source(service="cloudtrail.amazonaws.com", arn="arn:aws:cloudtrail:us-east-1:1:trail/a", account="1")
    service_may(document, "sns:Publish", "arn:aws:sns:us-east-1:1:topic", source)


def _decide(found: Policy) -> None:
    for request in _REQUESTS:
        alone = evaluate_alone(request, found)
        if found.kind is Kind.IDENTITY:
            decision = evaluate(request, identity_policies=(found,))
            denied = evaluate(request, identity_policies=(found,), permissions_boundary=_policy_that("Deny"))
            assert not denied.allowed or request.principal.is_root or not request.principal.account, (
                "a boundary is passed"
            )
        else:
            decision = evaluate(request, resource_policy=found)
        assert decision.because is not None and alone.because is not None


@lru_cache
def _policy_that(effect: str) -> Policy:
    statement = {"Effect": effect, "Action": "*", "Resource": "*"}
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), Kind.IDENTITY)


def bucket_policy(data: bytes) -> None:
    is_public(check_policy(data, "logs"))


def bucket_document(data: bytes) -> None:
    """A kind and a document; what is kept can be given back, and as an ACL it names grants."""
    name, _, body = data.partition(b"\n")
    kept = _Kept()
    kind = documents.kind_of(text(name)) or documents.kind_of("PutBucketTagging")
    assert kind is not None
    attempt((AwsError,), lambda: documents.put(kept, _BUCKET, kind, body, "a"))  # type: ignore[arg-type]
    for document in kept.put:
        assert parse_xml(document.encode()) is not None
    grants = acl.from_xml(body, _BUCKET.account)
    again = acl.from_xml(render(acl.to_xml(_BUCKET.account, grants)), _BUCKET.account)
    assert again == grants


class _Kept:
    """`Buckets`, as far as documents are put."""

    def __init__(self) -> None:
        self.put: list[str] = []

    def put_document(self, bucket: str, kind: str, content: str, *, id: str, limit: int) -> None:
        self.put.append(content)

    def delete_document(self, bucket: str, kind: str) -> None:
        pass


def wildcards(data: bytes) -> None:
    """A pattern, which must agree with a regular expression, and a text."""
    pattern, against = (text(part)[:60] for part in parts(data, 2))
    if pattern.count("*") > 6:
        return  # the expression would take for ever
    units = [{"*": Wild.ANY, "?": Wild.ONE}.get(character, character) for character in pattern]
    expected = re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), against, re.DOTALL) is not None
    assert glob(units, against) == expected


def selectors(data: bytes) -> None:
    """PutEventSelectors' input as it is sent; selectors that are taken are asked."""
    params = parse_input("cloudtrail", "PutEventSelectors", _POST, data)
    validate("cloudtrail", "PutEventSelectors", {**params, "TrailName": "audit"})
    basic, advanced = selectors_from(params)
    selection = Selection(
        account="123456789012",
        home_region="us-east-1",
        multi_region=True,
        global_events=True,
        selectors=basic,
        advanced=advanced,
    )
    assert Selection.decode(selection.encode()) == selection
    selector = Selector(selection)
    for event in events():
        wanted = selector.wants(event)
        record = event.parse()
        assert not wanted or selector.may_want(event.header, record.get("resources") or []), "may_want misses one"


def filter_policy(data: bytes) -> None:
    """A policy, and a message as JSON."""
    policy, message = parts(data, 2)
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        found = {}
    for body in (False, True):
        try:
            parsed = parse_filter_policy(text(policy), body=body)
        except PolicyError:
            continue
        if isinstance(found, dict):
            parsed.matches(found)


def topic_policy(data: bytes) -> None:
    document = text(data)
    try:
        parse_policy(document, Kind.RESOURCE)
        more = with_statement(document, "label-of-ours", "arn:aws:sns:us-east-1:1:t", ["123456789012"], ["Publish"])
    except MalformedPolicy:
        return
    if more is not None:
        parse_policy(more, Kind.RESOURCE)
        assert json.loads(without_statement(more, "label-of-ours")).keys() >= json.loads(document).keys()


def delivery_policy(data: bytes) -> None:
    subscription = text(data)
    for check in (check_topic_policy, check_subscription_policy):
        try:
            check(subscription)
        except BadPolicy:
            continue
        if check is check_topic_policy:
            check_topic_policy(effective_topic_policy(subscription))
        else:
            effective_subscription_policy(subscription, "")
            retries = http_policy(subscription, "").retries
            assert retries.total() >= 0
            for failures in range(1, 102):
                delay = retries.delay(failures)
                assert delay is None or delay >= 0


TARGETS = (
    Target("policy", "Policies of IAM and of resources decide or are malformed; a boundary is never passed.", policy),
    Target("bucket-policy", "Policies that a bucket takes.", bucket_policy, (AwsError,)),
    Target(
        "bucket-document", "Configuration and ACLs of buckets: what is kept can be read.", bucket_document, (AwsError,)
    ),
    Target("wildcards", "Policies' wildcards mean what a regular expression means.", wildcards),
    Target(
        "event-selectors",
        "What PutEventSelectors takes is saved, compiled, and agrees with itself.",
        selectors,
        (AwsError,),
    ),
    Target("filter-policy", "SNS's filter policies match or are refused.", filter_policy),
    Target("topic-policy", "A statement added to a topic's policy can be taken away again.", topic_policy),
    Target("delivery-policy", "SNS's delivery policies: whatever is taken has delays.", delivery_policy),
)
