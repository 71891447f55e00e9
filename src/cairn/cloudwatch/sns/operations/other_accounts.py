"""Topics of other accounts where the door asks for no permissions (`auth.mode = "trust"`): what a call may do to one is
for the topic's policy to say, so that an account has its topics to itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.sns import refusals
from cairn.cloudwatch.sns.arns import topic_of
from cairn.cloudwatch.sns.operations.arguments import Params, is_signed
from cairn.cloudwatch.sns.policies import account_may
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.errors import AwsError
from cairn.core.policy import global_keys
from cairn.wire.operation import Context, Operation

_ACTIONS = {"PublishBatch": "Publish"}
"""Where an operation's permission has another name than it."""


def guarded(topics: Topics, name: str, operation: Operation) -> Operation:
    """`operation`, called for a topic of another account only if that topic's policy lets the caller."""

    def run(context: Context, params: Params) -> Mapping[str, Any]:
        arn = params.get("TopicArn") or params.get("TargetArn") or params.get("ResourceArn")
        if arn and is_signed(context):
            _check(topics, context, _ACTIONS.get(name, name), arn)
        return operation(context, params)

    return run


def _check(topics: Topics, context: Context, action: str, arn: str) -> None:
    try:
        topic = topic_of(arn)
    except AwsError:
        return  # the operation says what is wrong with it
    found = topics.find(topic) if topic.account != context.account else None
    keys = global_keys(context.identity, now=topics.now(), region=context.region, source_ip=context.source_ip)
    if found is not None and not account_may(found.policy, f"sns:{action}", arn, context.identity, keys):
        raise refusals.not_authorized(
            f"User: {context.identity.arn} is not authorized to perform: SNS:{action} on resource: {arn} because no "
            f"resource-based policy allows the SNS:{action} action"
        )
