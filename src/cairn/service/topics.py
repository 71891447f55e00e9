"""What trails need to be there: in the embedded account, in Cairn itself, or wherever `[upstreams]` says it is."""

from __future__ import annotations

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudtrail import refusals
from cairn.cloudtrail.encryption import Key, Keys
from cairn.cloudtrail.log_groups import LogGroups
from cairn.cloudtrail.preconditions import Destinations, Preconditions
from cairn.cloudtrail.topics import Topics
from cairn.core.config import Settings
from cairn.service.account_keys import AccountKeys
from cairn.service.as_cloudtrail import service_may
from cairn.service.elsewhere import KeysElsewhere, elsewhere


def preconditions(
    settings: Settings, questions: MotoQuestions, destinations: Destinations, topics: Topics, log_groups: LogGroups
) -> Preconditions:
    """What must hold before a trail is set, asked where each service is."""
    return Preconditions(
        destinations,
        service_may,
        topics=topics,
        keys=trail_keys(settings, questions),
        log_groups=log_groups,
    )


def trail_keys(settings: Settings, questions: MotoQuestions) -> Keys:
    """The keys that buckets encrypt with: the embedded buckets those of the embedded account, others their own."""
    endpoint = elsewhere(settings, "kms")
    if elsewhere(settings, "s3") is None:
        return AccountKeys(questions) if endpoint is None else _NoKeys()
    return _UnseenKeys() if endpoint is None else KeysElsewhere(endpoint)


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
