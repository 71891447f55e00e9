"""Every error that the service's model declares for an operation on trails is made, or is known not to be, and why."""

from __future__ import annotations

import inspect

import botocore.session

from cairn.cloudtrail import refusals

OPERATIONS = (
    *("CreateTrail", "UpdateTrail", "DeleteTrail", "GetTrail", "DescribeTrails", "ListTrails", "StartLogging"),
    *("StopLogging", "GetTrailStatus", "GetEventSelectors", "AddTags", "RemoveTags", "ListTags"),
    *("PutInsightSelectors", "GetInsightSelectors"),
)
NEVER = {
    "TrailNotProvidedException": "no longer in use, says the model",
    "KmsKeyDisabledException": "no longer in use, says the model",
    "InvalidTokenException": "reserved for future use, says the model",
    "ConflictException": "a change is one transaction: nothing is ever half ready",
    "ThrottlingException": "there is no limit of calls",
    "OperationNotPermittedException": "what is not allowed is AccessDenied",
    "CloudWatchLogsDeliveryUnavailableException": "every Region has log groups",
    "CloudTrailInvalidClientTokenIdException": "there are no suspended accounts",
    **dict.fromkeys(
        ("ChannelARNInvalidException", "ChannelNotFoundException", "InactiveEventDataStoreException"), "Lake"
    ),
    **dict.fromkeys(("EventDataStoreARNInvalidException", "EventDataStoreNotFoundException"), "Lake"),
    **dict.fromkeys(
        (
            "CloudTrailAccessNotEnabledException",
            "InsufficientDependencyServiceAccessPermissionException",
            "NoManagementAccountSLRExistsException",
            "NotOrganizationMasterAccountException",
            "OrganizationNotInAllFeaturesModeException",
            "OrganizationsNotInUseException",
        ),
        "organization trails",
    ),
    "InvalidEventSelectorsException": "event selectors",
    "InvalidParameterException": "made where an operation sees it",
}
"""Errors that `refusals` does not make, or need not."""


def test_every_declared_error_is_made_or_known_not_to_be() -> None:
    model = botocore.session.get_session().get_service_model("cloudtrail")
    declared = {shape.name for name in OPERATIONS for shape in model.operation_model(name).error_shapes}
    source = inspect.getsource(refusals)
    made = {code for code in declared if f'"{code}"' in source}
    assert declared - made <= set(NEVER)
    assert set(NEVER) <= declared | {"InvalidEventSelectorsException"}
