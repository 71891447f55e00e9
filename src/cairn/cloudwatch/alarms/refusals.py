"""What CloudWatch answers when it refuses something of alarms: each error's name and text, in one place.

Texts marked (ours) are not known from AWS; the names are always the service model's, or ValidationError, which AWS
answers to most of what is wrong with an input.
"""

from __future__ import annotations

from collections.abc import Sequence

from cairn.core.errors import AwsError


def invalid(text: str) -> AwsError:
    return AwsError("ValidationError", text)


def invalid_period() -> AwsError:
    return invalid("Period must be 10, 20, 30 or a multiple of 60")


def more_than_a_day() -> AwsError:
    text = "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms"
    return invalid(f"{text} using period < 3600")


def more_than_a_week() -> AwsError:
    text = "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms"
    return invalid(f"{text} using period >= 3600")


def missing(member: str) -> AwsError:  # (ours)
    return invalid(f"The parameter {member} is required.")


def together(*members: str) -> AwsError:  # (ours)
    return invalid(f"The parameters {', '.join(members)} cannot be given together.")


def not_one_of(member: str, value: str, allowed: Sequence[str]) -> AwsError:
    text = f"The value {value} is not supported for {member} parameter. Supported values are [{', '.join(allowed)}]."
    return invalid(text)


def too_many_datapoints() -> AwsError:  # (ours)
    return invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")


def invalid_action(arn: str) -> AwsError:
    return invalid(f"Invalid arn syntax: {arn}")


def invalid_action_region(region: str, only: str) -> AwsError:
    return invalid(f"Invalid region {region} specified. Only {only} is supported.")


def unsupported(what: str) -> AwsError:  # (ours)
    return invalid(f"{what} is not supported by Cairn.")


def unsupported_operation() -> AwsError:  # (ours)
    return AwsError("UnsupportedOperation", "Log alarms and mute rules are not supported by Cairn.")


def kind_differs(name: str, kind: str) -> AwsError:  # (ours)
    return invalid(f"The alarm {name} exists and is a {kind}.")


def too_many_alarms(limit: int) -> AwsError:  # (ours)
    return AwsError("LimitExceeded", f"You have reached the maximum of {limit} alarms in this Region.")


class NoRule(AwsError):
    """A text is no rule of a composite alarm.

    Args:
        told: what is wrong, without what AWS wraps it in.
        place: where, in characters from the start; None: nowhere in particular.
    """

    def __init__(self, told: str, place: int | None = None) -> None:
        super().__init__("ValidationError", f"Error in AlarmRule [{told}]")
        self.told = told
        self.place = place


def unsupported_token(token: str, place: int) -> NoRule:
    return NoRule(f"Unsupported token '{token}' at char {place}", place)


def rule_ends(place: int) -> NoRule:  # (ours)
    return NoRule(f"The rule ends unexpectedly at char {place}", place)


def too_many_children(limit: int) -> NoRule:  # (ours)
    return NoRule(f"A rule cannot name more than {limit} alarms")


def too_many_elements(limit: int) -> NoRule:  # (ours)
    return NoRule(f"A rule cannot have more than {limit} elements")


def rule_too_deep(limit: int) -> NoRule:  # (ours)
    return NoRule(f"More than {limit} elements are nested")


def no_such_children(names: Sequence[str]) -> AwsError:
    text = f"Could not save the composite alarm as alarms [{', '.join(names)}] in the alarm rule do not exist"
    return invalid(text)


def no_such_suppressor(name: str) -> AwsError:  # (ours)
    return invalid(f"Could not save the composite alarm as its actions suppressor {name} does not exist")


def cycle(name: str) -> AwsError:  # (ours) AWS takes cycles, and then evaluates none of their alarms
    return invalid(f"Could not save the composite alarm as {name} would depend on itself")


def too_many_parents(name: str, limit: int) -> AwsError:  # (ours)
    return invalid(f"Could not save the composite alarm as {limit} composite alarms depend on {name} already")


def depended_on(names: Sequence[str]) -> AwsError:
    them = "it" if len(names) == 1 else "them"
    return invalid(f"Cannot delete {','.join(names)} as there are composite alarm(s) depending on {them}.")


def one_composite_at_a_time() -> AwsError:  # (ours)
    return invalid("A composite alarm can only be deleted by a request that names no other alarm.")


def alarm_not_found(name: str) -> AwsError:  # (ours)
    return AwsError("ResourceNotFound", f"There is no alarm {name}.", 404)


def resource_not_found(arn: str) -> AwsError:  # (ours)
    return AwsError("ResourceNotFoundException", f"Unknown resource: {arn}", 404)


def data_is_no_json() -> AwsError:  # (ours)
    return AwsError("InvalidFormat", "StateReasonData is not valid JSON.")


def invalid_token() -> AwsError:  # (ours)
    return AwsError("InvalidNextToken", "The next token is invalid.")


def invalid_tags(text: str) -> AwsError:
    return AwsError("InvalidParameterValue", text)
