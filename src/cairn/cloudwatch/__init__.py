"""Log groups, metric filters, metrics and alarms, and the topics that carry them to people."""
