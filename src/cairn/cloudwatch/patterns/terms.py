"""Unstructured patterns: `ERROR -"timed out" ?WARN` (spec 8.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cairn.cloudwatch.patterns.regexes import read_regex
from cairn.cloudwatch.patterns.scanner import Scanner

_WORD = re.compile(r"\S+")
_OTHER = re.compile(r"\W")
REGEXES_MAX = 2

Found = Callable[[str], bool]
"""Whether a term is in a text."""


@dataclass(frozen=True)
class Terms:
    """What must all be in a message, what of which one must be, and what must not."""

    all: tuple[Found, ...]
    any: tuple[Found, ...]
    none: tuple[Found, ...]
    regexes: int

    def match(self, text: str) -> bool:
        if any(found(text) for found in self.none):
            return False
        if self.all or self.none or not self.any:
            return all(found(text) for found in self.all)
        return any(found(text) for found in self.any)


def read_terms(scanner: Scanner) -> Terms:
    """The terms from here to the end. Those with `?` count only where there are no others.

    Raises:
        AwsError: InvalidParameterException.
    """
    terms: dict[str, list[Found]] = {"": [], "?": [], "-": []}
    regexes = 0
    while not scanner.at_end:
        sign = next((sign for sign in "?-" if scanner.take(sign)), "")
        if scanner.peek() == "%":
            terms[sign].append(read_regex(scanner).found_in)
            regexes += 1
        else:
            terms[sign].append(_contains(_term(scanner)))
        if scanner.peek() and not scanner.peek().isspace():
            raise scanner.error("a space is missing between two terms")
    if regexes > REGEXES_MAX:
        raise scanner.error(f"a pattern has {REGEXES_MAX} regular expressions at the most", 0)
    return Terms(tuple(terms[""]), tuple(terms["?"]), tuple(terms["-"]), regexes)


def _term(scanner: Scanner) -> str:
    if scanner.peek() == '"':
        return scanner.quoted()[0]
    begin = scanner.position
    word = scanner.match(_WORD)
    if not word:
        raise scanner.error("a term is missing")
    if other := _OTHER.search(word):
        raise scanner.invalid_characters(other[0], begin + other.start())
    return word


def _contains(term: str) -> Found:
    def found(text: str) -> bool:
        return term in text

    return found
