"""Which messages a subscription wants: filter policies, read once and matched many times. Pure."""

from cairn.cloudwatch.sns.filter_policy.grammar import NestedPolicy, PolicyError, parse_filter_policy
from cairn.cloudwatch.sns.filter_policy.matching import FilterPolicy

__all__ = ["FilterPolicy", "NestedPolicy", "PolicyError", "parse_filter_policy"]
