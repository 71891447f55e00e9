"""Rules on a schedule: what they may say, when they are due, and the loop that has them tell their targets."""

from cairn.eventbridge.schedules.schedule import Schedule, parse

__all__ = ["Schedule", "parse"]
