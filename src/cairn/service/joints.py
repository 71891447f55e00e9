"""Where rooms meet that do not know each other: each joint gives one the face that the other asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cairn.account.kms_keys import KmsKeys
from cairn.account.kms_relay import http_kms
from cairn.account.moto.questions import AccessKey as AccountKey
from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.account.moto.questions import Principal as AccountPrincipal
from cairn.account.moto.wire_names import SECRET
from cairn.account.s3.access import PolicyRequest, Verdict
from cairn.account.s3.buckets import Bucket, Buckets
from cairn.account.s3.encryption import default_of
from cairn.account.s3.name_sync import NameSync
from cairn.account.s3.permissions import permissions_of as permissions_of_s3
from cairn.cloudtrail.preconditions import Destinations
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.folder import DataFolder, Runtime
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.policy import (
    Kind,
    MalformedPolicy,
    Principal,
    Reason,
    Request,
    evaluate_alone,
    global_keys,
    parse_policy,
)
from cairn.core.records.identity import Identity
from cairn.core.s3_objects import S3ObjectStore
from cairn.core.state import State
from cairn.gateway.issued import Principal as KeyUser
from cairn.gateway.keys import AccessKey
from cairn.gateway.permissions import ANY, Permission, Side
from cairn.gateway.policies import NOBODYS, PrincipalPolicies, ResourcePolicy, readable
from cairn.service.as_cloudtrail import parsed_or_none, service_may
from cairn.service.elsewhere import BucketsElsewhere, s3_elsewhere
from cairn.service.encryption import S3_KEY, EmbeddedEncryption, ServiceMay
from cairn.wire.http import Call


class AccountDirectory:
    """`gateway.issued.Directory` over the embedded account: ids and paths that a reply leaves out."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions

    async def user(self, account: str, name: str) -> KeyUser | None:
        return await asyncio.to_thread(_found, self._questions.user, account, name)

    async def role(self, account: str, name: str) -> KeyUser | None:
        return await asyncio.to_thread(_found, self._questions.role, account, name)

    async def policy(self, account: str, arn: str) -> str | None:
        try:
            return await asyncio.to_thread(self._questions.managed_policy, account, arn)
        except NotFound:
            return None


def _found(ask: Callable[[str, str], AccountPrincipal], account: str, name: str) -> KeyUser | None:
    try:
        principal = ask(account, name)
    except NotFound:
        return None
    return KeyUser(principal.id, principal.arn)


def administrator_key(key: AccountKey) -> AccessKey:
    """The administrator's key as the key table holds it."""
    user = key.principal
    assert user is not None
    identity = Identity(
        type="IAMUser",
        account=key.account,
        principal_id=user.id,
        arn=user.arn,
        access_key_id=key.access_key_id,
        user_name=user.name,
    )
    return AccessKey(key.access_key_id, key.secret_access_key, identity)


class BucketDestinations:
    """`cloudtrail.preconditions.Destinations` over the embedded account's buckets."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def bucket_exists(self, bucket: str) -> bool:
        return self.bucket(bucket) is not None

    def bucket_policy(self, bucket: str) -> str | None:
        found = self._buckets.find(bucket)
        return found.documents.get("policy") if found is not None else None

    def bucket_region(self, bucket: str) -> str:
        found = self._buckets.find(bucket)
        return found.region if found is not None else ""

    def default_key(self, bucket: str) -> str:
        found = self._buckets.find(bucket)
        algorithm, key = default_of(found) if found is not None else ("", "")
        if found is None or algorithm != "aws:kms" or key in ("", S3_KEY):
            return ""
        kind = "" if key.startswith("alias/") else "key/"
        return key if key.startswith("arn:") else f"arn:aws:kms:{found.region}:{found.account}:{kind}{key}"

    def takes(
        self, bucket: str, key: str, *, kms_key: str = "", encryption_context: Mapping[str, str] | None = None
    ) -> bool:
        return False

    def bucket(self, bucket: str) -> Bucket | None:
        """The bucket with its documents; None where there is none that can be used."""
        found = self._buckets.find(bucket)
        return found if found is not None and found.phase == "live" else None


class BucketPolicies:
    """`account.s3.access.Evaluate`: what a bucket policy says by itself, whatever the caller's own policies say."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, policy: str, asked: PolicyRequest) -> Verdict:
        try:
            parsed = parse_policy(policy, Kind.RESOURCE)
        except MalformedPolicy:
            return Verdict.NONE
        keys = global_keys(asked.identity, now=self._clock.now()) | asked.context
        decision = evaluate_alone(Request(Principal.of(asked.identity), asked.action, asked.resource, keys), parsed)
        if decision.reason is Reason.DENIED_RESOURCE:
            return Verdict.DENY
        return Verdict.ALLOW if decision.allowed else Verdict.NONE


