"""Regular expressions in linear time, whatever a query and a message are made of: RE2's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import re2

from cairn.cloudwatch.queries.language.refusals import MalformedQuery

MEMORY_BYTES_MAX = 4 << 20
"""Of one expression, compiled."""
LENGTH_MAX = 2000
"""Characters of one expression."""

_options = re2.Options()
_options.log_errors = False
_options.max_mem = MEMORY_BYTES_MAX


class Regex:
    """A compiled expression."""

    def __init__(self, pattern: str, start: int, end: int) -> None:
        """
        Raises:
            MalformedQuery: RE2 does not understand it. It has neither look-around nor references back.
        """
        if len(pattern) > LENGTH_MAX:
            raise MalformedQuery(f"The regular expression is longer than {LENGTH_MAX} characters", start, end)
        try:
            self._compiled = re2.compile(pattern, _options)
        except (re2.error, UnicodeEncodeError) as error:
            said = error.args[0] if error.args else "it is not valid"
            told = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
            raise MalformedQuery(f"The regular expression cannot be used: {told}", start, end) from None

    @property
    def names(self) -> list[str]:
        """Of its groups, in order."""
        return sorted(self._compiled.groupindex, key=self._compiled.groupindex.__getitem__)

    def found_in(self, text: str) -> bool:
        """Whether it matches somewhere."""
        try:
            return self._compiled.search(text) is not None
        except UnicodeEncodeError:  # a lone surrogate
            return self._compiled.search(_whole(text)) is not None

    def groups(self, text: str) -> Mapping[str, str | None] | None:
        """Its named groups where it matches first; None where it does not."""
        try:
            match = self._compiled.search(text)
        except UnicodeEncodeError:
            match = self._compiled.search(_whole(text))
        return match.groupdict() if match is not None else None


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()


Matcher = Callable[[str], bool]
