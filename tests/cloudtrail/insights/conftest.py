from tests.cloudtrail.test_operations import call, others

__all__ = ["call", "others"]
