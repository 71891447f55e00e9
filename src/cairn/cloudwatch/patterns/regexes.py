"""Regular expressions between percent signs: the part of the language that CloudWatch takes (spec 8.2).

They run on RE2, in time that grows with the text alone, since they come from strangers and look at long messages.
"""

from __future__ import annotations

import re

import re2

from cairn.cloudwatch.patterns.scanner import Scanner

SIZE_MAX = 1000
"""Steps of the compiled expression, each of which may have to be tried at each character of a message."""
_PIECE = re.compile(r"[A-Za-z0-9:_#=@/;,\-]|[\^$?\[\]{}|*+.]|\\(?:x[0-9A-Fa-f]{2}|[dDsSwW]|[!-/:-@\[-`{-~])")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20


class Regex:
    """A compiled regular expression, sought anywhere in a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled = re2.compile(text.encode(), _OPTIONS)
        self.size: int = self._compiled.programsize

    def found_in(self, text: str) -> bool:
        # JSON can escape half a surrogate pair, which is no character: nothing matches it, and nothing fails.
        return self._compiled.search(text.encode(errors="surrogatepass")) is not None


def read_regex(scanner: Scanner) -> Regex:
    """The regular expression between the percent sign here and the next.

    Raises:
        AwsError: InvalidParameterException.
    """
    begin = scanner.position
    scanner.take("%")
    close = scanner.text.find("%", scanner.position, scanner.end)
    if close < 0:
        raise scanner.error("a regular expression is not closed", begin)
    text = scanner.text[scanner.position : close]
    position = scanner.position
    while position < close:
        match = _PIECE.match(scanner.text, position, close)
        if match is None:
            raise scanner.invalid_characters(text, position)
        position = match.end()
    scanner.position = close + 1
    if not text:
        raise scanner.error("a regular expression is empty", begin)
    try:
        regex = Regex(text)
    except re2.error as error:
        raise scanner.error(f"'{text}' is no regular expression: {_told(error)}", begin) from error
    if regex.size > SIZE_MAX:
        raise scanner.error(f"'{text}' repeats too much", begin)
    return regex


def _told(error: Exception) -> str:
    told = error.args[0] if error.args else error
    return told.decode(errors="replace") if isinstance(told, bytes) else str(told)
