"""What everything stands on and what knows nothing above it."""
