"""What a service and an operation of botocore are called in records: eventSource, eventName, apiVersion, region."""

from __future__ import annotations

import re
from functools import lru_cache

_SOURCES = """
accessanalyzer access-analyzer
account-access-runtime account-access
agent-registry-control agent-registry
amp aps
apigatewaymanagementapi execute-api
apigatewayv2 apigateway
appconfigdata appconfig
appintegrations app-integrations
application-insights applicationinsights
applicationcostprofiler application-cost-profiler
backupsearch backup-search
bedrock-agent bedrock
bedrock-agent-runtime bedrock
bedrock-agentcore-control bedrock-agentcore
bedrock-data-automation bedrock
bedrock-data-automation-runtime bedrock
bedrock-runtime bedrock
chime-sdk-identity chime
chime-sdk-media-pipelines chime
chime-sdk-meetings chime
chime-sdk-messaging chime
chime-sdk-voice chime
cleanroomsml cleanrooms-ml
cloudcontrol cloudcontrolapi
cloudhsmv2 cloudhsm
cloudsearchdomain cloudsearch
cloudwatch monitoring
codeguruprofiler codeguru-profiler
compute-optimizer-automation aco-automation
connect-contact-lens connect
connectcampaigns connect-campaigns
connectcampaignsv2 connect-campaigns
connectcases cases
connecthealth health-agent
connectparticipant connect
connectscheduling connect
customer-profiles profile
devops-agent aidevops
docdb rds
dynamodbstreams dynamodb
efs elasticfilesystem
elb elasticloadbalancing
elbv2 elasticloadbalancing
elementalinference elemental-inference
emr elasticmapreduce
endusermessaging end-user-messaging
eventbridgev2 events
forecastquery forecast
greengrassv2 greengrass
iot-data iotdata
iot-managed-integrations iotmanagedintegrations
iotsecuretunneling iot
ivs-realtime ivs
keyspaces cassandra
keyspacesstreams cassandra
kinesis-video-archived-media kinesisvideo
kinesis-video-media kinesisvideo
kinesis-video-signaling kinesisvideo
kinesis-video-webrtc-storage kinesisvideo
kinesisanalyticsv2 kinesisanalytics
lambda-core lambda
lambda-microvms lambda
lambda-web lambda
launch-wizard launchwizard
lex-models lex
lex-runtime lex
lexv2-models lexv2
lexv2-runtime lexv2
location geo
mailmanager ses
marketplace-agreement aws-marketplace
marketplace-catalog marketplacecatalog
marketplace-deployment aws-marketplace
marketplace-discovery aws-marketplace
marketplace-entitlement aws-marketplace
marketplace-reporting aws-marketplace
mediastore-data mediastore
meteringmarketplace metering-marketplace
migration-hub-refactor-spaces refactor-spaces
migrationhub-config mgh
migrationhuborchestrator migrationhub-orchestrator
migrationhubstrategy migrationhub-strategy
mwaa airflow
mwaa-serverless airflow-serverless
neptune rds
neptunedata neptune-db
notificationscontacts notifications-contacts
opensearch es
opensearchmemory osm
opensearchserverless aoss
partnercentral-revenue-measurement partnercentral
payment-cryptography-data payment-cryptography
personalize-events personalize
personalize-runtime personalize
pinpoint mobiletargeting
pinpoint-email ses
pinpoint-sms-voice sms-voice
pinpoint-sms-voice-v2 sms-voice
pricing-plan-manager pricingplanmanager
qconnect wisdom
rds-data rdsdata
resiliencehubv2 resiliencehub
resourcegroupstaggingapi tagging
s3control s3
s3outposts s3-outposts
sagemaker-a2i-runtime sagemaker
sagemaker-edge sagemaker
sagemaker-featurestore-runtime sagemaker
sagemaker-inference-router-runtime sagemaker
sagemaker-metrics sagemaker
sagemaker-runtime sagemaker
sagemakerjobruntime sagemaker
sagemakertrainingsessionruntime sagemaker
service-quotas servicequotas
sesv2 ses
signer-data signer
simpledbv2 sdb
sso-admin sso
sso-oidc sso-oauth
stepfunctions states
supplychain scn
support-app supportapp
taxsettings tax
timestream-query timestream
timestream-write timestream
voice-id voiceid
workspaces-thin-client thinclient
"""
_words = _SOURCES.split()
_SOURCE_BY_SERVICE = dict(zip(_words[::2], _words[1::2], strict=True))

