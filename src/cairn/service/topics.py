"""The topics and keys of trails: in the embedded account, or wherever `[upstreams]` says they are."""

from __future__ import annotations

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudtrail import refusals
from cairn.cloudtrail.encryption import Key, Keys
from cairn.cloudtrail.log_groups import LogGroups
from cairn.cloudtrail.preconditions import Destinations, Preconditions
from cairn.cloudtrail.topics import TopicError, Topics
from cairn.core.config import Settings
from cairn.core.errors import Unreachable
from cairn.service.as_cloudtrail import service_may
from cairn.service.elsewhere import KeysElsewhere, TopicsElsewhere, elsewhere

_TOPIC_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
"""What whoever publishes to an encrypted topic needs of its key."""


def preconditions(
    settings: Settings, questions: MotoQuestions, destinations: Destinations, log_groups: LogGroups
) -> Preconditions:
    """What must hold before a trail is set, asked where each service is."""
    return Preconditions(
        destinations,
        service_may,
        topics=trail_topics(settings, questions),
        keys=trail_keys(settings, questions),
        log_groups=log_groups,
    )


def trail_topics(settings: Settings, questions: MotoQuestions) -> Topics:
    """The topics that trails announce files on."""
    endpoint = elsewhere(settings, "sns")
    return AccountTopics(questions) if endpoint is None else TopicsElsewhere(endpoint)


def trail_keys(settings: Settings, questions: MotoQuestions) -> Keys:
    """The keys that buckets encrypt with: the embedded buckets those of the embedded account, others their own."""
    endpoint = elsewhere(settings, "kms")
    if elsewhere(settings, "s3") is None:
        return AccountKeys(questions) if endpoint is None else _NoKeys()
    return _UnseenKeys() if endpoint is None else KeysElsewhere(endpoint)


class AccountTopics:
    """`cloudtrail.topics.Topics` over the embedded account, whose SNS asks no policy: it is asked here, each time."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions
        self._keys = AccountKeys(questions)

    def publish(self, topic: str, message: str, source: str) -> None:
        facts = {"aws:SourceArn": source, "aws:SourceAccount": source.split(":")[4]}
        try:
            found = self._questions.topic(topic)
            if not service_may(found.policy, "sns:Publish", topic, facts):
                raise TopicError("AuthorizationError", f"the policy of {topic} does not let {source} publish")
            if found.kms_key:
                self._check_key(topic, found.kms_key, facts)
            self._questions.publish(topic, message)
        except NotFound as error:
            raise TopicError("NotFound", f"there is no topic {topic}") from error
        except Unreachable as error:
            raise TopicError("", error.message) from error

    def _check_key(self, topic: str, named: str, facts: dict[str, str]) -> None:
        """Raise unless messages to an encrypted topic can be encrypted for CloudTrail."""
        partition, region, account = topic.split(":")[1], topic.split(":")[3], topic.split(":")[4]
        kind = "" if named.startswith("alias/") else "key/"
        arn = named if named.startswith("arn:") else f"arn:{partition}:kms:{region}:{account}:{kind}{named}"
        key = self._keys.find(arn)
        if key is None or key.arn.split(":")[3] != region:
            raise TopicError("KMSNotFound", f"the key {named} of {topic} does not exist in {region}")
        if key.state != "Enabled":
            code = "KMSDisabled" if key.state == "Disabled" else "KMSInvalidState"
            raise TopicError(code, f"the key {key.arn} of {topic} is in the state {key.state}")
        if not all(service_may(key.policy or "", action, key.arn, facts) for action in _TOPIC_KEY_ACTIONS):
            raise TopicError(
                "KMSAccessDenied", f"the policy of the key {key.arn} of {topic} does not let CloudTrail in"
            )


class AccountKeys:
    """`cloudtrail.encryption.Keys` over the embedded account."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions

    def find(self, arn: str) -> Key | None:
        try:
            if ":alias/" in arn:
                arn = self._questions.key_of_alias(arn)
            found = self._questions.kms_key(arn)
        except NotFound:
            return None
        symmetric = (found.spec, found.usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        return Key(arn=arn, state=found.state, symmetric=symmetric, policy=found.policy)


class _UnseenKeys:
    """Keys of an S3 elsewhere of whose KMS nothing is known: that S3 says whether it can use them."""

    def find(self, arn: str) -> Key | None:
        if ":alias/" in arn:
            raise refusals.unsupported("An alias of a KMS key where upstreams name S3 and no KMS")
        return Key(arn=arn)


class _NoKeys:
    """The embedded buckets encrypt with keys of the embedded account alone."""

    def find(self, arn: str) -> Key | None:
        raise refusals.unsupported("A KMS key that is elsewhere for buckets of the embedded account")
