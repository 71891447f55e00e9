"""What CloudTrail answers when it refuses: each error's name and text, in one place.

Texts marked (ours) are not known from AWS; the names are always the service model's.
"""

from __future__ import annotations

from cairn.core.errors import AwsError


def invalid_trail_name(text: str) -> AwsError:
    return AwsError("InvalidTrailNameException", text)


def invalid_trail_arn(arn: str) -> AwsError:  # (ours)
    return AwsError("CloudTrailARNInvalidException", f"The ARN {arn} is not the ARN of a trail.")


def wrong_region_in_arn(region: str) -> AwsError:
    text = f"Region in ARN is wrong, you can only access resources in region {region}."
    return AwsError("CloudTrailARNInvalidException", text)


def wrong_account_in_arn(account: str) -> AwsError:
    text = f"AccountID in ARN is wrong, you can only access resources with AccountID {account}."
    return AwsError("CloudTrailARNInvalidException", text)


def trail_not_found(arn: str, account: str) -> AwsError:
    return AwsError("TrailNotFoundException", f"Unknown trail: {arn} for the user: {account}")


def trail_already_exists(name: str, account: str) -> AwsError:
    return AwsError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {account}")


def too_many_trails(account: str, limit: int, region: str) -> AwsError:
    return AwsError(
        "MaximumNumberOfTrailsExceededException", f"User: {account} already has {limit} trails in {region}."
    )


def invalid_home_region(home_region: str) -> AwsError:  # (ours)
    text = f"The trail can be changed only in its home region, {home_region}."
    return AwsError("InvalidHomeRegionException", text)


def multi_region_needs_global_events() -> AwsError:
    text = "Multi-Region trail must include global service events."
    return AwsError("InvalidParameterCombinationException", text)


def invalid_bucket_name(bucket: str) -> AwsError:  # (ours)
    return AwsError("InvalidS3BucketNameException", f"Bucket name {bucket} is not valid.")


def invalid_prefix(text: str) -> AwsError:
    return AwsError("InvalidS3PrefixException", text)


def bucket_does_not_exist(bucket: str) -> AwsError:
    return AwsError("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!")


def insufficient_bucket_policy(bucket: str) -> AwsError:
    text = f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
    return AwsError("InsufficientS3BucketPolicyException", text)


def invalid_topic_name(topic: str) -> AwsError:  # (ours)
    return AwsError("InvalidSnsTopicNameException", f"{topic} is not the name or the ARN of a standard SNS topic.")


def insufficient_topic_policy() -> AwsError:
    text = "SNS Topic does not exist or the topic policy is incorrect!"
    return AwsError("InsufficientSnsTopicPolicyException", text)


def topic_key_not_found(topic: str) -> AwsError:  # (ours)
    text = f"The KMS key of the topic {topic} does not exist or is not in the topic's Region."
    return AwsError("KmsKeyNotFoundException", text)


def invalid_key_id(key: str) -> AwsError:  # (ours)
    return AwsError("InvalidKmsKeyIdException", f"{key} is not the id, the alias or the ARN of a KMS key.")


def key_not_found(key: str) -> AwsError:  # (ours)
    return AwsError("KmsKeyNotFoundException", f"The KMS key {key} does not exist.")


def key_in_another_region(arn: str, region: str) -> AwsError:  # (ours)
    text = f"The KMS key {arn} is not in the Region of the S3 bucket, {region}."
    return AwsError("KmsKeyNotFoundException", text)


def unusable_key(arn: str, why: str) -> AwsError:  # (ours)
    return AwsError("KmsException", f"The KMS key {arn} {why}.")


def insufficient_encryption_policy(bucket: str, key: str) -> AwsError:
    text = f"Insufficient permissions to access S3 bucket {bucket} or KMS key {key}."
    return AwsError("InsufficientEncryptionPolicyException", text)


def role_missing() -> AwsError:
    text = "You must specify a role ARN as well as a log group."
    return AwsError("InvalidCloudWatchLogsRoleArnException", text)


