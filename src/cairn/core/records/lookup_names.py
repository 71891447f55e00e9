"""Which members of requests and replies name resources, and of which type: the tables behind `lookup`."""

from __future__ import annotations

import msgspec


class ResourceNames(msgspec.Struct, frozen=True):
    """How one service names its resources."""

    members: dict[str, str] = {}
    """Type by the member that holds a name, an id or an ARN, wherever it stands: `instanceId`."""
    objects: dict[str, str] = {}
    """Type by the member that holds the resource as an object, whose `name`, `arn` and `id` are then its own."""
    subjects: dict[str, str] = {}
    """Type by how the event's name ends: whose the `name` and `arn` at the top are."""


def _same(kind: str, *members: str) -> dict[str, str]:
    return dict.fromkeys(members, kind)


_CLUSTER_AND_INSTANCE = {
    "dBInstanceIdentifier": "AWS::RDS::DBInstance",
    "dBInstanceArn": "AWS::RDS::DBInstance",
    "dBClusterIdentifier": "AWS::RDS::DBCluster",
    "dBClusterArn": "AWS::RDS::DBCluster",
    "dBSnapshotIdentifier": "AWS::RDS::DBSnapshot",
    "dBSnapshotArn": "AWS::RDS::DBSnapshot",
    "dBClusterSnapshotIdentifier": "AWS::RDS::DBClusterSnapshot",
    "dBSubnetGroupName": "AWS::RDS::DBSubnetGroup",
    "dBParameterGroupName": "AWS::RDS::DBParameterGroup",
    "dBSecurityGroupName": "AWS::RDS::DBSecurityGroup",
}

