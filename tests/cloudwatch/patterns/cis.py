"""The metric filters of the CIS AWS Foundations benchmark and of AWS's template for CloudTrail alarms (spec 8.4, 12.3),
each with what it means in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
Predicate = Callable[[Record], bool]


def named(*names: str) -> str:
    return "{ " + " || ".join(f"($.eventName = {name})" for name in names) + " }"


def of_service(source: str, *names: str) -> str:
    return "{ ($.eventSource = " + source + ") && (" + named(*names)[2:-2] + ") }"


def is_named(*names: str) -> Predicate:
    return lambda record: record["eventName"] in names


def is_of(source: str, *names: str) -> Predicate:
    return lambda record: record["eventSource"] == source and record["eventName"] in names


def _is_refused(record: Record) -> bool:
    code = record.get("errorCode") or ""
    return code.endswith("UnauthorizedOperation") or code.startswith("AccessDenied")


def _is_refused_v14(record: Record) -> bool:
    return (
        _is_refused(record)
        and record["sourceIPAddress"] != "delivery.logs.amazonaws.com"
        and record["eventName"] != "HeadBucket"
    )


def _without_mfa(record: Record) -> bool:
    used = (record.get("additionalEventData") or {}).get("MFAUsed")
    return record["eventName"] == "ConsoleLogin" and used is not None and used != "Yes"


def _without_mfa_v14(record: Record) -> bool:
    return (
        _without_mfa(record)
        and record["userIdentity"].get("type") == "IAMUser"
        and (record.get("responseElements") or {}).get("ConsoleLogin") == "Success"
    )


def _is_root(record: Record) -> bool:
    identity = record["userIdentity"]
    return identity.get("type") == "Root" and "invokedBy" not in identity and record["eventType"] != "AwsServiceEvent"


def _is_failed_sign_in(record: Record) -> bool:
    return record["eventName"] == "ConsoleLogin" and record.get("errorMessage") == "Failed authentication"


def _is_large(record: Record) -> bool:
    kind = (record.get("requestParameters") or {}).get("instanceType") or ""
    return record["eventName"] in INSTANCES and kind.endswith((".8xlarge", ".4xlarge"))


POLICIES = (
    "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
    "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy",
    "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy", "DetachGroupPolicy",
)  # fmt: skip
TRAILS = ("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")
BUCKETS = (
    "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication",
    "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication",
)  # fmt: skip
CONFIG = ("StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder")
SECURITY_GROUPS = (
    "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup",
)  # fmt: skip
NETWORK_ACLS = (
    "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry",
    "ReplaceNetworkAclAssociation",
)  # fmt: skip
GATEWAYS = (
    "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway",
    "DeleteInternetGateway", "DetachInternetGateway",
)  # fmt: skip
ROUTES = (
    "CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable",
    "DeleteRoute", "DisassociateRouteTable",
)  # fmt: skip
VPCS = (
    "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection",
    "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
    "DisableVpcClassicLink", "EnableVpcClassicLink",
)  # fmt: skip
ORGANIZATIONS = (
    "AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy", "DeclineHandshake",
    "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy", "DisablePolicyType",
    "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount",
    "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit",
)  # fmt: skip
INSTANCES = ("RunInstances", "RebootInstances", "StartInstances", "StopInstances", "TerminateInstances")

_KEYS = ("DisableKey", "ScheduleKeyDeletion")
_REFUSED = '($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")'
_NO_MFA = '($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes")'

CIS: dict[str, tuple[str, Predicate]] = {
    "1 unauthorized calls": (f"{{ {_REFUSED} }}", _is_refused),
    "1 unauthorized calls, v1.4": (
        f'{{ ({_REFUSED}) && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }}',
        _is_refused_v14,
    ),
    "2 sign-in without MFA": (f"{{ {_NO_MFA} }}", _without_mfa),
    "2 sign-in without MFA, v1.4": (
        f'{{ {_NO_MFA} && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }}',
        _without_mfa_v14,
    ),
    "3 root": (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
        _is_root,
    ),
    "4 IAM policies": (named(*POLICIES).replace(" ", ""), is_named(*POLICIES)),
    "4 IAM policies, v1.4": (of_service("iam.amazonaws.com", *POLICIES), is_of("iam.amazonaws.com", *POLICIES)),
    "5 trails": (named(*TRAILS), is_named(*TRAILS)),
    "6 failed sign-ins": (
        '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
        _is_failed_sign_in,
    ),
    "7 keys": (of_service("kms.amazonaws.com", *_KEYS), is_of("kms.amazonaws.com", *_KEYS)),
    "8 bucket policies": (of_service("s3.amazonaws.com", *BUCKETS), is_of("s3.amazonaws.com", *BUCKETS)),
    "9 Config": (of_service("config.amazonaws.com", *CONFIG), is_of("config.amazonaws.com", *CONFIG)),
    "10 security groups": (named(*SECURITY_GROUPS), is_named(*SECURITY_GROUPS)),
    "11 network ACLs": (named(*NETWORK_ACLS), is_named(*NETWORK_ACLS)),
    "12 gateways": (named(*GATEWAYS), is_named(*GATEWAYS)),
    "13 route tables": (named(*ROUTES), is_named(*ROUTES)),
    "14 VPCs": (named(*VPCS), is_named(*VPCS)),
    "15 organizations": (
        of_service("organizations.amazonaws.com", *(f'"{name}"' for name in ORGANIZATIONS)),
        is_of("organizations.amazonaws.com", *ORGANIZATIONS),
    ),
    "instances": (named(*INSTANCES), is_named(*INSTANCES)),
    "large instances": (
        "{ (" + named(*INSTANCES)[2:-2] + ") && (($.requestParameters.instanceType = *.8xlarge) || "
        "($.requestParameters.instanceType = *.4xlarge)) }",
        _is_large,
    ),
}
