"""Which calls change nothing, so that they need not wait for a commit.

What a wrong guess costs: a call that is taken for a read but changes something is saved by the next write or sweep, not
before its answer. So only names that say it are reads, less those that are known to say it wrongly.
"""

from __future__ import annotations

_READS = (
    "BatchGet",
    "Check",
    "Decrypt",
    "Describe",
    "Detect",
    "Encrypt",
    "Estimate",
    "Filter",
    "GenerateDataKey",
    "GenerateRandom",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Preview",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "Test",
    "Validate",
    "Verify",
)
_BUT_WRITE = {
    "GetFederationToken",
    "GetSessionToken",
    "GetId",
    "GetOpenIdToken",
    "GetOpenIdTokenForDeveloperIdentity",
    "GetCredentialsForIdentity",
    "GetRoleCredentials",
    "TestRepositoryTriggers",
    "VerifyDomainDkim",
    "VerifyDomainIdentity",
    "VerifyEmailAddress",
    "VerifyEmailIdentity",
    "VerifySoftwareToken",
    "VerifyTrust",
    "VerifyUserAttribute",
}


def changes_nothing(operation: str) -> bool:
    """Whether the operation of that name (`DescribeInstances`) leaves everything as it was. Empty: who knows."""
    return operation.startswith(_READS) and operation not in _BUT_WRITE