RESOURCE_NAMES: dict[str, ResourceNames] = {
    "ec2": ResourceNames(
        members={
            "instanceId": "AWS::EC2::Instance",
            "imageId": "AWS::EC2::Ami",
            "vpcId": "AWS::EC2::VPC",
            "subnetId": "AWS::EC2::Subnet",
            "groupId": "AWS::EC2::SecurityGroup",
            "groupName": "AWS::EC2::SecurityGroup",
            "keyName": "AWS::EC2::KeyPair",
            "networkInterfaceId": "AWS::EC2::NetworkInterface",
            "volumeId": "AWS::EC2::Volume",
            "snapshotId": "AWS::EC2::Snapshot",
            "internetGatewayId": "AWS::EC2::InternetGateway",
            "natGatewayId": "AWS::EC2::NatGateway",
            "routeTableId": "AWS::EC2::RouteTable",
            "networkAclId": "AWS::EC2::NetworkAcl",
            "allocationId": "AWS::EC2::EIP",
            "publicIp": "AWS::EC2::EIP",
            "customerGatewayId": "AWS::EC2::CustomerGateway",
            "vpnGatewayId": "AWS::EC2::VPNGateway",
            "vpnConnectionId": "AWS::EC2::VPNConnection",
            "vpcEndpointId": "AWS::EC2::VPCEndpoint",
            "vpcPeeringConnectionId": "AWS::EC2::VPCPeeringConnection",
            "dhcpOptionsId": "AWS::EC2::DHCPOptions",
            "flowLogId": "AWS::EC2::FlowLog",
            "launchTemplateId": "AWS::EC2::LaunchTemplate",
            "launchTemplateName": "AWS::EC2::LaunchTemplate",
            "transitGatewayId": "AWS::EC2::TransitGateway",
        },
    ),
    "iam": ResourceNames(
        members={
            **_same("AWS::IAM::User", "userName", "userId"),
            **_same("AWS::IAM::Role", "roleName", "roleId"),
            **_same("AWS::IAM::Group", "groupName", "groupId"),
            **_same("AWS::IAM::Policy", "policyName", "policyArn", "policyId"),
            **_same("AWS::IAM::InstanceProfile", "instanceProfileName", "instanceProfileId"),
            "accessKeyId": "AWS::IAM::AccessKey",
            "serialNumber": "AWS::IAM::MfaDevice",
        },
        objects={
            "user": "AWS::IAM::User",
            "role": "AWS::IAM::Role",
            "roles": "AWS::IAM::Role",
            "group": "AWS::IAM::Group",
            "policy": "AWS::IAM::Policy",
            "instanceProfile": "AWS::IAM::InstanceProfile",
        },
    ),
    "sts": ResourceNames(
        members={
            "accessKeyId": "AWS::IAM::AccessKey",
            "assumedRoleId": "AWS::STS::AssumedRole",
            "roleArn": "AWS::IAM::Role",
            "federatedUserId": "AWS::STS::FederatedUser",
        },
        objects={"assumedRoleUser": "AWS::STS::AssumedRole", "federatedUser": "AWS::STS::FederatedUser"},
    ),
    "cloudtrail": ResourceNames(
        members={
            **_same("AWS::CloudTrail::Trail", "trailARN", "trailName"),
            "s3BucketName": "AWS::S3::Bucket",
            "snsTopicName": "AWS::SNS::Topic",
            "snsTopicARN": "AWS::SNS::Topic",
            "kmsKeyId": "AWS::KMS::Key",
            "eventDataStore": "AWS::CloudTrail::EventDataStore",
            "eventDataStoreArn": "AWS::CloudTrail::EventDataStore",
            "channelArn": "AWS::CloudTrail::Channel",
        },
        subjects={"Trail": "AWS::CloudTrail::Trail", "Logging": "AWS::CloudTrail::Trail"},
    ),
    "s3": ResourceNames(members={"bucketName": "AWS::S3::Bucket"}),
    "kms": ResourceNames(
        members={
            **_same("AWS::KMS::Key", "keyId", "targetKeyId", "keyArn", "destinationKeyId"),
            **_same("AWS::KMS::Alias", "aliasName", "aliasArn"),
        },
    ),
    "sns": ResourceNames(members={"topicArn": "AWS::SNS::Topic", "subscriptionArn": "AWS::SNS::Subscription"}),
    "sqs": ResourceNames(members=_same("AWS::SQS::Queue", "queueName", "queueUrl")),
    "lambda": ResourceNames(
        members={
            **_same("AWS::Lambda::Function", "functionName", "functionArn"),
            "role": "AWS::IAM::Role",
            "layerName": "AWS::Lambda::LayerVersion",
        },
    ),
    "dynamodb": ResourceNames(members=_same("AWS::DynamoDB::Table", "tableName", "tableArn")),
    "rds": ResourceNames(members=_CLUSTER_AND_INSTANCE),
    "secretsmanager": ResourceNames(members=_same("AWS::SecretsManager::Secret", "secretId", "arn", "aRN", "name")),
    "ssm": ResourceNames(
        members={
            "documentName": "AWS::SSM::Document",
            "instanceId": "AWS::EC2::Instance",
            "instanceIds": "AWS::EC2::Instance",
            "associationId": "AWS::SSM::Association",
        },
        subjects={
            "Parameter": "AWS::SSM::Parameter",
            "Parameters": "AWS::SSM::Parameter",
            "Document": "AWS::SSM::Document",
        },
    ),
    "logs": ResourceNames(
        members={"logGroupName": "AWS::Logs::LogGroup", "logStreamName": "AWS::Logs::LogStream"},
    ),
    "events": ResourceNames(
        members={"rule": "AWS::Events::Rule", "ruleArn": "AWS::Events::Rule", "eventBusName": "AWS::Events::EventBus"},
        subjects={"Rule": "AWS::Events::Rule", "EventBus": "AWS::Events::EventBus"},
    ),
    "monitoring": ResourceNames(members=_same("AWS::CloudWatch::Alarm", "alarmName", "alarmNames")),
    "elasticloadbalancing": ResourceNames(
        members={
            "loadBalancerName": "AWS::ElasticLoadBalancing::LoadBalancer",
            "loadBalancerArn": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "targetGroupArn": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "listenerArn": "AWS::ElasticLoadBalancingV2::Listener",
        },
    ),
    "autoscaling": ResourceNames(
        members={
            "autoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup",
            "launchConfigurationName": "AWS::AutoScaling::LaunchConfiguration",
        },
    ),
    "cloudformation": ResourceNames(members=_same("AWS::CloudFormation::Stack", "stackName", "stackId")),
    "organizations": ResourceNames(
        members={
            "accountId": "AWS::Organizations::Account",
            "policyId": "AWS::Organizations::Policy",
            "organizationalUnitId": "AWS::Organizations::OrganizationalUnit",
        },
    ),
    "ecr": ResourceNames(members=_same("AWS::ECR::Repository", "repositoryName", "repositoryArn")),
    "ecs": ResourceNames(
        members={"cluster": "AWS::ECS::Cluster", "clusterArn": "AWS::ECS::Cluster", "serviceArn": "AWS::ECS::Service"},
    ),
    "states": ResourceNames(members={"stateMachineArn": "AWS::StepFunctions::StateMachine"}),
    "kinesis": ResourceNames(members=_same("AWS::Kinesis::Stream", "streamName", "streamARN")),
}
"""By the first label of eventSource. Services that are not here have the `resources` of their records alone."""

TYPE_BY_ARN = {
    ("ssm", "parameter"): "AWS::SSM::Parameter",
    ("ssm", "document"): "AWS::SSM::Document",
    ("ssm", "association"): "AWS::SSM::Association",
    ("ec2", "instance"): "AWS::EC2::Instance",
    ("ecr", "repository"): "AWS::ECR::Repository",
    ("secretsmanager", "secret"): "AWS::SecretsManager::Secret",
}
"""Type by service and resource word of an ARN, for records whose `resources` have no type."""
