"""What AWS calls its Regions in messages to people: `US East (N. Virginia)`."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader


def display_name(region: str) -> str:
    """A Region's name; its code where botocore knows none."""
    return _names().get(region, region)


@cache
def _names() -> dict[str, str]:
    """From botocore's list. Alarms say EU where it says Europe."""
    found = {}
    for partition in Loader().load_data("endpoints")["partitions"]:
        for code, region in partition["regions"].items():
            found[code] = str(region["description"]).replace("Europe (", "EU (")
    return found
