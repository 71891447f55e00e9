"""The other half of `sweep`."""

from __future__ import annotations

from tests.account.moto.sweep import ROLE, TAG_QUERY, Make, make, zip_of_a_function

MORE = [
    make("iot", "create_thing", {"thingName": "made"}, "list_things", "made"),
    make("ivs", "create_channel", {"name": "made"}, "list_channels", "made"),
    make(
        "kafka",
        "create_cluster_v2",
        {"ClusterName": "made", "Serverless": {"VpcConfigs": [{"SubnetIds": ["s"]}]}},
        "list_clusters_v2",
        "made",
    ),
    Make(
        "kinesis",
        [
            ("create_stream", {"StreamName": "made", "ShardCount": 1}),
            ("put_record", {"StreamName": "made", "Data": b"x", "PartitionKey": "p"}),
        ],
        ("list_streams", {}),
        "made",
    ),
    make("kinesisvideo", "create_stream", {"StreamName": "made"}, "list_streams", "made"),
    Make(
        "kms",
        [
            ("create_key", {"Description": "made"}),
            ("create_key", {"Description": "signs", "KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P384"}),
        ],
        ("list_keys", {}),
        "KeyArn",
    ),
    make("lakeformation", "create_lf_tag", {"TagKey": "made", "TagValues": ["v"]}, "list_lf_tags", "made"),
    make(
        "lambda",
        "create_function",
        {
            "FunctionName": "made",
            "Role": ROLE,
            "Handler": "f.h",
            "Runtime": "python3.12",
            "Code": {"ZipFile": zip_of_a_function()},
        },
        "list_functions",
        "made",
    ),
    Make(
        "logs",
        [
            ("create_log_group", {"logGroupName": "made"}),
            ("create_log_stream", {"logGroupName": "made", "logStreamName": "s"}),
            (
                "put_log_events",
                {"logGroupName": "made", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]},
            ),
        ],
        ("describe_log_streams", {"logGroupName": "made"}),
        "made",
    ),
    make("mediastore", "create_container", {"ContainerName": "made"}, "list_containers", "made"),
    make(
        "mq",
        "create_configuration",
        {"Name": "made", "EngineType": "ACTIVEMQ", "EngineVersion": "5.15.0"},
        "list_configurations",
        "made",
    ),
    make("networkmanager", "create_global_network", {"Description": "made"}, "describe_global_networks", "made"),
    make("opensearch", "create_domain", {"DomainName": "made"}, "list_domain_names", "made"),
    Make(
        "organizations",
        [
            ("create_organization", {"FeatureSet": "ALL"}),
            ("create_account", {"AccountName": "made", "Email": "made@example.com"}),
        ],
        ("list_accounts", {}),
        "made",
    ),
    make("pinpoint", "create_app", {"CreateApplicationRequest": {"Name": "made"}}, "get_apps", "made"),
    make("ram", "create_resource_share", {"name": "made"}, "get_resource_shares", "made", resourceOwner="SELF"),
    make(
        "rds",
        "create_db_instance",
        {
            "DBInstanceIdentifier": "made",
            "DBInstanceClass": "db.t3.micro",
            "Engine": "postgres",
            "MasterUsername": "u",
            "MasterUserPassword": "password",
            "AllocatedStorage": 20,
        },
        "describe_db_instances",
        "made",
    ),
    make(
        "redshift",
        "create_cluster",
        {
            "ClusterIdentifier": "made",
            "NodeType": "dc2.large",
            "MasterUsername": "u",
            "MasterUserPassword": "Password1",
        },
        "describe_clusters",
        "made",
    ),
    make(
        "resource-groups",
        "create_group",
        {"Name": "made", "ResourceQuery": {"Type": "TAG_FILTERS_1_0", "Query": TAG_QUERY}},
        "list_groups",
        "made",
    ),
    make(
        "route53", "create_hosted_zone", {"Name": "made.example", "CallerReference": "1"}, "list_hosted_zones", "made"
    ),
    make("sagemaker", "create_experiment", {"ExperimentName": "made"}, "list_experiments", "made"),
    make("scheduler", "create_schedule_group", {"Name": "made"}, "list_schedule_groups", "made"),
    make("sdb", "create_domain", {"DomainName": "made"}, "list_domains", "made"),
    make("secretsmanager", "create_secret", {"Name": "made", "SecretString": "s"}, "list_secrets", "made"),
    make("securityhub", "enable_security_hub", {}, "describe_hub", "HubArn"),
    make(
        "servicecatalog",
        "create_portfolio",
        {"DisplayName": "made", "ProviderName": "p", "IdempotencyToken": "t"},
        "list_portfolios",
        "made",
    ),
    make("servicediscovery", "create_http_namespace", {"Name": "made"}, "list_namespaces", "made"),
    make("ses", "verify_email_identity", {"EmailAddress": "made@example.com"}, "list_identities", "made"),
    make("sesv2", "create_contact_list", {"ContactListName": "made"}, "list_contact_lists", "made"),
    make(
        "signer",
        "put_signing_profile",
        {"profileName": "made", "platformId": "AWSLambda-SHA384-ECDSA"},
        "get_signing_profile",
        "made",
        profileName="made",
    ),
    Make(
        "sns",
        [
            ("create_topic", {"Name": "made"}),
            (
                "subscribe",
                {
                    "TopicArn": "arn:aws:sns:us-east-1:111122223333:made",
                    "Protocol": "sqs",
                    "Endpoint": "arn:aws:sqs:us-east-1:111122223333:made",
                },
            ),
        ],
        ("list_subscriptions", {}),
        "made",
    ),
    Make("sqs", [("create_queue", {"QueueName": "made"})], ("list_queues", {}), "made"),
    make(
        "ssm",
        "put_parameter",
        {"Name": "made", "Value": "v", "Type": "SecureString"},
        "get_parameter",
        "made",
        Name="made",
    ),
    Make(
        "stepfunctions",
        [
            (
                "create_state_machine",
                {
                    "name": "made",
                    "roleArn": ROLE,
                    "definition": '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
                },
            )
        ],
        ("list_state_machines", {}),
        "made",
    ),
    make(
        "support",
        "create_case",
        {"subject": "made", "communicationBody": "b"},
        "describe_cases",
        "made",
        includeResolvedCases=True,  # moto resolves cases by itself, by chance
    ),
    make(
        "swf",
        "register_domain",
        {"name": "made", "workflowExecutionRetentionPeriodInDays": "1"},
        "list_domains",
        "made",
        registrationStatus="REGISTERED",
    ),
    make(
        "synthetics",
        "create_canary",
        {
            "Name": "made",
            "Code": {"Handler": "h"},
            "ArtifactS3Location": "s3://b",
            "ExecutionRoleArn": ROLE,
            "Schedule": {"Expression": "rate(0 minute)"},
            "RuntimeVersion": "syn-1",
        },
        "describe_canaries",
        "made",
    ),
    make("timestream-write", "create_database", {"DatabaseName": "made"}, "list_databases", "made"),
    make(
        "transcribe",
        "create_vocabulary",
        {"VocabularyName": "made", "LanguageCode": "en-US", "Phrases": ["a"]},
        "list_vocabularies",
        "made",
    ),
    make("transfer", "create_server", {}, "list_servers", "server/s-"),
    make(
        "wafv2",
        "create_ip_set",
        {"Name": "made", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": []},
        "list_ip_sets",
        "made",
        Scope="REGIONAL",
    ),
    make(
        "workspaces-web", "create_browser_settings", {"browserPolicy": "{}"}, "list_browser_settings", "browserSettings"
    ),
    Make(
        "autoscaling",
        [
            (
                "create_launch_configuration",
                {"LaunchConfigurationName": "made", "ImageId": "ami-12c6146b", "InstanceType": "t2.micro"},
            ),
            (
                "create_auto_scaling_group",
                {
                    "AutoScalingGroupName": "made",
                    "LaunchConfigurationName": "made",
                    "MinSize": 1,
                    "MaxSize": 1,
                    "AvailabilityZones": ["us-east-1a"],
                },
            ),
        ],
        ("describe_auto_scaling_groups", {}),
        "made",
    ),
    make(
        "application-autoscaling",
        "register_scalable_target",
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/made",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
            "MinCapacity": 1,
            "MaxCapacity": 2,
        },
        "describe_scalable_targets",
        "table/made",
        ServiceNamespace="dynamodb",
    ),
]