class AccountProviders:
    """`gateway.federation.Providers` of the embedded account."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions

    def token_audiences(self, arn: str) -> list[str] | None:
        try:
            return self._questions.token_audiences(arn)
        except NotFound:
            return None

    def assertion_metadata(self, arn: str) -> str | None:
        try:
            return self._questions.assertion_metadata(arn)
        except NotFound:
            return None


class AccountPolicies:
    """`gateway.policies.PolicySource` over the embedded account and its buckets.

    Args:
        topics, buses: the policy of a topic, or of the bus of a bus's or a rule's ARN, None where there is no such; the
            argument is None where that service is elsewhere.
    """

    def __init__(
        self,
        questions: MotoQuestions,
        buckets: Buckets,
        topics: Callable[[str], str | None] | None = None,
        buses: Callable[[str], str | None] | None = None,
    ) -> None:
        self._questions = questions
        self._buckets = buckets
        self._own = {"sns": topics, "events": buses}

    def principal(self, arn: str) -> PrincipalPolicies:
        try:
            found = self._questions.policies(arn)
        except NotFound:
            return NOBODYS
        return PrincipalPolicies(
            tuple(readable(policy.document, f"the policy {policy.name} of {arn}") for policy in found.identity),
            readable(found.boundary, f"the boundary of {arn}") if found.boundary is not None else None,
        )

    def resource(self, arn: str) -> ResourcePolicy | None:
        _, _, service, _, account, name = [*arn.split(":", 5), *[""] * 5][:6]
        if service == "s3":
            bucket = self._buckets.find(name)
            if bucket is None:
                return None
            return ResourcePolicy(bucket.account, parsed_or_none(bucket.documents.get("policy"), Kind.RESOURCE))
        if service in self._own:
            policy_of = self._own[service]
            policy = policy_of(arn) if policy_of is not None else None
            return ResourcePolicy(account, parsed_or_none(policy, Kind.RESOURCE)) if policy is not None else None
        try:
            if service == "iam":
                trust = self._questions.policies(arn).trust
                return ResourcePolicy(account, parsed_or_none(trust, Kind.TRUST), required=True)
            if service == "kms" and name.startswith("alias/"):
                arn = self._questions.key_of_alias(arn)
            text = self._questions.resource_policy(arn)
        except NotFound:
            return ResourcePolicy(account, None, required=True) if service == "iam" else None
        return ResourcePolicy(account, parsed_or_none(text, Kind.RESOURCE), required=service == "kms", arn=arn)


def trail_buckets(
    folder: DataFolder, settings: Settings, state: State, clock: Clock
) -> tuple[ObjectStore, Destinations]:
    """The buckets that trails deliver to, and what can be told of them beforehand."""
    endpoint = s3_elsewhere(settings)
    if endpoint is not None:
        elsewhere = BucketsElsewhere(endpoint, settings.account.region)
        return elsewhere, elsewhere
    destinations = BucketDestinations(Buckets(state, clock))
    return EmbeddedBuckets(folder.runtime(), folder.buckets, destinations), destinations


def bucket_permissions(call: Call) -> list[Permission]:
    """`gateway.permissions.PermissionsOf` for S3."""
    return [
        Permission(
            wanted.action, wanted.resource, wanted.context, Side.BUCKET if wanted.resource != ANY else Side.CALLER
        )
        for wanted in permissions_of_s3(call)
    ]


class EmbeddedBuckets(S3ObjectStore):
    """The embedded account's buckets without the gateway in between: what was put is durable, its name too.

    The engine would let us do anything, and encrypt only as it is told. So whoever puts on behalf of a trail does it as
    CloudTrail, and only where the bucket's policy, and that of the KMS key, let CloudTrail write for that trail.

    Args:
        may: another service's rights, where it is not CloudTrail that delivers.
    """

    def __init__(
        self, runtime: Runtime, folder: Path, destinations: BucketDestinations, *, may: ServiceMay = service_may
    ) -> None:
        super().__init__(
            runtime.s3_url, access_key_id=runtime.s3_access_key_id, secret_access_key=runtime.s3_secret_access_key
        )
        self._names = NameSync(folder)
        self._destinations = destinations
        self._encryption = EmbeddedEncryption(
            KmsKeys(http_kms(runtime.moto_url, {SECRET: runtime.moto_secret})),
            MotoQuestions(runtime.moto_url, runtime.moto_secret),
            may,
        )
        self._may = may

    def put(
        self,
        bucket: str,
        key: str,
        content: Path | bytes,
        *,
        kms_key: str = "",
        encryption_context: Mapping[str, str] | None = None,
        on_behalf_of: str = "",
        **options: Any,
    ) -> None:
        if on_behalf_of:
            found = self._checked(bucket, key, on_behalf_of)
            options |= self._encryption.options(found, key, kms_key, encryption_context, on_behalf_of)
        super().put(bucket, key, content, on_behalf_of=on_behalf_of, **options)
        self._names.sync()

    def _checked(self, bucket: str, key: str, source: str) -> Bucket:
        """The bucket; raises what S3 would answer the service, where it refuses."""
        found = self._destinations.bucket(bucket)
        if found is None:
            raise ObjectStoreError("NoSuchBucket", f"there is no bucket {bucket}")
        partition, account = source.split(":")[1], source.split(":")[4]
        keys = {
            "aws:SourceArn": source,
            "aws:SourceAccount": account,
            "s3:x-amz-acl": "bucket-owner-full-control",
        }
        policy = found.documents.get("policy")
        if policy is None or not self._may(policy, "s3:PutObject", f"arn:{partition}:s3:::{bucket}/{key}", keys):
            raise ObjectStoreError("AccessDenied", f"the policy of {bucket} does not let {source} write {key}")
        return found