def log_group_missing() -> AwsError:
    text = "You must specify a log group as well as a role ARN."
    return AwsError("InvalidCloudWatchLogsLogGroupArnException", text)


def invalid_log_group() -> AwsError:
    text = "Check the log group ARN: CloudTrail can't validate it."
    return AwsError("InvalidCloudWatchLogsLogGroupArnException", text)


def invalid_role(role: str) -> AwsError:  # (ours)
    return AwsError("InvalidCloudWatchLogsRoleArnException", f"{role} is not the ARN of a role.")


def role_not_trusting() -> AwsError:
    text = "Access denied. Check the trust relationships for your role."
    return AwsError("InvalidCloudWatchLogsRoleArnException", text)


def role_without_permission() -> AwsError:
    text = "Access denied. Check the permissions for your role."
    return AwsError("InvalidCloudWatchLogsLogGroupArnException", text)


def unsupported(what: str) -> AwsError:  # (ours)
    return AwsError("UnsupportedOperationException", f"{what} is not supported by this version of Cairn.")


def insights_not_enabled(name: str) -> AwsError:
    text = (
        f"Trail {name} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the "
        "operation again."
    )
    return AwsError("InsightNotEnabledException", text)


def invalid_parameter(text: str) -> AwsError:  # (ours)
    return AwsError("InvalidParameterException", text)


def invalid_insight_source(text: str) -> AwsError:  # (ours)
    return invalid_parameter(f"InsightSource must be the ARN of a trail, and {text} is none.")


def error_code_missing() -> AwsError:  # (ours)
    return invalid_parameter("ErrorCode is required where InsightType is ApiErrorRateInsight.")


def insights_not_for_members() -> AwsError:  # (ours)
    text = "Only the management account and delegated administrators may read the Insights of an organization's trail."
    return AwsError("OperationNotPermittedException", text)


def invalid_insight_selectors(text: str) -> AwsError:  # (ours)
    return AwsError("InvalidInsightSelectorsException", text)


def invalid_tag(text: str) -> AwsError:
    return AwsError("InvalidTagParameterException", text)


def too_many_tags(arn: str, limit: int) -> AwsError:  # (ours)
    return AwsError("TagsLimitExceededException", f"{arn} can have at most {limit} tags.")


def resource_not_found(arn: str) -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", f"The resource {arn} was not found.")


def resource_type_not_supported(arn: str) -> AwsError:  # (ours)
    return AwsError("ResourceTypeNotSupportedException", f"The resource {arn} is of a type that cannot have tags here.")


def too_many_resources(limit: int) -> AwsError:  # (ours)
    text = (
        "1 validation error detected: Value at 'resourceIdList' failed to satisfy constraint: Member must have length "
        f"less than or equal to {limit}"
    )
    return AwsError("ValidationException", text)


def invalid_token() -> AwsError:  # (ours)
    return AwsError("InvalidNextTokenException", "The token is not one that this operation gave to this account.")


def _invalid_selectors(text: str) -> AwsError:
    return AwsError("InvalidEventSelectorsException", text)


def invalid_selector_value(value: str, member: str) -> AwsError:
    return _invalid_selectors(f"Value {value} for {member} is invalid.")


def too_many_data_values(limit: int) -> AwsError:
    return _invalid_selectors(f"Specify a valid number of DataResources.Values (0 to {limit}) for all your selectors.")


def selector_of_nothing() -> AwsError:
    return _invalid_selectors(
        "Invalid combination of parameters in EventSelectors. When includeManagementEvents is false, DataResources "
        "must not be empty."
    )


def wrong_number_of_selectors(limit: int) -> AwsError:  # (ours)
    return _invalid_selectors(f"Specify a valid number of event selectors (1 to {limit}) for a trail.")


def both_kinds_of_selectors() -> AwsError:  # (ours)
    return _invalid_selectors("Specify either EventSelectors or AdvancedEventSelectors, not both.")


def too_many_selector_values(limit: int) -> AwsError:  # (ours)
    return _invalid_selectors(f"Specify up to {limit} values for all conditions in all advanced event selectors.")