_S3_NAMES = {
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListBucketAnalyticsConfigurations": "GetBucketAnalyticsConfiguration",
    "ListBucketInventoryConfigurations": "GetBucketInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetBucketMetricsConfiguration",
    "ListObjectsV2": "ListObjects",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_S3_CONTROL_NAMES = {
    "DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
    "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
}

_LAMBDA_PATH_DATE = re.compile(r"/(\d{4})-(\d{2})-(\d{2})/")
_LAMBDA_DATED_BEFORE = "20181101"  # the API's parts that came later have plain names
_LAMBDA_SECOND_VERSIONS = frozenset(
    {
        "AddPermission",
        "GetFunction",
        "GetFunctionConfiguration",
        "GetPolicy",
        "RemovePermission",
        "TagResource",
        "UntagResource",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    }
)
_LAMBDA_UNDATED = frozenset({"Invoke", "InvokeAsync"})

_API_VERSIONS = {
    "cloudfront": "2020_05_31",
    "dynamodb": "2012-08-10",
    "dynamodbstreams": "2012-08-10",
    "elb": "2012-06-01",
    "elbv2": "2015-12-01",
    "logs": "20140328",
    "route53": "2013-04-01",
}

_GLOBAL = frozenset(
    {
        "account",
        "billing",
        "bcm-data-exports",
        "budgets",
        "ce",
        "chatbot",
        "cloudfront",
        "cur",
        "freetier",
        "globalaccelerator",
        "health",
        "iam",
        "invoicing",
        "networkmanager",
        "organizations",
        "route53",
        "route53domains",
        "route53profiles",
        "savingsplans",
        "shield",
        "support",
        "trustedadvisor",
        "waf",
    }
)
_GLOBAL_ENDPOINTS = frozenset({"aws-global", "global", ""})
_HOME_BY_SERVICE = {"globalaccelerator": "us-west-2", "networkmanager": "us-west-2"}
_HOME = "us-east-1"


@lru_cache(maxsize=1024)
def event_source(service: str) -> str:
    """eventSource of botocore's `service`: `cloudwatch` is `monitoring.amazonaws.com`."""
    return f"{_SOURCE_BY_SERVICE.get(service, service) or 'unknown'}.amazonaws.com"


@lru_cache(maxsize=16_384)
def event_name(service: str, operation: str, request_uri: str = "") -> str:
    """eventName of an operation. `request_uri` is the one of botocore's model, whose date Lambda's names carry."""
    if service == "s3":
        return _S3_NAMES.get(operation, operation)
    if service == "s3control":
        return _S3_CONTROL_NAMES.get(operation, operation)
    if service == "lambda" and operation not in _LAMBDA_UNDATED:
        dated = _LAMBDA_PATH_DATE.match(request_uri)
        date = "".join(dated.groups()) if dated else ""
        if date and date < _LAMBDA_DATED_BEFORE:
            return operation + date + ("v2" if operation in _LAMBDA_SECOND_VERSIONS else "")
    return operation


def api_version(service: str, operation: str) -> str:
    """apiVersion, which only a few services write; empty for the others."""
    if service == "lambda" and operation.startswith("Invoke"):
        return "2015-03-31"
    return _API_VERSIONS.get(service, "")


def event_region(service: str, region: str) -> str:
    """awsRegion: that of the endpoint, or the home of a service that has one endpoint for all regions."""
    if service in _GLOBAL or region in _GLOBAL_ENDPOINTS:
        return _HOME_BY_SERVICE.get(service, _HOME)
    return region
