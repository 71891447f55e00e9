"""Regions by name."""

REGIONS = tuple(
    f"{area}-{number}"
    for area, numbers in (
        ("us-east", "12"),
        ("us-west", "12"),
        ("af-south", "1"),
        ("ap-east", "1"),
        ("ap-northeast", "123"),
        ("ap-south", "1"),
        ("ap-southeast", "12"),
        ("ca-central", "1"),
        ("eu-central", "1"),
        ("eu-north", "1"),
        ("eu-south", "1"),
        ("eu-west", "123"),
        ("me-south", "1"),
        ("sa-east", "1"),
    )
    for number in numbers
)
"""What the pages let people choose from; calls take any."""
