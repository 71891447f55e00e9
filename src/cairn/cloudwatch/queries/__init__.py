"""CloudWatch Logs Insights: queries of log groups, their language, and how they run and are kept."""

from cairn.cloudwatch.queries.operations import operations
from cairn.cloudwatch.queries.queries import Queries, cleaner
from cairn.cloudwatch.queries.runner import Runner

__all__ = ["Queries", "Runner", "cleaner", "operations"]
