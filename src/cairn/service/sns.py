"""SNS as the processes have it: what a gateway answers, what the worker delivers, and what others ask of topics."""

from __future__ import annotations

from functools import cached_property

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudtrail import topics as of_trails
from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.sns import topics as of_sns
from cairn.cloudwatch.sns.arns import topic_of
from cairn.cloudwatch.sns.counting import NAMESPACE
from cairn.cloudwatch.sns.delivery import Deliveries
from cairn.cloudwatch.sns.envelope import Envelopes
from cairn.cloudwatch.sns.http_endpoint import HttpEndpoints
from cairn.cloudwatch.sns.mail import mailer
from cairn.cloudwatch.sns.operations import operations
from cairn.cloudwatch.sns.pages import Pages
from cairn.cloudwatch.sns.policies import Source, service_may
from cairn.cloudwatch.sns.queue import Queue
from cairn.cloudwatch.sns.sending import Sender
from cairn.cloudwatch.sns.signing import Signer
from cairn.cloudwatch.sns.subscriptions import Subscriptions
from cairn.cloudwatch.sns.tables import tallies
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import AwsError, Unreachable
from cairn.core.folder import DataFolder
from cairn.core.state import State
from cairn.core.tallies import TallyMover
from cairn.gateway.permissions import Permission, permissions_of
from cairn.service.account_keys import AccountKeys
from cairn.service.elsewhere import elsewhere
from cairn.service.sns_endpoints import aws_endpoints
from cairn.service.tallies import MetricTallies
from cairn.wire.http import Call
from cairn.wire.operation import Operation

_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
"""What whoever publishes to an encrypted topic needs of its key."""
_ON_SUBSCRIPTIONS = frozenset({"GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"})


class Sns:
    """One a process."""

    def __init__(self, state: State, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        self._state = state
        self._counted = elsewhere(settings, "cloudwatch") is None
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._runtime = folder.runtime()
        self._questions = MotoQuestions(self._runtime.moto_url, self._runtime.moto_secret)
        keys = TopicKeys(self._questions) if elsewhere(settings, "kms") is None else None
        self.topics = Topics(state, clock, keys, counted=self._counted)
        self._subscriptions = Subscriptions(state, clock, mails_an_hour=settings.sns.confirmation_mails_an_hour)
        self.pages = Pages(lambda: self._signer)

    def operations(self) -> dict[str, Operation]:
        trusts = self._settings.auth.mode == "trust"
        return operations(self.topics, self._subscriptions, allow_private=self._allows_private(), ask_policies=trusts)

    def deliveries(self) -> Deliveries:
        """What the worker does; it is to be closed."""
        settings = self._settings
        envelopes = Envelopes(self._signer, settings.sns.url.rstrip("/") or self._runtime.endpoint)
        sender = Sender(
            envelopes,
            HttpEndpoints(allow_private=self._allows_private()),
            aws_endpoints(settings, self._runtime, self._questions, self._clock),
            mailer(settings.smtp),
            settings.smtp.sender,
        )
        queue = Queue(self._state, counted=self._counted)
        return Deliveries(queue, self._subscriptions, sender, self._clock)

    def tally_mover(self, metrics: MetricStore) -> TallyMover:
        """Makes metrics of what topics count; for the worker."""
        sink = MetricTallies(metrics)
        return TallyMover(self._state, tallies, sink, reader="sns tallies", namespace=NAMESPACE)

    def policy(self, arn: str) -> str | None:
        """The policy of a topic by its ARN; None where there is no such topic."""
        try:
            found = self.topics.find(topic_of(arn))
        except AwsError:
            return None
        return found.policy if found is not None else None

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self._folder.keys / "sns", self._clock)

    def _allows_private(self) -> bool:
        return self._settings.reaches_private(self._settings.sns.allow_private_endpoints)


class TopicKeys:
    """`cloudwatch.sns.topics.Keys` over the embedded account."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._keys = AccountKeys(questions)

    def check(self, topic: str, key: str, source: Source | None) -> None:
        _, partition, _, region, account, _ = topic.split(":", 5)
        kind = "" if key.startswith("alias/") else "key/"
        arn = key if key.startswith("arn:") else f"arn:{partition}:kms:{region}:{account}:{kind}{key}"
        if arn.endswith(":alias/aws/sns"):
            if source is not None:  # its policy is AWS's, and lets in no service but SNS
                raise of_sns.TopicError("KMSAccessDenied", f"the key {key} of {topic} lets {source.service} not in")
            return
        try:
            found = self._keys.find(arn)
        except Unreachable as error:
            raise of_sns.TopicError("", error.message) from error
        if found is None or found.arn.split(":")[3] != region:
            raise of_sns.TopicError("KMSNotFound", f"the key {key} of {topic} does not exist in {region}")
        if found.state != "Enabled":
            code = "KMSDisabled" if found.state == "Disabled" else "KMSInvalidState"
            raise of_sns.TopicError(code, f"the key {found.arn} of {topic} is in the state {found.state}")
        if source is not None and not all(
            service_may(found.policy, action, found.arn, source) for action in _KEY_ACTIONS
        ):
            text = f"the policy of the key {found.arn} of {topic} does not let {source.service} in"
            raise of_sns.TopicError("KMSAccessDenied", text)


class TrailTopics:
    """`cloudtrail.topics.Topics` over our own."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def publish(self, topic: str, message: str, source: str) -> None:
        trail = Source(service="cloudtrail.amazonaws.com", arn=source, account=source.split(":")[4])
        try:
            self._topics.publish(topic, message, source=trail)
        except of_sns.TopicError as error:
            raise of_trails.TopicError(error.code, error.message) from error


def sns_permissions(call: Call) -> list[Permission]:
    """`gateway.permissions.PermissionsOf` for SNS. Whose a subscription is, its operations look at themselves: it may
    be another account's than the topic in its ARN."""
    if call.operation in _ON_SUBSCRIPTIONS:
        return [Permission(f"sns:{call.operation}", str((call.params or {}).get("SubscriptionArn", "*")))]
    return permissions_of(call)
