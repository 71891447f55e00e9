"""Trails with the operations on them."""

from tests.cloudtrail.test_operations import call  # noqa: F401 - a fixture
