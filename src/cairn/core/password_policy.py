"""What an account asks of the passwords of its users."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD_CHARS_MAX = 128
SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
"""What IAM's password policies call symbols."""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What an account asks of passwords; by default what IAM asks where it has no policy of its own."""

    chars_min: int = 8
    upper: bool = False
    lower: bool = False
    digit: bool = False
    symbol: bool = False

    def problem(self, password: str) -> str:
        """Why a password will not do; empty if it does."""
        if len(password) > PASSWORD_CHARS_MAX:
            return f"A password has {PASSWORD_CHARS_MAX} characters at the most."
        if len(password) < self.chars_min:
            return f"The password must have at least {self.chars_min} characters."
        for asked, found, what in (
            (self.upper, any("A" <= char <= "Z" for char in password), "an uppercase letter"),
            (self.lower, any("a" <= char <= "z" for char in password), "a lowercase letter"),
            (self.digit, any("0" <= char <= "9" for char in password), "a number"),
            (self.symbol, any(char in SYMBOLS for char in password), "a symbol"),
        ):
            if asked and not found:
                return f"The password must have {what}."
        return ""
