"""Expressions: from tokens to a tree, the looser operators first: or, and, not, comparison, sum, product, power."""

from __future__ import annotations

from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.syntax import (
    Binary,
    Call,
    Expression,
    Field,
    In,
    Like,
    Literal,
    Period,
    Star,
    Unary,
)
from cairn.cloudwatch.queries.language.tokens import Kind, Token, Tokens

DEPTH_MAX = 100
"""How deep expressions nest."""
HEIGHT_MAX = 150
"""How many operators and functions are below each other in an expression. Sums and products lean on what stands before
them, and count; `and` and `or` make flat trees of however many terms."""
ITEMS_MAX = 1000
"""Values in a list, arguments of a function."""
_COMPARISONS = ("=", "==", "!=", "<", "<=", ">", ">=")
_KEYWORDS = ("and", "or", "not", "like", "in", "as", "by")


class Expressions:
    """Reads expressions from tokens."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._depth = 0
        self._heights: dict[int, tuple[Expression, int]] = {}  # by the id of each, which is kept here and so its own

    def expression(self) -> Expression:
        """The expression that begins at the next token."""
        self._deeper()
        terms = [self._conjunction()]
        while self._tokens.next.is_word("or"):
            self._tokens.take()
            terms.append(self._conjunction())
        self._depth -= 1
        return self._joined("or", terms)

    def field(self) -> Field:
        """The name of a field."""
        token = self._tokens.next
        if token.kind not in (Kind.NAME, Kind.QUOTED_NAME) or token.is_word(*_KEYWORDS):
            raise self._tokens.unexpected()
        self._tokens.take()
        return Field(token.value, token.start, token.end)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            token = self._tokens.next
            raise MalformedQuery(f"The expression nests deeper than {DEPTH_MAX}", token.start, token.end)

    def _conjunction(self) -> Expression:
        terms = [self._negation()]
        while self._tokens.next.is_word("and"):
            self._tokens.take()
            terms.append(self._negation())
        return self._joined("and", terms)

    def _negation(self) -> Expression:
        if not self._tokens.next.is_word("not"):
            return self._comparison()
        self._deeper()
        token = self._tokens.take()
        operand = self._negation()
        self._depth -= 1
        return self._made(Unary("not", operand, token.start, operand.end), operand)

    def _comparison(self) -> Expression:
        left = self._sum()
        token = self._tokens.next
        if token.is_symbol(*_COMPARISONS):
            self._tokens.take()
            operator = "=" if token.value == "==" else token.value
            if operator in ("=", "!=") and self._tokens.at_regex():
                return self._like(left, negated=operator == "!=")
            return self._binary(operator, left, self._sum())
        if token.is_symbol("=~"):
            self._tokens.take()
            return self._like(left, negated=False)
        negated = token.is_word("not")
        if negated:
            self._tokens.take()
        if self._tokens.next.is_word("like"):
            self._tokens.take()
            return self._like(left, negated=negated)
        if self._tokens.next.is_word("in"):
            self._tokens.take()
            return self._in(left, negated=negated)
        if negated:
            raise self._tokens.unexpected()
        return left

    def _like(self, operand: Expression, *, negated: bool) -> Expression:
        if self._tokens.at_regex():
            wanted, regex = self._tokens.take_regex(), True
        elif self._tokens.next.kind is Kind.STRING:
            wanted, regex = self._tokens.take(), False
        else:
            raise self._tokens.unexpected()
        return self._made(Like(operand, wanted.value, regex, negated, operand.start, wanted.end), operand)

    def _in(self, operand: Expression, *, negated: bool) -> Expression:
        self._symbol("[")
        items: list[Expression] = []
        while not self._tokens.next.is_symbol("]"):
            if items:
                self._symbol(",")
            items.append(self._sum())
            self._check_count(items)
        end = self._symbol("]").end
        return self._made(In(operand, tuple(items), negated, operand.start, end), operand, *items)

    def _sum(self) -> Expression:
        found = self._product()
        while self._tokens.next.is_symbol("+", "-"):
            operator = self._tokens.take().value
            found = self._binary(operator, found, self._product())
        return found

    def _product(self) -> Expression:
        found = self._sign()
        while self._tokens.next.is_symbol("*", "/", "%"):
            operator = self._tokens.take().value
            found = self._binary(operator, found, self._sign())
        return found

    def _sign(self) -> Expression:
        if not self._tokens.next.is_symbol("-", "+"):
            return self._power()
        self._deeper()
        token = self._tokens.take()
        operand = self._sign()
        self._depth -= 1
        return operand if token.value == "+" else self._made(Unary("-", operand, token.start, operand.end), operand)

    def _power(self) -> Expression:
        left = self._primary()
        if not self._tokens.next.is_symbol("^"):
            return left
        self._deeper()
        self._tokens.take()
        found = self._binary("^", left, self._sign())
        self._depth -= 1
        return found

    def _primary(self) -> Expression:
        token = self._tokens.next
        if token.is_symbol("("):
            self._tokens.take()
            inner = self.expression()
            self._symbol(")")
            return inner
        if token.kind is Kind.NUMBER:
            self._tokens.take()
            return Literal(_number(token), token.start, token.end)
        if token.kind is Kind.PERIOD:
            self._tokens.take()
            return _period(token)
        if token.kind is Kind.STRING:
            self._tokens.take()
            return Literal(token.value, token.start, token.end)
        field = self.field()
        if token.kind is Kind.NAME and self._tokens.next.is_symbol("("):
            return self._call(token)
        return field

    def _call(self, name: Token) -> Expression:
        self._symbol("(")
        arguments: list[Expression] = []
        while not self._tokens.next.is_symbol(")"):
            if arguments:
                self._symbol(",")
            arguments.append(self._argument())
            self._check_count(arguments)
        end = self._symbol(")").end
        return self._made(Call(name.value.lower(), tuple(arguments), name.start, end), *arguments)

    def _argument(self) -> Expression:
        token = self._tokens.next
        if not token.is_symbol("*"):
            return self.expression()
        self._tokens.take()
        return Star(token.start, token.end)

    def _symbol(self, symbol: str) -> Token:
        if not self._tokens.next.is_symbol(symbol):
            raise self._tokens.unexpected()
        return self._tokens.take()

    def _check_count(self, items: list[Expression]) -> None:
        if len(items) > ITEMS_MAX:
            raise MalformedQuery(f"More than {ITEMS_MAX} values in a list", items[0].start, items[-1].end)

    def _binary(self, operator: str, left: Expression, right: Expression) -> Expression:
        return self._made(Binary(operator, left, right, left.start, right.end), left, right)

    def _joined(self, operator: str, terms: list[Expression]) -> Expression:
        """Terms in their order, as a tree that is no higher than it must be."""
        while len(terms) > 1:
            rest = terms[len(terms) & ~1 :]
            terms = [self._binary(operator, *pair) for pair in zip(terms[::2], terms[1::2], strict=False)] + rest
        return terms[0]

    def _made(self, node: Expression, *parts: Expression) -> Expression:
        """`node`, which is made of `parts`, unless it is higher than whoever compiles and computes it can go down."""
        height = 1 + max((self._heights[id(part)][1] for part in parts if id(part) in self._heights), default=0)
        if height > HEIGHT_MAX:
            raise MalformedQuery(f"The expression has more than {HEIGHT_MAX} operators", node.start, node.end)
        self._heights[id(node)] = node, height
        return node


def _number(token: Token) -> int | float:
    return int(token.value) if token.value.isdigit() and len(token.value) <= 18 else float(token.value)


def _period(token: Token) -> Period:
    digits = len(token.value) - len(token.value.lstrip("0123456789"))
    if digits > 9:
        raise MalformedQuery("The period is too long", token.start, token.end)
    return Period(int(token.value[:digits]), token.value[digits:], token.start, token.end)
