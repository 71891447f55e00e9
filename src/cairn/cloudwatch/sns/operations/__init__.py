"""SNS's operations, one small function each."""

from __future__ import annotations

from cairn.cloudwatch.sns.operations.other_accounts import guarded
from cairn.cloudwatch.sns.operations.publish import PublishOperations
from cairn.cloudwatch.sns.operations.subscriptions import SubscriptionOperations
from cairn.cloudwatch.sns.operations.topics import TopicOperations
from cairn.cloudwatch.sns.subscriptions import Subscriptions
from cairn.cloudwatch.sns.topics import Topics
from cairn.wire.operation import Operation
from cairn.wire.validate import Validation

VALIDATION = Validation(code="ValidationError")


def operations(
    topics: Topics, subscriptions: Subscriptions, *, allow_private: bool, ask_policies: bool = False
) -> dict[str, Operation]:
    """What Cairn answers itself of SNS.

    Args:
        allow_private: whether messages may go to servers at private addresses.
        ask_policies: whether topics of other accounts are guarded here, since the door asks for no permissions.
    """
    found = {
        **TopicOperations(topics).operations(),
        **SubscriptionOperations(topics, subscriptions, allow_private=allow_private).operations(),
        **PublishOperations(topics).operations(),
    }
    if not ask_policies:
        return found
    return {name: guarded(topics, name, operation) for name, operation in found.items()}
