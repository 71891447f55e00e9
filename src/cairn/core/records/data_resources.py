"""What data events touched, for the services whose inputs name it plainly: a table of types, ARNs and members.

Events whose input names no resource (an iterator, a task's token) have none, and are selected by their type alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TABLE = """
appconfigdata AWS::AppConfig::Configuration
  appconfig:{region}:{account}:application/{ApplicationIdentifier}/environment/{EnvironmentIdentifier}\
/configuration/{ConfigurationProfileIdentifier}
appconfig AWS::AppConfig::Configuration
  appconfig:{region}:{account}:application/{Application}/environment/{Environment}/configuration/{Configuration}
bedrock-agent-runtime AWS::Bedrock::AgentAlias
  bedrock:{region}:{account}:agent-alias/{agentId}/{agentAliasId}
bedrock-agent-runtime AWS::Bedrock::FlowAlias
  bedrock:{region}:{account}:flow/{flowIdentifier}/alias/{flowAliasIdentifier}
bedrock-agent-runtime AWS::Bedrock::KnowledgeBase
  bedrock:{region}:{account}:knowledge-base/{knowledgeBaseId}
bedrock-runtime AWS::Bedrock::AsyncInvoke
  {invocationArn}
bedrock-runtime AWS::Bedrock::Guardrail
  bedrock:{region}:{account}:guardrail/{guardrailIdentifier}
bedrock-runtime AWS::Bedrock::Model
  bedrock:{region}::foundation-model/{modelId}
cloudfront-keyvaluestore AWS::CloudFront::KeyValueStore
  {KvsARN}
cloudtrail-data AWS::CloudTrail::Channel
  {channelArn}
cognito-identity AWS::Cognito::IdentityPool
  cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}
ebs AWS::EC2::Snapshot
  ec2:{region}::snapshot/{SnapshotId}
  ec2:{region}::snapshot/{FirstSnapshotId}
  ec2:{region}::snapshot/{SecondSnapshotId}
iot-data AWS::IoT::Thing
  iot:{region}:{account}:thing/{thingName}
kinesis-video-archived-media AWS::KinesisVideo::Stream
  {StreamARN}
kinesis-video-media AWS::KinesisVideo::Stream
  {StreamARN}
payment-cryptography-data AWS::PaymentCryptography::Key
  {KeyIdentifier}
  {EncryptionKeyIdentifier}
  {GenerationKeyIdentifier}
  {VerificationKeyIdentifier}
  {IncomingKeyIdentifier}
  {OutgoingKeyIdentifier}
rds-data AWS::RDS::DBCluster
  {resourceArn}
  {dbClusterOrInstanceArn}
s3vectors AWS::S3Vectors::Index
  {indexArn}
  s3vectors:{region}:{account}:bucket/{vectorBucketName}/index/{indexName}
sagemaker-featurestore-runtime AWS::SageMaker::FeatureGroup
  sagemaker:{region}:{account}:feature-group/{FeatureGroupName}
sagemaker-metrics AWS::SageMaker::ExperimentTrialComponent
  sagemaker:{region}:{account}:experiment-trial-component/{TrialComponentName}
sagemaker-runtime AWS::SageMaker::Endpoint
  sagemaker:{region}:{account}:endpoint/{EndpointName}
sdb AWS::SDB::Domain
  sdb:{region}:{account}:domain/{DomainName}
ses AWS::SES::EmailIdentity
  ses:{region}:{account}:identity/{Source}
ses AWS::SES::Template
  ses:{region}:{account}:template/{Template}
sesv2 AWS::SES::EmailIdentity
  ses:{region}:{account}:identity/{FromEmailAddress}
swf AWS::SWF::Domain
  swf:{region}:{account}:/domain/{domain}
timestream-write AWS::Timestream::Table
  timestream:{region}:{account}:database/{DatabaseName}/table/{TableName}
verifiedpermissions AWS::VerifiedPermissions::PolicyStore
  verifiedpermissions::{account}:policy-store/{policyStoreId}
"""
"""By botocore's service and the type of its events: what ARNs are made of, the part behind the partition."""

_MEMBER = re.compile(r"\{(\w+)\}")


def _read_table() -> dict[tuple[str, str], list[str]]:
    patterns: dict[tuple[str, str], list[str]] = {}
    for line in _TABLE.strip().splitlines():
        if not line.startswith(" "):
            service, kind = line.split()
        else:
            patterns.setdefault((service, kind), []).append(line.strip())
    return patterns


_PATTERNS = _read_table()
SERVICES = frozenset(service for service, _ in _PATTERNS)
"""The services, by botocore's names, that the table knows."""


def touched(service: str, kind: str, given: Mapping[str, Any], region: str, account: str) -> list[str]:
    """ARNs of what a data event of type `kind` touched, from its input. A member may be an ARN itself."""
    arns = []
    for pattern in _PATTERNS.get((service, kind), ()):
        names = [name for name in _MEMBER.findall(pattern) if name not in ("region", "account")]
        values = {name: value for name in names if isinstance(value := given.get(name), str) and value}
        if len(values) == len(names):
            made = "arn:aws:" + pattern.format_map(values | {"region": region, "account": account})
            arns.append(next((value for value in values.values() if value.startswith("arn:")), made))
    return list(dict.fromkeys(arns))
