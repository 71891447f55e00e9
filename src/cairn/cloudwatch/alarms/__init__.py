"""Alarms: they watch metrics and other alarms, change state, and tell topics and functions of it."""

from cairn.cloudwatch.alarms.tables import ALARMS

__all__ = ["ALARMS"]
