"""What happened, in CloudTrail's words. Pure: no disk, no network."""
