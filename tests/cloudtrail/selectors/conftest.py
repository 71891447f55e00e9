"""Trails with the operations on them."""

from tests.cloudtrail.test_operations import call, others  # noqa: F401 - fixtures
