"""Verification, offline: what the AWS CLI's `validate-logs` says of a bucket, much faster, and what it does not see."""
