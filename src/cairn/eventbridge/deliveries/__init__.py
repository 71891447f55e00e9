"""What rules owe to targets: stored with the event's arrival, handed over, tried again, and buried in the end."""