def invalid_advanced_selector(text: str) -> AwsError:  # (ours)
    return _invalid_selectors(f"Invalid advanced event selector: {text}")


def invalid_selector_field(field: str, category: str) -> AwsError:  # (ours)
    return invalid_advanced_selector(f"Field {field} is not valid for the eventCategory {category}.")


def invalid_selector_operator(operator: str, field: str) -> AwsError:  # (ours)
    return invalid_advanced_selector(f"Operator {operator} is not valid for field {field}.")


def trail_or_event_data_store() -> AwsError:  # (ours)
    text = "Specify either TrailName or EventDataStore, and not both."
    return AwsError("InvalidParameterCombinationException", text)


def event_data_stores_alone(members: str) -> AwsError:  # (ours)
    return AwsError("InvalidParameterCombinationException", f"{members} are settings of event data stores alone.")


def nothing_to_configure() -> AwsError:  # (ours)
    return AwsError("InvalidParameterException", "Specify AggregationConfigurations; an empty list ends aggregation.")


def invalid_time_range() -> AwsError:
    return AwsError("InvalidTimeRangeException", "StartTime is after EndTime.")


def invalid_keys_token() -> AwsError:  # (ours)
    return AwsError("InvalidTokenException", "ListPublicKeys gives no tokens.")


def organizations_not_in_use(account: str) -> AwsError:  # (ours)
    text = (
        "The request could not be processed because your account is not a member of an organization. You are signed in "
        f"with the following AWS account ID: {account}."
    )
    return AwsError("OrganizationsNotInUseException", text)


def organization_not_in_all_features_mode(account: str) -> AwsError:  # (ours)
    text = (
        "The request could not be processed because your organization does not have all features enabled. Enable all "
        f"features, and then try again. You are signed in with the following AWS account ID: {account}."
    )
    return AwsError("OrganizationNotInAllFeaturesModeException", text)


def access_not_enabled(account: str) -> AwsError:
    text = (
        "The request could not be processed because your organization hasn\u2019t enabled CloudTrail service access. "
        "Enable service access for CloudTrail, and then try again. You are signed in with the following AWS account "
        f"ID: {account}."
    )
    return AwsError("CloudTrailAccessNotEnabledException", text)


def not_organization_master() -> AwsError:
    text = (
        "You cannot configure or manage trails for an organization because this action requires being signed in with "
        "the management account."
    )
    return AwsError("NotOrganizationMasterAccountException", text)


def not_organization_management() -> AwsError:  # (ours)
    text = "This action requires being signed in with the management account of the organization."
    return AwsError("NotOrganizationManagementAccountException", text)


def no_service_linked_role(management: str) -> AwsError:  # (ours)
    text = f"The management account {management} does not have the service-linked role AWSServiceRoleForCloudTrail."
    return AwsError("NoManagementAccountSLRExistsException", text)


def cannot_delegate_management_account() -> AwsError:  # (ours)
    text = "The management account of an organization cannot be its delegated administrator."
    return AwsError("CannotDelegateManagementAccountException", text)


def account_not_found(account: str) -> AwsError:  # (ours)
    return AwsError("AccountNotFoundException", f"The account {account} is not a member of your organization.")


def account_registered(account: str) -> AwsError:  # (ours)
    text = f"The account {account} is registered as the CloudTrail delegated administrator already."
    return AwsError("AccountRegisteredException", text)


def account_not_registered(account: str) -> AwsError:  # (ours)
    text = f"The account {account} is not registered as the CloudTrail delegated administrator."
    return AwsError("AccountNotRegisteredException", text)


def too_many_delegated_administrators(limit: int) -> AwsError:  # (ours)
    text = f"Your organization already has {limit} delegated administrators for CloudTrail."
    return AwsError("DelegatedAdminAccountLimitExceededException", text)


def invalid_account(account: str) -> AwsError:  # (ours)
    return AwsError("InvalidParameterException", f"{account} is not the ID of an account.")
