"""What is unusual: calls a minute, what they usually are, and Insights events where they are not. Pure: no disk, no
clock, no network."""
