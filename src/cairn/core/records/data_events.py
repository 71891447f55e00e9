"""Which calls are data events, and of which `resources.type` (spec 5.3). Everything else is a management event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_TABLE = """
s3 AWS::S3::Object
  AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjectTagging
  DeleteObjects GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging
  GetObjectTorrent HeadBucket HeadObject ListMultipartUploads ListObjectVersions ListObjects ListParts PostObject
  PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging RenameObject RestoreObject
  SelectObjectContent UpdateObjectEncryption UploadPart UploadPartCopy
lambda AWS::Lambda::Function
  Invoke InvokeAsync InvokeWithResponseStream
dynamodb AWS::DynamoDB::Table
  BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction GetItem PutItem
  Query Scan TransactGetItems TransactWriteItems UpdateItem
dynamodb AWS::DynamoDB::Stream
  GetRecords GetShardIterator
sns AWS::SNS::Topic
  Publish PublishBatch
sqs AWS::SQS::Queue
  ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch ReceiveMessage SendMessage
  SendMessageBatch
kinesis AWS::Kinesis::Stream
  GetRecords GetShardIterator PutRecord PutRecords SubscribeToShard
firehose AWS::KinesisFirehose::DeliveryStream
  PutRecord PutRecordBatch
kinesisvideo AWS::KinesisVideo::Stream
  GetClip GetDASHStreamingSessionURL GetHLSStreamingSessionURL GetImages GetMedia GetMediaForFragmentList
  ListFragments
events AWS::Events::EventBus
  PutEvents
states AWS::StepFunctions::StateMachine
  InvokeHTTPEndpoint StartSyncExecution
states AWS::StepFunctions::Activity
  GetActivityTask SendTaskFailure SendTaskHeartbeat SendTaskSuccess
cognito-identity AWS::Cognito::IdentityPool
  GetCredentialsForIdentity GetId GetOpenIdToken GetOpenIdTokenForDeveloperIdentity UnlinkIdentity
appsync AWS::AppSync::GraphQLApi
  GraphQL
appconfig AWS::AppConfig::Configuration
  GetConfiguration GetLatestConfiguration StartConfigurationSession
monitoring AWS::CloudWatch::Metric
  GetMetricData GetMetricStatistics GetMetricWidgetImage ListMetrics PutMetricData
cloudtrail-data AWS::CloudTrail::Channel
  PutAuditEvents
bedrock AWS::Bedrock::Model
  Converse ConverseStream InvokeModel InvokeModelWithBidirectionalStream InvokeModelWithResponseStream
bedrock AWS::Bedrock::AsyncInvoke
  GetAsyncInvoke ListAsyncInvokes StartAsyncInvoke
bedrock AWS::Bedrock::AgentAlias
  InvokeAgent
bedrock AWS::Bedrock::KnowledgeBase
  Retrieve RetrieveAndGenerate RetrieveAndGenerateStream
bedrock AWS::Bedrock::FlowAlias
  InvokeFlow
bedrock AWS::Bedrock::InlineAgent
  InvokeInlineAgent
bedrock AWS::Bedrock::Guardrail
  ApplyGuardrail
iotdata AWS::IoT::Thing
  DeleteThingShadow GetThingShadow ListNamedShadowsForThing UpdateThingShadow
rdsdata AWS::RDS::DBCluster
  BatchExecuteStatement BeginTransaction CommitTransaction ExecuteSql ExecuteStatement RollbackTransaction
sagemaker AWS::SageMaker::Endpoint
  InvokeEndpoint InvokeEndpointAsync InvokeEndpointWithResponseStream
sagemaker AWS::SageMaker::FeatureGroup
  BatchGetRecord DeleteRecord GetRecord PutRecord
sagemaker AWS::SageMaker::ExperimentTrialComponent
  BatchPutMetrics
timestream AWS::Timestream::Table
  WriteRecords
timestream AWS::Timestream::RegionalEndpoint
  PrepareQuery Query
ses AWS::SES::EmailIdentity
  SendEmail SendRawEmail
ses AWS::SES::Template
  SendBulkTemplatedEmail SendTemplatedEmail
ssmmessages AWS::SSMMessages::ControlChannel
  CreateControlChannel OpenControlChannel
servicediscovery AWS::ServiceDiscovery::Service
  DiscoverInstances DiscoverInstancesRevision
verifiedpermissions AWS::VerifiedPermissions::PolicyStore
  BatchIsAuthorized BatchIsAuthorizedWithToken IsAuthorized IsAuthorizedWithToken
xray AWS::XRay::Trace
  BatchGetTraces GetTraceGraph PutTelemetryRecords PutTraceSegments
swf AWS::SWF::Domain
  CountPendingActivityTasks CountPendingDecisionTasks PollForActivityTask PollForDecisionTask
  RecordActivityTaskHeartbeat RequestCancelWorkflowExecution RespondActivityTaskCanceled
  RespondActivityTaskCompleted RespondActivityTaskFailed RespondDecisionTaskCompleted SignalWorkflowExecution
  StartWorkflowExecution TerminateWorkflowExecution
sdb AWS::SDB::Domain
  BatchDeleteAttributes BatchPutAttributes DeleteAttributes GetAttributes PutAttributes Select
ebs AWS::EC2::Snapshot
  GetSnapshotBlock ListChangedBlocks ListSnapshotBlocks PutSnapshotBlock
cloudfront-keyvaluestore AWS::CloudFront::KeyValueStore
  DeleteKey GetKey ListKeys PutKey UpdateKeys
payment-cryptography AWS::PaymentCryptography::Key
  DecryptData EncryptData GenerateCardValidationData GenerateMac GeneratePinData ReEncryptData TranslatePinData
  VerifyAuthRequestCryptogram VerifyCardValidationData VerifyMac VerifyPinData
s3tables AWS::S3Tables::Table
  GetTableData GetTableMetadataLocation PutTableData UpdateTableMetadataLocation
s3vectors AWS::S3Vectors::Index
  DeleteVectors GetVectors ListVectors PutVectors QueryVectors
s3-outposts AWS::S3Outposts::Object
  CopyObject DeleteObject GetObject HeadObject ListObjects PutObject UploadPart
s3express AWS::S3Express::Object
  CopyObject CreateSession DeleteObject DeleteObjects GetObject HeadObject ListObjects PutObject UploadPart
"""


def _read_table() -> dict[str, dict[str, str]]:
    types: dict[str, dict[str, str]] = {}
    source = resource_type = ""
    for line in _TABLE.splitlines():
        if line.startswith(" "):
            for name in line.split():
                types.setdefault(source, {})[name] = resource_type
        elif line:
            prefix, resource_type = line.split()
            source = f"{prefix}.amazonaws.com"
    return types


_TYPES = _read_table()


def data_resource_type(source: str, name: str) -> str:
    """`resources.type` of the data event `name` of eventSource `source`; empty for a management event."""
    names = _TYPES.get(source)
    return names.get(name, "") if names is not None else ""


def resource_types(source: str, name: str, resources: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """All types by which selectors may choose a data event: those of what it touched, or else the one that its like
    touch."""
    found = dict.fromkeys(entry["type"] for entry in resources if isinstance(entry.get("type"), str))
    return tuple(found) or tuple(filter(None, [data_resource_type(source, name)]))


def is_data_event(source: str, name: str) -> bool:
    """Whether calls of `name` are data events."""
    return data_resource_type(source, name) != ""
