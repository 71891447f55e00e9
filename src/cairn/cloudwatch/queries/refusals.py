"""What queries are refused with, in one place. Texts marked (ours) are not known from AWS."""

from __future__ import annotations

from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.core.errors import AwsError


def malformed(error: MalformedQuery) -> AwsError:
    """The query's text is wrong; the place is told."""
    location = {"startCharOffset": error.start, "endCharOffset": error.end}
    return AwsError(
        "MalformedQueryException",
        error.message,
        queryCompileError={"location": location, "message": error.message},
    )


def before_groups() -> AwsError:
    text = (
        "Query's end date and time is either before the log groups creation time or exceeds the log groups log "
        "retention settings"
    )
    return AwsError("MalformedQueryException", text, queryCompileError={"message": text})


def too_many_queries(most: int) -> AwsError:
    return AwsError("LimitExceededException", f"Account maximum query concurrency limit of [{most}] reached.")


def query_not_found(query: str) -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", f"Query with id {query} does not exist.")


def definition_not_found() -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", "The specified query definition does not exist.")


def too_many_definitions() -> AwsError:
    return AwsError("LimitExceededException", "Resource limit exceeded.")


def token_reused() -> AwsError:  # (ours)
    return AwsError("InvalidParameterException", "The clientToken was used for another query definition.")


def not_running(query: str) -> AwsError:
    return AwsError("InvalidParameterException", f"The query {query} is not running.")  # (ours)


def invalid(text: str) -> AwsError:
    return AwsError("InvalidParameterException", text)
