"""Export tasks: log events of a group, gathered into files in a bucket."""

from cairn.cloudwatch.exports.buckets import BucketError, Buckets
from cairn.cloudwatch.exports.exporter import Exporter
from cairn.cloudwatch.exports.operations import operations
from cairn.cloudwatch.exports.tasks import Tasks

__all__ = ["BucketError", "Buckets", "Exporter", "Tasks", "operations"]
