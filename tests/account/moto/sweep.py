"""Something to make in as many of the account's services as there are, and how to look at it afterwards.

`VPC`, `SUBNET-A` and `SUBNET-B` stand for those of the default VPC.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

ROLE = "arn:aws:iam::111122223333:role/made"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
BUCKET = "arn:aws:s3:::bucket"
TAG_QUERY = json.dumps({"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "k", "Values": ["v"]}]})


def zip_of_a_function() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("f.py", "def h(e, c): return e")
    return content.getvalue()


@dataclass(frozen=True)
class Make:
    """Calls that make something, then one that shows it."""

    service: str
    calls: list[tuple[str, dict[str, Any]]]
    show: tuple[str, dict[str, Any]]
    shown: str
    """A text that the last reply must hold."""


def make(service: str, operation: str, arguments: dict[str, Any], show: str, shown: str, **look: Any) -> Make:
    return Make(service, [(operation, arguments)], (show, look), shown)


MADE = [
    Make(
        "iam",
        [
            ("create_role", {"RoleName": "made", "AssumeRolePolicyDocument": TRUST}),
            ("create_user", {"UserName": "made"}),
            ("create_group", {"GroupName": "made"}),
            ("create_login_profile", {"UserName": "made", "Password": "Password-1!"}),
            ("create_instance_profile", {"InstanceProfileName": "made"}),
            ("attach_user_policy", {"UserName": "made", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
            ("create_virtual_mfa_device", {"VirtualMFADeviceName": "made"}),
        ],
        ("get_account_authorization_details", {}),
        "ReadOnlyAccess",
    ),
    Make(
        "sts",
        [("assume_role", {"RoleArn": ROLE, "RoleSessionName": "session"})],
        ("get_caller_identity", {}),
        "111122223333",
    ),
    make("acm", "request_certificate", {"DomainName": "made.example"}, "list_certificates", "made.example"),
    make(
        "acm-pca",
        "create_certificate_authority",
        {
            "CertificateAuthorityConfiguration": {
                "KeyAlgorithm": "RSA_2048",
                "SigningAlgorithm": "SHA256WITHRSA",
                "Subject": {"CommonName": "made"},
            },
            "CertificateAuthorityType": "ROOT",
        },
        "list_certificate_authorities",
        "made",
    ),
    make("amp", "create_workspace", {"alias": "made"}, "list_workspaces", "made"),
    make("apigateway", "create_rest_api", {"name": "made"}, "get_rest_apis", "made"),
    make("apigatewayv2", "create_api", {"Name": "made", "ProtocolType": "HTTP"}, "get_apis", "made"),
    make("appmesh", "create_mesh", {"meshName": "made"}, "list_meshes", "made"),
    make(
        "appsync", "create_graphql_api", {"name": "made", "authenticationType": "API_KEY"}, "list_graphql_apis", "made"
    ),
    make("athena", "create_work_group", {"Name": "made"}, "list_work_groups", "made"),
    make("backup", "create_backup_vault", {"BackupVaultName": "made"}, "list_backup_vaults", "made"),
    make(
        "batch",
        "create_compute_environment",
        {"computeEnvironmentName": "made", "type": "UNMANAGED", "state": "ENABLED", "serviceRole": ROLE},
        "describe_compute_environments",
        "made",
    ),
    make(
        "budgets",
        "create_budget",
        {
            "AccountId": "111122223333",
            "Budget": {
                "BudgetName": "made",
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": "1", "Unit": "USD"},
            },
        },
        "describe_budgets",
        "made",
        AccountId="111122223333",
    ),
    make(
        "cloudformation",
        "create_stack",
        {
            "StackName": "made",
            "TemplateBody": json.dumps(
                {
                    "Resources": {
                        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "from-stack"}},
                        "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "from-stack"}},
                    }
                }
            ),
        },
        "list_stack_resources",
        "from-stack",
        StackName="made",
    ),
    make(
        "cloudwatch",
        "put_metric_data",
        {"Namespace": "made", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
        "list_metrics",
        "made",
    ),
    make(
        "codecommit", "create_repository", {"repositoryName": "made"}, "get_repository", "made", repositoryName="made"
    ),
    make("codedeploy", "create_application", {"applicationName": "made"}, "list_applications", "made"),
    make(
        "cognito-identity",
        "create_identity_pool",
        {"IdentityPoolName": "made", "AllowUnauthenticatedIdentities": True},
        "list_identity_pools",
        "made",
        MaxResults=10,
    ),
    make("cognito-idp", "create_user_pool", {"PoolName": "made"}, "list_user_pools", "made", MaxResults=10),
    make(
        "config",
        "put_configuration_recorder",
        {"ConfigurationRecorder": {"name": "made", "roleARN": ROLE}},
        "describe_configuration_recorders",
        "made",
    ),
    make(
        "datasync",
        "create_location_s3",
        {"S3BucketArn": BUCKET, "S3Config": {"BucketAccessRoleArn": ROLE}},
        "list_locations",
        "bucket",
    ),
    make(
        "databrew",
        "create_dataset",
        {"Name": "made", "Input": {"S3InputDefinition": {"Bucket": "bucket"}}},
        "list_datasets",
        "made",
    ),
    make(
        "dms",
        "create_replication_subnet_group",
        {"ReplicationSubnetGroupIdentifier": "made", "ReplicationSubnetGroupDescription": "d", "SubnetIds": ["s"]},
        "describe_replication_subnet_groups",
        "made",
    ),
    make(
        "ds",
        "create_microsoft_ad",
        {
            "Name": "made.example",
            "Password": "Password-1!",
            "VpcSettings": {"VpcId": "VPC", "SubnetIds": ["SUBNET-A", "SUBNET-B"]},
        },
        "describe_directories",
        "made.example",
    ),
    Make(
        "dynamodb",
        [
            (
                "create_table",
                {
                    "TableName": "made",
                    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
                },
            ),
            ("put_item", {"TableName": "made", "Item": {"k": {"S": "a"}, "v": {"B": b"bytes"}}}),
        ],
        ("scan", {"TableName": "made"}),
        "bytes",
    ),
    Make(
        "ec2",
        [
            ("run_instances", {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1}),
            ("create_vpc", {"CidrBlock": "10.9.0.0/16"}),
            ("create_key_pair", {"KeyName": "made"}),
            ("create_launch_template", {"LaunchTemplateName": "made", "LaunchTemplateData": {}}),
            ("create_transit_gateway", {}),
            ("create_vpn_gateway", {"Type": "ipsec.1"}),
        ],
        ("describe_instances", {}),
        "ami-12c6146b",
    ),
    make("ecr", "create_repository", {"repositoryName": "made"}, "describe_repositories", "made"),
    make("ecs", "create_cluster", {"clusterName": "made"}, "list_clusters", "made"),
    make("efs", "create_file_system", {"CreationToken": "made"}, "describe_file_systems", "made"),
    make(
        "eks",
        "create_cluster",
        {"name": "made", "roleArn": ROLE, "resourcesVpcConfig": {"subnetIds": []}},
        "list_clusters",
        "made",
    ),
    make(
        "elasticache",
        "create_user",
        {"UserId": "made", "UserName": "made", "Engine": "redis", "AccessString": "on", "NoPasswordRequired": True},
        "describe_users",
        "made",
    ),
    make("elasticbeanstalk", "create_application", {"ApplicationName": "made"}, "describe_applications", "made"),
    make(
        "elb",
        "create_load_balancer",
        {
            "LoadBalancerName": "made",
            "Listeners": [{"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 80}],
            "AvailabilityZones": ["us-east-1a"],
        },
        "describe_load_balancers",
        "made",
    ),
    make(
        "elbv2",
        "create_target_group",
        {"Name": "made", "Protocol": "HTTP", "Port": 80, "VpcId": "VPC"},
        "describe_target_groups",
        "made",
    ),
    make(
        "emr",
        "run_job_flow",
        {
            "Name": "made",
            "Instances": {"InstanceCount": 1, "MasterInstanceType": "m5.large"},
            "ReleaseLabel": "emr-6.0.0",
        },
        "list_clusters",
        "made",
    ),
    make(
        "emr-serverless",
        "create_application",
        {"name": "made", "releaseLabel": "emr-6.6.0", "type": "SPARK"},
        "list_applications",
        "made",
    ),
    make("es", "create_elasticsearch_domain", {"DomainName": "made"}, "list_domain_names", "made"),
    Make(
        "events",
        [
            ("create_event_bus", {"Name": "made"}),
            ("put_rule", {"Name": "made", "EventPattern": '{"source": ["a"]}'}),
            (
                "create_archive",
                {"ArchiveName": "made", "EventSourceArn": "arn:aws:events:us-east-1:111122223333:event-bus/default"},
            ),
        ],
        ("list_rules", {}),
        "made",
    ),
    make(
        "firehose",
        "create_delivery_stream",
        {"DeliveryStreamName": "made", "ExtendedS3DestinationConfiguration": {"RoleARN": ROLE, "BucketARN": BUCKET}},
        "list_delivery_streams",
        "made",
    ),
    make(
        "fsx",
        "create_file_system",
        {"FileSystemType": "LUSTRE", "StorageCapacity": 1200, "SubnetIds": ["SUBNET-A"]},
        "describe_file_systems",
        "LUSTRE",
    ),
    make("glacier", "create_vault", {"vaultName": "made"}, "list_vaults", "made"),
    make("glue", "create_database", {"DatabaseInput": {"Name": "made"}}, "get_databases", "made"),
    make("guardduty", "create_detector", {"Enable": True}, "list_detectors", "DetectorIds"),
]
