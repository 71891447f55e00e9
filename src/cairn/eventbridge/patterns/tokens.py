"""A pattern's JSON as a row of tokens, with how far each was read.

AWS's errors say how far its parser (Jackson) had read when it noticed something, which is rarely where the trouble is.
Three habits of it make the difference: a name is read together with the beginning of its value; a number or literal is
read to its end; a string only as far as its opening quotation mark, until somebody asks for its text.
"""

from __future__ import annotations

import enum
import re

from cairn.eventbridge.patterns.invalid import InvalidEventPattern, location

NESTING_MAX = 200
"""How deep objects and arrays of a pattern may be in each other."""
TOKEN_CHARACTERS_MAX = 256
"""How much of a word that is none an error repeats."""


class Token(enum.Enum):
    OBJECT = "{"
    OBJECT_END = "}"
    ARRAY = "["
    ARRAY_END = "]"
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    TRUE = "true"
    FALSE = "false"
    NULL = "null"
    END = "end"


_CLOSES = {"{": "}", "[": "]"}
_KINDS = {"{": "Object", "[": "Array"}
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SPACES = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_WORD = re.compile(r"[\w$]*")
_INTEGER = re.compile(r"-?[0-9]+")
_FRACTION = re.compile(r"\.[0-9]*")
_EXPONENT = re.compile(r"[eE][+-]?[0-9]*")
_WORDS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class Tokens:
    """Reads a text token by token. `name` is the last name read."""

    def __init__(self, text: str) -> None:
        self.name = ""
        self._text = text
        self._position = 0
        self._open: list[tuple[str, int]] = []  # bracket and position of what is open, outermost first
        self._first = True  # whether nothing of the innermost was read yet
        self._ahead: Token | None = None  # a value that was read with its name
        self._unread = False  # whether the last token is a string of which only the quotation mark was read
        self._begin = 0  # of the last number

    def error(self, why: str, position: int | None = None) -> InvalidEventPattern:
        """With how far the text was read."""
        return InvalidEventPattern(
            f"{why}\n at {location(self._text, self._position if position is None else position)}"
        )

    def next(self) -> Token:
        """The next token; `END` only after the outermost value.

        Raises:
            InvalidEventPattern: it is not JSON.
        """
        if self._ahead is not None:
            token, self._ahead = self._ahead, None
            return self._enter(token)
        if self._unread:
            self.string()
        character = self._peek()
        if not character:
            if not self._open:
                return Token.END
            raise self._end_of_input(f": expected close marker for {self._inside}")
        if character in "]}":
            return self._close(character)
        if self._open:
            self._comma(character)
            if self._open[-1][0] == "{":
                self._read_name()
                self._ahead = self._value()
                return Token.NAME
        return self._enter(self._value())

    def close(self, why: str) -> None:
        """Read the brace that closes an object.

        Raises:
            InvalidEventPattern: something else is next; `why` says what that means.
        """
        if self.next() is not Token.OBJECT_END:
            raise self.error(why)

    def string(self) -> str:
        """The text of the string that was the last token. Asked once."""
        self._unread = False
        return self._quoted("string value", ": was expecting closing quote for a string value")

    def number(self) -> str:
        """The text of the number that was the last token."""
        return self._text[self._begin : self._position]

    def _peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        match = _SPACES.match(self._text, self._position)
        self._position = match.end() if match else self._position
        return self._text[self._position : self._position + 1]

    def _enter(self, token: Token) -> Token:
        self._first = False
        if token in (Token.OBJECT, Token.ARRAY):
            if len(self._open) == NESTING_MAX:
                depth = len(self._open) + 1
                raise self.error(f"Document nesting depth ({depth}) exceeds the maximum allowed ({NESTING_MAX})")
            self._open.append((token.value, self._position - 1))
            self._first = True
        return token

    def _close(self, character: str) -> Token:
        self._position += 1
        if not self._open or _CLOSES[self._open[-1][0]] != character:
            if not self._open:
                raise self._unexpected(character, f"expected a valid value {_WORDS}")
            bracket, begin = self._open[-1]
            at = location(self._text, begin)
            raise self.error(
                f"Unexpected close marker '{character}': expected '{_CLOSES[bracket]}' "
                f"(for {_KINDS[bracket]} starting at {at})"
            )
        self._open.pop()
        self._first = False
        return Token(character)

    def _comma(self, character: str) -> None:
        """Step over the comma before all but the first entry."""
        if self._first:
            return
        self._position += 1
        if character != ",":
            raise self._unexpected(character, f"was expecting comma to separate {_KINDS[self._open[-1][0]]} entries")
        if not self._peek():
            raise self._end_of_input(f" within/between {_KINDS[self._open[-1][0]]} entries")

    def _read_name(self) -> None:
        character = self._peek()
        self._position += 1
        if character != '"':
            raise self._unexpected(character, "was expecting double-quote to start field name")
        self.name = self._quoted("name", " in field name")
        character = self._peek()
        if not character:
            raise self._end_of_input(" within/between Object entries")
        self._position += 1
        if character != ":":
            raise self._unexpected(character, "was expecting a colon to separate field name and value")
        if not self._peek():
            raise self._end_of_input(" within/between Object entries")

    def _value(self) -> Token:
        """Read as much of a value as tells what it is."""
        begin, character = self._position, self._peek()
        if character in "{[":
            self._position += 1
            return Token(character)
        if character == '"':
            self._position += 1
            self._unread = True
            return Token.STRING
        if character == "-" or "0" <= character <= "9":
            self._read_number(begin)
            return Token.NUMBER
        match = _WORD.match(self._text, self._position)
        word = match[0] if match else ""
        if word and word == _LITERALS.get(character):
            self._position += len(word)
            return Token(word)
        if not word or character.isdigit():
            self._position += 1
            raise self._unexpected(character, f"expected a valid value {_WORDS}")
        self._position += min(len(word), TOKEN_CHARACTERS_MAX)
        shown = word if len(word) <= TOKEN_CHARACTERS_MAX else word[:TOKEN_CHARACTERS_MAX] + "..."
        raise self.error(f"Unrecognized token '{shown}': was expecting {_WORDS}")

    def _read_number(self, begin: int) -> None:
        self._begin = begin
        match = _INTEGER.match(self._text, begin)
        if match is None:
            self._position = begin + 1
            raise self._bad_number("expected digit (0-9) to follow minus sign, for valid numeric value")
        self._position = match.end()
        digits = match[0].lstrip("-")
        if len(digits) > 1 and digits[0] == "0":
            self._position = begin + len(match[0]) - len(digits) + 1
            raise self.error("Invalid numeric value: Leading zeroes not allowed")
        for expression, why in (
            (_FRACTION, "Decimal point not followed by a digit"),
            (_EXPONENT, "Exponent indicator not followed by a digit"),
        ):
            match = expression.match(self._text, self._position)
            if match is not None:
                self._position = match.end()
                if not match[0][-1].isdigit():
                    raise self._bad_number(why)

    def _quoted(self, what: str, missing: str) -> str:
        """The rest of a string, after its first quotation mark."""
        parts: list[str] = []
        while True:
            match = _PLAIN.match(self._text, self._position)
            if match is not None:
                parts.append(match[0])
                self._position = match.end()
            character = self._text[self._position : self._position + 1]
            self._position += 1
            if character == '"':
                text = "".join(parts)
                return text if text.isascii() else _paired(text)
            if not character:
                self._position -= 1
                raise self._end_of_input(missing)
            if character != "\\":
                raise self.error(
                    f"Illegal unquoted character ({_named(character)}): "
                    f"has to be escaped using backslash to be included in {what}"
                )
            parts.append(self._escaped())

    def _escaped(self) -> str:
        """What a backslash and what follows stand for."""
        character = self._text[self._position : self._position + 1]
        if not character:
            raise self._end_of_input(" in character escape sequence")
        self._position += 1
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character != "u":
            raise self.error(f"Unrecognized character escape {_named(character)}")
        match = _HEX.match(self._text, self._position)
        if match is None:
            raise self.error("Unexpected character: expected a hex-digit for character escape sequence")
        self._position = match.end()
        return chr(int(match[0], 16))

    @property
    def _inside(self) -> str:
        bracket, begin = self._open[-1]
        return f"{_KINDS[bracket]} (start marker at {location(self._text, begin)})"

    def _end_of_input(self, why: str) -> InvalidEventPattern:
        return self.error(f"Unexpected end-of-input{why}")

    def _unexpected(self, character: str, why: str) -> InvalidEventPattern:
        """Of a character that was just stepped over; its place is its own."""
        return self.error(f"Unexpected character ({_named(character)}): {why}", self._position - 1)

    def _bad_number(self, why: str) -> InvalidEventPattern:
        character = self._text[self._position : self._position + 1]
        if not character:
            return self._end_of_input(" in numeric value")
        return self.error(f"Unexpected character ({_named(character)}) in numeric value: {why}")


def _named(character: str) -> str:
    code = ord(character)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"(CTRL-CHAR, code {code})"
    return f"'{character}' (code {code}{f' / {code:#x}' if code > 0xFF else ''})"


def _paired(text: str) -> str:
    """With escaped halves of a character put together."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
