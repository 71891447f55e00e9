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


def unsupported(what: str) -> AwsError:  # (ours)
    return AwsError("UnsupportedOperationException", f"{what} is not supported by this version of Cairn.")


def insights_not_enabled(name: str) -> AwsError:
    text = (
        f"Trail {name} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the "
        "operation again."
    )
    return AwsError("InsightNotEnabledException", text)


def invalid_tag(text: str) -> AwsError:
    return AwsError("InvalidTagParameterException", text)


def too_many_tags(arn: str, limit: int) -> AwsError:  # (ours)
    return AwsError("TagsLimitExceededException", f"{arn} can have at most {limit} tags.")


def resource_not_found(arn: str) -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", f"The resource {arn} was not found.")


def resource_type_not_supported(arn: str) -> AwsError:  # (ours)
    return AwsError("ResourceTypeNotSupportedException", f"The resource {arn} is of a type that cannot have tags here.")


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
