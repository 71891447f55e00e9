"""Tags of log groups: what they may be. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cairn.cloudwatch.logs import refusals

_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
KEY_CHARACTERS_MAX = 128
VALUE_CHARACTERS_MAX = 256


def check_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags, if they can be.

    Raises:
        AwsError: InvalidParameterException.
    """
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise refusals.invalid_parameter("A tag's key cannot begin with aws:.")  # (ours)
        if not 1 <= len(key) <= KEY_CHARACTERS_MAX or len(value) > VALUE_CHARACTERS_MAX:
            text = f"A tag's key has 1 to {KEY_CHARACTERS_MAX} characters, its value at most {VALUE_CHARACTERS_MAX}."
            raise refusals.invalid_parameter(text)  # (ours)
        if not (_TEXT.fullmatch(key) and _TEXT.fullmatch(value)):
            raise refusals.invalid_parameter(f"The tag {key} contains characters that are not allowed.")  # (ours)
    return tags
