"""The small language of `cairn search` and the console's search line.

    name=CreateUser,DeleteUser user=alice error=* -source=kms requestParameters.bucketName=logs* "no such key"

    query = { term }
    term  = ["-"] ( field ("=" | "!=") value { "," value } | value )
    value = '"' text, with \\" and \\\\ '"' | text without spaces
    field = one of `FIELDS`, a member of the record, or a dotted path into it

Terms are joined by "and", values of one term by "or". `*` in a value stands for any text, unless it is quoted. A
value alone is free text, found anywhere in the record in upper or lower case.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import msgspec

from cairn.cloudtrail.history.facts import VALUE_CHARS_MAX, Field
from cairn.core.errors import Misuse

TERMS_MAX = 50
VALUES_MAX = 100
QUERY_CHARS_MAX = 20_000
PATH_PARTS_MAX = 20

INDEXED = {
    "name": Field.NAME,
    "source": Field.SOURCE,
    "user": Field.USER,
    "key": Field.ACCESS_KEY,
    "resource": Field.RESOURCE_NAME,
    "type": Field.RESOURCE_TYPE,
    "readonly": Field.READ_ONLY,
    "error": Field.ERROR,
    "ip": Field.SOURCE_IP,
}
FIELDS = {"id": "eventID", "account": "account id", "region": "region"} | {name: name for name in INDEXED}
"""The names that queries, counts and tables use."""

ALIASES = {
    "eventname": "name",
    "eventsource": "source",
    "service": "source",
    "username": "user",
    "accesskeyid": "key",
    "resourcename": "resource",
    "resourcetype": "type",
    "errorcode": "error",
    "sourceipaddress": "ip",
    "eventid": "id",
    "recipientaccountid": "account",
    "awsregion": "region",
}
MEMBERS = frozenset(
    {
        "eventVersion",
        "userIdentity",
        "eventTime",
        "userAgent",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "requestID",
        "resources",
        "eventType",
        "apiVersion",
        "managementEvent",
        "sharedEventID",
        "serviceEventDetails",
        "vpcEndpointId",
        "vpcEndpointAccountId",
        "eventCategory",
        "addendum",
        "tlsDetails",
        "sessionCredentialFromConsole",
        "edgeDeviceDetails",
        "insightDetails",
        "eventContext",
    }
)
"""What a record may have at its top and what is not indexed: where paths begin."""

_FIELD = re.compile(r"(?P<field>[A-Za-z_][\w.-]*)(?P<operator>!?=)")


class QueryError(Misuse):
    """The query cannot be understood. `column` is where, from 1."""

    def __init__(self, message: str, column: int, *, advice: str = "") -> None:
        super().__init__(f"{message} (column {column})", advice=advice)
        self.column = column


class Pattern(msgspec.Struct, frozen=True):
    """A value that is asked for."""

    text: str
    wild: bool = False
    """Whether each `*` in it stands for any text."""


class Condition(msgspec.Struct, frozen=True):
    """A field and the values of which it must have one, or must have none."""

    field: str
    """One of `FIELDS`, or a dotted path into the record."""
    patterns: tuple[Pattern, ...]
    exclude: bool = False


class Words(msgspec.Struct, frozen=True):
    """A text that must be, or must not be, anywhere in the record, in upper or lower case."""

    text: str
    exclude: bool = False


class Query(msgspec.Struct, frozen=True):
    """What a query line says."""

    conditions: tuple[Condition, ...] = ()
    words: tuple[Words, ...] = ()


def parse_query(line: str) -> Query:
    """What `line` asks for.

    Raises:
        QueryError: it cannot be understood; the message says where and why.
    """
    if len(line) > QUERY_CHARS_MAX:
        raise QueryError(f"the query is longer than {QUERY_CHARS_MAX} characters", QUERY_CHARS_MAX)
    return _Parser(line).query()


def canonical_field(name: str, column: int = 1) -> str:
    """The field that `name` means, whatever way it is written.

    Raises:
        QueryError: there is no such field.
    """
    low = name.lower()
    if low in FIELDS:
        return low
    if low in ALIASES:
        return ALIASES[low]
    parts = name.split(".")
    if len(parts) > PATH_PARTS_MAX or "" in parts:
        raise QueryError(f"{name!r} is no path into a record", column)
    members = {member.lower(): member for member in MEMBERS}
    if parts[0].lower() in members:
        return ".".join([members[parts[0].lower()], *parts[1:]])
    close = difflib.get_close_matches(parts[0].lower(), [*FIELDS, *ALIASES, *members], n=1)
    known = members.get(close[0], close[0]) if close else ""
    advice = f"Did you mean {known}?" if known else f"Fields are {', '.join(FIELDS)}, and the members of a record."
    raise QueryError(f"there is no field {parts[0]!r}", column, advice=advice)


@dataclass
class _Parser:
    """Recursive descent over one line."""

    line: str
    at: int = 0

    def query(self) -> Query:
        conditions: list[Condition] = []
        words: list[Words] = []
        self._skip_space()
        while self.at < len(self.line):
            if len(conditions) + len(words) >= TERMS_MAX:
                raise self._error(f"a query has {TERMS_MAX} terms at the most")
            term = self._term()
            if isinstance(term, Condition):
                conditions.append(term)
            else:
                words.append(term)
            self._skip_space()
        return Query(tuple(conditions), tuple(words))

    def _term(self) -> Condition | Words:
        exclude = self._peek() == "-" and self.line[self.at + 1 : self.at + 2].strip() != ""
        if exclude:
            self.at += 1
        match = _FIELD.match(self.line, self.at)
        if match is None:
            text, _ = self._value(in_list=False)
            if not text:
                raise self._error("an empty text is in every record")
            return Words(text, exclude)
        field = canonical_field(match["field"], self.at + 1)
        self.at = match.end()
        patterns = [self._pattern(field)]
        while self._peek() == ",":
            self.at += 1
            if len(patterns) >= VALUES_MAX:
                raise self._error(f"a field takes {VALUES_MAX} values at the most")
            patterns.append(self._pattern(field))
        return Condition(field, tuple(patterns), exclude != (match["operator"] == "!="))

    def _pattern(self, field: str) -> Pattern:
        start = self.at
        text, quoted = self._value(in_list=True)
        if not text and not quoted:
            raise QueryError(f"{field}= needs a value", start + 1, advice=f"{field}=* finds every event that has one.")
        wild = "*" in text and not quoted
        if field == "source" and "." not in text and not quoted and not wild:
            text += ".amazonaws.com"
        if field == "readonly":
            text = text.lower()
            if text not in ("true", "false", "*"):
                raise QueryError("readonly is true or false", start + 1)
        return Pattern(text, wild)

    def _value(self, *, in_list: bool) -> tuple[str, bool]:
        """A value, and whether it was quoted."""
        start = self.at
        if self._peek() == '"':
            text, quoted = self._quoted(), True
        else:
            ends = re.compile(r"[\s,]" if in_list else r"\s")
            end = ends.search(self.line, self.at)
            self.at = end.start() if end else len(self.line)
            text, quoted = self.line[start : self.at], False
        if len(text) > VALUE_CHARS_MAX:
            raise QueryError(f"a value has {VALUE_CHARS_MAX} characters at the most", start + 1)
        return text, quoted

    def _quoted(self) -> str:
        start = self.at
        self.at += 1
        text: list[str] = []
        while (char := self._peek()) != '"':
            if char == "\\" and self.line[self.at + 1 : self.at + 2] in ('"', "\\"):
                self.at += 1
                char = self._peek()
            if not char:
                raise QueryError("the quotation is not closed", start + 1, advice='End it with a ".')
            text.append(char)
            self.at += 1
        self.at += 1
        if self._peek().strip(" \t\r\n,"):
            raise self._error("a space is missing behind the quotation")
        return "".join(text)

    def _peek(self) -> str:
        return self.line[self.at : self.at + 1]

    def _skip_space(self) -> None:
        while self._peek().isspace():
            self.at += 1

    def _error(self, message: str) -> QueryError:
        return QueryError(message, self.at + 1)
