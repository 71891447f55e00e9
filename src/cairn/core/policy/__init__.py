"""Who may do what: one evaluator of IAM and resource policies. Pure: no disk, no network, no clock."""

from cairn.core.policy.document import Kind, MalformedPolicy, Policy, Statement, parse_policy
from cairn.core.policy.evaluate import Decision, Reason, Request, evaluate, evaluate_alone
from cairn.core.policy.keys import global_keys
from cairn.core.policy.principals import Principal

__all__ = [
    "Decision",
    "Kind",
    "MalformedPolicy",
    "Policy",
    "Principal",
    "Reason",
    "Request",
    "Statement",
    "evaluate",
    "evaluate_alone",
    "global_keys",
    "parse_policy",
]
